"""What detectors of a client's behaviour over many queries have in common, computed once a batch and kept in bounds.

``groups`` sorts a batch's rows by client; ``features``, ``strangeness`` and ``nearness`` measure rows against the
reference; ``Cusum`` sums evidence up client by client; ``Blocks`` sums rows up by 16 of a client; ``Steps`` knows each
client's row before. Nothing here depends on how the stream is cut into batches.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from violet.detectors.contrast import RAREST, Contrast
from violet.detectors.reference import QUANTILES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch, Setup
    from violet.detectors.reference import Reference

    Array = NDArray[Any]

TIED = 1e-6
"""Margins no further apart are equal."""
KEPT = 20
"""Queries that evidence names."""
BLOCK = 16
"""Rows of a client that are summed up before they are judged together."""
LABELS = 8
"""Predicted classes that a block counts; more share them."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """A batch's rows by client. ``order`` ``(n,)`` sorts them (stable); ``slots`` ``(g,)`` are the clients, ascending,
    ``starts`` and ``counts`` ``(g,)`` say where each one's rows stand in that order; ``rank`` ``(n,)`` counts, in that
    order, from 0 for a client's first row."""

    order: Array
    slots: Array
    starts: Array
    counts: Array
    rank: Array


def groups(batch: Batch) -> Groups:
    found = batch.memo.get("groups")
    if found is None:
        order = np.argsort(batch.client, kind="stable")
        clients = batch.client[order]
        new = np.empty(len(clients), dtype=bool)
        new[:1] = True
        np.not_equal(clients[1:], clients[:-1], out=new[1:])
        starts = np.flatnonzero(new)
        counts = np.diff(starts, append=len(clients))
        rank = np.arange(len(clients)) - np.repeat(starts, counts)
        found = batch.memo["groups"] = Groups(order, clients[starts], starts, counts, rank)
    assert isinstance(found, Groups)
    return found


def slots(batch: Batch) -> list[int]:
    """``batch.client`` as plain numbers."""
    return _listed(batch, "slots", lambda: batch.client)


def numbers(batch: Batch) -> list[int]:
    """``batch.request`` as plain numbers."""
    return _listed(batch, "numbers", lambda: batch.request)


def times(batch: Batch) -> list[float]:
    return _listed(batch, "times", lambda: batch.at)


def _listed(batch: Batch, name: str, column: Callable[[], Array]) -> list[Any]:
    found = batch.memo.get(name)
    if found is None:
        found = batch.memo[name] = column().tolist()
    return list(found) if not isinstance(found, list) else found


def features(batch: Batch, reference: Reference) -> Array:
    """Random features of the rows, float32 ``(n, m)``. Not to be written to."""
    key = ("features", reference)
    found = batch.memo.get(key)
    if found is None:
        found = batch.memo[key] = reference.features(batch.x)
    return np.asarray(found)


def strangeness(batch: Batch, reference: Reference) -> Array:
    """``-log`` of the share of benign rows that lie as far out as each row does by Mahalanobis distance, float64
    ``(n,)``: 1 on average where rows are benign, at most 6.9. Narrow populations inside the benign one have less."""
    key = ("strangeness", reference)
    found = batch.memo.get(key)
    if found is None:
        away = reference.mahalanobis(batch.x)
        beyond = 1.0 - np.interp(away, reference.distance, QUANTILES)
        found = batch.memo[key] = -np.log(np.maximum(beyond, RAREST))
    return np.asarray(found)


def margins(batch: Batch) -> Array:
    """Difference of the two greatest scores, float32 ``(n,)``; NaN where the model gave no two."""
    found = batch.memo.get("margins")
    if found is None:
        if batch.scores is None or batch.scores.shape[1] < 2:
            found = np.full(len(batch), np.nan, np.float32)
        else:
            with np.errstate(invalid="ignore"):
                found = np.abs(batch.scores[:, 0] - batch.scores[:, 1])
                if batch.scores.shape[1] > 2:
                    two = np.partition(batch.scores, -2, axis=1)[:, -2:]
                    found = two[:, 1] - two[:, 0]
            found = np.where(np.isfinite(found), found, np.float32(np.nan))
        batch.memo["margins"] = found
    return np.asarray(found)


