"""What must not reach the disk is taken out before: columns, values in bodies, parts of texts, names of callers.

Where a rule cannot be applied to something, that something is left out: a body that is not JSON, rows whose columns
nobody can tell apart. Hashes are keyed BLAKE2b (RFC 7693) of 64 bits: equal values stay equal under one key, and nobody
without the key can try out which value it was.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import msgspec

from violet.domain.errors import ConfigurationError, UsageError
from violet.domain.traffic import Exchange
from violet.targets.json_path import ALL, parse_path

HOW = ("drop", "hash")
_NAMES_REMEMBERED = 10_000
_DEEPEST = 64
_FEW = 8
"""A group repeated exactly so often, or less, may vary within."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """``columns`` are pairs of a column's name or index (from 0) and ``drop`` or ``hash``; ``request`` and ``response``
    pairs of a path in the JSON body (``$.inputs[*].data``) and ``drop`` or ``hash``; ``texts`` pairs of a regular
    expression and what its matches become, in prompts, answers, words in rows, and bodies. ``clients`` and
    ``addresses`` say what is kept of the caller's name and address: ``keep``, ``hash`` or ``drop``. ``order`` names the
    columns of rows that come without names. Texts are cut to ``longest`` characters before expressions search them.
    """

    columns: tuple[tuple[str | int, str], ...] = ()
    request: tuple[tuple[str, str], ...] = ()
    response: tuple[tuple[str, str], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    clients: str = "keep"
    addresses: str = "keep"
    order: tuple[str, ...] = ()
    longest: int = 4_096

    @property
    def empty(self) -> bool:
        rules = (*self.columns, *self.request, *self.response, *self.texts)
        return not rules and self.clients == self.addresses == "keep"


class Redactor:
    """Applies the rules to one record after the other. ``key`` (16 bytes or more) is shared by all workers whose hashes
    should agree. ``bodies`` says whether raw bodies are kept. Raises ``ConfigurationError`` for rules that cannot be.

    ``unplaced`` counts exchanges that lost all rows because a named column could not be found, ``unreadable`` bodies
    that were left out."""

    def __init__(self, rules: Redaction, key: bytes, *, bodies: bool = False) -> None:
        if len(key) < 16:
            raise ConfigurationError("The key of redaction must have 16 bytes or more.")
        # Not the key itself: it may be that of callers, and what is hashed here must not be comparable with those.
        self._key = hashlib.blake2b(key, digest_size=32, person=b"violet-redaction").digest()
        self._rules = rules
        self._indices = {column: _how(how) for column, how in rules.columns if isinstance(column, int)}
        self._named = {_folded(column): _how(how) for column, how in rules.columns if isinstance(column, str)}
        self._order = tuple(map(_folded, rules.order))
        self._request = _paths(rules.request)
        self._response = _paths(rules.response)
        self._texts = [(_expression(pattern), _replacement(pattern, text)) for pattern, text in rules.texts]
        for name, value in (("clients", rules.clients), ("addresses", rules.addresses)):
            if value not in ("keep", *HOW):
                raise ConfigurationError(f"Redaction of {name} is {value!r}.", "Use keep, hash or drop.")
        if any(column < 0 for column in self._indices):
            raise ConfigurationError("A column to redact has a negative index.", "Count columns from 0.")
        if bodies and rules.columns and not rules.request:
            raise ConfigurationError(
                "Columns are redacted, but raw bodies, which hold them too, are kept whole.",
                "Name the places in request bodies as well, or do not keep bodies.",
            )
        if bodies and (rules.clients, rules.addresses) != ("keep", "keep") and not rules.request:
            raise ConfigurationError(
                "Callers are redacted, but raw bodies, which may name them, are kept whole.",
                "Name the places in request bodies as well, or do not keep bodies.",
            )
        self._known: dict[str, str] = {}
        self.unplaced = 0
        self.unreadable = 0

    def __call__(self, exchange: Exchange, request: bytes, response: bytes) -> tuple[Exchange, bytes, bytes]:
        """The exchange and the bodies as they may be kept."""
        changes: dict[str, Any] = {}
        rules = self._rules
        if exchange.rows and (self._indices or self._named):
            changes["rows"] = self._rows(exchange)
        if self._texts:
            changes |= self._searched(exchange, changes.get("rows", exchange.rows))
        if rules.clients != "keep":
            changes["client"] = self._caller(exchange.client) if rules.clients == "hash" else ""
        if rules.addresses != "keep" and exchange.address:
            changes["address"] = self.hashed(exchange.address) if rules.addresses == "hash" else ""
            client = changes.get("client", exchange.client)
            if client.startswith("address:"):
                changes["client"] = self._caller(client) if rules.addresses == "hash" else "address:"
        if request and (self._request or self._texts):
            request = self._body(request, self._request)
        if response and (self._response or self._texts):
            response = self._body(response, self._response)
        return (replace(exchange, **changes) if changes else exchange), request, response

    def hashed(self, value: object) -> str:
        """``~`` and 16 hexadecimal digits."""
        text = f"{value!r}" if isinstance(value, float | int) else f"{value}"
        data = text.encode("utf-8", "surrogatepass")
        return "~" + hashlib.blake2b(data, digest_size=8, key=self._key).hexdigest()

    def _caller(self, client: str) -> str:
        found = self._known.get(client)
        if found is None:
            kind, colon, name = client.partition(":")
            if name.startswith("~"):
                return client
            found = f"{kind}:{self.hashed(name)}" if colon else self.hashed(client)
            if len(self._known) >= _NAMES_REMEMBERED:
                self._known.clear()
            self._known[client] = found
        return found

    def _rows(self, exchange: Exchange) -> tuple[tuple[float | str | None, ...], ...]:
        """Rows without what the rules name; none at all where it cannot be told which column is which."""
        actions = dict(self._indices)
        if self._named:
            names = tuple(map(_folded, exchange.names)) or self._order
            width = max(map(len, exchange.rows))
            if len(names) < width:
                self.unplaced += 1
                return ()
            actions |= {place: self._named[name] for place, name in enumerate(names) if name in self._named}
        return tuple(
            tuple(
                value if value is None or how is None else (None if how == "drop" else self.hashed(_number(value)))
                for value, how in zip(row, map(actions.get, range(len(row))), strict=True)
            )
            for row in exchange.rows
        )

    def _searched(self, exchange: Exchange, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
        words = self._words
        return {
            "rows": tuple(tuple(words(cell) for cell in row) for row in rows),
            "texts": tuple(map(words, exchange.texts)),
            "answers": tuple(map(words, exchange.answers)),
            "labels": tuple(map(words, exchange.labels)),
            "extra": {name: words(value) for name, value in exchange.extra.items()},
        }

    def _words(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        text = value[: self._rules.longest]
        for pattern, becomes in self._texts:
            text = pattern.sub(becomes, text)
        return text

    def _body(self, body: bytes, paths: list[tuple[tuple[Any, ...], str]]) -> bytes:
        try:
            document = msgspec.json.decode(body)
            for steps, how in paths:
                document = _changed(document, steps, lambda value: None, None if how == "drop" else self._hash_all)
            if self._texts:
                document = self._walk(document, self._words)
            return msgspec.json.encode(document)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            self.unreadable += 1
            return b""

    def _hash_all(self, value: Any) -> Any:
        """Every single value below, each by itself, so that shapes and equal values can still be seen."""
        return self._walk(value, lambda one: one if one is None else self.hashed(_number(one)))

    def _walk(self, value: Any, change: Callable[[Any], Any], depth: int = 0) -> Any:
        if depth > _DEEPEST:
            raise RecursionError
        if isinstance(value, dict):
            return {
                change(name) if self._texts else name: self._walk(v, change, depth + 1) for name, v in value.items()
            }
        if isinstance(value, list):
            return [self._walk(inner, change, depth + 1) for inner in value]
        return change(value)


def _changed(value: Any, steps: tuple[Any, ...], drop: Callable[[Any], Any], hash_: Callable[[Any], Any] | None) -> Any:
    """The document with what stands at ``steps`` replaced; where nothing stands there, nothing is."""
    if not steps:
        return (hash_ or drop)(value)
    step, rest = steps[0], steps[1:]
    if isinstance(value, dict):
        if step is ALL:
            return {name: _changed(inner, rest, drop, hash_) for name, inner in value.items()}
        if step in value:
            return {**value, step: _changed(value[step], rest, drop, hash_)}
    elif isinstance(value, list):
        if step is ALL:
            return [_changed(inner, rest, drop, hash_) for inner in value]
        if isinstance(step, int) and -len(value) <= step < len(value):
            place = step % len(value)
            return [*value[:place], _changed(value[place], rest, drop, hash_), *value[place + 1 :]]
    return value


def _number(value: Any) -> Any:
    """A number hashes the same, however it was written."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _folded(name: str) -> str:
    return name.strip().casefold()


