"""How a text table is written: its delimiter, and whether its first row names the columns."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from violet.domain.dataset import TextLayout

DELIMITERS = ",\t;|"
LOOKED_AT = 1 << 16
"""Bytes of the beginning that tell the dialect."""
MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class Dialect:
    delimiter: str
    header: bool
    quoted: bool = True


def sniff(text: bytes, name: str, like: TextLayout | None, expected: Sequence[str]) -> Dialect:
    """``text`` is the beginning. The dialect that is expected is taken, unless the columns that are expected
    come out with another delimiter only."""
    head = text[:LOOKED_AT]
    whole = len(text) == len(head)
    characters = head.decode("latin-1").replace("\r", " ")
    if like is not None and like.delimiter:
        found = like.delimiter
        first = next(iter(_rows(characters, found, whole)), [])
        if like.header and _decoded(first) != list(expected):
            for other in DELIMITERS:
                if _decoded(next(iter(_rows(characters, other, whole)), [])) == list(expected):
                    found = other
                    break
        return Dialect(found, like.header, like.quoted)
    preferred = "\t" if name.lower().endswith((".tsv", ".tab")) else "|" if name.lower().endswith(".psv") else ","
    delimiter = max(DELIMITERS, key=lambda d: (_score(characters, d, whole), d == preferred))
    if not _score(characters, delimiter, whole):
        delimiter = preferred
    return Dialect(delimiter, _has_header(_rows(characters, delimiter, whole)))


def _rows(text: str, delimiter: str, whole: bool) -> list[list[str]]:
    """The first rows; the last is left out where it may go on."""
    rows: list[list[str]] = []
    limit = csv.field_size_limit(LOOKED_AT + 1)
    try:
        for row in csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter):
            rows.append(row)
            if len(rows) > MOST_ROWS:
                break
    finally:
        csv.field_size_limit(limit)
    if len(rows) > 1 and (not whole or len(rows) > MOST_ROWS):
        rows.pop()
    return rows


def _score(text: str, delimiter: str, whole: bool) -> tuple[float, int] | tuple[()]:
    """The share of rows with the usual number of fields, then that number; nothing where it is one."""
    counts = Counter(len(row) for row in _rows(text, delimiter, whole) if row)
    if not counts:
        return ()
    width, rows = max(counts.items(), key=lambda item: (item[1], item[0]))
    return (round(rows / counts.total(), 1), width) if width > 1 else ()


def _has_header(rows: list[list[str]]) -> bool:
    """A first row of distinct names, none of them empty or a number, is taken for one."""
    if not rows or not rows[0]:
        return False
    first = [cell.strip() for cell in rows[0]]
    return all(first) and len(set(first)) == len(first) and not any(_is_number(cell) for cell in first)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _decoded(fields: list[str]) -> list[str]:
    return [cell.encode("latin-1").decode("utf-8", "backslashreplace") for cell in fields]
