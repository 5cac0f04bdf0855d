"""Fast minimum-norm: the least change in Linf, L2, L1 or L0, in one short run.

Strong where a distance of every sample is wanted cheaply: one run serves a whole security curve. It misses what
``gradient/apgd-t`` finds at a given radius, since it follows only the nearest class and starts at the sample itself.

## Method
A radius of each sample, first estimated from margin and gradient, that shrinks while the sample is fooled and grows
while it is not; steps of normalised gradient of the margin, projected onto that ball and the box; both anneal by a
cosine.

## Cost
With the defaults 201 forward and 200 backward rows a sample (fewer where the goal is a radius and it is reached).

## Source
Pintor, Roli, Brendel and Biggio 2021, "Fast minimum-norm adversarial attacks through adaptive norm constraints",
algorithm 1.
"""

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.domain.robustness import Norm
from violet.targets.base import Offers

ATTACK = Attack(
    id="gradient/fmn",
    title="Fast minimum-norm",
    needs=Offers.GRADIENTS,
    norms=(Norm.LINF, Norm.L2, Norm.L1, Norm.L0),
    strength=Strength.STRONG,
    minimal=True,
    queries=1000,
    options={"steps": 200, "step": 1.0, "gamma": 0.05, "eot": 1},
    techniques=("AML.T0043.000",),
    references=("arXiv:2102.12827",),
)


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    """Options: ``steps``; ``step``, the first step's length (L2, unit space); ``gamma``, by how much the radius first
    changes; ``eot``, passes that are averaged for randomised models."""
    from violet.attacks.gradient import _books, _minimum

    def body(books: _books.Books) -> None:
        _minimum.fmn(
            books,
            steps=int(problem.option("steps")),
            step=float(problem.option("step")),
            gamma=float(problem.option("gamma")),
        )

    return _books.run(_books.Books(problem, ATTACK.id, eot=int(problem.option("eot")), minimal=True), body)
