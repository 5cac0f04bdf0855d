"""Which columns differ: of a shard as a whole, and in the few rows that share a column's digest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from violet.domain.dataset import DIGEST_SIZE, JSONL, Difference
from violet.provenance.dataset.tally import GROUP, MISSING_FIELD, MISSING_JSON, ColumnTally, coarsened
from violet.provenance.dataset.wording import listed, quoted, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from violet.domain.dataset import Column, Shard

Key = tuple[str, int]
"""A column's name, and which of those of that name it is."""

PAST = {True: "other keys", False: "fields past the last column"}


def keys(columns: Sequence[Column]) -> list[Key]:
    seen: Counter[str] = Counter()
    found = []
    for column in columns:
        found.append((column.name, seen[column.name]))
        seen[column.name] += 1
    return found


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a shard before and after, paired. ``pairs`` are name, index before and index after."""

    pairs: tuple[tuple[str, int, int], ...]
    removed: tuple[int, ...]
    added: tuple[int, ...]
    renamed: tuple[tuple[int, int], ...]
    reordered: bool

    @property
    def same(self) -> bool:
        return not (self.removed or self.added or self.renamed or self.reordered)


def pair_columns(before: Shard, after: Shard) -> Schema:
    """Columns by name; a column that is gone and one that is new are the same, renamed, where their values are the
    same, or where they are the only ones and stand in the same place."""
    old, new = keys(before.columns), keys(after.columns)
    places = {key: at for at, key in enumerate(new)}
    pairs = [(key[0], at, places[key]) for at, key in enumerate(old) if key in places]
    known = set(old)
    removed = [at for at, key in enumerate(old) if key not in places]
    added = [at for at, key in enumerate(new) if key not in known]
    renamed: list[tuple[int, int]] = []
    for at in list(removed):
        digest = before.columns[at].digest
        same = [place for place in added if digest and after.columns[place].digest == digest]
        if same or (len(removed) == len(added) == 1 and removed == added):
            place = same[0] if same else added[0]
            renamed.append((at, place))
            removed.remove(at)
            added.remove(place)
    pairs.extend((after.columns[place].name, at, place) for at, place in renamed)
    pairs.sort(key=lambda pair: pair[1])
    order = [place for _, _, place in pairs]
    return Schema(tuple(pairs), tuple(removed), tuple(added), tuple(renamed), order != sorted(order))


def schema_differences(before: Shard, after: Shard, schema: Schema) -> list[Difference]:
    path = before.path
    found = []
    for at, place in schema.renamed:
        old, new = before.columns[at].name, after.columns[place].name
        text = f"{shown(path)}: column {quoted(old)} is called {quoted(new)} now."
        found.append(Difference("column-renamed", text, path, columns=(old, new)))
    for at in schema.removed:
        name = before.columns[at].name
        found.append(
            Difference("column-removed", f"{shown(path)}: column {quoted(name)} is gone.", path, columns=(name,))
        )
    for at in schema.added:
        name = after.columns[at].name
        found.append(Difference("column-added", f"{shown(path)}: column {quoted(name)} is new.", path, columns=(name,)))
    if schema.reordered:
        names = tuple(column.name for column in after.columns)
        text = f"{shown(path)}: the columns stand in another order: {listed(names)}."
        found.append(Difference("columns-reordered", text, path, columns=names))
    for name, at, place in schema.pairs:
        was, now = before.columns[at].type, after.columns[place].type
        if was != now:
            text = f"{shown(path)}: column {quoted(name)} was of the type {shown(was)}, and is {shown(now)} now."
            found.append(Difference("column-type", text, path, columns=(name,)))
    return found


class ColumnFinder:
    """Tells in which columns some rows differ."""

    def __init__(self, before: Shard, after: Shard, schema: Schema) -> None:
        self.before, self.after = _alike(before, after)
        self.schema = schema
        rows = self.before.row_digests
        other = self.after.row_digests
        self.rows_each = rows.column_rows if rows and other and rows.column_rows == other.column_rows else 0
        self._past = PAST[before.kind == JSONL]

    def differing(self, before: int, after: int) -> tuple[str, ...]:
        """Names of the columns in which a group of rows before and one after differ (groups from 0)."""
        return self._named(before, self._group(self.after, after))

    def named(self, before: int, after: bytes) -> tuple[str, ...]:
        """The same, for a group before and digests of its rows as they are now."""
        return self._named(before, after)

    def _named(self, before: int, now: bytes) -> tuple[str, ...]:
        found = []
        was = self._group(self.before, before)
        size = DIGEST_SIZE
        for name, at, place in self.schema.pairs:
            if was[at * size : (at + 1) * size] != now[place * size : (place + 1) * size]:
                found.append(name)
        # A column that is gone, or new, is none where it held nothing in these rows.
        for at in self.schema.removed:
            if was[at * size : (at + 1) * size] != self._nothing(self.before, before):
                found.append(self.before.columns[at].name)
        for at in self.schema.added:
            if now[at * size : (at + 1) * size] != self._nothing(self.after, before):
                found.append(self.after.columns[at].name)
        if self.schema.same and was[-size:] != now[-size:]:
            found.append(self._past)
        return tuple(found)

    def _nothing(self, shard: Shard, group: int) -> bytes:
        """The digest of a column whose values are missing in all rows of a group."""
        rows = min(self.rows_each, self.before.rows - group * self.rows_each)
        missing = MISSING_JSON if shard.kind == JSONL else MISSING_FIELD
        tally = ColumnTally(1, 1 << 62)
        while tally.rows_each < self.rows_each:
            tally.widen()
        for start in range(0, rows, GROUP):
            count = min(GROUP, rows - start)
            tally.add(count, [missing * count])
        return tally.finish()[0][:DIGEST_SIZE]

    def groups(self, shard_rows: int) -> int:
        return -(-shard_rows // self.rows_each)

    def _group(self, shard: Shard, number: int) -> bytes:
        stride = (len(shard.columns) + 1) * DIGEST_SIZE
        rows = shard.row_digests
        return rows.columns[number * stride : (number + 1) * stride] if rows else b""


def _alike(before: Shard, after: Shard) -> tuple[Shard, Shard]:
    """Both with digests for the same numbers of rows: those of the coarser one."""
    a, b = before.row_digests, after.row_digests
    if a is None or b is None:
        return before, after
    level, each = max(a.level, b.level), max(a.column_rows, b.column_rows)
    return (
        replace(before, row_digests=coarsened(a, len(before.columns), level, each)),
        replace(after, row_digests=coarsened(b, len(after.columns), level, each)),
    )


def differing_columns(before: Shard, after: Shard, schema: Schema) -> tuple[str, ...]:
    """Columns whose values as a whole are not what they were."""
    return tuple(
        name
        for name, at, place in schema.pairs
        if before.columns[at].digest != after.columns[place].digest or not before.columns[at].digest
    )
