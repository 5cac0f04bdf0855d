"""Where the source of each cell stands in the JSON of a notebook, so that only that is rewritten.

A cell's source is one JSON string or a list of them. Edits of characters of the source become edits of the bytes
between the quotes; everything else of the file stays as it is, byte for byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from violet.actions._text import TextError

_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_UNIT = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL)
_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity")
_DEEPEST = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """``number`` counts cells of every type from 1; ``strings`` are start and end, in the JSON text and without the
    quotes, of the parts that make up ``source``."""

    number: int
    code: bool
    source: str
    strings: tuple[tuple[int, int], ...]


def cells(text: str) -> tuple[Cell, ...]:
    """The cells of a notebook of format 4. Raises ``TextError`` where it is none."""
    found = _Scanner(text).document()
    if not found:
        raise TextError("it is no notebook of format 4")
    return found


def json_edit(cell: Cell, text: str, edit: tuple[int, int, str]) -> tuple[int, int, str]:
    """An edit of the cell's source as an edit of the JSON text. Raises ``TextError`` where it does not lie within
    one string."""
    start, end, replacement = edit
    at = 0
    for begin, stop in cell.strings:
        units = [match.group() for match in _UNIT.finditer(text, begin, stop)]
        length = len(json.loads(f'"{text[begin:stop]}"'))
        if at <= start and end <= at + length and (start < at + length or end == at + length):
            lengths = [len(unit) for unit in units]
            if len(units) != length:
                raise TextError("a cell holds half a character")
            first = begin + sum(lengths[: start - at])
            last = begin + sum(lengths[: end - at])
            return first, last, json.dumps(replacement, ensure_ascii=True)[1:-1]
        at += length
    raise TextError("a call stands in two parts of a cell")


class _Scanner:
    """A JSON reader that keeps places. It reads what ``json`` reads, which is asked first."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: list[Cell] = []
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            raise TextError("it is no JSON") from None

    def document(self) -> tuple[Cell, ...]:
        self._space()
        if self.text[self.at : self.at + 1] != "{":
            return ()
        self._object(self._top)
        return tuple(self.found)

    def _top(self, key: str, depth: int) -> None:
        if key == "cells" and self.text[self.at] == "[":
            if self.found:
                raise TextError("it holds its cells twice")
            self._array(self._cell, depth)
        else:
            self._skip(depth)

    def _cell(self, depth: int) -> None:
        kinds: list[str] = []
        sources: list[list[tuple[int, int]]] = []

        def member(key: str, below: int) -> None:
            if key == "cell_type" and self.text[self.at] == '"':
                start, end = self._string()
                kinds.append(json.loads(self.text[start - 1 : end + 1]))
            elif key == "source":
                sources.append(self._source(below))
            else:
                self._skip(below)

        if self.text[self.at] != "{":
            raise TextError("one of its cells is no cell")
        self._object(member, depth)
        if len(kinds) != 1 or len(sources) != 1:
            raise TextError("one of its cells has no source, or two")
        source = "".join(json.loads(self.text[start - 1 : end + 1]) for start, end in sources[0])
        self.found.append(Cell(len(self.found) + 1, kinds[0] == "code", source, tuple(sources[0])))

    def _source(self, depth: int) -> list[tuple[int, int]]:
        strings: list[tuple[int, int]] = []
        if self.text[self.at] == '"':
            return [self._string()]
        if self.text[self.at] != "[":
            raise TextError("the source of a cell is no text")

        def part(_: int) -> None:
            strings.append(self._string())

        self._array(part, depth)
        return strings

    # -- JSON ------------------------------------------------------------------------------------

    def _space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _string(self) -> tuple[int, int]:
        match = _STRING.match(self.text, self.at)
        if match is None:
            raise TextError("it holds a text that is no JSON")
        self.at = match.end()
        return match.start() + 1, match.end() - 1

    def _object(self, member: Callable[[str, int], None], depth: int = 0) -> None:
        self.at += 1
        self._space()
        while self.text[self.at] != "}":
            start, end = self._string()
            key = json.loads(self.text[start - 1 : end + 1])
            self._space()
            self.at += 1  # the colon
            self._space()
            member(key, depth + 1)
            self._comma()
        self.at += 1

    def _array(self, item: Callable[[int], None], depth: int) -> None:
        self.at += 1
        self._space()
        while self.text[self.at] != "]":
            item(depth + 1)
            self._comma()
        self.at += 1

    def _comma(self) -> None:
        self._space()
        if self.text[self.at] == ",":
            self.at += 1
            self._space()

    def _skip(self, depth: int) -> None:
        if depth > _DEEPEST:
            raise TextError("it is nested too deep")
        first = self.text[self.at]
        if first == '"':
            self._string()
        elif first == "{":
            self._object(lambda _key, below: self._skip(below), depth)
        elif first == "[":
            self._array(self._skip, depth)
        else:
            match = _SCALAR.match(self.text, self.at)
            if match is None:
                raise TextError("it holds something that is no JSON")
            self.at = match.end()
