"""A feature that the model relies on heavily, and that attacks move to fool it.

## What it looks for
Features, one-hot groups or cells of an image that make up more than a fifth (of few features: more than twice an equal
share) of what the model relies on, that an attack moved in more than half of the inputs it fooled, and that make up
more than a fifth of all it moved; and that the schema does not call immutable.

## Why it matters
That is where the model is easiest to get at: the feature matters, and it gives way. One that an attacker can set in
reality (a text field, a declared amount, a count of something that costs nothing) is a handle.

## Example
A model of fraud that rests on the number of earlier purchases, which a fraudster raises with purchases of one cent.

## Fix
Verify the feature at its source, bound its influence (binning, monotone constraints), or train without it. If nobody
can change it in reality, say so in the schema (`direction = "none"`) and explain again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Cost, Outcome, Rule, Severity, Stage
from violet.domain.explanation import Explanation

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARE = 0.2
MOST = 5
FEWEST = 10

RULE = Rule(
    id="explain/reliance-on-movable-feature",
    title="The model relies on a feature that attacks move",
    severity=Severity.MEDIUM,
    fix="Verify the feature at its source, bound its influence, or train without it.",
    stage=Stage.DEPLOYMENT,
    techniques=("AML.T0015", "AML.T0043"),
    cost=Cost.RUNS_MODEL,
)


@check(RULE, formats=("explanation",))
def judge(context: Context) -> Iterator[Outcome]:
    explanation = context.facts(Explanation)
    if explanation is None or explanation.surface is None or explanation.surface.fooled.hits < FEWEST:
        return
    surface = explanation.surface
    least = max(SHARE, 2 / max(len(surface.entries), 1))
    sure = {entry.feature: entry.interval.low for entry in explanation.reliance}
    found = [
        entry
        for entry in surface.entries
        if not entry.immutable and entry.relied > least and entry.moved > SHARE and entry.changed.interval().low > 0.5
    ]
    for entry in found[:MOST]:
        yield context.finding(
            f"{100 * entry.relied:.0f} % of what the model relies on is {entry.feature!r}, and {surface.attack} moved "
            f"it in {entry.changed} of the inputs that it fooled.",
            evidence=f"{100 * entry.moved:.0f} % of all that was moved under {surface.threat}"
            + (f"; {entry.note}" if entry.note else ""),
            key=entry.feature,
            confidence=Confidence.HIGH if sure.get(entry.feature, 0.0) > least else Confidence.MEDIUM,
        )
