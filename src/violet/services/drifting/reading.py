"""Data in pieces, whatever it is kept in: Parquet, Arrow, CSV, JSON lines, recorded exchanges, arrays of numpy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from violet.domain.errors import UsageError

if TYPE_CHECKING:
    from violet.detectors.profile.chunk import Chunk
    from violet.services.drifting.options import Roles

VALUES = 4 << 20
"""Values in a piece: of double precision, 32 MB."""
ROWS = 65_536
MOST_COLUMNS = 10_000


class Source(Protocol):
    """Data that can be read in pieces, more than once. ``rows`` is how many there are, roughly where ``exact`` is
    false."""

    path: str
    rows: int
    exact: bool

    def chunks(self) -> Iterator[Chunk]:
        """The pieces, in order. Raises ``VioletError`` where they cannot be read."""
        ...


def open_source(path: str, roles: Roles, like: frozenset[str] = frozenset()) -> Source:
    """By content, not by name; a directory is a spool of the guard. ``like`` are the columns that are texts in what it
    will be compared with. Raises ``UsageError`` where there is no such file, or a column that is asked for is missing;
    ``VioletError`` where it cannot be read."""
    source: Any
    if os.path.isdir(path):
        from violet.services.drifting.traces import ExchangeSource

        return ExchangeSource(path, roles, like)
    if not os.path.isfile(path):
        raise UsageError(f"{path}: there is no such file.", "Give a Parquet, Arrow, CSV, JSON lines or npz file.")
    with open(path, "rb") as file:
        head = file.read(1 << 16)
    if not head:
        raise UsageError(f"{path} is empty.")
    if head.startswith((b"PAR1", b"ARROW1", b"\xff\xff\xff\xff")):
        from violet.services.drifting.tables import ArrowSource

        source = ArrowSource(path, roles, like, head)
    elif head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\x93NUMPY")):
        from violet.services.drifting.arrays import ArraySource

        source = ArraySource(path, roles)
    elif head.startswith(b"\x1f\x8b") or _speaks_of_exchanges(head):
        from violet.services.drifting.traces import ExchangeSource

        source = ExchangeSource(path, roles, like)
    elif head.lstrip().startswith(b"{"):
        from violet.services.drifting.lines import LineSource

        source = LineSource(path, roles, like)
    else:
        from violet.services.drifting.tables import CsvSource

        source = CsvSource(path, roles, like)
    found: Source = source
    return found


def _speaks_of_exchanges(head: bytes) -> bool:
    """By the keys of the first line: who asked a model, when, and what; or an event that holds such."""
    first = head.lstrip().split(b"\n", 1)[0]
    if not first.startswith((b"{", b"[{")):
        return False
    asked = b'"at"' in first and b'"client"' in first and (b'"rows"' in first or b'"texts"' in first)
    return asked or b'"specversion"' in first


class MissingColumnError(UsageError):
    """A column that was asked for is not there."""

    def __init__(self, path: str, name: str, hint: str) -> None:
        super().__init__(f"{path} has no column {name!r}.", hint)
        self.name = name


def wanted(names: tuple[str, ...], roles: Roles, path: str) -> tuple[str, ...]:
    """The columns to read. Raises ``UsageError`` for one that is not there, or is there twice."""
    if len(names) > MOST_COLUMNS:
        raise UsageError(f"{path} has {len(names):,} columns, more than the {MOST_COLUMNS:,} that can be compared.")
    doubled = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    if doubled:
        raise UsageError(f"{path}: two columns are called {min(doubled)!r}.")
    for name in (*roles.columns, *roles.special, *roles.exclude):
        if name not in names:
            from difflib import get_close_matches

            near = get_close_matches(name, names, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(names[:20])}."
            raise MissingColumnError(path, name, hint)
    chosen = roles.columns or names
    return tuple(n for n in names if n in roles.special or (n in chosen and n not in roles.exclude))


def rows_a_chunk(columns: int) -> int:
    return max(1024, min(ROWS, VALUES // max(columns, 1)))
