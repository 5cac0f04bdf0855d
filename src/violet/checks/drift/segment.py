"""A group of rows that changed while the others did not.

## What it looks for
Segments (rows with one word of a category, or in one quarter of a number) within which a column moved by more than the
threshold and chance, and by more than it did in the rest of the rows.

## Why it matters
The whole hides it: a segment of 5 % that turned over entirely moves the whole by 5 %. It is where a model first fails
one group of people; and who attacks from one country, one device or one product leaves this trace.

## Example
Orders from one country come with amounts in another currency since its shop was moved.

## Fix
Look at the rows of the segment before and after, and at the clients that sent them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Cost, Outcome, Rule, Severity, Stage
from violet.domain.drift import Change, Drift

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 10

RULE = Rule(
    id="drift/segment",
    title="A segment drifted",
    severity=Severity.MEDIUM,
    fix="Look at the rows of the segment before and after, and at the clients that sent them.",
    stage=Stage.OPERATION,
    techniques=("AML.T0031",),
    cost=Cost.READS_ALL,
)


@check(RULE, formats=("drift",))
def judge(context: Context) -> Iterator[Outcome]:
    drift = context.facts(Drift)
    if drift is None:
        return
    found = [segment for segment in drift.segments if segment.change in (Change.DRIFT, Change.MODERATE)]
    for segment in found[:MOST]:
        yield context.finding(
            f"Where {segment.column} is {segment.name}, the column {segment.worst!r} changed by {segment.effect:.3f}; "
            f"elsewhere by {segment.elsewhere:.3f}.",
            evidence=f"sampled rows: {segment.rows_before:,} to {segment.rows_after:,}; chance {segment.noise:.3f}",
            key=f"{segment.column}={segment.name}",
            severity=RULE.severity if segment.change is Change.DRIFT else Severity.LOW,
        )
