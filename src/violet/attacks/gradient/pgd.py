"""Projected gradient descent with random restarts: the attack that adversarial training is measured by.

Strong against plain and adversarially trained networks. It misses models whose cross-entropy is saturated or whose
input is quantised (the gradient is 0: see the diagnostics, and ``gradient/adaptive``), and with a badly chosen step
size it stops short: ``gradient/apgd-ce`` chooses its own.

## Method
From a random point of the ball, steps along the sign of the gradient (Linf), the unit gradient (L2), the sign of the
steepest features (L1) or the gradient itself (L0), each followed by a projection onto ball and box. Samples leave at
their first success; later restarts meet only those that still stand. ``momentum`` accumulates normalised gradients.

## Cost
With the defaults 41 forward and 40 backward rows for a sample that stands.

## Source
Madry et al. 2018, "Towards deep learning models resistant to adversarial attacks", section 2.1; momentum: Dong et al.
2018, algorithm 1; L1: Tramer and Boneh 2019; L0: Croce and Hein 2019, "Sparse and imperceivable adversarial attacks".
"""

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.domain.robustness import Norm
from violet.targets.base import Offers

ATTACK = Attack(
    id="gradient/pgd",
    title="Projected gradient descent",
    needs=Offers.GRADIENTS,
    norms=(Norm.LINF, Norm.L2, Norm.L1, Norm.L0),
    strength=Strength.FAST,
    queries=1000,
    options={"steps": 40, "restarts": 1, "step": 0.0, "momentum": 0.0, "eot": 1},
    techniques=("AML.T0043.000",),
    references=("arXiv:1706.06083", "arXiv:1710.06081", "arXiv:1904.13000", "arXiv:1909.05040"),
)


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    """Options: ``steps`` and ``restarts``; ``step``, a share of the radius (0: 2.5 / steps); ``momentum``, 0 to 1;
    ``eot``, passes that are averaged for randomised models."""
    from violet.attacks.gradient import _books, _losses, _steps

    def body(books: _books.Books) -> None:
        _steps.pgd(
            books,
            _losses.cross_entropy,
            steps=int(problem.option("steps")),
            restarts=int(problem.option("restarts")),
            step=float(problem.option("step")),
            momentum=float(problem.option("momentum")),
        )

    return _books.run(_books.Books(problem, ATTACK.id, eot=int(problem.option("eot"))), body)
