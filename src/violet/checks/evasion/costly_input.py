"""Inputs that cost the model far more than usual ones.

## What it looks for
Inputs made to maximise latency or work (sponge examples) that cost more than
`test.max_cost_factor` (5) times the usual.

## Why it matters
Whoever sends a few of them takes the service from everybody else, or runs up its bill.

## Example
A text classifier whose tokenizer makes two thousand tokens of a line of rare characters.

## Fix
Bound the size of inputs and the time of an answer, and count the cost of each client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Cost, Outcome, Rule, Severity, Stage
from violet.domain.robustness import EvasionTest

if TYPE_CHECKING:
    from collections.abc import Iterator

THRESHOLD, DEFAULT = "max_cost_factor", 5.0

RULE = Rule(
    id="evasion/costly-input",
    title="Some inputs cost far more than others",
    severity=Severity.MEDIUM,
    fix="Bound the size of inputs and the time of an answer, and count the cost of each client.",
    stage=Stage.DEPLOYMENT,
    techniques=("AML.T0029",),
    cwe=(400,),
    cost=Cost.RUNS_MODEL,
    references=("Shumailov et al. 2021, Sponge Examples: Energy-Latency Attacks on Neural Networks",),
)


@check(RULE, formats=("evasion-test",))
def judge(context: Context) -> Iterator[Outcome]:
    test = context.facts(EvasionTest)
    if test is None:
        return
    most = test.thresholds.get(THRESHOLD, DEFAULT)
    for result in test.denial:
        if result.factor > most:
            yield context.finding(
                f"An input was found that costs {result.factor:.1f} times as much {result.unit} as a usual one.",
                evidence=f"{result.method}: {result.worst:.4g} against {result.usual:.4g} {result.unit}",
                key=result.method,
            )
