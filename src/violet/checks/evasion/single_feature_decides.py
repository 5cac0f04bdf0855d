"""Rows of a table whose answer one changed feature turns.

## What it looks for
Of the samples that fell to a test whose threat counts features (`l0`, `feasible`), those that fell
to the change of a single one; where they are more than 20 % of all samples, with the features that did it.

## Why it matters
An attacker who controls that one field controls the answer. Often it is a field that nobody verifies.

## Example
A model of credit risk that turns for every third applicant when the stated number of open accounts is lowered.

## Fix
Verify the field, bound its influence (monotone constraints, binning), or train without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.evasion._surface import surface
from violet.domain import Cost, Outcome, Rule, Severity, Stage
from violet.domain.robustness import EvasionTest, Norm

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARE = 0.2

RULE = Rule(
    id="evasion/single-feature-decides",
    title="One changed feature turns the answer",
    severity=Severity.MEDIUM,
    fix="Verify the field, bound its influence, or train without it.",
    stage=Stage.DEPLOYMENT,
    techniques=("AML.T0015", "AML.T0043.003"),
    cost=Cost.RUNS_MODEL,
)


@check(RULE, formats=("evasion-test",))
def judge(context: Context) -> Iterator[Outcome]:
    test = context.facts(EvasionTest)
    if test is None or test.threat.norm not in (Norm.L0, Norm.FEASIBLE):
        return
    curve = next((c for c in test.curves if c.over == "eps"), None)
    point = next((p for p in curve.points if p.at == 1.0), None) if curve is not None else None
    if point is None or not point.accuracy.total:
        return
    fell = test.clean.value - point.accuracy.value
    if fell <= SHARE:
        return
    features = list(dict.fromkeys(c.changes[0].feature for c in test.worst if len(c.changes) == 1))
    told = f"among others: {', '.join(features)}" if features else f"accuracy then {point.accuracy}"
    yield context.finding(
        f"Changing one feature turns {100 * fell:.1f} % of the samples.",
        evidence="; ".join(filter(None, (told, surface(test)))),
        key="single feature",
    )
