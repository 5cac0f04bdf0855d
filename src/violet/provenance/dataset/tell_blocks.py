"""What happened to the rows of a shard whose blocks of rows have digests, in sentences."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from violet.domain.dataset import ROWS_TO_BLOCK, Difference
from violet.provenance.dataset.align import gaps
from violet.provenance.dataset.row_changes import digests_of
from violet.provenance.dataset.tally import unpack
from violet.provenance.dataset.wording import columns as column_words
from violet.provenance.dataset.wording import counted, rows, shown

if TYPE_CHECKING:
    from violet.domain.dataset import RowDigests, Shard
    from violet.provenance.dataset.columns import ColumnFinder

MOST_LISTED = 20


def tell_blocks(before: Shard, after: Shard, finder: ColumnFinder) -> list[Difference]:
    """Differences, as exact as the coarser description allows: blocks of rows, and within them the groups of rows
    whose columns differ."""
    old, new = finder.before.row_digests, finder.after.row_digests
    if old is None or new is None:
        return []
    was, now = _starts(old), _starts(new)
    about = ROWS_TO_BLOCK**old.level
    found: list[Difference] = []
    everything = gaps(digests_of(old.digests), digests_of(new.digests))
    for gap in everything[:MOST_LISTED]:
        first, last = was[gap.start] + 1, was[gap.end]
        begin, stop = now[gap.begin], now[gap.stop]
        found.append(_gap(before.path, first, last, begin, stop, about, finder))
    if len(everything) > MOST_LISTED:
        first, last = was[everything[MOST_LISTED].start] + 1, was[everything[-1].end]
        text = (
            f"{shown(before.path)}: {counted(len(everything) - MOST_LISTED, 'more place')} changed, "
            f"between row {first:,} and row {last:,}."
        )
        found.append(Difference("rows-changed", text, before.path, first, last, (), about))
    return found


def _gap(path: str, first: int, last: int, begin: int, stop: int, about: int, finder: ColumnFinder) -> Difference:
    name, size = shown(path), f"(rows are known in blocks of about {about:,})"
    old, new = last - first + 1, stop - begin
    if not old:
        text = f"{name}: {counted(new, 'row')} {'was' if new == 1 else 'were'} added behind row {last:,} {size}."
        return Difference("rows-changed", text, path, begin + 1, stop, (), about)
    if old != new:
        what = f"{old - new:,} fewer than" if old > new else f"{new - old:,} more than"
        text = f"{name}: where {rows(first, last)} stood there are {what} there were {size}."
        if not new:
            text = f"{name}: {rows(first, last)} {'was' if old == 1 else 'were'} removed {size}."
        return Difference("rows-changed", text, path, first, last, (), about)
    names: dict[str, None] = {}
    if finder.rows_each and first == begin + 1:
        low, high = (first - 1) // finder.rows_each, (last - 1) // finder.rows_each
        differing = {group: finder.differing(group, group) for group in range(low, high + 1)}
        touched = [group for group, columns in differing.items() if columns]
        for group in touched:
            names.update(dict.fromkeys(differing[group]))
        if touched:
            first = max(first, touched[0] * finder.rows_each + 1)
            last = min(last, (touched[-1] + 1) * finder.rows_each)
    where = f", in {column_words(tuple(names))}" if names else ""
    text = f"{name}: something in {rows(first, last)} changed{where} {size}."
    return Difference("rows-changed", text, path, first, last, tuple(names), about)


def _starts(digests: RowDigests) -> list[int]:
    """The index of the first row of each block, and that behind the last row."""
    return list(accumulate(unpack(digests.counts), initial=0))
