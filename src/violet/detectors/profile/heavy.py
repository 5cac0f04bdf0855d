"""The most frequent words of a stream in bounded memory, with a bound on what each count may be short of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CAPACITY = 256


@dataclass(frozen=True, slots=True)
class HeavyHitters:
    """Misra and Gries (1982): at most ``capacity`` words. The true count of a word is at least ``counts[word]`` (0
    where it is missing), and at most ``short`` more; ``short`` never exceeds ``rows / (capacity + 1)``. Summaries of
    parts add up to one of the whole with the same bound (Agarwal et al. 2013, "Mergeable summaries", theorem 1)."""

    counts: Mapping[str, int] = field(default_factory=dict)
    rows: int = 0
    short: int = 0
    capacity: int = CAPACITY

    def add(self, counts: Mapping[str, int]) -> HeavyHitters:
        """With so many more of each word."""
        return self._cut(dict(self.counts), counts, self.rows + sum(counts.values()), self.short)

    def __add__(self, other: HeavyHitters) -> HeavyHitters:
        return self._cut(dict(self.counts), other.counts, self.rows + other.rows, self.short + other.short)

    def _cut(self, known: dict[str, int], more: Mapping[str, int], rows: int, short: int) -> HeavyHitters:
        for word, count in more.items():
            known[word] = known.get(word, 0) + count
        if len(known) > self.capacity:
            # All give up the count of the first that does not fit, which makes room for the others.
            least = sorted(known.values(), reverse=True)[self.capacity]
            known = {word: count - least for word, count in known.items() if count > least}
            short += least
        return HeavyHitters(known, rows, short, self.capacity)

    def top(self, most: int) -> list[tuple[str, int]]:
        """The most frequent, the greatest count first."""
        return sorted(self.counts.items(), key=lambda entry: (-entry[1], entry[0]))[:most]