def below(batch: Batch, reference: Reference) -> Array:
    """The share of benign rows whose margin is at most that of each row, float64 ``(n,)``: 0 at the boundary, 1 where
    the model is surest; NaN where the margin, or the reference's, is not known."""
    key = ("below", reference)
    found = batch.memo.get(key)
    if found is None:
        margin = margins(batch)
        if len(reference.margin) != len(QUANTILES):
            found = np.full(len(margin), np.nan)
        else:
            known = np.isfinite(margin)
            found = np.full(len(margin), np.nan)
            # Ties (a model of few leaves gives few margins) count half: np.interp would take the greatest. What was
            # computed in double precision there may be a little off here.
            left = np.searchsorted(reference.margin, margin[known] - np.float32(TIED), side="left")
            right = np.searchsorted(reference.margin, margin[known] + np.float32(TIED), side="right")
            smooth = np.interp(margin[known], reference.margin, QUANTILES)
            tied = QUANTILES[np.minimum(left, len(QUANTILES) - 1)] * 0.5
            tied += QUANTILES[np.clip(right - 1, 0, len(QUANTILES) - 1)] * 0.5
            found[known] = np.where(right - left > 1, tied, smooth)
        batch.memo[key] = found
    return np.asarray(found)


class Cusum:
    """Cumulative sums of log-likelihood ratios, one a client (Page 1954): they start anew where they fall to 0 and rise
    no higher than ``cap``, so that a client that has stopped is forgiven in a bounded number of rows.

    Remembered of each client: the level, the rows since it left 0, and the last 20 requests that raised it: 200 bytes.
    ``pending`` is by how much the level has changed since other processes have heard of it.
    """

    __slots__ = ("_cap", "_levels", "_place", "_raised", "_since", "_trail", "level", "pending")

    def __init__(self, clients: int, cap: float = 200.0) -> None:
        self._cap = cap
        self.level = array("d", bytes(8 * clients))
        self._levels = np.frombuffer(self.level)
        self._raised = np.zeros(clients, dtype=bool)
        self._since = array("q", bytes(8 * clients))
        self.pending = array("d", bytes(8 * clients))
        self._place = array("q", bytes(8 * clients))
        self._trail = array("q", bytes(8 * KEPT * clients))

    def step(self, batch: Batch, increments: Array) -> Array:
        """Take one increment a row, finite ones, float64 ``(n,)``; give the level after each."""
        found = np.zeros(len(increments))
        raising = increments > 0.0
        touched = self._levels[batch.client] > 0.0
        if raising.any():
            # Rows of a client that another row of the batch raises count as well.
            raised = batch.client[raising]
            self._raised[raised] = True
            touched |= self._raised[batch.client]
            self._raised[raised] = False
        rows = np.flatnonzero(touched)
        if not len(rows):
            return found
        level, since, pending, place, trail = self.level, self._since, self.pending, self._place, self._trail
        cap, whose, requests = self._cap, slots(batch), numbers(batch)
        values: list[float] = []
        for row, increment in zip(rows.tolist(), increments[rows].tolist(), strict=True):
            slot = whose[row]
            before = level[slot]
            now = before + increment
            if now <= 0.0:
                now = 0.0
                if before:
                    since[slot] = 0
                    place[slot] = 0
            else:
                if now > cap:
                    now = cap
                since[slot] += 1
                if increment > 0.0:
                    at = place[slot]
                    trail[slot * KEPT + at % KEPT] = requests[row]
                    place[slot] = at + 1
            if now != before:
                level[slot] = now
                pending[slot] += now - before
            values.append(now)
        found[rows] = values
        return found

    def queries(self, slot: int, name: Callable[[int], str]) -> tuple[str, ...]:
        """The requests that raised the level since it left 0, the latest last, each once."""
        place = self._place[slot]
        kept = [self._trail[slot * KEPT + at % KEPT] for at in range(max(0, place - KEPT), place)]
        return tuple(name(number) for number in dict.fromkeys(kept))

    def raised(self, slot: int) -> int:
        """How many rows raised the level since it left 0."""
        return self._place[slot]

    def since(self, slot: int) -> int:
        """How many rows there were since the level left 0."""
        return self._since[slot]

    def forget(self, slots: Array) -> None:
        for slot in slots.tolist():
            self.level[slot] = self.pending[slot] = 0.0
            self._since[slot] = self._place[slot] = 0

    def delta(self, slots: Array) -> Array:
        """Changes since last asked, float32 ``(len(slots), 1)``."""
        found = np.empty((len(slots), 1), np.float32)
        for at, slot in enumerate(slots.tolist()):
            found[at, 0] = self.pending[slot]
            self.pending[slot] = 0.0
        return found

    def absorb(self, slots: Array, values: Array) -> None:
        for slot, value in zip(slots.tolist(), values[:, 0].tolist(), strict=True):
            if math.isfinite(value):
                self.level[slot] = min(max(self.level[slot] + value, 0.0), self._cap)


