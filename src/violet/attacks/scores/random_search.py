"""Random search: change a few features at random, keep what does not make the true class likelier.

The attack for trees and tables. The scores of a forest stand still between its thresholds, so gradients, estimated or
not, are 0 almost everywhere (which is why zeroth-order attacks by single coordinates, ZOO, have no place here); a
search that keeps ties walks across such plains. For Linf, a quarter of the queries makes it as strong on trees as our
HopSkipJump; for L2 that quarter beats the usual HopSkipJump, and not ours. On large images Square is stronger.

## Method
A step redraws a random number of features. Linf: within the ball or on its border. L2, L1: a random part of the
perturbation is redrawn and the whole pulled back into the ball. L0: some moved features go home and others move to a
random value, or to an end of their range. Where the attacker has inputs of other classes, a third of the steps move
features towards one of those. For the smallest distance the ball shrinks below each success, and widens again by
halves where the search stays without one.

## Cost
One forward row a step and sample.

## Source
Andriushchenko et al. 2020 (Square), section 3, for random search with schedules; Croce et al. 2022, "Sparse-RS: a
versatile framework for query-efficient sparse black-box adversarial attacks", AAAI, section 3, for L0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.base import Attack, AttackResult, Goal, Problem, Strength, attack
from violet.attacks.geometry import flattened, project
from violet.attacks.scores._live import Live
from violet.attacks.tally import Tally
from violet.domain.robustness import Norm
from violet.targets.base import Offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

ATTACK = Attack(
    id="scores/random-search",
    title="Random search",
    needs=Offers.SCORES,
    norms=(Norm.LINF, Norm.L2, Norm.L1, Norm.L0),
    strength=Strength.FAST,
    minimal=True,
    queries=500,
    options={"share": 0.8, "patience": 25, "towards": 0.33},
    references=("https://arxiv.org/abs/1912.00049", "https://arxiv.org/abs/2006.12834"),
)


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    tally = Tally(problem)
    rows = tally.active()
    if rows.size:
        _Search(tally, rows).go()
    return tally.result(ATTACK.id)


class _Search:
    def __init__(self, tally: Tally, rows: Array) -> None:
        problem = tally.problem
        self.tally = tally
        self.norm = problem.threat.norm
        self.smallest = problem.goal is Goal.SMALLEST
        self.rng = np.random.default_rng(problem.seed)
        self.shape = problem.x.shape[1:]
        self.share = float(problem.option("share"))
        self.patience = int(problem.option("patience"))
        self.towards = float(problem.option("towards"))
        x = flattened(problem.x[rows]).astype(tally.dtype)
        self.features = x.shape[1]
        self.widest = {Norm.LINF: 1.0, Norm.L2: self.features**0.5}.get(self.norm, float(self.features))
        self.others, self.labels = self._others()
        self.live = Live(
            rows,
            x=x,
            current=tally.best[rows].reshape(x.shape).astype(tally.dtype),
            loss=np.full(len(rows), np.inf),
            radius=np.full(len(rows), min(tally.radius, self.widest)),
            shrink=np.full(len(rows), 0.3),
            idle=np.zeros(len(rows), dtype=np.int64),
        )
        done = np.flatnonzero(tally.fooled[rows])
        if done.size:
            self._shrink(done)

    def _others(self) -> tuple[Array, Array]:
        """Inputs whose label is known, to move towards."""
        problem = self.tally.problem
        if problem.pool is None or problem.pool_labels is None or self.towards <= 0:
            return np.zeros((0, self.features)), np.zeros(0, dtype=np.int64)
        known = np.flatnonzero(problem.pool_labels >= 0)
        return flattened(problem.pool[known]).astype(self.tally.dtype), problem.pool_labels[known]

    def go(self) -> None:
        tally, live = self.tally, self.live
        while len(live):
            stay = tally.going(live.rows)
            if self.norm is Norm.L0:
                stay &= tally.distance[live.rows] > 1  # no change is smaller than one feature
            left = np.flatnonzero(~stay)
            tally.approach(live.rows[left], live["current"][left].reshape(-1, *self.shape), live["loss"][left])
            live.keep(stay)
            if len(live):
                self._step()

    def _step(self) -> None:
        live, tally = self.live, self.tally
        candidates = self._proposal()
        before = tally.distance[live.rows]
        loss = tally.margins(live.rows, candidates.reshape(-1, *self.shape))
        better = loss <= live["loss"]
        live["loss"][better] = loss[better]
        live["current"][better] = candidates[better]
        if self.smallest:
            self._resize(tally.distance[live.rows] < before)

    def _resize(self, nearer: Array) -> None:
        """Shrink the ball below what succeeded; where nothing did for long, ask for less, or look farther."""
        live, tally = self.live, self.tally
        live["idle"][:] = np.where(nearer, 0, live["idle"] + 1)
        live["shrink"][nearer] = np.minimum(live["shrink"][nearer] * 1.5, 0.5)
        tired = live["idle"] >= self.patience
        live["idle"][tired] = 0
        fooled = tally.fooled[live.rows]
        live["shrink"][tired & fooled] = np.maximum(live["shrink"][tired & fooled] / 2, 2e-3)
        wider = np.flatnonzero(tired & ~fooled)
        live["radius"][wider] = np.minimum(np.maximum(live["radius"][wider] * 1.5, 1e-9), self.widest)
        again = np.flatnonzero(nearer | (tired & fooled))
        if again.size:
            self._shrink(again)

    def _shrink(self, at: Array) -> None:
        """Begin again, for these, from the nearest adversarial example, pulled into a smaller ball."""
        live, tally = self.live, self.tally
        rows = live.rows[at]
        far = tally.distance[rows]
        size = far - 1 if self.norm is Norm.L0 else far * (1 - live["shrink"][at])
        live["radius"][at] = np.maximum(size, 0.0)
        best = flattened(tally.best[rows])
        live["current"][at] = project(best, live["x"][at], self.norm, live["radius"][at])
        live["loss"][at] = np.inf

    def _proposal(self) -> Array:
        """Of each sample's iterate, a neighbour within its ball ``(m, d)``."""
        live, rng = self.live, self.rng
        count = len(live)
        fresh = np.isinf(live["loss"]) & (live["current"] != live["x"]).any(axis=1)
        if self.norm is Norm.L0:
            candidates = self._sparse()
        else:
            number = int(self._number(self.features))
            at = rng.integers(0, self.features, (count, number)) if number < self.features else None
            candidates = self._redrawn(at, number)
        candidates[fresh] = live["current"][fresh]  # what was pulled in is asked about as it is
        return candidates

    def _number(self, most: float) -> int:
        """How many features a step redraws: any order of magnitude between one and the share."""
        largest = max(self.share * most, 1.0)
        return int(min(max(round(largest ** self.rng.random()), 1), most))

    def _drawn(self, shape: tuple[int, ...]) -> Array:
        """In [-1, 1]: half of them at an end."""
        values = self.rng.random(shape) * 4 - 2
        return np.clip(values, -1.0, 1.0)

    def _goal(self) -> Array | None:
        """For each sample, an input of another class, where this step moves towards one."""
        if not len(self.others) or self.rng.random() >= self.towards:
            return None
        y = self.tally.problem.y[self.live.rows]
        pick = self.rng.integers(0, len(self.others), (4, len(y)))
        other = self.labels[pick] != y
        return np.asarray(self.others[pick[other.argmax(axis=0), np.arange(len(y))]])

    def _redrawn(self, at: Array | None, number: int) -> Array:
        live = self.live
        x, current = live["x"], live["current"]
        radius = live["radius"][:, None]
        index = np.arange(len(live))[:, None]
        columns = np.arange(self.features)[None, :] if at is None else at
        goal = self._goal()
        base = x[index, columns]
        if goal is not None:
            wanted = goal[index, columns] - base
        elif self.norm is Norm.LINF:
            wanted = self._drawn(base.shape) * radius
        else:
            power = 0.5 if self.norm is Norm.L2 else 1.0
            wanted = self.rng.standard_normal(base.shape) * radius / number**power
        if self.norm is Norm.LINF:
            wanted = np.clip(wanted, -radius, radius)
        candidates = current.copy()
        candidates[index, columns] = np.clip(base + wanted, 0.0, 1.0)
        if self.norm is not Norm.LINF:
            candidates = project(candidates, x, self.norm, live["radius"]).astype(current.dtype)
        return candidates

    def _sparse(self) -> Array:
        live, rng = self.live, self.rng
        x, current = live["x"], live["current"]
        most = np.floor(live["radius"]).astype(np.int64)
        number = self._number(max(float(most.max()), 1.0))
        index = np.arange(len(live))[:, None]
        at = rng.integers(0, self.features, (len(live), number))
        goal = self._goal()
        values = (self._drawn(at.shape) + 1) / 2 if goal is None else goal[index, at]
        candidates = current.copy()
        candidates[index, at] = values
        changed = candidates != x
        over = np.flatnonzero(changed.sum(axis=1) > most)
        if over.size:
            keys = np.where(changed[over], rng.random((over.size, self.features)), 0.0)
            keys[np.arange(over.size)[:, None], at[over]] += 1.0
            keys *= changed[over]
            order = np.argsort(-keys, axis=1)
            rank = np.empty_like(order)
            np.put_along_axis(rank, order, np.broadcast_to(np.arange(self.features), order.shape), axis=1)
            candidates[over] = np.where(rank < most[over, None], candidates[over], x[over])
        return candidates
