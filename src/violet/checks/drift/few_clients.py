"""A change that few clients carry.

## What it looks for
Columns that drifted, and no longer do where a small part of the clients is left out, while the other clients ask as
they always did.

## Why it matters
When the world changes, many clients change a little. When few change everything, it is an attack (extraction with
made-up rows, poisoning of what a model is trained on again, a search for adversarial examples), a client that is
broken, or a new job. Training again with such rows hands the model to whoever sent them.

## Example
One key sends a fifth of all queries, drawn evenly from the range of every column.

## Fix
Look at what these clients ask. Do not train on their rows before it is known what they are. If they are who they say
they are, profile them apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Cost, Outcome, Rule, Severity, Stage
from violet.domain.drift import Carriers, Drift

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="drift/few-clients",
    title="Few clients carry the change",
    severity=Severity.HIGH,
    fix="Look at what these clients ask, and do not train on their rows before it is known what they are.",
    stage=Stage.OPERATION,
    techniques=("AML.T0024", "AML.T0020", "AML.T0043"),
    cost=Cost.READS_ALL,
)


@check(RULE, formats=("drift",))
def judge(context: Context) -> Iterator[Outcome]:
    drift = context.facts(Drift)
    if drift is None or drift.clients is None or drift.clients.carriers is not Carriers.FEW:
        return
    found = drift.clients
    named = ", ".join(f"{one.client} ({100 * one.change:.0f} %)" for one in found.top[: min(found.few, 5)])
    yield context.finding(
        found.reason,
        evidence=f"they carry: {named}; effect {found.effect:.3f} with them, {found.without:.3f} without",
        key="clients",
        confidence=Confidence.HIGH if found.without < found.effect / 4 else Confidence.MEDIUM,
    )
