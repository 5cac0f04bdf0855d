"""Targeted Auto-PGD: one run toward each of the likeliest other classes.

The strongest single attack here on networks that are truly robust: each run climbs one slope instead of changing its
mind between classes. It misses what no gradient shows (``gradient/adaptive``).

## Method
``gradient/apgd-ce`` with the targeted difference of logits ratio; targets in the order of their logits at the sample;
each run meets only the samples that still stand.

## Cost
With the defaults at most 1 + 9 * 101 forward and 9 * 100 backward rows for a sample that stands.

## Source
Croce and Hein 2020, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks",
equation 7 and section 6; L1: Croce and Hein 2021.
"""

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.domain.robustness import Norm
from violet.targets.base import Offers

ATTACK = Attack(
    id="gradient/apgd-t",
    title="Auto-PGD, targeted",
    needs=Offers.GRADIENTS,
    norms=(Norm.LINF, Norm.L2, Norm.L1),
    strength=Strength.STRONG,
    queries=1000,
    options={"steps": 100, "targets": 9, "eot": 1},
    techniques=("AML.T0043.000",),
    references=("arXiv:2003.01690", "arXiv:2103.01208"),
)


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    """Options: ``steps`` toward each class; ``targets``, the number of classes; ``eot``, passes that are averaged for
    randomised models."""
    from violet.attacks.gradient import _apgd, _books, _losses

    def body(books: _books.Books) -> None:
        steps, targets = int(problem.option("steps")), int(problem.option("targets"))
        _apgd.targeted(books, _losses.dlr, steps=steps, targets=targets)

    return _books.run(_books.Books(problem, ATTACK.id, eot=int(problem.option("eot"))), body)
