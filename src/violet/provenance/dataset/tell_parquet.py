"""What happened to a Parquet shard, as far as the bytes of its column chunks and pages tell, in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain.dataset import Difference
from violet.provenance.dataset.align import gaps
from violet.provenance.dataset.wording import columns as column_words
from violet.provenance.dataset.wording import counted, rows, shown
from violet.provenance.dataset.wording import was as was_or_were

if TYPE_CHECKING:
    from violet.domain.dataset import ColumnChunk, RowGroup, Shard
    from violet.provenance.dataset.align import Gap
    from violet.provenance.dataset.columns import Schema

MOST_LISTED = 40


def tell_parquet(before: Shard, after: Shard, schema: Schema) -> list[Difference]:
    """Row groups that changed, were added, removed or moved; within those that changed, the columns, and the
    rows that their pages narrow it down to."""
    numbers: dict[tuple[str, ...], int] = {}
    old = [
        numbers.setdefault(_signature(g, [at for _, at, _ in schema.pairs]), len(numbers)) for g in before.row_groups
    ]
    new = [numbers.setdefault(_signature(g, [at for _, _, at in schema.pairs]), len(numbers)) for g in after.row_groups]
    found: list[Difference] = []
    path = before.path
    everything = gaps(old, new)
    moved = _moved(old, new, everything)
    for start, stop in moved.items():
        if moved.get(stop) == start:
            if start < stop:
                text = f"{shown(path)}: row groups {start + 1:,} and {stop + 1:,} have exchanged places."
                first, last = _range(before.row_groups[start])
                found.append(Difference("rows-swapped", text, path, first, last, (), last - first + 1))
        else:
            first, last = _range(before.row_groups[start])
            text = f"{shown(path)}: row group {start + 1:,} ({rows(first, last)}) is row group {stop + 1:,} now."
            found.append(Difference("row-moved", text, path, first, last, (), last - first + 1))
    arrived = set(moved.values())
    changed: list[_Changed] = []
    for gap in everything:
        gone = [at for at in range(gap.start, gap.end) if at not in moved]
        come = [at for at in range(gap.begin, gap.stop) if at not in arrived]
        if len(gone) != len(come):
            found += _counts(before, after, gone, come)
            continue
        for at, place in zip(gone, come, strict=True):
            was, now = before.row_groups[at], after.row_groups[place]
            if was.rows == now.rows:
                changed += _group(at, was, now, schema)
            else:
                first, last = _range(was)
                text = f"{shown(path)}: row group {at + 1:,} ({rows(first, last)}) has {counted(now.rows, 'row')} now."
                found.append(Difference("rows-replaced", text, path, first, last, (), max(was.rows, 1)))
    found = [_told(before, run) for run in _together(changed)] + found
    if len(found) > MOST_LISTED:
        rest = len(found) - MOST_LISTED
        text = f"{shown(path)}: {counted(rest, 'more difference')} of this kind."
        found[MOST_LISTED:] = [Difference("rows-changed", text, path)]
    return found


def _signature(group: RowGroup, order: list[int]) -> tuple[str, ...]:
    return (str(group.rows), *[group.columns[at].digest for at in order if at < len(group.columns)])


def _moved(old: list[int], new: list[int], everything: list[Gap]) -> dict[int, int]:
    """Row groups that stand elsewhere now: index before, and index now."""
    waiting: dict[int, list[int]] = {}
    for gap in everything:
        for at in range(gap.start, gap.end):
            waiting.setdefault(old[at], []).append(at)
    moved: dict[int, int] = {}
    for gap in everything:
        for at in range(gap.begin, gap.stop):
            origins = waiting.get(new[at])
            if origins:
                moved[origins.pop(0)] = at
    return moved


def _range(group: RowGroup) -> tuple[int, int]:
    return group.first, group.first + max(group.rows, 1) - 1


def _counts(before: Shard, after: Shard, gone: list[int], come: list[int]) -> list[Difference]:
    path, name = before.path, shown(before.path)
    found = []
    if gone:
        first, last = before.row_groups[gone[0]].first, _range(before.row_groups[gone[-1]])[1]
        number = sum(before.row_groups[at].rows for at in gone)
        if len(gone) == len(before.row_groups) and len(come) == len(after.row_groups):
            groups = f"{counted(len(gone), 'row group')} before, {len(come):,} now"
            text = f"{name}: the rows are grouped otherwise ({groups}), so their bytes cannot be compared."
            return [Difference("row-groups-changed", text, path)]
        if come:
            now = sum(after.row_groups[at].rows for at in come)
            text = f"{name}: {rows(first, last)} {was_or_were(number)} replaced by {counted(now, 'other row')}."
            return [Difference("rows-replaced", text, path, first, last, (), last - first + 1)]
        text = f"{name}: {rows(first, last)} {was_or_were(number)} removed ({counted(len(gone), 'row group')})."
        found.append(Difference("row-removed", text, path, first, last))
    elif come:
        first, last = after.row_groups[come[0]].first, _range(after.row_groups[come[-1]])[1]
        text = f"{name}: {rows(first, last)} {was_or_were(last - first + 1)} added ({counted(len(come), 'row group')})."
        found.append(Difference("row-added", text, path, first, last))
    return found


@dataclass(frozen=True, slots=True)
class _Changed:
    """Columns that changed in row groups that stand where they stood. ``first`` and ``last`` are the rows of these
    groups, ``begin`` and ``stop`` those that their pages narrow the change down to."""

    group: int
    last_group: int
    first: int
    last: int
    begin: int
    stop: int
    columns: tuple[str, ...]


def _group(number: int, old: RowGroup, new: RowGroup, schema: Schema) -> list[_Changed]:
    """What changed in one row group; columns of which the same is to be said together."""
    first, last = _range(old)
    places: dict[tuple[int, int], list[str]] = {}
    for column, at, place in schema.pairs:
        if at < len(old.columns) and place < len(new.columns) and old.columns[at].digest != new.columns[place].digest:
            places.setdefault(_narrowed(old.columns[at], new.columns[place], old.rows), []).append(column)
    return [
        _Changed(number, number, first, last, first + start, first + end - 1, tuple(names))
        for (start, end), names in places.items()
    ]


def _together(changed: list[_Changed]) -> list[_Changed]:
    """Neighbouring row groups in which the same columns changed everywhere, as one."""
    out: list[_Changed] = []
    for item in changed:
        last = out[-1] if out else None
        whole = last is not None and (last.begin, last.stop) == (last.first, last.last)
        if (
            last is not None
            and whole
            and (item.begin, item.stop) == (item.first, item.last)
            and last.columns == item.columns
            and last.last_group + 1 == item.group
        ):
            out[-1] = _Changed(last.group, item.group, last.first, item.last, last.first, item.last, last.columns)
        else:
            out.append(item)
    return out


def _told(before: Shard, run: _Changed) -> Difference:
    if run.group == run.last_group:
        groups = f"row group {run.group + 1:,}"
    else:
        groups = f"row groups {run.group + 1:,} to {run.last_group + 1:,}"
    what = column_words(run.columns) if len(run.columns) < max(len(before.columns), 2) else "every column"
    text = f"{shown(before.path)}: {groups} ({rows(run.first, run.last)}), {what} changed"
    if (run.begin, run.stop) != (run.first, run.last):
        text += f", within {rows(run.begin, run.stop)}"
    about = run.stop - run.begin + 1
    return Difference("rows-changed", text + ".", before.path, run.begin, run.stop, run.columns, about)


def _narrowed(old: ColumnChunk, new: ColumnChunk, count: int) -> tuple[int, int]:
    """The rows of the group (from 0, end excluded) in which the pages of a chunk differ; all of them where pages do
    not tell. A changed dictionary gives rows another number, so it counts only if no page changed."""
    pages = [page for page in old.pages if page[1]]
    others = [page for page in new.pages if page[1]]
    if [page[:2] for page in pages] != [page[:2] for page in others]:
        return 0, count
    differing = [page for page, other in zip(pages, others, strict=True) if page[2] != other[2]]
    if not differing:
        return 0, count
    return differing[0][0], differing[-1][0] + differing[-1][1]
