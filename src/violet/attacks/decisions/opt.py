"""Sign-OPT: descend on the distance to the border as a function of the direction, by signs alone.

Where HopSkipJump follows the border's normal, this follows the distance along a ray, and so its steps are right even
where the border bends. One label tells the sign of a directional derivative. L2 and Linf, labels only; a second
opinion beside HopSkipJump.

## Method
A ray from the sample towards an input of another label, and the distance at which it meets the border. A round draws
random directions, asks for each whether the ray, tilted a little that way, already fools at the present distance, and
adds the directions up by these signs. A line search along the sum asks the same of larger and larger steps, halving to
the new distance after each success; smaller steps follow where none succeeds.

## Cost
``cloud`` forward rows for a round's estimate, and about fifteen for the line search.

## Source
Cheng et al. 2020, "Sign-OPT: a query-efficient hard-label adversarial attack", ICLR, algorithms 1 and 2; Cheng et al.
2019, "Query-efficient hard-label black-box attack: an optimization-based approach", ICLR, for the objective.
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
    id="decisions/opt",
    title="Sign-OPT",
    needs=Offers.LABELS,
    norms=(Norm.L2, Norm.LINF),
    strength=Strength.THOROUGH,
    minimal=True,
    queries=2000,
    options={"cloud": 100, "tilt": 0.1, "step": 0.3},
    references=("https://arxiv.org/abs/1909.10773", "https://arxiv.org/abs/1807.04457"),
)

LINE = 12
"""Queries that are kept for the line search when a cloud is made."""

BEAT = 2e-3
"""By what part a step has to shorten the distance."""

NEARLY = 0.02
"""How exactly the border is found along a ray that will be left for a better one."""


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    walk = Walk(problem)
    walk.start()
    rows = walk.standing()
    walk.to_border(rows, walk.near[rows], BEAT)
    rays = _Rays(walk)
    while rays.round():
        pass
    return walk.result(ATTACK.id)


class _Rays:
    def __init__(self, walk: Walk) -> None:
        problem = walk.problem
        self.walk = walk
        self.linf = walk.norm is Norm.LINF
        self.cloud = min(int(problem.option("cloud")), 20 + 2 * walk.features)
        self.tilt = np.full(len(walk.x), float(problem.option("tilt")) / (2 if self.linf else 1))
        self.first = float(problem.option("step"))
        self.step = np.full(len(walk.x), self.first)
        """Of the next line search, as a part of the ray's length."""

    def length(self, vectors: Array) -> Array:
        """``(m, 1)``, in the threat's norm."""
        if self.linf:
            return np.asarray(np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-30))
        return np.asarray(np.maximum(np.sqrt((vectors**2).sum(axis=1, keepdims=True)), 1e-30))

    def round(self) -> bool:
        """One for every standing sample. Whether any made one."""
        walk = self.walk
        rows = walk.standing(LINE + 10)
        if not rows.size:
            return False
        poor = walk.tally.left(rows) - LINE < self.cloud
        for group in (rows[~poor], rows[poor]):
            if group.size:
                size = int(min(self.cloud, (walk.tally.left(group) - LINE).min()))
                way = (walk.near[group] - walk.x[group]).astype(np.float64)
                ray = way / self.length(way)
                self._line(group, ray, self._downhill(group, ray, size))
        return True

    def _at(self, rows: Array, rays: Array, far: Array) -> Array:
        # In the norm of the largest change, cutting is nearer than scaling, and leaves the other features alone.
        rays = np.clip(rays, -1.0, 1.0) if self.linf else rays / self.length(rays)
        found = self.walk.x[rows] + far[:, None] * rays
        return np.asarray(np.clip(found, 0.0, 1.0).astype(self.walk.x.dtype))

    def _downhill(self, rows: Array, ray: Array, size: int) -> Array:
        """The direction ``(m, d)`` along which the distance falls: of unit length."""
        walk = self.walk
        found = np.zeros_like(ray)
        for piece in walk.tally.pieces(rows, size):
            owners = rows[piece]
            u = walk.rng.standard_normal((len(owners), size, walk.features), dtype=np.float32)
            width = np.sqrt(np.einsum("npd,npd->np", u, u))[:, :, None]
            u *= (1.0 if not self.linf else walk.features**0.5) / np.maximum(width, 1e-30)
            tilted = ray[piece][:, None, :].astype(np.float32) + self.tilt[owners, None, None].astype(np.float32) * u
            flat = tilted.reshape(-1, walk.features)
            owner = np.repeat(owners, size)
            candidates = self._at(owner, flat, walk.distance[owner])
            fooling = walk.tally.fools(owner, candidates.reshape(-1, *walk.shape), keep=False)
            sides = np.where(fooling, 1.0, -1.0).reshape(len(owners), size)
            mean = sides.mean(axis=1, keepdims=True)
            # Far more of one side than of the other: the cloud is too narrow, or too wide, to tell directions apart.
            wide = np.abs(mean[:, 0]) > 0.9
            self.tilt[owners[wide]] = np.minimum(self.tilt[owners[wide]] * 1.5, 0.5)
            weights = np.where(np.abs(mean) == 1.0, sides, sides - mean)
            found[piece] = np.einsum("np,npd->nd", weights, u, optimize=True)
        if self.linf:
            return np.sign(found)
        return found / self.length(found)

    def _line(self, rows: Array, ray: Array, down: Array) -> None:
        """Longer steps as long as each shortens the distance, shorter ones until one does."""
        walk = self.walk
        walk.rounds[rows] += 1
        part = self.step[rows].copy()
        won = np.zeros(len(rows), dtype=bool)
        open_ = np.ones(len(rows), dtype=bool)
        for _ in range(8):
            at = np.flatnonzero(open_ & walk.tally.going(rows))
            if not at.size:
                break
            tried = ray[at] + part[at, None] * down[at]
            fooling = walk.ask(rows[at], self._at(rows[at], tried, walk.distance[rows[at]] * (1 - BEAT)))
            hit = at[fooling]
            if hit.size:
                walk.to_border(rows[hit], walk.near[rows[hit]], NEARLY)
                won[hit] = True
                part[hit] *= 2
            missed = at[~fooling]
            open_[missed] &= ~won[missed]
            part[missed] /= np.where(won[missed], 2, 4)
            open_[missed] &= part[missed] > 1e-4
        self.step[rows] = np.where(won, np.minimum(part, 1.0), np.maximum(self.step[rows] / 2, 1e-3))
