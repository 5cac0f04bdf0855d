"""NES: projected descent along a gradient that is estimated from the scores of a Gaussian cloud.

It follows the true gradient of smooth models without asking for it, and so finds what white-box attacks find, for
many times the queries: it is a check on models whose gradient is hidden or useless. On trees it finds something only
because its cloud is as wide as a fifth of the radius; near a point their scores stand still. (For that reason there is
no zeroth-order attack by single coordinates and small differences, ZOO, here: of a piecewise constant function these
differences are 0.) Square and random search need fewer queries.

## Method
Pairs of opposite Gaussian directions around the iterate; their differences of margins weigh the directions. The
iterate moves by the sign of the momentum of that estimate (Linf) or along it (L2), in steps that shorten as the
budget is used up, and is projected onto the ball. The more features and the fewer pairs, the longer the momentum
remembers and the shorter are the steps. On images the directions are constant on tiles, a ninth of the image wide.

## Cost
``2 * pairs + 1`` forward rows a step and sample.

## Source
Ilyas et al. 2018, "Black-box adversarial attacks with limited queries and information", ICML, section 3.2; antithetic
sampling as there; Ilyas et al. 2019, "Prior convictions", ICLR, section 3.2, for tiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.attacks.scores._estimate import Descent, steepest
from violet.domain.robustness import Norm
from violet.targets.base import Offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

ATTACK = Attack(
    id="scores/nes",
    title="NES",
    needs=Offers.SCORES,
    norms=(Norm.LINF, Norm.L2),
    strength=Strength.THOROUGH,
    queries=1000,
    options={"pairs": 10, "reach": 0.2, "step": 4.0},
    references=("https://arxiv.org/abs/1804.08598",),
)


def gaussian(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.standard_normal(shape, dtype=np.float32)


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    descent = Descent(problem, gaussian, int(problem.option("pairs")), float(problem.option("reach")))
    kept = 1 - 1 / descent.memory
    first = float(problem.option("step")) * descent.tally.radius / descent.memory
    momentum = np.zeros_like(descent.x)

    def move(rows: Array, gradient: Array) -> Array:
        length = np.abs(gradient).sum(axis=1, keepdims=True)
        momentum[rows] = kept * momentum[rows] + gradient / np.maximum(length, 1e-30)
        size = first * np.maximum(1 - descent.progress(rows), 0.04)
        return np.asarray(steepest(momentum[rows], problem.threat.norm) * size)

    return descent.run(ATTACK.id, move)
