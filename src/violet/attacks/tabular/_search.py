"""Search over sets of moves: one feature, then two, then three, those first that single moves speak for.

Where all sets of a size fit into the budget they are all tried, so on small domains nothing is missed, and the first
size that fools is the smallest there is. Elsewhere the best sets of the size before are extended (a beam), in the
order of what the drops of single moves add up to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.tabular._books import CALL, within_budget

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.attacks.tabular._books import Books
    from violet.attacks.tabular._moves import Moves

    Array = NDArray[Any]

MOST = 4_000_000
"""Sets looked at together, over all samples: what memory allows."""


class Search:
    """``reserve`` is the share of each sample's budget that it leaves."""

    def __init__(self, books: Books, moves: Moves, rng: np.random.Generator, reserve: float = 0.0) -> None:
        self.books = books
        self.tally = books.tally
        self.moves = moves
        self.rng = rng
        self.keep = int(reserve * books.problem.budget.queries)
        n, m = len(books.problem.x), len(moves)
        self.base = np.full(n, 1.0)
        self.single = np.ones((n, m))
        """Losses after single moves; the loss of the sample itself where a move does nothing."""

    def standing(self, size: int) -> Array:
        """Samples for which a set of ``size`` moves could be news."""
        rows = self.tally.active()
        return rows[(self.tally.left(rows) > self.keep) & (self.tally.distance[rows] > size)]

    def singles(self) -> None:
        """Every move by itself."""
        if not len(self.moves):
            return
        rows = self.standing(0)
        if self.books.by_scores and len(rows):
            self.base[rows] = self.books.ask(rows, self.books.problem.x[rows])
        self.single[:] = self.base[:, None]
        rows = self.standing(1)
        if not len(rows):
            return
        order = self.rng.permutation(len(self.moves))
        losses = self._try(rows, np.broadcast_to(order[None, :, None], (len(rows), len(order), 1)), 1)
        self.single[rows[:, None], order] = losses

    def sets(self, levels: int) -> None:
        """Sets of two moves up to ``levels``, after ``singles``."""
        rows = self.standing(2)
        if not len(rows) or not len(self.moves):
            return
        n, m = len(rows), len(self.moves)
        losses = self.single[rows]
        sets = np.broadcast_to(np.arange(m)[None, :, None], (n, m, 1))
        sizes = np.bincount(self.moves.unit)
        counts = _combinations(sizes[sizes > 0], levels)
        complete = True
        for level in range(2, levels + 1):
            still = np.isin(rows, self.standing(level))
            rows, sets, losses = rows[still], sets[still], losses[still]
            if not len(rows):
                return
            room = max(0, int(self.tally.left(rows).max()) - self.keep)
            complete = complete and counts[level] <= min(room, MOST // 8)
            share = counts[level] if complete else max(1, room // (levels - level + 1))
            found_sets, found_losses = [], []
            width = losses.shape[1] if complete else min(losses.shape[1], max(4, 4 * int(share) // len(self.moves)))
            block = max(1, MOST // max(1, width * len(self.moves)))
            for start in range(0, len(rows), block):
                part = slice(start, start + block)
                proposed = self._extend(rows[part], sets[part], losses[part], width, int(share), complete)
                found_losses.append(self._try(rows[part], proposed, level))
                found_sets.append(proposed)
            widest = max(found.shape[1] for found in found_sets)
            sets = np.concatenate([_pad(found, widest, -1) for found in found_sets])
            losses = np.concatenate([_pad(found, widest, np.inf) for found in found_losses])

    def _extend(self, rows: Array, sets: Array, losses: Array, width: int, share: int, complete: bool) -> Array:
        """The most promising sets of one move more: ``(r, q, k)``, -1 throughout where there are no more."""
        m = len(self.moves)
        if losses.shape[1] > width:
            best = np.argpartition(losses, width - 1, axis=1)[:, :width]
            sets = np.take_along_axis(sets, best[:, :, None], axis=1)
            losses = np.take_along_axis(losses, best, axis=1)
        drop = self.single[rows] - self.base[rows, None]
        promise = losses[:, :, None] + drop[:, None, :]
        fits = (sets[:, :, :1] >= 0) & np.ones(m, dtype=bool)
        for place in range(sets.shape[2]):
            fits = fits & (self.moves.unit[sets[:, :, place]][:, :, None] != self.moves.unit)
        if complete:  # each set once: in the order of moves
            fits &= sets[:, :, -1:] < np.arange(m)
        promise = np.where(fits, promise, np.inf).reshape(len(rows), -1)
        if not self.books.by_scores:
            promise = np.where(np.isfinite(promise), self.rng.random(promise.shape), np.inf)
        take = min(share if complete else 2 * share, promise.shape[1])
        order = np.argsort(promise, axis=1, kind="stable")[:, :take]
        known = np.take_along_axis(sets, (order // m)[:, :, None], axis=1)
        proposed = np.sort(np.concatenate([known, (order % m)[:, :, None]], axis=2), axis=2)
        invalid = np.isinf(np.take_along_axis(promise, order, axis=1))
        if not complete:
            invalid |= _repeated(proposed, m)
            first = np.argsort(invalid, axis=1, kind="stable")[:, :share]
            proposed = np.take_along_axis(proposed, first[:, :, None], axis=1)
            invalid = np.take_along_axis(invalid, first, axis=1)
        return np.where(invalid[:, :, None], -1, proposed)

    def _try(self, rows: Array, sets: Array, size: int) -> Array:
        """Losses ``(r, q)`` of sets ``(r, q, k)``, asked in their order, block by block; infinite where not asked."""
        losses = np.full(sets.shape[:2], np.inf)
        at = np.arange(len(rows))
        start = 0
        while start < sets.shape[1]:
            going = np.isin(rows[at], self.standing(size))
            at = at[going]
            if not len(at):
                break
            step = int(np.clip(CALL // len(at), 1, 256))
            chosen = sets[at, start : start + step]
            self._ask_block(rows, at, chosen, losses[:, start : start + step])
            start += step
        return losses

    def _ask_block(self, rows: Array, at: Array, chosen: Array, losses: Array) -> None:
        r, b, k = chosen.shape
        flat = chosen.reshape(r * b, k)
        places, columns = np.repeat(at, b), np.tile(np.arange(b), r)
        real = flat[:, 0] >= 0
        flat, places, columns = flat[real], places[real], columns[real]
        owners = rows[places]
        candidates = self.books.repaired(owners, self.moves.apply(self.books.problem.x[owners], flat))
        # What a repair undid, or is too far, needs no question; with others it may still lead somewhere.
        losses[places, columns] = self.base[owners]
        asked = np.flatnonzero(self.books.worth(owners, candidates))
        asked = asked[within_budget(owners[asked], self.tally.left(owners[asked]) - self.keep)]
        if len(asked):
            losses[places[asked], columns[asked]] = self.books.ask(owners[asked], candidates[asked])

    def explore(self, levels: int) -> None:
        """Spend what is left on random sets of up to ``levels`` moves, likelier those whose single moves helped."""
        if not len(self.moves) or levels < 2:
            return
        m = len(self.moves)
        idle = 0
        while idle < 20:
            rows = self.standing(1)
            if not len(rows):
                return
            spent = int(self.tally.queries.sum())
            b = int(np.clip(CALL // (len(rows) * 4), 1, 64))
            drop = self.base[rows, None] - self.single[rows]
            scale = np.maximum(drop.max(axis=1, keepdims=True), 1e-9)
            weight = 3.0 * drop / scale
            noisy = weight[:, None, :] + self.rng.gumbel(size=(len(rows), b, m))
            order = _largest(noisy, min(8 * levels, m))
            sizes = self.rng.integers(2, levels + 1, size=(len(rows), b))
            chosen = _first_of_each_unit(order, self.moves.unit, sizes, levels)
            losses = np.full((len(rows), b), np.inf)
            self._ask_block(rows, np.arange(len(rows)), chosen, losses)
            idle = idle + 1 if int(self.tally.queries.sum()) == spent else 0


def _largest(values: Array, count: int) -> Array:
    """Places of the ``count`` largest along the last axis, the largest first."""
    if count >= values.shape[-1]:
        return np.argsort(-values, axis=-1)
    places = np.argpartition(-values, count - 1, axis=-1)[..., :count]
    order = np.argsort(-np.take_along_axis(values, places, axis=-1), axis=-1)
    return np.take_along_axis(places, order, axis=-1)


def _first_of_each_unit(order: Array, unit: Array, sizes: Array, levels: int) -> Array:
    """From moves in order ``(r, b, t)``, the first ``sizes`` of different units: ``(r, b, levels)``, -1 behind."""
    r, b, t = order.shape
    chosen = np.full((r, b, levels), -1)
    taken = np.zeros((r, b), dtype=np.int64)
    for place in range(t):
        move = order[:, :, place]
        used = ((chosen >= 0) & (unit[chosen] == unit[move][:, :, None])).any(axis=2)
        good = ~used & (taken < sizes)
        i, j = np.nonzero(good)
        chosen[i, j, taken[i, j]] = move[i, j]
        taken += good
    return chosen


def _combinations(sizes: Array, levels: int) -> list[float]:
    """How many sets of 0, 1, ... ``levels`` moves of different units there are (elementary symmetric polynomials)."""
    counts = [1.0] + [0.0] * levels
    for size in sizes.tolist():
        for level in range(levels, 0, -1):
            counts[level] += counts[level - 1] * size
    return counts


def _repeated(sets: Array, m: int) -> Array:
    """``(r, q)`` bool: sets that stand earlier in their row as well."""
    keys = np.zeros(sets.shape[:2], dtype=np.uint64)
    for place in range(sets.shape[2]):
        keys = keys * np.uint64(m + 1) + sets[:, :, place].astype(np.uint64)
    order = np.argsort(keys, axis=1, kind="stable")
    ordered = np.take_along_axis(keys, order, axis=1)
    again = np.zeros(keys.shape, dtype=bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    found = np.empty_like(again)
    np.put_along_axis(found, order, again, axis=1)
    return found


def _pad(found: Array, width: int, filler: float) -> Array:
    missing = width - found.shape[1]
    return np.pad(found, [(0, 0), (0, missing)] + [(0, 0)] * (found.ndim - 2), constant_values=filler)
