"""An adaptive attack for models that hide their gradients: BPDA, de-saturated logits, and averaging over randomness.

To be run where a check for gradient masking fails. Strong against inputs that are rounded, thresholded or turned into
whole numbers, against saturated outputs, and against randomised models. It misses steps that leave torch (wrap them in
``violet.attacks.gradient._bpda.preprocessed``) and TorchScript, whose operations it cannot see: there only attacks
without gradients help.

## Method
Auto-PGD on the margin of logits in float64. Rounding, sign, thresholds and conversions to whole numbers keep their
answers and get the identity (or a sigmoid's slope) on the way back; saturating functions leak; a softmax at the end of
the model is peeled off. Runs with and without those ways back, then toward the likeliest classes. Where two answers to
the same input differ, gradients are averaged, and a sample counts as fooled when most of a fresh set of answers say so.

## Cost
With the defaults at most 2 + 1 + 5 * 101 forward rows for a sample that stands; of a randomised model 20 times that, as
far as the budget goes.

## Source
Athalye, Carlini and Wagner 2018, "Obfuscated gradients give a false sense of security", section 4; Tramer et al. 2020,
"On adaptive attacks to adversarial example defenses"; Carlini and Wagner 2017, section V-A, for the margin.
"""

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.domain.robustness import Norm
from violet.targets.base import Offers

ATTACK = Attack(
    id="gradient/adaptive",
    title="Adaptive attack: BPDA, EOT, de-saturated logits",
    needs=Offers.GRADIENTS,
    norms=(Norm.LINF, Norm.L2, Norm.L1, Norm.L0),
    strength=Strength.THOROUGH,
    queries=2000,
    options={"steps": 100, "targets": 3, "bpda": "auto", "eot": 0},
    techniques=("AML.T0043.000",),
    references=("arXiv:1802.00420", "arXiv:2002.08347", "arXiv:1608.04644"),
)


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    """Options: ``steps`` of each run; ``targets``, classes that are tried one by one after the untargeted runs;
    ``bpda``, ``auto``, ``on`` or ``off``; ``eot``, passes that are averaged (0: 10 where the model is randomised, else
    1).

    Raises ``UsageError`` for another ``bpda``. Diagnostics besides the usual: ``substituted``, how many operations of
    one forward pass were given another way back; ``randomised``, 1 where equal inputs got different answers.
    """
    from violet.attacks.gradient import _adaptive, _books
    from violet.domain.errors import UsageError

    bpda = str(problem.option("bpda"))
    if bpda not in ("auto", "on", "off"):
        raise UsageError(f"gradient/adaptive: bpda is {bpda!r}.", "Use auto, on or off.")

    def body(books: _books.Books) -> None:
        _adaptive.adaptive(
            books,
            steps=int(problem.option("steps")),
            targets=int(problem.option("targets")),
            bpda=bpda,
            eot=int(problem.option("eot")),
        )

    return _books.run(_books.Books(problem, ATTACK.id), body)
