"""SurFree: circles through the border point in random planes, without estimating any normal.

The label-only attack for L2 with few queries: it gains with the first ones, where HopSkipJump still pays for its first
cloud. With many thousands HopSkipJump catches up.

## Method
Sample, border point and a random direction span a plane. In it, all points of the circle over the distance as diameter
are nearer to the sample, by the cosine of the angle; the widest angle that still fools is taken: large angles first,
on both sides, then halving. Directions that succeed widen the next angle, others narrow it. For images directions are
mixtures of low frequencies. Each sample is at its own place of this; a step is one query of each, and one call.

## Cost
One forward row a step and sample; about four to eight for a direction.

## Source
Maho, Furon and Le Merrer 2021, "SurFree: a fast surrogate-free black-box attack", CVPR, sections 3 and 4. The list of
angles is shorter than the paper's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.attacks.decisions._border import Walk
from violet.attacks.images import grid, smooth
from violet.domain.robustness import Norm
from violet.targets.base import Offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

ATTACK = Attack(
    id="decisions/surfree",
    title="SurFree",
    needs=Offers.LABELS,
    norms=(Norm.L2,),
    strength=Strength.STRONG,
    minimal=True,
    queries=1000,
    options={"frequencies": 0.3, "angle": 30.0, "halvings": 3},
    references=("https://arxiv.org/abs/2011.12807",),
)

TRIED = (1.0, -1.0, 0.5, -0.5)
"""Parts of the present angle, in the order in which they are tried."""

NARROWER, WIDER = 0.93, 1.1
"""What a direction without and with success does to the next one's angle."""


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    walk = Walk(problem)
    walk.start()
    rows = walk.standing()
    walk.to_border(rows, walk.near[rows], 0.01)
    _Circles(walk).go()
    return walk.result(ATTACK.id)


class _Circles:
    def __init__(self, walk: Walk) -> None:
        problem = walk.problem
        self.walk = walk
        self.image = grid(problem.target.domain)
        self.frequencies = float(problem.option("frequencies"))
        self.halvings = int(problem.option("halvings"))
        n = len(walk.x)
        narrowed = NARROWER ** np.minimum(walk.rounds, 40)  # where an earlier run had come to, about
        self.angle = np.deg2rad(float(problem.option("angle"))) * narrowed
        self.towards = np.zeros_like(walk.x)
        """Unit direction from each sample to its border point."""
        self.across = np.zeros_like(walk.x)
        """Unit direction at a right angle to it."""
        self.length = np.zeros(n)
        self.tried = np.zeros(n, dtype=np.int64)
        self.low, self.high = np.zeros(n), np.zeros(n)
        self.side = np.ones(n)
        self.halved = np.full(n, -1, dtype=np.int64)
        """Halvings made for the present direction; -1: no angle has fooled yet."""

    def go(self) -> None:
        walk = self.walk
        rows = walk.standing()
        self._turn(rows)
        while rows.size:
            search = self.halved[rows] >= 0
            part = np.asarray(TRIED)[self.tried[rows]]
            angle = np.where(search, self.side[rows] * (self.low[rows] + self.high[rows]) / 2, part * self.angle[rows])
            fooling = walk.ask(rows, self._points(rows, angle))
            self._learn(rows, angle, search, fooling)
            rows = walk.standing()

    def _points(self, rows: Array, angle: Array) -> Array:
        kind = self.walk.x.dtype
        size = self.length[rows] * np.cos(angle)
        along = (size * np.cos(angle))[:, None].astype(kind) * self.towards[rows]
        along += (size * np.sin(angle))[:, None].astype(kind) * self.across[rows]
        along += self.walk.x[rows]
        return np.asarray(np.clip(along, 0.0, 1.0, out=along))

    def _learn(self, rows: Array, angle: Array, search: Array, fooling: Array) -> None:
        hit = ~search & fooling
        at = rows[hit]
        self.side[at] = np.sign(angle[hit])
        self.low[at] = np.abs(angle[hit])
        full = self.tried[at] < 2
        self.high[at] = np.where(full, np.minimum(2 * self.low[at], np.pi / 2), 2 * self.low[at])
        self.halved[at] = 0
        self.angle[at] = np.where(full, np.minimum(self.angle[at] * WIDER, np.pi / 3), self.angle[at])
        going = rows[search]
        middle = np.abs(angle[search])
        self.low[going] = np.where(fooling[search], middle, self.low[going])
        self.high[going] = np.where(fooling[search], self.high[going], middle)
        self.halved[going] += 1
        self.tried[rows[~search & ~fooling]] += 1
        missed = self.tried[rows] >= len(TRIED)
        self.angle[rows[missed]] = np.maximum(self.angle[rows[missed]] * NARROWER, 1e-3)
        self._turn(rows[missed | (self.halved[rows] >= self.halvings)])

    def _turn(self, rows: Array) -> None:
        """New directions for these, from where they are now."""
        if not rows.size:
            return
        walk = self.walk
        kind = walk.x.dtype
        towards = walk.near[rows] - walk.x[rows]
        self.length[rows] = np.sqrt(np.einsum("ij,ij->i", towards, towards, dtype=np.float64))
        towards /= np.maximum(self.length[rows], 1e-30)[:, None].astype(kind)
        if self.image is None:
            across = walk.rng.standard_normal(towards.shape, dtype=np.float32).astype(kind)
        else:
            across = smooth(walk.rng, self.image, len(rows), self.frequencies).astype(kind)
        across -= np.einsum("ij,ij->i", across, towards)[:, None] * towards
        across /= np.maximum(np.sqrt(np.einsum("ij,ij->i", across, across)), 1e-30)[:, None]
        self.towards[rows] = towards
        self.across[rows] = across
        self.tried[rows] = 0
        self.halved[rows] = -1
        walk.rounds[rows] += 1
