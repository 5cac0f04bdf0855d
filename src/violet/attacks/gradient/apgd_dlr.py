"""Auto-PGD on the difference of logits ratio: a loss that no scale of the logits can saturate.

Strong where cross-entropy fails because logits are large. It misses what ``gradient/apgd-t`` finds (it follows
whichever class is nearest now), and with two classes the ratio is the plain margin.

## Method
``gradient/apgd-ce`` with the margin between the label's logit and the best other, divided by the distance between the
largest and the third largest logit.

## Cost
With the defaults 101 forward and 100 backward rows for a sample that stands.

## Source
Croce and Hein 2020, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks",
equation 6.
"""

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.domain.robustness import Norm
from violet.targets.base import Offers

ATTACK = Attack(
    id="gradient/apgd-dlr",
    title="Auto-PGD, difference of logits ratio",
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
        _apgd.repeated(books, _losses.dlr, steps=steps, restarts=restarts)

    return _books.run(_books.Books(problem, ATTACK.id, eot=int(problem.option("eot"))), body)
