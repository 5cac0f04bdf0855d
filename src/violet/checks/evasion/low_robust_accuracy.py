"""A model that small, deliberate changes of its inputs make wrong.

## What it looks for
The share of test samples that are still classified correctly under the worst of all attacks within
the threat (misclassified samples count as fallen). It is compared with the threshold `test.min_robust_accuracy`; the
finding is certain where the whole 95 % Wilson interval lies below it.

## Why it matters
Whoever may choose the input can choose the answer: a transaction that passes, a file that looks
harmless, a sign that reads otherwise. The attacks that did it are ordinary ones; the report names each with what it
cost.

## Example
A classifier of digits with 97 % accuracy, of which 3 % are left when every pixel may change by 0.1.

## Fix
Train on adversarial examples, or certify a radius: violet harden does either, and makes this
test again. Where that costs too much accuracy, limit who may ask, how often, and what is answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.evasion._surface import surface
from violet.domain import Confidence, Cost, Outcome, Rule, Severity, Stage
from violet.domain.robustness import EvasionTest

if TYPE_CHECKING:
    from collections.abc import Iterator

THRESHOLD, DEFAULT = "min_robust_accuracy", 0.5

RULE = Rule(
    id="evasion/low-robust-accuracy",
    title="Small changes of the input change the answer",
    severity=Severity.HIGH,
    fix="Harden the model (violet harden), or limit who may ask it and what it answers.",
    stage=Stage.DEPLOYMENT,
    techniques=("AML.T0015", "AML.T0043"),
    cost=Cost.RUNS_MODEL,
    references=("Croce and Hein 2020, Reliable Evaluation of Adversarial Robustness",),
)


@check(RULE, formats=("evasion-test",))
def judge(context: Context) -> Iterator[Outcome]:
    test = context.facts(EvasionTest)
    if test is None or not test.runs:
        return
    least = test.thresholds.get(THRESHOLD, DEFAULT)
    if test.bound.value >= least:
        return
    sure = test.bound.interval().high < least
    strongest = max(test.runs, key=lambda run: run.fooled)
    seen = f"clean accuracy {test.clean}; {strongest.attack} fooled {strongest.fooled} of {strongest.attempted}"
    yield context.finding(
        f"At most {test.bound} of the samples withstand {test.threat}; the policy asks for {100 * least:g} %.",
        evidence="; ".join(filter(None, (seen, surface(test)))),
        key=f"{test.threat.norm}",
        confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
    )
