"""What columns do together changed, whatever each does by itself.

## What it looks for
A maximum mean discrepancy on random features beyond chance and the threshold, or correlations of pairs that moved by a
fifth and five standard errors, where no single column accounts for it.

## Why it matters
A model relies on combinations. Rows that mix columns of different sources (a join that slipped, rows made up column by
column) look ordinary in every column, and so do queries that an attacker draws from the ranges of columns.

## Example
Age and income, correlated in the reference, come from two tables that are joined by the wrong key.

## Fix
Look at the pairs whose correlation moved, and at where their columns come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Cost, Outcome, Rule, Severity, Stage
from violet.domain.drift import Change, Drift

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="drift/joint",
    title="What columns do together drifted",
    severity=Severity.MEDIUM,
    fix="Look at the pairs whose correlation moved, and at where their columns come from.",
    stage=Stage.OPERATION,
    techniques=("AML.T0031", "AML.T0024"),
    cost=Cost.READS_ALL,
    references=("https://jmlr.org/papers/v13/gretton12a.html",),
)


@check(RULE, formats=("drift",))
def judge(context: Context) -> Iterator[Outcome]:
    drift = context.facts(Drift)
    if drift is None or drift.joint is None or drift.drifted:
        return
    joint = drift.joint
    if joint.change not in (Change.DRIFT, Change.MODERATE):
        return
    pairs = "; ".join(
        f"{pair.one} and {pair.other}: {pair.before:+.2f} to {pair.after:+.2f}" for pair in joint.pairs[: joint.moved]
    )
    yield context.finding(
        f"What columns do together {'drifted' if joint.change is Change.DRIFT else 'changed'}, and none did by itself. "
        f"{joint.reason}",
        evidence=pairs or f"{joint.rows_before:,} and {joint.rows_after:,} sampled rows",
        key="joint",
        severity=RULE.severity if joint.change is Change.DRIFT else Severity.LOW,
    )
