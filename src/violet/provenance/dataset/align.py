"""Where two sequences of digests differ: the gaps between what both have in the same order.

Digests that stand once in both sequences, in the longest order that both share, are the anchors (the patience
method); between anchors the same is tried again, and small rests are compared element by element.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SMALL = 4096
"""Product of the lengths up to which the longest common subsequence is computed exactly."""
MOST_WORK = 64
"""How many times all elements are looked at; what is not settled by then is one gap."""


@dataclass(frozen=True, slots=True)
class Gap:
    """``before[start:end]`` stands where ``after[begin:stop]`` stands now; one of them may be empty."""

    start: int
    end: int
    begin: int
    stop: int

    @property
    def old(self) -> int:
        return self.end - self.start

    @property
    def new(self) -> int:
        return self.stop - self.begin


def gaps(before: Sequence[int], after: Sequence[int]) -> list[Gap]:
    """All gaps in order; none where the sequences are equal."""
    found: list[Gap] = []
    pending = [(0, len(before), 0, len(after))]
    work = MOST_WORK * (len(before) + len(after))
    while pending:
        start, end, begin, stop = pending.pop()
        while start < end and begin < stop and before[start] == after[begin]:
            start, begin = start + 1, begin + 1
        while start < end and begin < stop and before[end - 1] == after[stop - 1]:
            end, stop = end - 1, stop - 1
        if start == end and begin == stop:
            continue
        if start == end or begin == stop:
            found.append(Gap(start, end, begin, stop))
            continue
        work -= end - start + stop - begin
        matches = _anchors(before, after, start, end, begin, stop) if work > 0 else []
        if not matches and (end - start) * (stop - begin) <= SMALL:
            matches = _common(before, after, start, end, begin, stop)
        if not matches:
            found.append(Gap(start, end, begin, stop))
            continue
        for old, new in matches:
            pending.append((start, old, begin, new))
            start, begin = old + 1, new + 1
        pending.append((start, end, begin, stop))
    found.sort(key=lambda gap: (gap.start, gap.begin))
    return _joined(found)


def _joined(found: list[Gap]) -> list[Gap]:
    """Gaps that touch are one."""
    out: list[Gap] = []
    for gap in found:
        if out and out[-1].end == gap.start and out[-1].stop == gap.begin:
            last = out.pop()
            gap = Gap(last.start, gap.end, last.begin, gap.stop)
        out.append(gap)
    return out


def _anchors(
    before: Sequence[int], after: Sequence[int], start: int, end: int, begin: int, stop: int
) -> list[tuple[int, int]]:
    """Pairs of indexes of what stands once in both, in the longest order that both share."""
    old = Counter(before[start:end])
    new = Counter(after[begin:stop])
    places = {after[at]: at for at in range(begin, stop) if new[after[at]] == 1}
    pairs = [(at, places[before[at]]) for at in range(start, end) if old[before[at]] == 1 and before[at] in places]
    # Longest increasing subsequence of the second indexes, by patience sorting.
    tops: list[int] = []
    piles: list[int] = []
    previous: list[int] = []
    for index, (_, place) in enumerate(pairs):
        pile = bisect_left(tops, place)
        previous.append(piles[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(place)
            piles.append(index)
        else:
            tops[pile] = place
            piles[pile] = index
    chain: list[tuple[int, int]] = []
    index = piles[-1] if piles else -1
    while index >= 0:
        chain.append(pairs[index])
        index = previous[index]
    chain.reverse()
    if end - start == stop - begin:
        # Where as many did not move at all, that is the simpler account: others have exchanged places around them.
        shift = begin - start
        still = [(at, at + shift) for at in range(start, end) if before[at] == after[at + shift]]
        if len(still) >= len(chain):
            return still
    return chain


def _common(
    before: Sequence[int], after: Sequence[int], start: int, end: int, begin: int, stop: int
) -> list[tuple[int, int]]:
    """A longest common subsequence, by dynamic programming."""
    rows, columns = end - start, stop - begin
    length = [[0] * (columns + 1) for _ in range(rows + 1)]
    for row in range(rows - 1, -1, -1):
        for column in range(columns - 1, -1, -1):
            if before[start + row] == after[begin + column]:
                length[row][column] = length[row + 1][column + 1] + 1
            else:
                length[row][column] = max(length[row + 1][column], length[row][column + 1])
    pairs: list[tuple[int, int]] = []
    row = column = 0
    while row < rows and column < columns:
        if before[start + row] == after[begin + column]:
            pairs.append((start + row, begin + column))
            row, column = row + 1, column + 1
        elif length[row + 1][column] >= length[row][column + 1]:
            row += 1
        else:
            column += 1
    return pairs
