"""The model is expected to be right less often, by its own confidence.

## What it looks for
An estimate of accuracy without labels that fell by five points or more, beyond its interval: the mean of how often
answers of such confidence were right in the reference. A fall of half of that is of low severity. Where what is
compared has labels, the measured accuracy stands beside the estimate.

## Why it matters
Drift of inputs may or may not hurt; this says whether the model itself is less sure. It sees no change of what is right
for an input (concept drift), and no attack that the model is sure about.

## Example
A model of defaults meets applicants near its decision boundary more often than it did.

## Fix
Label a sample of recent rows and measure. If accuracy fell, train again with them, or go back to people for unsure
answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Cost, Outcome, Rule, Severity, Stage
from violet.domain.drift import Change, Drift

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="drift/performance",
    title="The model is expected to be right less often",
    severity=Severity.HIGH,
    fix="Label a sample of recent rows and measure; train again with them where accuracy fell.",
    stage=Stage.OPERATION,
    techniques=("AML.T0031",),
    cost=Cost.READS_ALL,
    references=("https://arxiv.org/abs/2107.03315", "https://arxiv.org/abs/2201.04234"),
)


@check(RULE, formats=("drift",))
def judge(context: Context) -> Iterator[Outcome]:
    drift = context.facts(Drift)
    if drift is None or drift.performance is None:
        return
    known = drift.performance
    if known.change not in (Change.DRIFT, Change.MODERATE):
        return
    measured = f"; measured on {known.labelled:,} labelled rows: {100 * known.realised:.1f} %" if known.labelled else ""
    yield context.finding(
        known.reason,
        evidence=f"{known.answers_after:,} answers, {'calibrated' if known.calibrated else 'not calibrated'}{measured}",
        key="performance",
        severity=RULE.severity if known.change is Change.DRIFT else Severity.LOW,
        confidence=Confidence.HIGH if known.calibrated else Confidence.LOW,
    )
