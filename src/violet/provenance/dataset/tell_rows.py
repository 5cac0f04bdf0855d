"""What happened to the rows of a shard, in sentences. Rows count from 1, as they were; added ones as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain.dataset import Difference
from violet.provenance.dataset.wording import columns as column_words
from violet.provenance.dataset.wording import counted, listed, rows, shown, was

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from violet.domain.dataset import Shard
    from violet.provenance.dataset.align import Gap
    from violet.provenance.dataset.columns import ColumnFinder
    from violet.provenance.dataset.row_changes import Place, RowChanges

MOST_LISTED = 20
"""Differences of one sort in one shard that are listed one by one."""

Regrouped = dict[int, tuple[str, ...]]
"""For groups of rows that stand elsewhere now: the columns in which they differ."""


@dataclass(frozen=True, slots=True)
class Run:
    """Rows that follow one another and have the same to be said of them. ``sure`` says that the columns belong to
    each of them; otherwise each of the rows changed in one of the columns at least. ``None``: not known."""

    first: int
    last: int
    columns: tuple[str, ...] | None
    sure: bool = True


def tell_rows(
    before: Shard, after: Shard, changes: RowChanges, finder: ColumnFinder, regrouped: Mapping[int, tuple[str, ...]]
) -> list[Difference]:
    """Everything that happened to the rows of one shard, but for moves to and from other shards."""
    path = before.path
    found = _cut_short(before, after, changes)
    if found:
        return found
    found += _capped(path, "row-changed", _changed(before, changes, finder, regrouped), before)
    found += [_replaced(path, gap) for gap in changes.replaced[:MOST_LISTED]]
    found += _moved(path, changes)
    found += _removed(path, changes)
    found += _added(path, changes)
    return found


def unsettled(changes: RowChanges, finder: ColumnFinder) -> dict[int, list[tuple[int, int]]]:
    """Groups with changed rows that do not stand where they stood, and where their rows are now (as ranges): for
    their columns to be hashed once more. Groups that lost rows cannot be compared, and are left out."""
    each = finder.rows_each
    if not each:
        return {}
    wanted = {old // each for old, _ in changes.changed}
    settled = {group for group in wanted if _in_place(changes, group * each, (group + 1) * each)}
    found: dict[int, list[tuple[int, int]]] = {}
    for group in sorted(wanted - settled)[: 10 * MOST_LISTED]:
        ranges = _ranges(changes, group * each, min((group + 1) * each, len(changes.before)))
        if ranges is not None:
            found[group] = ranges
    return found


def _in_place(changes: RowChanges, start: int, end: int) -> bool:
    """Whether the rows from ``start`` to ``end``, and no others, stand where they stood, changed or not."""
    for gap in changes.gaps:
        if gap.start >= end:
            break
        if gap.old != gap.new:
            return False
    return True


def _ranges(changes: RowChanges, start: int, end: int) -> list[tuple[int, int]] | None:
    """Where the rows from ``start`` to ``end`` are now; ``None`` where some of them are not."""
    changed = dict(changes.changed)
    found: list[tuple[int, int]] = []

    def take(row: int) -> None:
        if found and found[-1][1] == row:
            found[-1] = (found[-1][0], row + 1)
        else:
            found.append((row, row + 1))

    row, shift = start, 0
    gaps = iter(changes.gaps)
    gap = next(gaps, None)
    while gap is not None and gap.end <= start:
        shift = gap.stop - gap.end
        gap = next(gaps, None)
    while row < end:
        if gap is not None and row >= gap.start:
            if row < gap.end:
                if row not in changed:
                    return None
                take(changed[row])
                row += 1
                continue
            shift = gap.stop - gap.end
            gap = next(gaps, None)
            continue
        take(row + shift)
        row += 1
    return found


def _cut_short(before: Shard, after: Shard, changes: RowChanges) -> list[Difference]:
    """The end is missing, and nothing else: what an interrupted copy leaves."""
    if len(changes.gaps) != 1 or before.row_digests is None:
        return []
    gap = changes.gaps[0]
    if gap.end != len(changes.before) or gap.stop != len(changes.after) or gap.new > 1 or gap.old <= gap.new:
        return []
    partly = gap.new == 1
    if partly and (after.text is None or after.text.ended or changes.arrived):
        return []
    if changes.left:
        return []
    first, last = gap.start + 1 + partly, gap.end
    text = (
        f"{shown(before.path)} is cut short: {rows(first, last)} of {len(changes.before):,} {was_missing(first, last)}"
    )
    if partly:
        text += f", and row {gap.start + 1:,} ends in the middle"
    return [Difference("shard-truncated", text + ".", before.path, gap.start + 1, last)]


def was_missing(first: int, last: int) -> str:
    return "is missing" if first == last else "are missing"


def _changed(
    before: Shard, changes: RowChanges, finder: ColumnFinder, regrouped: Mapping[int, tuple[str, ...]]
) -> list[Run]:
    each = finder.rows_each
    groups: dict[int, list[int]] = {}
    for old, _ in changes.changed:
        groups.setdefault(old // each if each else 0, []).append(old)
    runs: list[Run] = []
    for group, members in sorted(groups.items()):
        names: tuple[str, ...] | None = None
        if each and before.columns:
            if _in_place(changes, group * each, (group + 1) * each):
                names = _without_moves(finder.differing(group, group), changes, group * each, (group + 1) * each)
            else:
                names = regrouped.get(group)
        sure = names is None or len(members) == 1 or len(names) < 2
        for row in sorted(members):
            last = runs[-1] if runs else None
            if last and last.last == row and last.columns == names and last.sure == sure:
                runs[-1] = Run(last.first, row + 1, names, sure)
            else:
                runs.append(Run(row + 1, row + 1, names, sure))
    return runs


def _without_moves(names: tuple[str, ...], changes: RowChanges, start: int, end: int) -> tuple[str, ...] | None:
    """Columns say nothing where rows of the same group moved as well."""
    for row, _ in changes.arrived:
        if start <= row < end:
            return None
    for row, _ in changes.left:
        if start <= row < end:
            return None
    return names


def _capped(path: str, code: str, runs: Sequence[Run], before: Shard) -> list[Difference]:
    found = [_told(path, code, run, before) for run in runs[:MOST_LISTED]]
    rest = runs[MOST_LISTED:]
    if rest:
        number = sum(run.last - run.first + 1 for run in rest)
        names = _union(rest)
        where = f"between row {rest[0].first:,} and row {rest[-1].last:,}"
        text = f"{shown(path)}: {counted(number, 'more row')} changed, {where}"
        text += f", in {column_words(names)}." if names else "."
        found.append(Difference(code, text, path, rest[0].first, rest[-1].last, names))
    return found


def _union(runs: Iterable[Run]) -> tuple[str, ...]:
    """The columns of all runs, none where one of them is not known."""
    names: dict[str, None] = {}
    for run in runs:
        if not run.columns:
            return ()
        names.update(dict.fromkeys(run.columns))
    return tuple(names)


def _told(path: str, code: str, run: Run, before: Shard) -> Difference:
    which = f"{shown(path)}: {rows(run.first, run.last)}"
    each = " each" if run.last > run.first else ""
    if run.columns is None or not before.columns:
        text = f"{which} changed."
    elif not run.columns:
        verb = "is" if run.first == run.last else "are"
        text = f"{which} {verb} written otherwise; no value changed."
        code = "row-rewritten"
    elif run.sure or len(run.columns) == 1:
        text = f"{which}, {column_words(run.columns)} changed."
    else:
        text = f"{which} changed,{each} in one or more of the columns {listed(run.columns, 'or')}."
    return Difference(code, text, path, run.first, run.last, run.columns or ())


def _replaced(path: str, gap: Gap) -> Difference:
    old = rows(gap.start + 1, gap.end)
    text = f"{shown(path)}: {old} {was(gap.old)} replaced by {counted(gap.new, 'other row')}."
    return Difference("rows-replaced", text, path, gap.start + 1, gap.end)


def _moved(path: str, changes: RowChanges) -> list[Difference]:
    """Moves within the shard."""
    moves = {old: place.row for old, place in changes.left if place.shard == path}
    if not moves:
        return []
    runs: list[list[int]] = []  # first index before, first index now, length
    for old in sorted(moves):
        if runs and runs[-1][0] + runs[-1][2] == old and runs[-1][1] + runs[-1][2] == moves[old]:
            runs[-1][2] += 1
        else:
            runs.append([old, moves[old], 1])
    if len(runs) > MOST_LISTED:
        first, last = min(moves) + 1, max(moves) + 1
        text = (
            f"{shown(path)}: {counted(len(moves), 'row')} between row {first:,} and row {last:,} "
            "stand in another order; none of them changed."
        )
        return [Difference("rows-reordered", text, path, first, last)]
    found: list[Difference] = []
    done: set[int] = set()
    starts = {old: (now, length) for old, now, length in runs}
    for old, now, length in runs:
        if old in done:
            continue
        back = starts.get(now)
        if back == (old, length) and now != old:
            done.add(now)
            text = (
                f"{shown(path)}: {rows(old + 1, old + length)} and {rows(now + 1, now + length)} have exchanged places."
            )
            if length == 1 and now == old + 1:
                text = f"{shown(path)}: {rows(old + 1, now + 1)} have exchanged places."
            found.append(Difference("rows-swapped", text, path, old + 1, now + length))
        elif length == 1 and len(runs) == 1 and abs(now - old) == 1 and len(changes.gaps) == 2:
            first = min(old, now) + 1
            text = f"{shown(path)}: {rows(first, first + 1)} have exchanged places."
            found.append(Difference("rows-swapped", text, path, first, first + 1))
        else:
            verb = "stands" if length == 1 else "stand"
            text = f"{shown(path)}: {rows(old + 1, old + length)} {verb} at row {now + 1:,} now."
            found.append(Difference("row-moved", text, path, old + 1, old + length))
    return found


def _removed(path: str, changes: RowChanges) -> list[Difference]:
    found = []
    runs = _runs(changes.removed)
    for first, last in runs[:MOST_LISTED]:
        verb = was(last - first + 1)
        text = f"{shown(path)}: {rows(first + 1, last + 1)} {verb} removed."
        found.append(Difference("row-removed", text, path, first + 1, last + 1))
    if len(runs) > MOST_LISTED:
        first, last = runs[MOST_LISTED][0], runs[-1][1]
        number = sum(end - start + 1 for start, end in runs[MOST_LISTED:])
        where = f"between row {first + 1:,} and row {last + 1:,}"
        text = f"{shown(path)}: {counted(number, 'more row')} {was(number)} removed, {where}."
        found.append(Difference("row-removed", text, path, first + 1, last + 1))
    return found


def _added(path: str, changes: RowChanges) -> list[Difference]:
    found: list[Difference] = []
    plain = [row for row in changes.added if row not in changes.copied]
    copies = sorted(changes.copied.items())
    for row, place in copies[:MOST_LISTED]:
        where = f"row {place.row + 1:,}" + (f" of {shown(place.shard)}" if place.shard != path else "")
        text = f"{shown(path)}: row {row + 1:,} was added, a copy of {where}."
        found.append(Difference("row-duplicated", text, path, row + 1, row + 1))
    if len(copies) > MOST_LISTED:
        number = len(copies) - MOST_LISTED
        what = "a copy of another" if number == 1 else "copies of others"
        text = f"{shown(path)}: {counted(number, 'more row')} {was(number)} added, {what}."
        found.append(Difference("row-duplicated", text, path, copies[MOST_LISTED][0] + 1, copies[-1][0] + 1))
    runs = _runs(plain)
    for first, last in runs[:MOST_LISTED]:
        text = f"{shown(path)}: {rows(first + 1, last + 1)} {was(last - first + 1)} added."
        found.append(Difference("row-added", text, path, first + 1, last + 1))
    if len(runs) > MOST_LISTED:
        number = sum(end - start + 1 for start, end in runs[MOST_LISTED:])
        text = f"{shown(path)}: {counted(number, 'more row')} {was(number)} added."
        found.append(Difference("row-added", text, path, runs[MOST_LISTED][0] + 1, runs[-1][1] + 1))
    return found


def _runs(indexes: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of what follows one another."""
    runs: list[tuple[int, int]] = []
    for index in sorted(indexes):
        if runs and runs[-1][1] + 1 == index:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return runs


