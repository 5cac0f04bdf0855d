"""Where a part of a text stands, exactly: for findings that name a line, and for tools that rewrite it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a text: lines from 1 and columns from 0, both in characters; ``text[start:end]`` is the part.
    The end is the first position behind it."""

    line: int
    column: int
    end_line: int
    end_column: int
    start: int
    end: int


@cache
def _line_end() -> re.Pattern[str]:
    return re.compile(r"\r\n|\r|\n")  # editors' line ends; ``splitlines`` knows more


class Lines:
    """Turns positions in a text into lines and columns."""

    __slots__ = ("starts",)

    def __init__(self, text: str) -> None:
        self.starts = [0, *(match.end() for match in _line_end().finditer(text))]

    def line(self, position: int) -> int:
        """The line, from 1, of the character at ``position``."""
        return bisect_right(self.starts, position)

    def region(self, start: int, end: int) -> Region:
        """``text[start:end]``; an end before the start counts as the start."""
        end = max(start, end)
        line, end_line = self.line(start), self.line(end)
        return Region(line, start - self.starts[line - 1], end_line, end - self.starts[end_line - 1], start, end)
