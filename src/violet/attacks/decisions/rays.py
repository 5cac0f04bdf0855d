"""RayS: search over the signs of a perturbation, blocks first, for the ray that meets another label soonest.

The strongest label-only attack for Linf at a few hundred to a few thousand queries, with nothing to tune and no
gradient to estimate. It looks at corners of the ball only, so a model that falls in the middle of the ball and not at
its corners escapes it.

## Method
Each sample holds a sign for every feature and the radius at which that ray meets another label. A step turns over the
signs of one block and asks at the present radius: a miss costs one query; a hit leads to a search for the new radius
by halving. Blocks halve in size level by level; after single features the features are shuffled and the levels begin
anew. Samples are in different places of this at the same time: a step is one query of each, and one call.

## Cost
One forward row a step and sample.

## Source
Chen and Gu 2020, "RayS: a ray searching method for hard-label adversarial attack", KDD, algorithms 2 and 3. The shuffle
and the start from an input of another label are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.base import Attack, AttackResult, Goal, Problem, Strength, attack
from violet.attacks.decisions._border import EARLIER, Walk
from violet.attacks.images import Grid, grid
from violet.domain.robustness import Norm
from violet.targets.base import Offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

ATTACK = Attack(
    id="decisions/rays",
    title="RayS",
    needs=Offers.LABELS,
    norms=(Norm.LINF,),
    strength=Strength.STRONG,
    minimal=True,
    queries=1000,
    options={"tolerance": 0.02},
    references=("https://arxiv.org/abs/2006.12792",),
)


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    walk = Walk(problem)
    walk.start()
    _Rays(walk, float(problem.option("tolerance"))).go()
    return walk.result(ATTACK.id)


class _Rays:
    def __init__(self, walk: Walk, tolerance: float) -> None:
        self.walk = walk
        self.tolerance = tolerance
        n, features = walk.x.shape
        self.eps = walk.tally.radius if walk.problem.goal is Goal.WITHIN else 0.0
        image = grid(walk.problem.target.domain)
        self.signs = self._first_signs(image)
        place = np.arange(features) if image is None else np.argsort(image.positions().reshape(-1), kind="stable")
        self.place = np.tile(place.astype(np.int32), (n, 1))
        """Of each feature, where it stands when blocks are counted off."""
        self.levels = max(int(np.ceil(np.log2(max(features, 1)))), 0) + 1
        self.level = np.zeros(n, dtype=np.int64)
        self.block = np.zeros(n, dtype=np.int64)
        self.searching = np.zeros(n, dtype=bool)
        self.low = np.zeros(n)
        self.high = np.zeros(n)
        self._catch_up()

    def _first_signs(self, image: Grid | None) -> Array:
        """Those of the way to what is known to fool; of images those of its mean over tiles, a seventh of the image
        wide, unless an earlier run has found better ones."""
        way = self.walk.near - self.walk.x
        if image is not None:
            tiles = image.tiles(max(round(min(image.height, image.width) / 7), 1))
            order = np.argsort(tiles, kind="stable")
            first = np.flatnonzero(np.diff(tiles[order], prepend=-1))
            means = np.add.reduceat(way[:, order], first, axis=1)[:, tiles]
            way = np.where((self.walk.begun == EARLIER)[:, None], way, means)
        return np.where(way >= 0, 1, -1).astype(np.int8)

    def _catch_up(self) -> None:
        """To the block at which an earlier run stopped."""
        per_round = 2**self.levels - 1
        at = self.walk.rounds % per_round + 1
        self.level = np.floor(np.log2(at)).astype(np.int64)
        self.block = at - 2**self.level
        self._shuffle(np.flatnonzero(self.walk.rounds >= per_round))

    def _shuffle(self, rows: Array) -> None:
        if rows.size:
            self.place[rows] = np.argsort(self.walk.rng.random((len(rows), self.walk.features)), axis=1)

    def go(self) -> None:
        walk = self.walk
        while True:
            rows = walk.tally.active()
            if not rows.size:
                return
            turned = self._turned(rows)
            radius = np.where(self.searching[rows], self._middle(rows), self._present(rows))
            x = walk.x[rows]
            candidates = x + radius[:, None].astype(x.dtype) * turned
            fooling = walk.ask(rows, np.clip(candidates, 0.0, 1.0, out=candidates))
            self._learn(rows, turned, radius, fooling)

    def _present(self, rows: Array) -> Array:
        """The radius that the next ray has to beat."""
        return np.asarray(np.minimum(self.walk.distance[rows], 1.0))

    def _middle(self, rows: Array) -> Array:
        middle = (self.low[rows] + self.high[rows]) / 2
        first = (self.low[rows] == 0) & (self.eps < self.high[rows]) & (self.eps > 0)
        return np.where(first, self.eps, middle)  # all that matters first: does it fool within the radius?

    def _turned(self, rows: Array) -> Array:
        """The signs ``(m, d)`` with the block turned over; those of the first level, before any radius is known, as
        they are."""
        features = self.walk.features
        blocks = 2 ** self.level[rows]
        width = -(-features // blocks)
        begin = (self.block[rows] * width)[:, None]
        place = self.place[rows]
        inside = (place >= begin) & (place < begin + width[:, None])
        inside &= (self.walk.rounds[rows] > 0)[:, None]
        return np.where(inside, -self.signs[rows], self.signs[rows])

    def _learn(self, rows: Array, turned: Array, radius: Array, fooling: Array) -> None:
        search = self.searching[rows]
        self.high[rows] = np.where(fooling, radius, self.high[rows])
        self.low[rows] = np.where(search & ~fooling, radius, self.low[rows])
        fresh = rows[~search & fooling]
        self.searching[fresh] = True
        self.low[fresh] = 0.0
        gap = self.high[rows] - self.low[rows]
        over = self.searching[rows] & (gap <= self.tolerance * self.high[rows])
        ended = (~search & ~fooling) | over
        self.signs[rows[over]] = turned[over]
        self.searching[rows[over]] = False
        self._next(rows[ended])

    def _next(self, rows: Array) -> None:
        """Block, level, round."""
        walk = self.walk
        first = walk.rounds[rows] == 0
        walk.rounds[rows] += 1
        moving = rows[~first]
        self.block[moving] += 1
        blocks = 2 ** self.level[moving]
        width = -(-walk.features // blocks)
        full = moving[self.block[moving] * width >= walk.features]
        self.level[full] += 1
        self.block[full] = 0
        again = full[self.level[full] >= self.levels]
        self.level[again] = 0
        self._shuffle(again)
