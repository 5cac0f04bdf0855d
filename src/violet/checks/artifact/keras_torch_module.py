"""A torch module inside a Keras model.

## What it looks for

``TorchModuleWrapper`` layers. Their configuration holds a file of ``torch.save`` in base64, which is examined
as a part of its own.

## Why it matters

Making the layer unpickles that file with ``torch.load(weights_only=False)``. Keras 3.11.0 to 3.11.2 did so
even in safe mode (CVE-2025-49655).

## Example

    {"class_name": "TorchModuleWrapper", "config": {"module": "UEsDBAAACAgAAA..."}}

## Fix

Save the torch module's weights beside the model, as safetensors, and build the module from source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Rule, Severity
from violet.formats.keras.facts import KerasFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.domain import Outcome

RULE = Rule(
    id="artifact/keras-torch-module",
    title="Keras model unpickles a torch module",
    severity=Severity.MEDIUM,
    fix="Keep the torch weights as safetensors and build the module from source.",
    techniques=("AML.T0011.000",),
    cwe=(502,),
    references=("https://nvd.nist.gov/vuln/detail/CVE-2025-49655",),
)


@check(RULE, formats=("keras-config", "keras-metadata"))
def judge(context: Context) -> Iterator[Outcome]:
    facts = context.facts(KerasFacts)
    for where in facts.torch_modules if facts else ():
        yield context.finding(
            "Loading this model unpickles the torch module that a TorchModuleWrapper holds.",
            evidence=where,
            key="TorchModuleWrapper",
        )
