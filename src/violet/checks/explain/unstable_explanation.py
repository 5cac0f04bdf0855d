"""Explanations that turn over when the input hardly moves.

## What it looks for
Noise of a hundredth of each feature's range that changes no answer of the model, and changes its explanation: fewer
than half of the most important features stay among them, or the rank correlation of all is below one half, by the
upper limit of the interval.

## Why it matters
An explanation that depends on noise cannot be evidence, neither for people whom it is shown to nor for a detector
that watches it; and an attacker can choose what it shows without changing the answer.

## Example
Saliency maps of a network whose gradients are chaotic between two nearly equal images.

## Fix
Do not act on single explanations of this model. Average them over noise, use a method that sums up along a path
(`--method integrated-gradients`) or asks the model (`--method kernel-shap`), or harden the model: adversarial training
makes gradients smoother.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Cost, Outcome, Rule, Severity, Stage
from violet.domain.explanation import Explanation

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST = 0.5
FEWEST = 10

RULE = Rule(
    id="explain/unstable-explanation",
    title="Explanations depend on noise",
    severity=Severity.LOW,
    fix="Do not act on single explanations of this model; use another method, or harden the model.",
    stage=Stage.DEPLOYMENT,
    techniques=("AML.T0015",),
    cost=Cost.RUNS_MODEL,
    references=("https://arxiv.org/abs/1806.08049", "https://arxiv.org/abs/1710.10547"),
)


@check(RULE, formats=("explanation",))
def judge(context: Context) -> Iterator[Outcome]:
    explanation = context.facts(Explanation)
    if explanation is None or explanation.stability is None:
        return
    found = explanation.stability
    overlap, correlation = found.overlap_interval, found.correlation_interval
    if found.inputs < FEWEST or not (overlap.high < LEAST or correlation.high < LEAST):
        return
    yield context.finding(
        f"Noise of {100 * found.noise:g} % of the range, which changes no answer, changes the explanation: "
        f"{100 * found.overlap:.0f} % of the {found.top} most important features stay "
        f"({100 * overlap.low:.0f} to {100 * overlap.high:.0f}).",
        evidence=f"rank correlation {found.correlation:.2f} ({correlation.low:.2f} to {correlation.high:.2f}), "
        f"{found.inputs} inputs, {explanation.method}",
        key="noise",
    )