class Surprise:
    """Two cumulative sums a client over shares of benign rows that are as extreme as each row, uniform where it is
    benign: against a client all of whose rows are more extreme (Beta(theta, 1)), and against one who hides a share
    ``hidden`` of very extreme rows among natural ones. The score is the greater of both.

    By Lorden's inequality (1971), a sum over independent benign rows reaches ``h`` no oftener than once in ``exp(h)``.
    """

    __slots__ = ("_hidden", "_mixed", "_steady", "_theta")

    SHARP = 0.15
    """The theta of hidden rows."""

    def __init__(self, clients: int, theta: float, hidden: float) -> None:
        self._theta, self._hidden = theta, hidden
        self._steady, self._mixed = Cusum(clients), Cusum(clients)

    def take(self, batch: Batch, shares: Array, counts: Array) -> Array:
        """Shares ``(n,)`` in (0, 1] of the rows that count; the others change nothing. Gives float64 ``(n,)``."""
        logs = np.log(shares)
        steady = np.where(counts, math.log(self._theta) + (self._theta - 1) * logs, 0.0)
        sharp = self._hidden * self.SHARP * np.exp((self.SHARP - 1) * logs)
        mixed = np.where(counts, np.log(1 - self._hidden + sharp), 0.0)
        return np.maximum(self._steady.step(batch, steady), self._mixed.step(batch, mixed))

    def _leading(self, slot: int) -> Cusum:
        return self._steady if self._steady.level[slot] >= self._mixed.level[slot] else self._mixed

    def queries(self, slot: int, name: Callable[[int], str]) -> tuple[str, ...]:
        return self._leading(slot).queries(slot, name)

    def raised(self, slot: int) -> int:
        return self._leading(slot).raised(slot)

    def since(self, slot: int) -> int:
        return self._leading(slot).since(slot)

    def forget(self, slots: Array) -> None:
        self._steady.forget(slots)
        self._mixed.forget(slots)

    def delta(self, slots: Array) -> Array:
        """Float32 ``(len(slots), 2)``."""
        return np.concatenate([self._steady.delta(slots), self._mixed.delta(slots)], axis=1)

    def absorb(self, slots: Array, values: Array) -> None:
        self._steady.absorb(slots, values[:, :1])
        self._mixed.absorb(slots, values[:, 1:])


Sums = TypeVar("Sums", Cusum, Surprise)


class Summing(Generic[Sums]):
    """For detectors whose state is one ``Cusum`` (``width`` 1) or one ``Surprise`` (2): what they forget and
    exchange."""

    _sums: Sums

    def forget(self, slots: Array) -> None:
        self._sums.forget(slots)

    def delta(self, slots: Array) -> Array:
        return self._sums.delta(slots)

    def absorb(self, slots: Array, values: Array) -> None:
        self._sums.absorb(slots, values)


