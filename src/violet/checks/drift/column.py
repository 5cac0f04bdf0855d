"""A column that is no longer distributed as in the reference.

## What it looks for
Columns whose values moved by more than the threshold: the Kolmogorov-Smirnov distance of numbers, the total variation
of words, the population stability index of either, or the share of what is missing; beyond what chance gives with so
many rows, and beyond what windows of the reference differ by. A change that reaches half of that is of low severity.

## Why it matters
A model knows what it was trained on. Where inputs move away from that, its answers are guesses that look as sure as
before; and who poisons data or probes a model moves them too.

## Example
A sensor is replaced by one that reports Fahrenheit, or a form gains a default value that half of the users leave as it
is.

## Fix
Find out what changed at the source. If the world did, measure the model on labelled recent data and train it again; if
a sensor, a form or a pipeline did, repair it. If it is as it should be, make a new profile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Cost, Outcome, Rule, Severity, Stage
from violet.domain.drift import Change, ColumnDrift, Course, Drift

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 100
"""Findings of one comparison: thousands of columns that drift are one piece of news."""

RULE = Rule(
    id="drift/column",
    title="A column drifted",
    severity=Severity.MEDIUM,
    fix="Find out what changed at the source: repair it, or measure the model on recent data and train it again.",
    stage=Stage.OPERATION,
    techniques=("AML.T0031",),
    cost=Cost.READS_ALL,
    references=("https://arxiv.org/abs/2004.05785",),
)


@check(RULE, formats=("drift",))
def judge(context: Context) -> Iterator[Outcome]:
    drift = context.facts(Drift)
    if drift is None:
        return
    found = [column for column in drift.columns if column.change in (Change.DRIFT, Change.MODERATE)]
    found.sort(key=lambda column: (column.change is not Change.DRIFT, -column.excess))
    for column in found[:MOST]:
        yield context.finding(
            f"The column {column.name!r} {'drifted' if column.change is Change.DRIFT else 'changed'}. {column.reason}",
            evidence=_evidence(column),
            key=column.name,
            severity=RULE.severity if column.change is Change.DRIFT else Severity.LOW,
            confidence=Confidence.HIGH if column.natural == column.natural else Confidence.MEDIUM,
        )


def _evidence(column: ColumnDrift) -> str:
    parts = [f"effect {column.effect:.3f}, chance {column.noise:.3f}"]
    if column.psi == column.psi:
        parts.append(f"PSI {column.psi:.3f}")
    if column.wasserstein_normed == column.wasserstein_normed:
        parts.append(f"Wasserstein {column.wasserstein_normed:.3g} standard deviations")
    if column.mean_before == column.mean_before:
        parts.append(f"mean {column.mean_before:.4g} to {column.mean_after:.4g}")
    if column.new_words:
        words = ", ".join(f"{word!r} {100 * share:.1f} %" for word, share in column.new_words[:3])
        parts.append(f"new: {words}")
    if column.course not in (Course.UNKNOWN, Course.NONE):
        parts.append(f"{column.course}{f' from {column.since}' if column.since else ''}")
    return "; ".join(parts)