def tell_exchange(changes: Mapping[str, RowChanges]) -> list[Difference]:
    """Rows that stand in another shard now: one sentence for rows that went together."""
    found: list[Difference] = []
    went = {(path, old): (place.shard, place.row) for path in changes for old, place in changes[path].left}
    for path in sorted(changes):
        left = sorted((old, place) for old, place in changes[path].left if place.shard != path)
        runs: list[tuple[int, Place, int]] = []
        for old, place in left:
            back = went.get((place.shard, place.row)) == (path, old)
            if back:
                if path < place.shard:
                    text = (
                        f"{shown(path)}: row {old + 1:,} and row {place.row + 1:,} of {shown(place.shard)} "
                        "have exchanged places."
                    )
                    found.append(Difference("row-moved-shard", text, path, old + 1, old + 1))
                continue
            if runs:
                first, to, length = runs[-1]
                if first + length == old and to.shard == place.shard and to.row + length == place.row:
                    runs[-1] = (first, to, length + 1)
                    continue
            runs.append((old, place, 1))
        found = found[: 2 * MOST_LISTED] + [_exchanged(path, *run) for run in runs[:MOST_LISTED]]
        if len(runs) > MOST_LISTED:
            number = sum(length for _, _, length in runs[MOST_LISTED:])
            verb = "stands" if number == 1 else "stand"
            first, last = runs[MOST_LISTED][0] + 1, runs[-1][0] + runs[-1][2]
            text = f"{shown(path)}: {counted(number, 'more row')} {verb} in other shards now."
            found.append(Difference("row-moved-shard", text, path, first, last))
    return found


def _exchanged(path: str, old: int, to: Place, length: int) -> Difference:
    verb = "stands" if length == 1 else "stand"
    text = (
        f"{shown(path)}: {rows(old + 1, old + length)} {verb} in {shown(to.shard)} now, "
        f"as {rows(to.row + 1, to.row + length)}."
    )
    return Difference("row-moved-shard", text, path, old + 1, old + length)
