"""A model that is fooled by examples made against another one.

## What it looks for
Attacks by transfer: a surrogate is trained on the target's answers and attacked with its
gradients; what fools it is tried on the target. The finding is made where at least a quarter of the samples fall, and
the interval's lower end lies above a tenth.

## Why it matters
The attack itself asks the target nothing, so nothing can be seen of it. A surrogate is trained with
ordinary questions, or with data like yours.

## Example
A network of which 400 answers are enough to train a copy whose adversarial examples fool it in every second case.

## Fix
Harden the model with adversarial training; ensembles of different models and limits on questions raise the price.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Cost, Outcome, Rule, Severity, Stage
from violet.domain.robustness import EvasionTest

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARE, SURELY = 0.25, 0.1

RULE = Rule(
    id="evasion/transferable-examples",
    title="Examples made against another model fool it",
    severity=Severity.MEDIUM,
    fix="Harden the model with adversarial training, and limit what clients may ask.",
    stage=Stage.DEPLOYMENT,
    techniques=("AML.T0043.002",),
    cost=Cost.RUNS_MODEL,
    references=("Papernot et al. 2017, Practical Black-Box Attacks against Machine Learning",),
)


@check(RULE, formats=("evasion-test",))
def judge(context: Context) -> Iterator[Outcome]:
    test = context.facts(EvasionTest)
    for transfer in test.transfers if test is not None else ():
        if transfer.destination != "the target" or not transfer.fooled.total:
            continue
        if transfer.fooled.value >= SHARE and transfer.fooled.interval().low > SURELY:
            yield context.finding(
                f"Of the samples {transfer.fooled} fall to examples made on {transfer.source}.",
                evidence=f"{transfer.source}: {transfer.fooled}",
                key="transfer",
            )
