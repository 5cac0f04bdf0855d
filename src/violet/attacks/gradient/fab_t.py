"""Fast adaptive boundary, targeted: the least change, by walking along the decision boundary.

Strong as a second opinion in an ensemble, since it needs no radius, no step size and no loss; gives distances, and with
them a whole security curve at once. It misses models whose gradient is masked, as all attacks of this family do.

## Method
Toward each of the likeliest classes: the boundary is taken for the tangent plane of the difference of two logits; the
next point is between the projections of the current point and of the sample itself onto plane and box, a little beyond;
from an adversarial point it steps back toward the sample. The plane found at that point is kept for the next step,
where the paper asks the model a second time.

## Cost
With the defaults at most 1 + 9 * 101 forward and 9 * 100 backward rows for a sample that stands (a third fewer forward
rows than the paper's).

## Source
Croce and Hein 2020, "Minimally distorted adversarial examples with a fast adaptive boundary attack", algorithm 1;
targeted: Croce and Hein 2020, "Reliable evaluation ...", section 5.
"""

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.domain.robustness import Norm
from violet.targets.base import Offers

ATTACK = Attack(
    id="gradient/fab-t",
    title="Fast adaptive boundary, targeted",
    needs=Offers.GRADIENTS,
    norms=(Norm.LINF, Norm.L2, Norm.L1),
    strength=Strength.STRONG,
    minimal=True,
    queries=1000,
    options={"steps": 100, "targets": 9, "restarts": 1, "eot": 1},
    techniques=("AML.T0043.000",),
    references=("arXiv:1907.02044", "arXiv:2003.01690"),
)


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    """Options: ``steps`` toward each class; ``targets``, the number of classes; ``restarts``; ``eot``, passes that are
    averaged for randomised models."""
    from violet.attacks.gradient import _books, _minimum

    def body(books: _books.Books) -> None:
        _minimum.fab(
            books,
            steps=int(problem.option("steps")),
            targets=int(problem.option("targets")),
            restarts=int(problem.option("restarts")),
        )

    return _books.run(_books.Books(problem, ATTACK.id, eot=int(problem.option("eot")), minimal=True), body)