@dataclass(frozen=True, slots=True, eq=False)
class Completed:
    """Blocks that were completed in a batch, in the order of the stream: ``rows`` ``(k,)`` the row that completed each,
    ``clients`` ``(k,)`` whose it is, ``features`` ``(k, m)`` sums of random features, and sums ``(k,)`` of their
    ``squares``, of ``strange``, of ``odd`` and of ``near`` (how far out rows are, how made up they look, and how
    near to the boundary; 1 a row where benign, near of the ``known`` rows that have a margin); ``labels`` ``(k, 8)``
    counts predicted classes."""

    rows: Array
    clients: Array
    features: Array
    squares: Array
    strange: Array
    near: Array
    known: Array
    odd: Array
    labels: Array


class Blocks:
    """Rows of each client that count (see ``Steps``) summed up by ``BLOCK``: ``4 * m + 60`` bytes a client."""

    __slots__ = ("_contrast", "_counts", "_partial", "_reference", "_steps")

    def __init__(self, reference: Reference, clients: int, steps: Steps, contrast: Contrast) -> None:
        self._reference = reference
        self._contrast = contrast
        self._steps = steps
        self._partial = np.zeros((clients, len(reference.phase) + 5 + LABELS), np.float32)
        self._counts = np.zeros(clients, np.int64)

    @classmethod
    def of(cls, setup: Setup) -> Blocks:
        """The one of the setup's detectors."""
        assert setup.reference is not None
        found = setup.shared.get("blocks")
        if found is None:
            found = setup.shared["blocks"] = cls(setup.reference, setup.clients, Steps.of(setup), Contrast.of(setup))
        assert isinstance(found, Blocks)
        return found

    def forget(self, slots: Array) -> None:
        self._steps.forget(slots)
        self._partial[slots] = 0
        self._counts[slots] = 0

    def step(self, batch: Batch) -> Completed:
        """Take the batch in, once, however many detectors ask."""
        key = ("blocks", self)
        found = batch.memo.get(key)
        if found is None:
            found = batch.memo[key] = self._step(batch)
        assert isinstance(found, Completed)
        return found

    def _values(self, batch: Batch) -> Array:
        m = len(self._reference.phase)
        values = np.zeros((len(batch), m + 5 + LABELS), np.float32)
        phi = features(batch, self._reference)
        values[:, :m] = phi
        values[:, m] = np.einsum("ij,ij->i", phi, phi)
        values[:, m + 1] = strangeness(batch, self._reference)
        share = below(batch, self._reference)
        known = np.isfinite(share)
        values[:, m + 2] = np.where(known, -np.log(np.maximum(np.where(known, share, 1.0), RAREST)), 0.0)
        values[:, m + 3] = known
        values[:, m + 4] = -np.log(self._contrast.beyond(batch))
        told = np.flatnonzero(batch.label >= 0)
        values[told, m + 5 + batch.label[told] % LABELS] = 1.0
        return values

    def _step(self, batch: Batch) -> Completed:
        counting = self._steps.step(batch).counts
        if not counting.any():
            return self._completed(batch, np.empty(0, np.int64), np.empty((0, self._partial.shape[1])))
        by = groups(batch)
        # Of the rows by client, those that count.
        order = by.order[counting[by.order]]
        clients = batch.client[order]
        new = np.empty(len(order), dtype=bool)
        new[0] = True
        np.not_equal(clients[1:], clients[:-1], out=new[1:])
        starts = np.flatnonzero(new)
        slots, counts = clients[starts], np.diff(starts, append=len(order))
        before = self._counts[slots]
        position = np.arange(len(order)) + np.repeat(before - starts, counts)
        piece = np.flatnonzero(new | (position % BLOCK == 0))
        sums = np.add.reduceat(self._values(batch)[order], piece, axis=0)
        last = np.append(piece[1:], len(order)) - 1
        done = position[last] % BLOCK == BLOCK - 1
        first_of = new[piece]
        sums[first_of] += self._partial[slots]
        final = np.append(first_of[1:], True)
        self._partial[slots] = np.where(done[final][:, None], np.float32(0), sums[final])
        self._counts[slots] = (before + counts) % BLOCK
        rows = order[last[done]]
        inorder = np.argsort(rows)
        kept = sums[done][inorder].astype(np.float64)
        rows = rows[inorder]
        return self._completed(batch, rows, kept)

    def _completed(self, batch: Batch, rows: Array, sums: Array) -> Completed:
        m = len(self._reference.phase)
        return Completed(
            rows=rows,
            clients=batch.client[rows],
            features=sums[:, :m],
            squares=sums[:, m],
            strange=sums[:, m + 1],
            near=sums[:, m + 2],
            known=sums[:, m + 3],
            odd=sums[:, m + 4],
            labels=sums[:, m + 5 :],
        )


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
        by = groups(batch)
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


