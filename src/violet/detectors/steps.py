"""Which rows of a client count: those that are more than variants of what it has just asked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors import measures
from violet.detectors.reference import QUANTILES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch, Setup
    from violet.detectors.reference import Reference

    Array = NDArray[Any]

ANCHORS = 4
"""Rows of a client that count, the latest, with which its next one is compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """How each row ``(n,)`` differs from what its client asked before: ``moved`` is in how many encoded features, at
    least, it differs from each of the client's latest four rows that counted (pictures: how far it is from them),
    ``counts`` whether that is so much that this one counts (the first does)."""

    moved: Array
    counts: Array


class Steps:
    """Which rows count: those that differ in a quarter of the features from each of the client's latest four that did;
    pictures: those that lie further from them than one benign picture in twenty lies from the nearest of a thousand.

    Analysts vary one feature or two over a base row (and what is computed of them changes too), or move a slider;
    probes and retries change nothing; all their rows together count as one, and some may be at it at a time.
    Whoever walks through the input space by single features leaves the rows that counted before long, so nobody
    hides that way. ``16 * d`` bytes a client.
    """

    __slots__ = ("_anchors", "_least", "_ones", "_pictures")

    def __init__(self, clients: int, width: int, far: float = 0.0) -> None:
        """``far``: the distance at which pictures count; 0 for tables."""
        self._anchors = np.full((clients, ANCHORS, width), np.nan, np.float32)
        """The latest first."""
        self._pictures = far > 0
        self._least = far if far > 0 else float(dense(width))
        self._ones = np.ones(width, np.float32)

    def _apart(self, x: Array, others: Array) -> Array:
        """How much rows differ, float64: from what is not there, by more than anything."""
        if not self._pictures:
            return np.asarray((x != others).astype(np.float32) @ self._ones, np.float64)
        away = x - others
        distance = np.sqrt(np.einsum("...i,...i->...", away, away), dtype=np.float64)
        return np.where(np.isnan(distance), np.inf, distance)

    @classmethod
    def of(cls, setup: Setup) -> Steps:
        assert setup.reference is not None
        found = setup.shared.get("steps")
        if found is None:
            found = setup.shared["steps"] = cls(setup.clients, setup.reference.width, far_of(setup.reference))
        assert isinstance(found, Steps)
        return found

    def forget(self, slots: Array) -> None:
        self._anchors[slots] = np.nan

    def step(self, batch: Batch) -> Step:
        """Take the batch in, once, however many detectors ask."""
        key = ("steps", self)
        found = batch.memo.get(key)
        if found is None:
            found = batch.memo[key] = self._step(batch)
        assert isinstance(found, Step)
        return found

    def _step(self, batch: Batch) -> Step:
        n = len(batch)
        moved = np.empty(n)
        if not n:
            return Step(moved, np.empty(0, dtype=bool))
        by = measures.groups(batch)
        x = batch.x[by.order]
        # As if every row before in this batch counted: then the rows before are those to compare with, and in front of
        # a client's first ones those it is known by.
        known = self._anchors[by.slots]
        pool = np.concatenate([x, known.reshape(-1, x.shape[1])])
        known_at = np.arange(n, len(pool), ANCHORS)
        lags = np.arange(1, ANCHORS + 1)

        def before(rank: Array, starts: Array, known_at: Array) -> Array:
            back = rank[:, None] - lags
            return np.where(back >= 0, starts[:, None] + back, known_at[:, None] - 1 - back)

        place = before(by.rank, np.arange(n) - by.rank, np.repeat(known_at, by.counts))
        differ = self._apart(x[:, None, :], pool[place]).min(axis=1)
        listed = differ.tolist()
        plain = np.logical_and.reduceat(differ >= self._least, by.starts)
        self._anchors[by.slots[plain]] = pool[before(by.counts[plain], by.starts[plain], known_at[plain])]
        others = np.flatnonzero(~plain & (by.counts > 1))
        groups_of = (by.slots[others].tolist(), by.starts[others].tolist(), by.counts[others].tolist())
        for slot, start, count in zip(*groups_of, strict=True):
            self._follow(slot, x[start : start + count], start, listed)
        moved[by.order] = listed
        return Step(moved, moved >= self._least)

    def _follow(self, slot: int, x: Array, start: int, listed: list[float]) -> None:
        """One client's rows of a batch: put right what ``listed`` says after a row that did not count."""
        anchors, least = self._anchors[slot], self._least
        place, count = 0, len(x)
        while place < count and listed[start + place] >= least:
            place += 1
        if place:
            kept = anchors[: max(0, ANCHORS - place)].copy()
            anchors[: min(place, ANCHORS)] = x[max(0, place - ANCHORS) : place][::-1]
            anchors[place:] = kept
        for row in range(place, count):
            if row > place:
                listed[start + row] = float(self._apart(anchors, x[row]).min())
            if listed[start + row] >= least:
                anchors[1:] = anchors[:-1].copy()
                anchors[0] = x[row]


def far_of(reference: Reference) -> float:
    """The distance at which pictures count as others; 0 for tables."""
    return float(np.interp(0.05, QUANTILES, reference.nearest)) if reference.shape else 0.0


def variants(one: Array, other: Array, far: float) -> bool:
    """Whether two encoded rows ``(d,)`` are no more than variants of each other; ``far`` is that of ``far_of``."""
    if far:
        return float(np.linalg.norm(one - other)) < far
    return int(np.count_nonzero(one != other)) < dense(len(one))


def dense(width: int) -> int:
    """How many of ``width`` features have to differ for two rows to be more than variants of each other."""
    return min(width, math.ceil(max(2.0, 0.15 * width) + 0.1 * width))
