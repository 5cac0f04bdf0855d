"""One feature, patch, corner or border that decides alone.

## What it looks for
Small parts of an input that, copied onto inputs of other classes, make the model say the class they came from, in
more than half of the cases. The limit is that of the interval, corrected for the number of parts that were tried, so
that the strongest of many is not taken for a shortcut by chance.

## Why it matters
The model has learnt a rule that holds in this data and nowhere else: a column that leaks the answer, a watermark that
one class carries. Its accuracy is then an illusion, and whoever knows the part steers the answer with it. A trigger
that somebody planted looks the same, if the data holds examples of it.

## Example
A classifier of X-ray images that says "ill" wherever the label of one hospital stands in the corner.

## Fix
Find out where the part comes from. Remove it (the column, the mark) from the training data and train again; then
explain again. Where the data came from others, treat it as possibly poisoned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Cost, Outcome, Rule, Severity, Stage
from violet.domain.explanation import Explanation, Shortcut, ShortcutKind

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 5
SURE = 0.8
"""Flips, at the lower limit, from which nothing but the part matters."""

RULE = Rule(
    id="explain/shortcut",
    title="One detail decides alone",
    severity=Severity.MEDIUM,
    fix="Find out where the detail comes from, remove it from the training data, and train again.",
    stage=Stage.TRAINING,
    techniques=("AML.T0015", "AML.T0020"),
    cost=Cost.RUNS_MODEL,
    references=("https://arxiv.org/abs/2004.07780",),
)


@check(RULE, formats=("explanation",))
def judge(context: Context) -> Iterator[Outcome]:
    explanation = context.facts(Explanation)
    if explanation is None or explanation.shortcuts is None:
        return
    for shortcut in explanation.shortcuts.found[:MOST]:
        alone = f"; accuracy where all else is replaced: {shortcut.alone}" if shortcut.alone is not None else ""
        yield context.finding(
            f"{_called(shortcut)} alone makes the model say {shortcut.label!r}: copied onto inputs of other classes it "
            f"does so in {shortcut.flips}.",
            evidence=f"{100 * shortcut.area:.1f} % of the input{alone}",
            key=f"{shortcut.kind}:{shortcut.name}",
            confidence=Confidence.HIGH if shortcut.least > SURE else Confidence.MEDIUM,
        )


def _called(shortcut: Shortcut) -> str:
    if shortcut.kind is ShortcutKind.FEATURE:
        return f"The feature {shortcut.name!r}"
    if shortcut.kind is ShortcutKind.BORDER:
        return f"The border ({shortcut.name})"
    where = "in a corner " if shortcut.kind is ShortcutKind.CORNER else ""
    return f"The patch {where}({shortcut.name})"
