"""HopSkipJump: from the border, estimate its direction by labels alone, step away from it, and return to it nearer.

The standard of decision-based attacks: it needs labels only, and finds small distances on anything from networks to
trees, for thousands of queries. With few queries SurFree (L2) and RayS (Linf) are better.

## Method
A walk begins at an input of another label and goes to the border by halving. A round asks for the labels of a cloud
around the border point, whose size grows with the root of the round; the mean of the directions, signed by the labels
and less their bias, estimates the normal. The step along it is halved until it fools, and halving leads back to the
border. All samples make the same round at the same time: a cloud is one call.

## Cost
``cloud * sqrt(round)`` forward rows for a round's estimate, and about twenty for the way back.

## Source
Chen, Jordan and Wainwright 2020, "HopSkipJumpAttack: a query-efficient decision-based attack", IEEE S&P, algorithms 1
and 2; sizes of clouds and steps are those of its section IV, but that a cloud reaches ``reach`` times as far: on
smooth models that changes nothing, and on trees the border's shape shows only from afar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.attacks.decisions._border import Walk
from violet.domain.robustness import Norm
from violet.targets.base import Offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

ATTACK = Attack(
    id="decisions/hopskipjump",
    title="HopSkipJump",
    needs=Offers.LABELS,
    norms=(Norm.LINF, Norm.L2),
    strength=Strength.THOROUGH,
    minimal=True,
    queries=2000,
    options={"cloud": 100, "most": 10_000, "reach": 8.0},
    references=("https://arxiv.org/abs/1904.02144",),
)

WAY_BACK = 14
"""Queries that are kept for the step and the return when the last cloud is made."""

FIRST_REACH = 0.1
"""How far the first cloud reaches at least: a tenth of the box."""

HALVINGS = 12
"""Of a step that does not fool: after these the sample stays where it is for this round."""


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    walk = Walk(problem)
    walk.start()
    hop = _Hop(walk, int(problem.option("cloud")), int(problem.option("most")), float(problem.option("reach")))
    rows = walk.standing()
    walk.to_border(rows, walk.near[rows], hop.tolerance)
    while hop.round():
        pass
    return walk.result(ATTACK.id)


class _Hop:
    def __init__(self, walk: Walk, cloud: int, most: int, reach: float) -> None:
        self.walk = walk
        self.cloud = min(cloud, 20 + 2 * walk.features)  # few features need few directions
        self.most = most
        features = walk.features
        self.linf = walk.norm is Norm.LINF
        self.theta = features**-2.0 if self.linf else features**-1.5
        self.tolerance = min(self.theta, 1e-3)
        self.spread = min(reach * self.theta * (features if self.linf else features**0.5), 0.4)
        """How far a cloud reaches, in distances from the sample."""

    def round(self) -> bool:
        """One for every standing sample, those with few queries left apart from the others. Whether any made one."""
        walk = self.walk
        rows = walk.standing(WAY_BACK + 10)
        if not rows.size:
            return False
        wanted = np.minimum(self.cloud * np.sqrt(walk.rounds[rows] + 1.0), self.most).astype(np.int64)
        size = int(wanted.max())
        left = walk.tally.left(rows) - WAY_BACK
        poor = left < size
        for group in (rows[~poor], rows[poor]):
            if group.size:
                self._hop(group, int(min(size, (walk.tally.left(group) - WAY_BACK).min())))
        return True

    def _hop(self, rows: Array, size: int) -> None:
        walk = self.walk
        here = walk.near[rows].copy()
        normal = self._normal(rows, here, size)
        walk.rounds[rows] += 1
        step = walk.distance[rows] / np.sqrt(walk.rounds[rows])
        landed = np.zeros(len(rows), dtype=bool)
        away = here.copy()
        for _ in range(HALVINGS):
            at = np.flatnonzero(~landed & walk.tally.going(rows))
            if not at.size:
                break
            tried = np.clip(here[at] + step[at, None] * normal[at], 0.0, 1.0).astype(here.dtype)
            fooling = walk.ask(rows[at], tried)
            away[at[fooling]] = tried[fooling]
            landed[at[fooling]] = True
            step[at] /= 2
        at = np.flatnonzero(landed)
        walk.to_border(rows[at], away[at], self.tolerance)

    def _normal(self, rows: Array, here: Array, size: int) -> Array:
        """The direction ``(m, d)`` in which the other label lies: of length 1 for L2, signs for Linf."""
        walk = self.walk
        found = np.zeros((len(rows), walk.features))
        reach = walk.distance[rows] * self.spread
        first = walk.rounds[rows] == 0
        reach[first] = np.minimum(np.maximum(reach[first], FIRST_REACH), walk.distance[rows][first])
        for piece in walk.tally.pieces(rows, size):
            owners = rows[piece]
            cloud = self._cloud((len(owners), size, walk.features))
            far = reach[piece].astype(np.float32)[:, None, None]
            candidates = (here[piece][:, None, :] + far * cloud).astype(here.dtype)
            np.clip(candidates, 0.0, 1.0, out=candidates)
            flat = candidates.reshape(-1, *walk.shape)
            fooling = walk.tally.fools(np.repeat(owners, size), flat, keep=False).reshape(len(owners), size)
            sides = np.where(fooling, 1.0, -1.0)
            mean = sides.mean(axis=1, keepdims=True)
            weights = np.where(np.abs(mean) == 1.0, sides, sides - mean)
            moved = (candidates - here[piece][:, None, :]) / far
            found[piece] = np.einsum("np,npd->nd", weights, moved, optimize=True)
        if self.linf:
            return np.sign(found)
        return np.asarray(found / np.maximum(np.sqrt((found**2).sum(axis=1, keepdims=True)), 1e-30))

    def _cloud(self, shape: tuple[int, ...]) -> Array:
        """Directions of length 1, in the L2 sense for both norms, single precision."""
        if self.linf:
            cloud = self.walk.rng.random(shape, dtype=np.float32) * 2 - 1
        else:
            cloud = self.walk.rng.standard_normal(shape, dtype=np.float32)
        cloud /= np.maximum(np.sqrt(np.einsum("npd,npd->np", cloud, cloud)), 1e-30)[:, :, None]
        return cloud
