"""Auto-PGD on the cross-entropy: projected gradient ascent that chooses its own step sizes.

Strong against most networks without a parameter to tune, and the first of the standard ensemble. It misses what
saturates the softmax, and stops at local maxima of the loss that a targeted loss walks around (``gradient/apgd-t``).

## Method
Momentum steps, with checkpoints that halve the step size and return to the best point where the loss rises too seldom.
For L1 steps are sparse, their sparsity adapts, and the radius shrinks in three stages to the threat's.

## Cost
With the defaults 101 forward and 100 backward rows for a sample that stands.

## Source
Croce and Hein 2020, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks",
algorithm 1; L1: Croce and Hein 2021, "Mind the box: l1-APGD for sparse adversarial attacks on image classifiers".
"""

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.domain.robustness import Norm
from violet.targets.base import Offers

ATTACK = Attack(
    id="gradient/apgd-ce",
    title="Auto-PGD, cross-entropy",
    needs=Offers.GRADIENTS,
    norms=(Norm.LINF, Norm.L2, Norm.L1),
    strength=Strength.STRONG,
    queries=1000,
    options={"steps": 100, "restarts": 1, "eot": 1},
    techniques=("AML.T0043.000",),
    references=("arXiv:2003.01690", "arXiv:2103.01208"),
)


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    """Options: ``steps``, ``restarts``; ``eot``, passes that are averaged for randomised models."""
    from violet.attacks.gradient import _apgd, _books, _losses

    def body(books: _books.Books) -> None:
        steps, restarts = int(problem.option("steps")), int(problem.option("restarts"))
        _apgd.repeated(books, _losses.cross_entropy, steps=steps, restarts=restarts)

    return _books.run(_books.Books(problem, ATTACK.id, eot=int(problem.option("eot"))), body)