ANCHORS = 4


def far_of(reference: Reference) -> float:
    """The distance at which pictures count as others; 0 for tables."""
    return float(np.interp(0.05, QUANTILES, reference.nearest)) if reference.shape else 0.0


def dense(width: int) -> int:
    """How many of ``width`` features have to differ for two rows to be more than variants of each other."""
    return min(width, math.ceil(max(2.0, 0.15 * width) + 0.1 * width))


def pseudo_sample(reference: Reference, count: int = 1024) -> Array:
    """Encoded benign rows ``(s, d)``: those of the reference, or, where it keeps none, normal ones of its mean and
    covariance."""
    if len(reference.sample) >= 50:
        return np.asarray(reference.sample)
    rng = np.random.default_rng([reference.seed, 77])
    root = np.linalg.pinv(reference.whiten.astype(np.float64))
    drawn = rng.standard_normal((count, len(reference.mean))) @ root + reference.mean
    return np.asarray(drawn.astype(np.float32))


def feature_spread(reference: Reference) -> float:
    """The Frobenius norm of the covariance of benign random features: the standard deviation of the unbiased MMD^2 of
    ``n`` benign rows against the reference is ``sqrt(2 / (n (n - 1)))`` times it."""
    phi = reference.features(pseudo_sample(reference)).astype(np.float64)
    away = phi - phi.mean(axis=0)
    return float(np.linalg.norm(away.T @ away / len(away)))


class Recent:
    """The last 20 requests of each client: 168 bytes a client."""

    __slots__ = ("_counts", "_ring")

    def __init__(self, clients: int) -> None:
        self._ring = np.full((clients, KEPT), -1, np.int64)
        self._counts = np.zeros(clients, np.int64)

    @classmethod
    def of(cls, setup: Setup) -> Recent:
        """The one of the setup's detectors."""
        found = setup.shared.get("recent")
        if found is None:
            found = setup.shared["recent"] = cls(setup.clients)
        assert isinstance(found, Recent)
        return found

    def step(self, batch: Batch) -> None:
        """Take the batch in, once, however many detectors ask."""
        key = ("recent", self)
        if key in batch.memo or not len(batch):
            return
        batch.memo[key] = True
        by = groups(batch)
        place = (by.rank + np.repeat(self._counts[by.slots], by.counts)) % KEPT
        kept = by.rank >= np.repeat(by.counts, by.counts) - KEPT
        rows = by.order[kept]
        self._ring[batch.client[rows], place[kept]] = batch.request[rows]
        self._counts[by.slots] += by.counts

    def queries(self, slot: int, name: Callable[[int], str]) -> tuple[str, ...]:
        """The latest last, each once."""
        ring = np.roll(self._ring[slot], -int(self._counts[slot] % KEPT)).tolist()
        return tuple(name(number) for number in dict.fromkeys(ring) if number >= 0)

    def forget(self, slots: Array) -> None:
        self._ring[slots] = -1
        self._counts[slots] = 0
