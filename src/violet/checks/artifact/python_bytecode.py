"""Compiled Python that stands alone, or that its source does not match.

## What it looks for

`.pyc` files without the source they were compiled from, whose header names another length than the source
beside them has, or that tell Python never to compare the two.

## Why it matters

Python runs bytecode without asking for source. Bytecode alone cannot be read by a reviewer; bytecode that
differs from the source beside it shows the reviewer one program and runs another.

## Example

    model/helper.pyc        # and no helper.py

## Fix

Delete the bytecode: Python makes it again from the source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity
from violet.formats.python_bytecode import BytecodeFacts

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="artifact/python-bytecode",
    title="Compiled Python without matching source",
    severity=Severity.MEDIUM,
    fix="Delete the bytecode: Python makes it again from the source.",
    techniques=("AML.T0010.001", "AML.T0074"),
    cwe=(506,),
)


@check(RULE, formats=("python-bytecode",))
def judge(context: Context) -> Iterable[Outcome]:
    facts = context.facts(BytecodeFacts)
    if facts is None:
        return
    if not facts.source:
        yield context.finding("The bytecode stands without its source, so nobody can read what it does.", key="alone")
    elif facts.stale:
        yield context.finding(
            f"The bytecode was not compiled from {facts.source} as it is here.", evidence=facts.source, key="stale"
        )
    elif facts.unchecked:
        yield context.finding(
            f"The bytecode tells Python not to compare it with {facts.source}.", evidence=facts.source, key="unchecked"
        )
