"""Calls in Python source that load what can run code, or fetch what nothing pins: exactly where they stand.

``unsafe_calls`` follows names through imports, aliases, attributes and ``functools.partial``, and arguments through
constants and literal dictionaries. What it cannot know (an argument that is computed) it does not report.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate

from violet.formats.python_source.loading_rules import WATCHED, WATCHED_KEYWORDS, Given, Verdict, judge
from violet.formats.python_source.values import UNKNOWN, Value
from violet.formats.text.region import Lines, Region

MOST_CALLS = 2_000
"""Calls of one source that are kept."""
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword argument as it is written: ``region`` is all of ``name=value``, ``value`` the part behind ``=``.
    ``literal`` is ``repr`` of its value where that is known, else ``""``. ``name`` is ``**`` for an unpacked one."""

    name: str
    literal: str
    region: Region
    value: Region


@dataclass(frozen=True, slots=True)
class UnsafeCall:
    """A call that loads unsafely.

    ``kind`` is a key of ``loading_rules.KINDS``; ``detail`` a slug that tells the cases of a kind apart;
    ``name`` the function with its names resolved (``torch.load``); ``subject`` what is loaded, where that is a
    literal (a repository, an address); ``revision`` what pins it (``""``: nothing). ``form`` is ``call``,
    ``partial`` (``functools.partial(torch.load)``; its regions are those of the call of ``partial``) or
    ``passed`` (handed to another function; its regions are those of the name). ``arguments`` is what stands
    between the parentheses. ``unpacked`` says that keywords come out of a dictionary that is not known: those
    seen may not be all. ``spread`` says that literal keywords were found in an unpacked dictionary, so that they
    are not to be found in ``keywords``.
    """

    kind: str
    detail: str
    name: str
    text: str
    region: Region
    arguments: Region
    keywords: tuple[Keyword, ...] = ()
    positional: int = 0
    form: str = "call"
    subject: str = ""
    revision: str = ""
    unpacked: bool = False
    spread: bool = False

    @property
    def line(self) -> int:
        return self.region.line


@dataclass(slots=True, eq=False)
class _Seen:
    node: ast.expr
    given: Given
    verdict: Verdict


def is_watched(node: ast.Call, function: Value, keywords: dict[str, Value]) -> bool:
    """Whether a call is worth looking at. Cheap: it is asked about every call there is."""
    name = function.path
    if name:
        if name[name.rfind(".") + 1 :] in WATCHED:
            return True
    elif type(node.func) is ast.Attribute and node.func.attr in WATCHED:
        return True
    return bool(keywords) and not WATCHED_KEYWORDS.isdisjoint(keywords)


class Loads:
    """Collects unsafe calls while a machine goes through a module."""

    def __init__(self) -> None:
        self.seen: dict[tuple[int, int, str], _Seen] = {}

    def call(self, node: ast.Call, function: Value, arguments: list[Value], keywords: dict[str, Value]) -> None:
        """Look at a call whose function's name, or one of whose keywords, is watched (see ``is_watched``)."""
        name = function.path
        if name == "functools.partial" and arguments and arguments[0].path:
            inner = arguments[0].path
            if inner.rpartition(".")[2] in WATCHED or not WATCHED_KEYWORDS.isdisjoint(keywords):
                self._judge(node, Given.of(inner, arguments[1:], keywords, node, "partial"))
            return
        if (function.function is not None or function.members is not None) and WATCHED_KEYWORDS.isdisjoint(keywords):
            return  # the source's own: what it does is seen where it does it, but for flags that say it themselves
        if function.items is not None and not name.startswith(("operator.", "literal.")):
            return  # the result of a partial, which was looked at where it was made
        if not name:
            name = f"?.{node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, 'id', '')}"
        self._judge(node, Given.of(name, arguments, keywords, node, "call"))

    def passed(self, node: ast.Call, arguments: list[Value], value: Value) -> None:
        """``map(pickle.load, files)``, ``pool.submit(torch.load, path)``: one of ``PASSABLE`` is handed on."""
        written = [a for a in node.args if not isinstance(a, ast.Starred)]
        for place, argument in zip(written, arguments, strict=False):
            if argument is value and isinstance(place, (ast.Name, ast.Attribute)):
                self._judge(place, Given(value.path, [], {}, unpacked=True, form="passed"))

    def _judge(self, node: ast.expr, given: Given) -> None:
        for verdict in judge(given):
            place = (node.lineno, node.col_offset, verdict.kind)
            if len(self.seen) < MOST_CALLS or place in self.seen:
                self.seen.setdefault(place, _Seen(node, given, verdict))


