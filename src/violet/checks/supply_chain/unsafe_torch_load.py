"""`torch.load` where it unpickles anything.

## What it looks for

Calls of `torch.load` (under whatever name it was imported, through `functools.partial` too) with
`weights_only=False`, and without `weights_only` where the project allows a torch older than 2.6, whose default is
to unpickle. The nearest lock or dependency file decides; where none says anything about torch the finding is low.
`load_from_checkpoint(weights_only=False)` and `load_state_dict_from_url`, whose default is to unpickle, count too.

## Why it matters

A checkpoint is a pickle: loading one that somebody else wrote runs what they put into it. With
`weights_only=True` only tensors and a short list of types are built (before torch 2.6 even that could be fooled:
CVE-2025-32434).

## Example

    state = torch.load("model.pt", weights_only=False)

## Fix

Pass `weights_only=True` with torch 2.6 or newer, or keep weights as safetensors; `violet fix` rewrites the call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.supply_chain._loading import FORMATS, Call, calls, told
from violet.domain import Outcome, Rule, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="supply_chain/unsafe-torch-load",
    title="torch.load unpickles anything",
    severity=Severity.MEDIUM,
    fix="Pass weights_only=True and require torch>=2.6, or keep the weights as safetensors.",
    stage=Stage.TRAINING,
    techniques=("AML.T0011.000", "AML.T0010.003"),
    cwe=(502,),
    references=("https://docs.pytorch.org/docs/stable/generated/torch.load.html",),
)


@check(RULE, formats=FORMATS)
def judge(context: Context) -> Iterable[Outcome]:
    for one in calls(context, "torch-load"):
        found = _judge(one)
        if found is not None:
            yield told(context, one, *found)


def _judge(one: Call) -> tuple[str, Severity] | None:
    name = one.call.name
    if one.call.detail == "explicit":
        return f"{name} is told to unpickle whatever the file holds (weights_only=False).", Severity.MEDIUM
    if one.call.detail == "download":
        return f"{name} unpickles what it downloads: weights_only is False by default here.", Severity.LOW
    pin = one.pin("torch")
    if pin is not None and pin.at_least(2, 6):
        return None
    if pin is not None and (pin.lowest is not None or pin.before(2, 6)):
        return (
            f"{name} unpickles whatever the file holds with a torch older than 2.6, which {pin.origin} allows.",
            Severity.MEDIUM,
        )
    return f"{name} is safe by default from torch 2.6 on only, and nothing here asks for that.", Severity.LOW
