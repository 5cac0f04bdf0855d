"""Surrogate: learn the target from its labels, attack what was learnt, and put the result to the target.

The attacker whom rate limits and label-only answers do not stop: it needs few queries a sample, because all samples
teach the same surrogate. It also unmasks hidden gradients: where it beats an attack with the target's own gradient,
that gradient is useless. It is weak where the target is not like a small network: on images of natural scenes, and on
trees, where it does little more than as many random corners of the ball.

## Method
Small networks are trained on inputs whose label the target has told. In each round the standing samples are attacked
on them by projected gradient descent from random starts, and the target is asked about the results; it is asked, too,
about points along the surrogates' own Jacobian, where their border is least known. Every answer is training data for
the next round, so the surrogates become exact where it matters: in the balls around the samples.

## Cost
``rounds`` rounds share the budget: half of the queries are attacks, half are lessons. Training costs as much as some
thousand rows a round.

## Source
Papernot et al. 2017, "Practical black-box attacks against machine learning", AsiaCCS, section 4 (augmentation along
the Jacobian); Madry et al. 2018 for the descent; Liu et al. 2017, "Delving into transferable adversarial examples", for
more than one surrogate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.attacks.geometry import flattened, project
from violet.attacks.tally import Tally
from violet.attacks.transfer._network import Network
from violet.domain.robustness import Norm
from violet.targets.base import Offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

ATTACK = Attack(
    id="transfer/surrogate",
    title="Surrogate",
    needs=Offers.LABELS,
    norms=(Norm.LINF, Norm.L2),
    strength=Strength.FAST,
    queries=60,
    options={"rounds": 10, "networks": 2, "hidden": 64, "lessons": 6000, "steps": 15},
    techniques=("AML.T0043", "AML.T0005"),
    references=("https://arxiv.org/abs/1602.02697",),
)


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    tally = Tally(problem)
    if tally.active().size:
        _School(tally).go()
    return tally.result(ATTACK.id)


class _School:
    def __init__(self, tally: Tally) -> None:
        problem = tally.problem
        self.tally = tally
        self.problem = problem
        self.rng = np.random.default_rng(problem.seed)
        self.norm = problem.threat.norm
        self.shape = problem.x.shape[1:]
        self.x = flattened(problem.x)
        self.features = self.x.shape[1]
        self.rounds = max(int(problem.option("rounds")), 1)
        self.steps = int(problem.option("steps"))
        hidden = int(problem.option("hidden"))
        count = max(int(problem.option("networks")), 1)
        self.networks = [Network(self.features, hidden, problem.target.classes, self.rng) for _ in range(count)]
        self.inputs = [self.x]
        self.answers = [np.asarray(problem.y, dtype=np.int64)]
        self._pool()

    def _pool(self) -> None:
        """What the attacker has, as far as its labels are known; where none is, the target is asked about some of it:
        one input a sample at most, for a tenth of the budget."""
        problem, tally = self.problem, self.tally
        if problem.pool is None or not len(problem.pool):
            return
        pool = flattened(problem.pool)
        known = problem.pool_labels
        if known is not None and (known >= 0).any():
            self._taught(pool[known >= 0], known[known >= 0])
            return
        for _ in range(max(problem.budget.queries // 10, 1)):
            rows = tally.active(2)[: len(pool)]
            if not rows.size:
                return
            picked = pool[self.rng.choice(len(pool), len(rows), replace=False)]
            self._ask(rows, picked)

    def _taught(self, x: Array, y: Array) -> None:
        self.inputs.append(x)
        self.answers.append(np.asarray(y, dtype=np.int64))

    def _ask(self, rows: Array, candidates: Array) -> Array:
        """The target's labels, which are lessons as well."""
        told = self.tally.labels(rows, candidates.reshape(-1, *self.shape))
        self._taught(candidates, told)
        return told

    def go(self) -> None:
        for network in self.networks:
            network.fit_scale(np.concatenate(self.inputs))
        for number in range(self.rounds):
            rows = self.tally.active()
            if not rows.size:
                return
            self._learn()
            left = int(self.tally.left(rows).min())
            share = max(left // (self.rounds - number), 1)
            for turn in range(share):
                rows = self.tally.active()
                if not rows.size:
                    return
                if turn % 2 == 0 or left <= 1:
                    self._attack(rows, fresh=number + turn > 0)
                else:
                    self._explore(rows)
        while (rows := self.tally.active()).size:
            self._attack(rows, fresh=True)

    def _learn(self) -> None:
        x, y = np.concatenate(self.inputs), np.concatenate(self.answers)
        self.inputs, self.answers = [x], [y]
        for network in self.networks:
            network.train(x.astype(np.float32), y, int(self.problem.option("lessons")))

    def _attack(self, rows: Array, fresh: bool) -> None:
        """Descend on all surrogates at once; ``fresh`` from a random place in the ball, else from the sample."""
        x, y, radius = self.x[rows], self.problem.y[rows], self.tally.radius
        here = x.copy()
        if fresh:
            here = self._inside(here + self._noise(here.shape), x)
        for step in range(self.steps):
            slope = sum(network.margin_slope(here, y) for network in self.networks)
            size = radius * max(1.0 - step / self.steps, 0.1) * 0.6
            if self.norm is Norm.LINF:
                here = self._inside(here - size * np.sign(slope), x)
            else:
                length = np.sqrt((np.asarray(slope, dtype=np.float64) ** 2).sum(axis=1, keepdims=True))
                here = self._inside(here - size * slope / np.maximum(length, 1e-30), x)
        told = self._ask(rows, here)
        still = np.flatnonzero(told == y)
        logits = sum(network.logits(here[still]) for network in self.networks)
        losses = _margins(np.asarray(logits, dtype=np.float64), y[still])
        self.tally.approach(rows[still], here[still].reshape(-1, *self.shape), losses)

    def _explore(self, rows: Array) -> None:
        """A lesson for each sample: along one surrogate's Jacobian by a random part of the radius, from a random
        place near the sample."""
        x, y = self.x[rows], self.problem.y[rows]
        network = self.networks[int(self.rng.integers(len(self.networks)))]
        here = self._inside(x + self._noise(x.shape) * 0.5, x)
        slope = np.sign(network.margin_slope(here, y))
        width = self.tally.radius / (1.0 if self.norm is Norm.LINF else np.sqrt(self.features))
        part = self.rng.random((len(rows), 1))
        self._ask(rows, self._inside(here - part * width * slope, x))

    def _noise(self, shape: tuple[int, ...]) -> Array:
        if self.norm is Norm.LINF:
            return (self.rng.random(shape) * 2 - 1) * self.tally.radius
        return np.asarray(self.rng.standard_normal(shape) * self.tally.radius / np.sqrt(self.features))

    def _inside(self, moved: Array, x: Array) -> Array:
        return project(moved, x, self.norm, self.tally.radius)


def _margins(logits: Array, y: Array) -> Array:
    rows = np.arange(len(y))
    own = logits[rows, y]
    logits[rows, y] = -np.inf
    return np.asarray(own - logits.max(axis=1, initial=-np.inf))
