"""TOML with the places of its keys and values, which the standard library's parser does not tell.

Source: TOML 1.0 (and the trailing commas and line ends in inline tables of 1.1). More lenient than that: what a
table says twice, the last one says. Bounded in depth and in the number of values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

DEEPEST = 50
MOST_VALUES = 400_000


class TomlError(ValueError):
    """The text is not TOML. Says what is wrong, and where."""


@dataclass(slots=True, eq=False)
class Toml:
    """One value. ``start`` and ``end`` are its place in the text (quotes included; a table's is that of its header).

    Exactly one of ``table``, ``items`` and ``scalar`` is meant, by ``kind``: ``table``, ``array``, ``text`` or
    ``other`` (numbers, dates and booleans, as they are written).
    """

    kind: str
    start: int
    end: int
    scalar: str = ""
    plain: bool = True
    """Whether a text is written without escapes: its characters stand in the file as they are."""
    key: tuple[int, int] = (0, 0)
    """Where the last part of the key stands that this is the value of."""
    table: dict[str, Toml] = field(default_factory=dict)
    items: list[Toml] = field(default_factory=list)

    def get(self, *path: str) -> Toml:
        """The value below these keys; an empty table where there is none."""
        here = self
        for name in path:
            if here.kind != "table":
                return NOTHING
            here = here.table.get(name, NOTHING)
        return here

    def text(self, *path: str) -> str:
        """The text below these keys, ``""`` where there is none."""
        found = self.get(*path)
        return found.scalar if found.kind == "text" else ""

    @property
    def inner(self) -> int:
        """Where the characters of a one-line text start."""
        return self.start + 1


NOTHING = Toml("none", 0, 0)


def parse(text: str) -> Toml:
    """The document as a table. Raises ``TomlError``."""
    return _Parser(text).document()


@cache
def _blank() -> re.Pattern[str]:
    return re.compile(r"(?:[ \t\r\n\ufeff]|#[^\n]*)*")


@cache
def _space() -> re.Pattern[str]:
    return re.compile(r"[ \t]*")


@cache
def _bare() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9_-]+")


@cache
def _other() -> re.Pattern[str]:
    return re.compile(r"[^\s,\]\}#=\[\{\"']+(?: \d{2}:\d{2}:\d{2}[^\s,\]\}#]*)?")


@cache
def _simple() -> re.Pattern[str]:
    return re.compile(r'"([^"\\\n]*)"')


class _Parser:
    def __init__(self, text: str) -> None:
        self.source = text
        self.at = 0
        self.left = MOST_VALUES
        self.key = (0, 0)

    def document(self) -> Toml:
        root = Toml("table", 0, 0)
        here = root
        while True:
            self._skip(_blank())
            if self.at >= len(self.source):
                return root
            if self.source[self.at] == "[":
                here = self._header(root)
            else:
                self._pair(here, 0)
            self._line_ends()

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.source, self.at)
        if match is not None:
            self.at = match.end()

    def _fail(self, what: str) -> TomlError:
        return TomlError(f"{what} at line {self.source.count(chr(10), 0, self.at) + 1}")

    def _expect(self, text: str) -> None:
        if not self.source.startswith(text, self.at):
            raise self._fail(f"expected {text!r}")
        self.at += len(text)

    def _line_ends(self) -> None:
        self._skip(_space())
        if self.at < len(self.source) and self.source[self.at] not in "#\r\n":
            raise self._fail("expected the end of the line")

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise self._fail("more values than are read")

    def _header(self, root: Toml) -> Toml:
        start = self.at
        many = self.source.startswith("[[", self.at)
        self._expect("[[" if many else "[")
        names = self._key()
        self._expect("]]" if many else "]")
        self._count()
        here = root
        for name in names[:-1]:
            here = self._below(here, name, start)
        last = names[-1]
        if not many:
            made = self._below(here, last, start)
            if made.end == 0:
                made.start, made.end = start, self.at
            return made
        held = here.table.get(last)
        if held is None or held.kind != "array":
            held = here.table[last] = Toml("array", start, self.at)
        held.items.append(Toml("table", start, self.at))
        return held.items[-1]

    def _below(self, here: Toml, name: str, start: int) -> Toml:
        """The table of this name within another; the last one where there are several."""
        found = here.table.get(name)
        if found is None:
            found = here.table[name] = Toml("table", start, 0)
        elif found.kind == "array" and found.items and found.items[-1].kind == "table":
            found = found.items[-1]
        elif found.kind != "table":
            raise self._fail(f"{name[:40]!r} is no table")
        return found

    def _key(self) -> list[str]:
        names: list[str] = []
        while len(names) < DEEPEST:
            self._skip(_space())
            start = self.at
            if self.at < len(self.source) and self.source[self.at] in "\"'":
                names.append(self._text().scalar)
            else:
                match = _bare().match(self.source, self.at)
                if match is None:
                    raise self._fail("expected a key")
                names.append(match.group(0))
                self.at = match.end()
            self.key = (start, self.at)
            self._skip(_space())
            if not self.source.startswith(".", self.at):
                return names
            self.at += 1
        raise self._fail("nested too deep")

    def _pair(self, here: Toml, depth: int) -> None:
        start = self.at
        names = self._key()
        self._expect("=")
        self._skip(_space())
        for name in names[:-1]:
            here = self._below(here, name, start)
        key = self.key
        made = here.table[names[-1]] = self._value(depth)
        made.key = key

    def _value(self, depth: int) -> Toml:
        self._count()
        if depth > DEEPEST:
            raise self._fail("nested too deep")
        first = self.source[self.at : self.at + 1]
        if first == '"' or first == "'":
            return self._text()
        if first == "[":
            return self._array(depth)
        if first == "{":
            return self._inline(depth)
        match = _other().match(self.source, self.at)
        if match is None:
            raise self._fail("expected a value")
        self.at = match.end()
        return Toml("other", match.start(), match.end(), match.group(0))

    def _array(self, depth: int) -> Toml:
        made = Toml("array", self.at, 0)
        self.at += 1
        while True:
            self._skip(_blank())
            if self.source.startswith("]", self.at):
                break
            made.items.append(self._value(depth + 1))
            self._skip(_blank())
            if not self.source.startswith(",", self.at):
                break
            self.at += 1
        self._expect("]")
        made.end = self.at
        return made

    def _inline(self, depth: int) -> Toml:
        made = Toml("table", self.at, 0)
        self.at += 1
        while True:
            self._skip(_blank())
            if self.source.startswith("}", self.at):
                break
            self._pair(made, depth + 1)
            self._skip(_blank())
            if not self.source.startswith(",", self.at):
                break
            self.at += 1
        self._expect("}")
        made.end = self.at
        return made

    def _text(self) -> Toml:
        start = self.at
        quote = self.source[start]
        if self.source.startswith(quote * 3, start):
            return self._long(start, quote)
        if quote == '"':
            match = _simple().match(self.source, start)
            if match is not None:
                self.at = match.end()
                return Toml("text", start, self.at, match.group(1))
        end = start + 1
        while True:
            character = self.source[end : end + 1]
            if character in ("", "\n"):
                raise self._fail("a text that is not closed")
            if character == "\\" and quote == '"':
                end += 2
                continue
            if character == quote:
                break
            end += 1
        self.at = end + 1
        inner = self.source[start + 1 : end]
        if quote == "'":
            return Toml("text", start, self.at, inner)
        return Toml("text", start, self.at, _unescape(inner), plain=False)

    def _long(self, start: int, quote: str) -> Toml:
        """A text in three quotes; two more quotes before the closing ones belong to it."""
        end = start + 3
        while True:
            end = self.source.find(quote * 3, end)
            if end < 0:
                raise self._fail("a text that is not closed")
            if quote == "'" or not self._escaped(end):
                break
            end += 1
        for _ in range(2):
            if self.source.startswith(quote, end + 3):
                end += 1
        self.at = end + 3
        inner = self.source[start + 3 : end]
        inner = inner[2:] if inner.startswith("\r\n") else inner.removeprefix("\n")
        if quote == '"':
            inner = _unescape(re.sub(r"(?<!\\)((?:\\\\)*)\\[ \t]*\r?\n\s*", r"\1", inner))
        return Toml("text", start, self.at, inner, plain=False)

    def _escaped(self, at: int) -> bool:
        """Whether an odd number of backslashes stands before this position."""
        before = at
        while before > 0 and self.source[before - 1] == "\\":
            before -= 1
        return (at - before) % 2 == 1


@cache
def _escape() -> re.Pattern[str]:
    return re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|.)", re.DOTALL)


_NAMED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text

    def plain(match: re.Match[str]) -> str:
        code = match.group(1)
        if len(code) > 1:
            number = int(code[1:], 16)
            return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"
        return _NAMED.get(code, code)

    return _escape().sub(plain, text)
