"""Assets of a SavedModel that lie outside it.

## What it looks for

File names in the asset list of a SavedModel that are absolute, are addresses, or lead upward.

## Why it matters

The loader joins the name to the model's ``assets`` directory and gives the path to the operation that reads it,
so a name with ``..`` makes any readable file a vocabulary of the model.

## Example

    asset_file_def { tensor_info { name: "Const:0" } filename: "../../../etc/passwd" }

## Fix

Export the model again; its own exporter never writes such names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Rule, Severity
from violet.formats.keras.trust import outside
from violet.formats.tensorflow.facts import TensorFlowFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.domain import Outcome

RULE = Rule(
    id="artifact/tensorflow-asset-path",
    title="SavedModel asset outside the model",
    severity=Severity.HIGH,
    fix="Do not load it; export the model again.",
    techniques=("AML.T0011.000", "AML.T0025"),
    cwe=(22,),
)


@check(RULE, formats=("tensorflow-savedmodel", "tensorflow-metagraph", "tensorflow-text"))
def judge(context: Context) -> Iterator[Outcome]:
    facts = context.facts(TensorFlowFacts)
    for name in facts.assets if facts else ():
        if reason := outside(name):
            yield context.finding(
                f"The model names an asset by {reason}, outside its own directory.",
                evidence=name[:200],
                key=name[:200],
            )
