"""SimBA: one direction of a fixed basis after the other, kept where it helps.

Simple, and hard to fool by defences, because it looks at nothing but whether a score went down. Single features suit
tables and sparse changes (L0); for images the low frequencies of the cosine transform move more with each query.

## Method
Each sample has its own order of directions. Each is tried upwards and, where that does not make the margin smaller,
downwards; what does is kept. Linf: a feature goes straight to the border of the ball, a wave by the radius. L2 and L1:
steps of ``step`` radii, projected back where the ball ends. L0: a feature goes to the border of the box; once as many
features have moved as the radius allows, each further one takes the place of a random one. When all directions have
been tried, a new round begins.

## Cost
One to two forward rows for each direction and sample.

## Source
Guo et al. 2019, "Simple black-box adversarial attacks", ICML, algorithm 1 and section 3.2 (the cosine basis).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.attacks.geometry import flattened, project
from violet.attacks.images import Grid, cosines, grid
from violet.attacks.scores._live import Live
from violet.attacks.tally import Tally
from violet.domain.errors import UsageError
from violet.domain.robustness import Norm
from violet.targets.base import Offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

ATTACK = Attack(
    id="scores/simba",
    title="SimBA",
    needs=Offers.SCORES,
    norms=(Norm.LINF, Norm.L2, Norm.L1, Norm.L0),
    strength=Strength.THOROUGH,
    queries=1000,
    options={"basis": "auto", "step": 0.25, "frequencies": 0.25},
    references=("https://arxiv.org/abs/1905.07121",),
)


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    tally = Tally(problem)
    rows = tally.active()
    rows = rows[~tally.fooled[rows]]
    if rows.size:
        _Search(tally, rows).go()
    return tally.result(ATTACK.id)


class _Search:
    def __init__(self, tally: Tally, rows: Array) -> None:
        problem = tally.problem
        self.tally = tally
        self.norm = problem.threat.norm
        self.rng = np.random.default_rng(problem.seed)
        self.shape = problem.x.shape[1:]
        self.step = float(problem.option("step"))
        found = grid(problem.target.domain)
        basis = str(problem.option("basis"))
        if basis not in ("auto", "pixel", "dct"):
            raise UsageError(f"{ATTACK.id} has no basis {basis!r}.", "Use auto, pixel or dct.")
        if basis == "dct" and (found is None or self.norm is Norm.L0):
            raise UsageError(f"{ATTACK.id} has the cosine basis for images only, and not for L0.", "Use basis=pixel.")
        waves = basis == "dct" or (basis == "auto" and found is not None and self.norm in (Norm.L2, Norm.L1))
        self.waves = _Waves(found, float(problem.option("frequencies"))) if waves and found else None
        x = flattened(problem.x[rows]).astype(tally.dtype)
        self.features = x.shape[1]
        self.count = self.waves.count if self.waves else self.features
        self.live = Live(
            rows,
            x=x,
            current=tally.best[rows].reshape(x.shape).astype(tally.dtype),
            loss=np.full(len(rows), np.inf),
            order=self._orders(len(rows)),
            at=np.zeros(len(rows), dtype=np.int64),
            down=np.zeros(len(rows), dtype=bool),
        )

    def _orders(self, count: int) -> Array:
        """A random order of all directions for each sample. Of waves, the low ones come first, mixed by groups."""
        keys = self.rng.random((count, self.count), dtype=np.float32)
        if self.waves:
            keys += self.waves.rank
        return np.argsort(keys, axis=1).astype(np.int32)

    def go(self) -> None:
        tally, live = self.tally, self.live
        live["loss"][:] = self._ask(live["current"])
        while len(live):
            stay = tally.going(live.rows) & ~tally.fooled[live.rows]
            left = np.flatnonzero(~stay)
            tally.approach(live.rows[left], live["current"][left].reshape(-1, *self.shape), live["loss"][left])
            live.keep(stay)
            if len(live):
                self._try()

    def _ask(self, candidates: Array) -> Array:
        return self.tally.margins(self.live.rows, candidates.reshape(-1, *self.shape))

    def _try(self) -> None:
        live = self.live
        index = np.arange(len(live))
        direction = live["order"][index, live["at"]]
        sign = np.where(live["down"], -1.0, 1.0)
        candidates = self._moved(direction, sign)
        loss = self._ask(candidates)
        better = loss < live["loss"]
        live["loss"][better] = loss[better]
        live["current"][better] = candidates[better]
        over = better | live["down"]
        live["at"][over] += 1
        live["down"][:] = ~over
        ended = live["at"] >= self.count
        if ended.any():
            live["at"][ended] = 0
            live["order"][ended] = self._orders(int(ended.sum()))

    def _moved(self, direction: Array, sign: Array) -> Array:
        live, radius = self.live, self.tally.radius
        x, current = live["x"], live["current"]
        index = np.arange(len(live))
        if self.waves is None:
            moved = current.copy()
            if self.norm is Norm.LINF:
                moved[index, direction] = np.clip(x[index, direction] + sign * radius, 0.0, 1.0)
                return moved
            if self.norm is Norm.L0:
                moved[index, direction] = np.where(sign > 0, 1.0, 0.0)
                return self._sparse(moved, direction)
            moved[index, direction] += sign * self.step * radius
        else:
            size = radius if self.norm is Norm.LINF else self.step * radius
            moved = current + (size * sign)[:, None] * self.waves.rows(direction, self.norm)
        return project(moved, x, self.norm, radius).astype(current.dtype)

    def _sparse(self, moved: Array, direction: Array) -> Array:
        """With one random other feature put back where more have moved than the radius allows."""
        x = self.live["x"]
        changed = moved != x
        over = np.flatnonzero(changed.sum(axis=1) > self.tally.radius)
        if over.size:
            keys = np.where(changed[over], self.rng.random((over.size, self.features)), -1.0)
            keys[np.arange(over.size), direction[over]] = -1.0
            back = keys.argmax(axis=1)
            moved[over, back] = x[over, back]
        return moved


class _Waves:
    """The cosine basis of each channel, lowest frequencies first: ``part`` of those along each side."""

    def __init__(self, image: Grid, part: float) -> None:
        self.image = image
        high = max(round(image.height * part), min(image.height, 4))
        wide = max(round(image.width * part), min(image.width, 4))
        self._down = cosines(image.height)[:high]
        self._across = cosines(image.width)[:wide]
        channel, i, j = np.meshgrid(np.arange(image.channels), np.arange(high), np.arange(wide), indexing="ij")
        self._channel, self._i, self._j = channel.reshape(-1), i.reshape(-1), j.reshape(-1)
        self.count = self._i.size
        self.rank = (np.maximum(self._i, self._j) // 2).astype(np.float32)

    def rows(self, which: Array, norm: Norm) -> Array:
        """Flat directions ``(m, features)``: of unit length for L2 and L1, of height 1 for Linf."""
        wave = self._down[self._i[which]][:, :, None] * self._across[self._j[which]][:, None, :]
        if norm is Norm.LINF:
            wave = np.sign(wave)
        elif norm is Norm.L1:
            wave /= np.abs(wave).sum(axis=(1, 2), keepdims=True)
        image = self.image
        found = np.zeros((len(which), image.channels * image.height * image.width), dtype=np.float32)
        plane = np.arange(image.height)[:, None] * image.steps[1] + np.arange(image.width) * image.steps[2]
        places = (self._channel[which] * image.steps[0])[:, None] + plane.reshape(1, -1)
        found[np.arange(len(which))[:, None], places] = wave.reshape(len(which), -1)
        return found
