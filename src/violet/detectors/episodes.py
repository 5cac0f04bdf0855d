"""When a stream of scores becomes alerts: one alert an episode, not one a query.

A client's score stands until the next one is given. An episode opens when it first reaches the threshold, and closes
when it has stayed below for ``quiet`` seconds: a score that falls and returns sooner is the same episode. A client that
is silent with a score above the threshold is still in it, however long it is silent: who asks once an hour makes one
alert, not one an hour. Rows without a score (NaN) say nothing.

``Episodes`` does it as traffic comes, ``spans`` for a whole trace at once; how a stream is cut into batches makes no
difference to what opens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

QUIET = 900.0
"""Seconds."""
_OPEN = float("inf")
"""In place of the time since which a score is below: it is not."""


class Episodes:
    """Those of one detector. ``clients`` is how many slots there are; nothing is kept of a slot that never reached the
    threshold but one byte. With a threshold of ``inf`` or NaN none ever opens."""

    __slots__ = ("_below", "_known", "opened", "quiet", "threshold")

    def __init__(self, threshold: float, quiet: float = QUIET, clients: int = 10_000) -> None:
        if not quiet >= 0:
            raise ValueError("quiet is a number of seconds, 0 or more")
        self.threshold = threshold
        self.quiet = quiet
        self.opened = 0
        """Episodes since the start."""
        self._known = np.zeros(clients, dtype=bool)
        self._below: dict[int, float] = {}

    def step(self, rows: Array, slots: Array, values: Array, at: Array) -> Array:
        """Which scores open an episode: ascending indices into ``values``, int64. ``values`` ``(m,)`` are scores of
        the rows ``rows`` ``(m,)`` of a batch, whose clients and times are ``slots`` and ``at`` ``(n,)``: fields of
        ``Scores`` and ``Batch`` as they are. Raises ``IndexError`` for a slot beyond ``clients``."""
        reached = values >= self.threshold
        if self.threshold == _OPEN or not (reached.any() or self._below):
            return np.empty(0, np.int64)
        whose = slots[rows]
        self._known[whose[reached]] = True
        some = np.flatnonzero(self._known[whose])
        if not some.size:
            return np.empty(0, np.int64)
        opening: list[int] = []
        below = self._below
        for index, slot, up, value, time in zip(
            some.tolist(),
            whose[some].tolist(),
            reached[some].tolist(),
            values[some].tolist(),
            at[rows[some]].tolist(),
            strict=True,
        ):
            since = below.get(slot)
            if up:
                if since is None or time - since >= self.quiet:
                    opening.append(index)
                below[slot] = _OPEN
                self._known[slot] = True
            elif since is not None and value == value:  # NaN is not below: it says nothing
                if since == _OPEN:
                    below[slot] = time
                elif time - since >= self.quiet:
                    del below[slot]
                    self._known[slot] = False
        self.opened += len(opening)
        return np.array(opening, dtype=np.int64)

    def going(self, slot: int, now: float) -> bool:
        """Whether this client's episode is not over."""
        since = self._below.get(slot)
        return since is not None and now - since < self.quiet

    def forget(self, slots: Array) -> None:
        """These slots now belong to other clients."""
        self._known[slots] = False
        for slot in np.asarray(slots).tolist():
            self._below.pop(slot, None)


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Episodes in the order in which they open: ``start`` int64 is the place of the score that opens one, ``slot`` its
    client, ``peak`` the greatest score in it."""

    start: Array
    slot: Array
    peak: Array

    def __len__(self) -> int:
        return len(self.start)


def spans(threshold: float, slots: Array, values: Array, at: Array, quiet: float = QUIET) -> Spans:
    """All episodes of a trace: clients, scores and times ``(m,)``, in the order they came. Gives what ``Episodes``
    gives, without a loop over rows."""
    told = np.flatnonzero(~np.isnan(values)) if threshold != _OPEN else np.empty(0, np.int64)
    order = told[np.argsort(slots[told], kind="stable")]
    slot, value, time = slots[order], values[order], at[order]
    up = value >= threshold
    if not up.any():
        return Spans(np.empty(0, np.int64), np.empty(0, slots.dtype), np.empty(0))
    changes = np.empty(len(order), dtype=bool)
    changes[0] = True
    changes[1:] = (slot[1:] != slot[:-1]) | (up[1:] != up[:-1])
    runs = np.flatnonzero(changes)
    """Where the score of a client goes above or below."""
    rises = np.flatnonzero(up[runs])
    first = np.ones(len(rises), dtype=bool)
    first[1:] = slot[runs[rises[1:]]] != slot[runs[rises[:-1]]]
    fell = runs[np.maximum(rises - 1, 0)]
    opens = first | (time[runs[rises]] - time[fell] >= quiet)
    begins = np.zeros(len(order), dtype=bool)
    begins[runs[rises[opens]]] = True
    above = np.flatnonzero(up)
    starts = np.flatnonzero(begins[above])
    peak = np.maximum.reduceat(value[above], starts)
    start = order[above[starts]]
    sorted_ = np.argsort(start)
    return Spans(start[sorted_], slots[start[sorted_]], peak[sorted_])