def _how(how: str) -> str:
    if how not in HOW:
        raise ConfigurationError(f"A value cannot be redacted by {how!r}.", "Use drop or hash.")
    return how


def _paths(rules: Sequence[tuple[str, str]]) -> list[tuple[tuple[Any, ...], str]]:
    try:
        return [(parse_path(path), _how(how)) for path, how in rules]
    except UsageError as error:
        raise ConfigurationError(error.what, error.hint) from None


def _expression(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
        parsed = import_module("re._parser").parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ConfigurationError(f"{pattern!r} is no regular expression: {error}.") from None
    if _explodes(parsed, within=False):
        raise ConfigurationError(
            f"The regular expression {pattern!r} repeats what varies itself: there are texts on which it never ends.",
            "Write the outer or the inner repetition possessively, as in (?:a+b)*+, or without the other.",
        )
    return compiled


def _replacement(pattern: str, text: str) -> str:
    try:
        re.compile(pattern).sub(text, "")
        re.compile(f"(?:{pattern})|").sub(text, "x")
    except (re.error, IndexError) as error:
        raise ConfigurationError(f"{text!r} cannot replace what {pattern!r} finds: {error}.") from None
    return text


def _explodes(parsed: Any, within: bool) -> bool:
    """Whether a repetition of varying length holds another one, or alternatives: the backtracking of ``re`` then takes
    time exponential in the text (Davis et al., ESEC/FSE 2018, section 2.2). Possessive repetitions and atomic groups
    do not backtrack. Refuses some that are harmless."""
    for operation, argument in parsed:
        name = str(operation)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, inner = argument
            many = most > 1 and (least != most or most > _FEW)
            if (within and least != most) or _explodes(inner, within or many):
                return True
        elif name == "BRANCH":
            if within or any(_explodes(branch, within) for branch in argument[1]):
                return True
        elif name == "SUBPATTERN":
            if _explodes(argument[-1], within):
                return True
        elif name in ("ASSERT", "ASSERT_NOT"):
            if _explodes(argument[1], within):
                return True
        elif name == "GROUPREF_EXISTS":
            if any(part is not None and _explodes(part, within) for part in argument[1:]):
                return True
        elif name == "POSSESSIVE_REPEAT":
            if _explodes(argument[2], False):
                return True
        elif name == "ATOMIC_GROUP" and _explodes(argument, False):
            return True
    return False
