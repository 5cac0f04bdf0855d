"""Tar archives unpacked wherever their members say.

## What it looks for

`tarfile`'s `extractall` and `extract` without `filter=`, unless `members=` is given or the project asks for Python
3.14 or newer, where the safe filter is the default; and `filter="fully_trusted"`.

## Why it matters

A member called `../../.bashrc`, or a link that leads out and a file through it, lands where its author wants it.
Data sets and checkpoints are often tar archives.

## Example

    tarfile.open("dataset.tar.gz").extractall("data")

## Fix

Pass `filter="data"` (Python 3.12, and the security releases of 3.8 to 3.11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.supply_chain._loading import FORMATS, calls, told
from violet.domain import Outcome, Rule, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="supply_chain/unfiltered-extraction",
    title="Tar archive is unpacked without a filter",
    severity=Severity.MEDIUM,
    fix='Pass filter="data".',
    stage=Stage.DATA,
    techniques=("AML.T0010.002", "AML.T0011.000"),
    cwe=(22,),
    references=("https://peps.python.org/pep-0706/",),
)


@check(RULE, formats=FORMATS)
def judge(context: Context) -> Iterable[Outcome]:
    for one in calls(context, "archive-extract"):
        pin = one.pin("python")
        if one.call.detail == "trusted":
            message = "The archive is unpacked as if it could be trusted fully."
            yield told(context, one, message, Severity.MEDIUM)
        elif pin is None or not pin.at_least(3, 14):
            message = "The archive's members land wherever their names and links lead."
            yield told(context, one, message, Severity.MEDIUM)
