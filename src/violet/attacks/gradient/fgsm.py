"""Fast gradient sign: one gradient, one step to the edge of the ball.

Strong where the model is nearly linear within the radius; a floor for the others. It misses everything that bends: a
model that stands FGSM and falls to PGD is curved, one that falls to FGSM and stands PGD hides its gradients.

## Method
The gradient of the cross-entropy at the sample, then the point of ball and box where the linear model that it makes
loses most: the sign for Linf, the unit vector for L2, for L1 the steepest features filled one after the other, for L0
the features that gain most. Exact for linear models.

## Cost
Two forward rows and one backward row a sample.

## Source
Goodfellow, Shlens and Szegedy 2015, "Explaining and harnessing adversarial examples", section 4.
"""

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.domain.robustness import Norm
from violet.targets.base import Offers

ATTACK = Attack(
    id="gradient/fgsm",
    title="Fast gradient sign method",
    needs=Offers.GRADIENTS,
    norms=(Norm.LINF, Norm.L2, Norm.L1, Norm.L0),
    strength=Strength.FLOOR,
    queries=2,
    techniques=("AML.T0043.000",),
    references=("arXiv:1412.6572",),
)


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    """``problem.target`` is a ``GradientTarget`` in unit space."""
    from violet.attacks.gradient import _books, _losses, _steps

    return _books.run(_books.Books(problem, ATTACK.id), lambda books: _steps.single(books, _losses.cross_entropy))