def unsafe_calls(source_text: str) -> tuple[UnsafeCall, ...]:
    """The unsafe calls of a source text, in the order in which they stand. ``()`` for text that is not Python of
    this version, or whose meaning takes too long to follow."""
    from violet.formats.python_source.reader import analyse

    return analyse(source_text).loads


def located(text: str, loads: Loads) -> tuple[UnsafeCall, ...]:
    """What was collected, with its places in the text."""
    if not loads.seen:
        return ()
    places = Places(text)
    filtered = "extraction_filter" in text
    made = [
        _made(text, places, seen)
        for seen in loads.seen.values()
        if not (filtered and seen.verdict.kind == "archive-extract")
    ]
    return tuple(sorted(made, key=lambda call: (call.region.start, call.kind)))


def _made(text: str, places: Places, seen: _Seen) -> UnsafeCall:
    node, given, verdict = seen.node, seen.given, seen.verdict
    region = places.of(node)
    keywords: tuple[Keyword, ...] = ()
    arguments, positional = places.between(region.end, region.end), 0
    if isinstance(node, ast.Call):
        opened = _opening(text, places.of(node.func).end, region.end)
        arguments = places.between(opened + 1, region.end - 1)
        keywords = tuple(_keyword(places, keyword, given.keywords) for keyword in node.keywords)
        positional = len(node.args)
    shown = " ".join(text[region.start : region.end].split())
    spread = any(k is None for k in (keyword.arg for keyword in getattr(node, "keywords", ()))) and not given.unpacked
    return UnsafeCall(
        kind=verdict.kind,
        detail=verdict.detail,
        name=given.path.removeprefix("?."),
        text=shown if len(shown) <= MOST_SHOWN else shown[: MOST_SHOWN - 3] + "...",
        region=region,
        arguments=arguments,
        keywords=keywords,
        positional=positional,
        form=given.form,
        subject=verdict.subject,
        revision=verdict.revision,
        unpacked=given.unpacked,
        spread=spread,
    )


def _keyword(places: Places, keyword: ast.keyword, known: dict[str, Value]) -> Keyword:
    value = known.get(keyword.arg or "**", UNKNOWN)
    literal = repr(value.const)[:MOST_SHOWN] if keyword.arg and value.is_const else ""
    return Keyword(keyword.arg or "**", literal, places.of(keyword), places.of(keyword.value))


def _opening(text: str, start: int, end: int) -> int:
    """Where the parenthesis stands that opens the arguments of a call whose function ends at ``start``."""
    at = start
    while at < end:
        character = text[at]
        if character == "(":
            return at
        if character == "#":
            line = re.compile(r"[\r\n]").search(text, at)
            at = line.start() if line else end
        at += 1
    return start


def _width(character: str) -> int:
    """Bytes of a character in UTF-8."""
    code = ord(character)
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


class Places:
    """Turns the tree's positions (lines, and bytes of UTF-8 within them) into characters of the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = Lines(text)
        self._plain = text.isascii()
        self._widths: dict[int, list[int]] = {}

    def of(self, node: ast.expr | ast.keyword) -> Region:
        end_line = node.end_lineno or node.lineno
        end_column = node.end_col_offset or 0
        return self.lines.region(self._at(node.lineno, node.col_offset), self._at(end_line, end_column))

    def between(self, start: int, end: int) -> Region:
        return self.lines.region(start, end)

    def _at(self, line: int, column: int) -> int:
        starts = self.lines.starts
        start = starts[min(line, len(starts)) - 1]
        if self._plain:
            return start + column
        widths = self._widths.get(line)
        if widths is None:
            end = starts[line] if line < len(starts) else len(self.text)
            widths = self._widths[line] = list(accumulate(map(_width, self.text[start:end])))
        return start + bisect_right(widths, column)


def moved(call: UnsafeCall, lines: int) -> UnsafeCall:
    """The same call in a text that starts this many lines later; its positions are those of the whole text."""
    place = call.region
    region = replace(place, line=place.line - lines, end_line=place.end_line - lines)
    return replace(call, region=region)


def kinds_of(calls: Iterable[UnsafeCall]) -> frozenset[str]:
    """Which kinds there are among these."""
    return frozenset(call.kind for call in calls)
