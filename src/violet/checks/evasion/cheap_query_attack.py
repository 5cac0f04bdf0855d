"""A model that can be fooled through its interface alone, with few questions.

## What it looks for
Attacks without gradients that fooled at least a quarter of the samples they tried within
`test.cheap_queries` questions a sample (100).

## Why it matters
Such an attack needs no copy of the model and no knowledge of it. At a hundred questions an input it
hides in ordinary traffic, and costs next to nothing.

## Example
A forest behind an HTTP endpoint that gives probabilities: random search changes its answer for 80 % of the
rows within 40 questions.

## Fix
Answer with labels or rounded scores, limit questions of a client, and watch for near-duplicates; harden the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Cost, Outcome, Rule, Severity, Stage
from violet.domain.robustness import EvasionTest

if TYPE_CHECKING:
    from collections.abc import Iterator

THRESHOLD, DEFAULT = "cheap_queries", 100
SHARE = 0.25

RULE = Rule(
    id="evasion/cheap-query-attack",
    title="Few questions are enough to fool it",
    severity=Severity.MEDIUM,
    fix="Answer with labels or rounded scores, limit and watch what clients ask; harden the model.",
    stage=Stage.DEPLOYMENT,
    techniques=("AML.T0043.001", "AML.T0040"),
    cost=Cost.RUNS_MODEL,
)


@check(RULE, formats=("evasion-test",))
def judge(context: Context) -> Iterator[Outcome]:
    test = context.facts(EvasionTest)
    if test is None:
        return
    within = test.thresholds.get(THRESHOLD, DEFAULT)
    cheapest: dict[str, tuple[float, str]] = {}
    for curve in test.curves:
        if curve.over != "queries" or not curve.points:
            continue
        start = max(point.accuracy.total for point in curve.points)
        clean = test.clean.value
        for point in curve.points:
            if point.at <= within and start and clean - point.accuracy.value >= SHARE * clean:
                known = cheapest.get(curve.attack)
                if known is None or point.at < known[0]:
                    cheapest[curve.attack] = (point.at, str(point.accuracy))
    for attack, (queries, accuracy) in sorted(cheapest.items()):
        yield context.finding(
            f"With {queries:g} questions a sample {attack} leaves {accuracy} classified correctly.",
            evidence=f"{attack}: {accuracy} after {queries:g} questions",
            key=attack,
        )
