"""Sets of versions: intervals of an order, and what advisories and specifiers make of them.

An order is taken to be dense: between two versions that differ there may be another. So whether two sets meet
can be "maybe" where no such version was ever released, and is never "no" where one was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.intel.versions.base import Key, Scheme

if TYPE_CHECKING:
    from violet.domain.vulnerability import Event

Bound = tuple[object, ...]
"""A cut in the order: ``LOWEST``, ``HIGHEST``, or ``(1, key, -1)`` just before a version, ``(1, key, 1)`` just
after it."""

LOWEST: Bound = (0,)
HIGHEST: Bound = (2,)

Interval = tuple[Bound, Bound]


def before(key: Key) -> Bound:
    return (1, key, -1)


def after(key: Key) -> Bound:
    return (1, key, 1)


@dataclass(frozen=True, slots=True)
class VersionSet:
    """Intervals in ascending order that do not touch."""

    intervals: tuple[Interval, ...]

    def __contains__(self, key: Key) -> bool:
        place: Bound = (1, key, 0)
        for low, high in self.intervals:  # noqa: SIM110 (asked for every version of every entry)
            if low < place < high:
                return True
        return False

    def __bool__(self) -> bool:
        return bool(self.intervals)

    def union(self, other: VersionSet) -> VersionSet:
        return merged((*self.intervals, *other.intervals))

    def meet(self, other: VersionSet) -> VersionSet:
        """The versions that are in both."""
        found = [
            (max(low, other_low), min(high, other_high))
            for low, high in self.intervals
            for other_low, other_high in other.intervals
        ]
        return merged(found)

    def complement(self) -> VersionSet:
        cuts = [LOWEST, *(cut for interval in self.intervals for cut in interval), HIGHEST]
        return merged(zip(cuts[::2], cuts[1::2], strict=True))

    def within(self, other: VersionSet) -> bool:
        """Every version of this set is in the other one, too."""
        return not self.meet(other.complement())


ALL = VersionSet(((LOWEST, HIGHEST),))
NONE = VersionSet(())


def merged(intervals: Iterable[Interval]) -> VersionSet:
    """The set that some intervals cover, in whatever order and however they overlap."""
    found: list[Interval] = []
    for low, high in sorted(interval for interval in intervals if interval[0] < interval[1]):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return VersionSet(tuple(found))


def from_events(events: Sequence[Event], scheme: Scheme) -> VersionSet:
    """The affected versions of an OSV range.

    Source: the OSV format, section "Evaluation". ``introduced: 0`` comes before every version; a version must be
    below the highest ``limit``, if there is any. Where an introduction and a fix fall on the same version, what
    was affected before stays so (the range goes on), and what was not stays unaffected (the range is empty).
    Raises ``InvalidVersionError``.
    """
    timeline: list[tuple[Bound, bool]] = []
    limit: Bound | None = None
    for event in events:
        if event.kind == "introduced":
            cut = LOWEST if event.version == "0" else before(scheme.key(event.version))
            timeline.append((cut, True))
        elif event.kind == "fixed":
            timeline.append((before(scheme.key(event.version)), False))
        elif event.kind == "last_affected":
            timeline.append((after(scheme.key(event.version)), False))
        else:
            cut = HIGHEST if event.version == "*" else before(scheme.key(event.version))
            limit = cut if limit is None else max(limit, cut)
    timeline.sort(key=lambda entry: entry[0])
    found: list[Interval] = []
    since: Bound | None = None
    place = 0
    while place < len(timeline):
        cut = timeline[place][0]
        here = set()
        while place < len(timeline) and timeline[place][0] == cut:
            here.add(timeline[place][1])
            place += 1
        if here == {True} and since is None:
            since = cut
        elif here == {False} and since is not None:
            found.append((since, cut))
            since = None
    if since is not None:
        found.append((since, HIGHEST))
    whole = merged(found)
    return whole if limit is None else whole.meet(VersionSet(((LOWEST, limit),)))
