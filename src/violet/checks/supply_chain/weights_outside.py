"""Index files of sharded weights that point outside the model's directory.

## What it looks for

Values of `weight_map` in `*.index.json` files that are absolute, climb with `..`, or name another drive.

## Why it matters

A loader joins the value to the model's directory and opens the result: a pickle from anywhere on the machine
is loaded as weights, or a file is read that the model has no business with.

## Example

    {"weight_map": {"embed.weight": "../../../home/user/.cache/other/pytorch_model.bin"}}

## Fix

Do not load it: index files of real models name files beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="supply_chain/weights-outside",
    title="Index file names weights outside the model's directory",
    severity=Severity.HIGH,
    fix="Do not load it: index files of real models name files beside them.",
    techniques=("AML.T0010.003",),
    cwe=(22, 73),
)


@check(RULE, formats=("huggingface",))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.huggingface.configuration import HuggingFaceFacts

    facts = context.facts(HuggingFaceFacts)
    for tensor, file in facts.outside if facts else ():
        yield context.finding(
            "The weights of a tensor are taken from outside the model's directory.",
            evidence=f"{tensor}: {file}",
            key=file,
        )
