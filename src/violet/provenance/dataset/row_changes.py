"""What happened to the rows of shards whose every row has a digest: changed, added, removed, moved, copied."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from violet.provenance.dataset.align import Gap, gaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Digests = tuple[int, ...]


def digests_of(data: bytes) -> Digests:
    """Short digests as numbers."""
    return tuple(memoryview(data).cast("Q"))


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A row: the path of its shard, and its index from 0."""

    shard: str
    row: int


@dataclass(slots=True)
class RowChanges:
    """What happened in one shard. ``changed`` are pairs of indexes before and after, ``replaced`` gaps in which
    nobody can tell which row became which; ``arrived`` are rows that were elsewhere (index now, where they were),
    ``left`` rows that are elsewhere now (index before, where they are); ``copied`` are added rows that are
    copies of rows that are still there."""

    before: Digests
    after: Digests
    gaps: list[Gap] = field(default_factory=list)
    changed: list[tuple[int, int]] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    replaced: list[Gap] = field(default_factory=list)
    arrived: list[tuple[int, Place]] = field(default_factory=list)
    left: list[tuple[int, Place]] = field(default_factory=list)
    copied: dict[int, Place] = field(default_factory=dict)


def row_changes(pairs: Mapping[str, tuple[Digests, Digests]], others: Mapping[str, Digests]) -> dict[str, RowChanges]:
    """The changes in each shard of ``pairs`` (digests before and after); ``others`` are the shards that did not
    change, in which copies may have their originals."""
    found = {path: RowChanges(before, after, gaps(before, after)) for path, (before, after) in pairs.items()}
    came, went = _moves(found)
    for path, changes in found.items():
        changes.arrived = [(row, came[Place(path, row)]) for row in _new(changes) if Place(path, row) in came]
        changes.left = [(row, went[Place(path, row)]) for row in _old(changes) if Place(path, row) in went]
        for gap in changes.gaps:
            _judge(path, gap, changes, came, went)
    _copies(found, others)
    return found


def _old(changes: RowChanges) -> Iterable[int]:
    return (row for gap in changes.gaps for row in range(gap.start, gap.end))


def _new(changes: RowChanges) -> Iterable[int]:
    return (row for gap in changes.gaps for row in range(gap.begin, gap.stop))


def _moves(found: Mapping[str, RowChanges]) -> tuple[dict[Place, Place], dict[Place, Place]]:
    """Where each row that stands elsewhere now came from, and the reverse: within a shard first, then between
    shards."""
    came: dict[Place, Place] = {}
    went: dict[Place, Place] = {}

    def match(old: Iterable[Place], new: Iterable[Place]) -> None:
        waiting: dict[int, deque[Place]] = defaultdict(deque)
        for place in old:
            if place not in went:
                waiting[found[place.shard].before[place.row]].append(place)
        for place in new:
            if place not in came:
                origins = waiting.get(found[place.shard].after[place.row])
                if origins:
                    origin = origins.popleft()
                    came[place], went[origin] = origin, place

    for path, changes in found.items():
        match([Place(path, row) for row in _old(changes)], [Place(path, row) for row in _new(changes)])
    if len(found) > 1:
        match(
            [Place(path, row) for path, changes in found.items() for row in _old(changes)],
            [Place(path, row) for path, changes in found.items() for row in _new(changes)],
        )
    return came, went


def _judge(path: str, gap: Gap, changes: RowChanges, came: Mapping[Place, Place], went: Mapping[Place, Place]) -> None:
    """What remains of a gap when the rows that moved are taken out."""
    old = [row for row in range(gap.start, gap.end) if Place(path, row) not in went]
    new = [row for row in range(gap.begin, gap.stop) if Place(path, row) not in came]
    if gap.old == gap.new:
        offset = gap.begin - gap.start
        remaining = set(new)
        pairs = [(row, row + offset) for row in old if row + offset in remaining]
        taken = {before for before, _ in pairs}, {after for _, after in pairs}
        changes.changed.extend(pairs)
        old = [row for row in old if row not in taken[0]]
        new = [row for row in new if row not in taken[1]]
    if old and new and len(old) == len(new):
        changes.changed.extend(zip(old, new, strict=True))
    elif old and new:
        changes.replaced.append(Gap(old[0], old[-1] + 1, new[0], new[-1] + 1))
    else:
        changes.removed.extend(old)
        changes.added.extend(new)


def _copies(found: Mapping[str, RowChanges], others: Mapping[str, Digests]) -> None:
    """Find the originals of added rows: first in the same shard, then in any other."""
    for path, changes in found.items():
        wanted = {changes.after[row] for row in changes.added}
        if not wanted:
            continue
        originals: dict[int, Place] = {}
        elsewhere: list[tuple[str, Sequence[int]]] = [(p, c.before) for p, c in found.items() if p != path]
        for shard, digests in [(path, changes.before), *elsewhere, *others.items()]:
            for row, digest in enumerate(digests):
                if digest in wanted and digest not in originals:
                    originals[digest] = Place(shard, row)
            if len(originals) == len(wanted):
                break
        for row in changes.added:
            place = originals.get(changes.after[row])
            if place is not None:
                changes.copied[row] = place
