"""SPSA: as NES, with directions of random signs and Adam's steps.

Signs move every feature by the same amount, so that each pair tells of all features at once, and Adam's steps fit
features whose gradients differ by orders of magnitude. It was the attack that broke many defences which mask their
gradient. On trees, see NES.

## Method
Pairs of opposite sign vectors around the iterate, Adam on the estimate, projection onto the ball. Memory and tiles as
with NES.

## Cost
``2 * pairs + 1`` forward rows a step and sample.

## Source
Uesato et al. 2018, "Adversarial risk and the dangers of evaluating against weak attacks", ICML, algorithm 1; Spall
1992; Kingma and Ba 2015 (Adam), algorithm 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.attacks.scores._estimate import Descent
from violet.domain.robustness import Norm
from violet.targets.base import Offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

ATTACK = Attack(
    id="scores/spsa",
    title="SPSA",
    needs=Offers.SCORES,
    norms=(Norm.LINF, Norm.L2),
    strength=Strength.THOROUGH,
    queries=1000,
    options={"pairs": 10, "reach": 0.2, "rate": 4.0},
    references=("https://arxiv.org/abs/1802.05666",),
)

SECOND = 0.99
"""Decay of Adam's second moment, or more where the first remembers long."""


def signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.where(rng.integers(0, 2, shape, dtype=np.int8) > 0, np.float32(1), np.float32(-1))


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    descent = Descent(problem, signs, int(problem.option("pairs")), float(problem.option("reach")))
    width = 1.0 if problem.threat.norm is Norm.LINF else np.sqrt(descent.features)
    first = 1 - 1 / descent.memory
    second = max(SECOND, 1 - 0.1 / descent.memory)
    rate = float(problem.option("rate")) * descent.tally.radius / (width * descent.memory)
    mean = np.zeros_like(descent.x)
    square = np.zeros_like(descent.x)

    def move(rows: Array, gradient: Array) -> Array:
        mean[rows] = first * mean[rows] + (1 - first) * gradient
        square[rows] = second * square[rows] + (1 - second) * gradient**2
        step = descent.steps[rows, None]
        upward = mean[rows] / (1 - first**step)
        scale = np.sqrt(square[rows] / (1 - second**step))
        size = rate * np.maximum(1 - descent.progress(rows), 0.1)
        return np.asarray(-size * upward / np.maximum(scale, 1e-12))

    return descent.run(ATTACK.id, move)
