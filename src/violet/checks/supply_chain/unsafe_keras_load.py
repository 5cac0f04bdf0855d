"""Keras told to load models whose code it would refuse.

## What it looks for

`load_model(..., safe_mode=False)`, and `keras.config.enable_unsafe_deserialization()`.

## Why it matters

Safe mode is what stands between a `.keras` file with a `Lambda` layer and Python code of its author running here.

## Example

    model = keras.models.load_model("model.keras", safe_mode=False)

## Fix

Leave safe mode on; where a model needs code, write that code down as a registered class of your own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.supply_chain._loading import FORMATS, calls, told
from violet.domain import Outcome, Rule, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="supply_chain/unsafe-keras-load",
    title="Keras is told to load a model's own code",
    severity=Severity.MEDIUM,
    fix="Leave safe mode on, and register the classes that the model needs.",
    stage=Stage.TRAINING,
    techniques=("AML.T0011.000", "AML.T0010.003"),
    cwe=(502, 94),
)


@check(RULE, formats=FORMATS)
def judge(context: Context) -> Iterable[Outcome]:
    for one in calls(context, "keras-load"):
        if one.call.detail == "switch":
            message = f"{one.call.name} lets every model that is loaded from here on bring its own code."
        else:
            message = f"{one.call.name} lets the model bring its own code (safe_mode=False)."
        yield told(context, one, message, Severity.MEDIUM)
