"""A model that mild, natural changes of its inputs make wrong, without any attacker.

## What it looks for
Accuracy under natural shifts (noise, blur, brightness, rotation, missing features, typing errors,
...) of the two mildest of five strengths. The finding is made where the interval's upper end lies below
`test.max_shift_loss` (20 points) under the accuracy on the same samples unchanged.

## Why it matters
What an accident does, somebody can do on purpose, and without any knowledge of the model. A model
below this floor is not ready to be asked about attacks.

## Example
A classifier of scanned digits that goes from 98 % to 61 % when the page is turned by five degrees.

## Fix
Train with the shift as augmentation, or normalise inputs before the model sees them; then test again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Cost, Outcome, Rule, Severity, Stage
from violet.domain.robustness import EvasionTest

if TYPE_CHECKING:
    from collections.abc import Iterator

THRESHOLD, DEFAULT = "max_shift_loss", 0.2
MILD = 2

RULE = Rule(
    id="evasion/fragile-to-shift",
    title="Mild natural changes change the answer",
    severity=Severity.MEDIUM,
    fix="Train with the shift as augmentation, or normalise inputs before the model.",
    stage=Stage.TRAINING,
    techniques=("AML.T0015", "AML.T0043.003"),
    cost=Cost.RUNS_MODEL,
    references=("Hendrycks and Dietterich 2019, Benchmarking Neural Network Robustness to Common Corruptions",),
)


@check(RULE, formats=("evasion-test",))
def judge(context: Context) -> Iterator[Outcome]:
    test = context.facts(EvasionTest)
    if test is None:
        return
    allowed = test.thresholds.get(THRESHOLD, DEFAULT)
    told: set[str] = set()
    for result in test.shifts:
        if result.strength > MILD or not result.accuracy.total or result.shift in told:
            continue
        if result.accuracy.interval().high < result.clean.value - allowed:
            told.add(result.shift)
            yield context.finding(
                f"Under {result.shift} of strength {result.strength:g} of 5, {result.accuracy} are classified"
                f" correctly; unchanged {100 * result.clean.value:.1f} %.",
                evidence=f"{result.shift}, strength {result.strength:g}",
                key=result.shift,
            )
