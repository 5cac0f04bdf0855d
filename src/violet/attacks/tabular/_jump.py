"""From a row of another class back to the sample: first fewer features, then smaller changes. Labels are enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.base import Goal
from violet.attacks.tabular._books import CALL, within_budget
from violet.attacks.tabular._moves import known_rows, ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.attacks.tabular._books import Books

    Array = NDArray[Any]

TRIED = 24
"""Rows of the pool that are nearest to a sample, from which it starts."""


class Jump:
    """Starts of sample ``i`` are the rows of the pool in ``self.starts[i]``, nearest first."""

    def __init__(self, books: Books, rng: np.random.Generator) -> None:
        self.books = books
        self.tally = books.tally
        self.rng = rng
        self.problem = books.problem
        units = books.rules.schema.units
        d = len(books.rules.schema.features)
        self.members = np.zeros((len(units), d), dtype=bool)
        for unit, columns in enumerate(units):
            self.members[unit, list(columns)] = True
        self.pool = known_rows(self.problem)
        low, high = ranges(books.rules, self.problem.target.domain, self.pool)
        self.span = np.where(high > low, high - low, 1.0)
        self.starts = self._starts()
        self.at = np.zeros(len(self.problem.x), dtype=np.int64)

    def _starts(self) -> Array:
        """``(n, t)`` rows of the pool, -1 where there are no more: those not known to be of the sample's class, by the
        features they differ in and then by how far."""
        n = len(self.problem.x)
        given = self.problem.pool is not None and len(self.problem.pool) > 0
        labels = self.problem.pool_labels if given else self.problem.y
        labels = np.full(len(self.pool), -1) if labels is None else np.asarray(labels)
        found = np.full((n, TRIED), -1)
        members = self.members.astype(np.float32)
        for row in range(n):
            other = np.flatnonzero(labels != self.problem.y[row])
            if not len(other):
                continue
            if len(other) > 4096:
                other = self.rng.choice(other, 4096, replace=False)
            apart = np.abs(self.pool[other] - self.problem.x[row]) / self.span
            apart = np.where(np.isfinite(apart), apart, 1.0) * self.books.rules.mutable
            count = ((apart > 0).astype(np.float32) @ members.T > 0).sum(axis=1)
            best = np.argsort(count + apart.mean(axis=1), kind="stable")[:TRIED]
            found[row, : len(best)] = other[best]
        return found

    def run(self) -> None:
        """Start after start, until the budget is spent or there are no more; first one for each sample, then as many
        at once as make a call worth its while."""
        copies = 1
        while True:
            rows = self.tally.active()
            rows = rows[(self.at[rows] < TRIED) & (self.tally.distance[rows] > 1)]
            if not len(rows):
                break
            places = self.at[rows, None] + np.arange(copies)
            self.at[rows] += copies
            owners = np.repeat(rows, copies)
            starts = self.starts[owners, np.minimum(places, TRIED - 1).ravel()]
            real = (places.ravel() < TRIED) & (starts >= 0)
            owners, starts = owners[real], starts[real]
            candidates = self.books.repaired(owners, self.pool[starts].astype(self.problem.x.dtype))
            new = self.books.rules.changed(self.problem.x[owners], candidates) > 0
            new &= within_budget(owners, self.tally.left(owners))
            owners, candidates = owners[new], candidates[new]
            if len(owners):
                fooled = self.books.ask(owners, candidates) < 0
                self.shrink(owners[fooled], candidates[fooled])
            copies = int(np.clip(CALL // (16 * len(rows)), 1, 8))
        if self.problem.goal is Goal.SMALLEST:
            self.smaller()

    def shrink(self, rows: Array, states: Array) -> None:
        """Take changes back, half of those left to try at a time and fewer where that fails, as in delta debugging
        (Zeller and Hildebrandt 2002, section 3)."""
        states = np.array(states, copy=True)
        pending = self._changed_units(rows, states)
        size = np.maximum(1, pending.sum(axis=1) // 2)
        while True:
            here = np.flatnonzero(pending.any(axis=1) & np.isin(rows, self.tally.active()))
            here = here[within_budget(rows[here], self.tally.left(rows[here]))]
            if not len(here):
                return
            noise = np.where(pending[here], self.rng.random((len(here), len(self.members))), np.inf)
            rank = np.argsort(np.argsort(noise, axis=1), axis=1)
            back = (rank < size[here, None]) & pending[here]
            originals = self.problem.x[rows[here]]
            undo = back.astype(np.float32) @ self.members.astype(np.float32) > 0
            candidates = self.books.repaired(rows[here], np.where(undo, originals, states[here]))
            before = self.books.rules.changed(originals, states[here])
            after = self.books.rules.changed(originals, candidates)
            good = (after < before) & (after > 0)
            asked = np.flatnonzero(good)
            if len(asked):
                good[asked] = self.books.ask(rows[here[asked]], candidates[asked]) < 0
            states[here[good]] = candidates[good]
            pending[here[good]] &= ~back[good] & self._changed_units(rows[here[good]], states[here[good]])
            failed = here[~good]
            single = size[failed] == 1
            pending[failed[single]] &= ~back[~good][single]
            size[failed] = np.maximum(1, size[failed] // 2)
            size[here] = np.maximum(1, np.minimum(size[here], pending[here].sum(axis=1)))

    def _changed_units(self, rows: Array, states: Array) -> Array:
        old = self.problem.x[rows]
        moved = ~((states == old) | (np.isnan(states) & np.isnan(old)))
        return np.asarray(moved.astype(np.float32) @ self.members.T.astype(np.float32) > 0)

    def smaller(self, halvings: int = 6) -> None:
        """Of what was found, each changed feature as near to the sample as it still fools: the number of features
        stays, the changes shrink."""
        columns = [c for c, f in enumerate(self.books.rules.schema.features) if not f.group and not f.values]
        for column in self.rng.permutation(columns).tolist():
            near = np.zeros(len(self.problem.x))
            for _ in range(halvings):
                rows = self.tally.active()
                rows = rows[self.tally.fooled[rows]]
                rows = rows[self.tally.best[rows, column] != self.problem.x[rows, column]]
                if not len(rows):
                    break
                best, old = self.tally.best[rows], self.problem.x[rows]
                trial = np.array(best, copy=True)
                share = (near[rows] + 1.0) / 2
                trial[:, column] = old[:, column] + share * (best[:, column] - old[:, column])
                trial = self.books.repaired(rows, trial)
                count = self.books.rules.changed(old, trial)
                moved = np.abs(trial - best)[:, column] > 0
                same = (
                    (count > 0)
                    & (count <= self.tally.distance[rows])
                    & moved
                    & (self._size(trial, old) < self._size(best, old))
                )
                asked = np.flatnonzero(same)
                fooled = np.zeros(len(rows), dtype=bool)
                if len(asked):
                    fooled[asked] = self.books.ask(rows[asked], trial[asked]) < 0
                kept = rows[fooled]
                self.tally.best[kept] = trial[fooled]
                near[rows[fooled]] = near[rows[fooled]] / share[fooled]
                near[rows[~fooled]] = share[~fooled]

    def _size(self, a: Array, b: Array) -> Array:
        return np.asarray(np.nansum(np.abs(a.astype(np.float64) - b) / self.span, axis=1))
