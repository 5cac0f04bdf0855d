"""Compiled Python that stands alone, that its source does not match, or that acts as soon as it is imported.

## What it looks for

`.pyc` files without the source they were compiled from, whose header names another length than the source
beside them has, whose code uses names that stand nowhere in that source, or that tell Python never to compare
the two. The bytecode is read, and never run: where no source can be trusted to say what it does, modules that run
commands, evaluate text or unmarshal code while they are imported are named.

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
    if facts.foreign:
        yield context.finding(
            f"The bytecode was not compiled from {facts.source}: it uses names that do not stand there.",
            evidence=", ".join(facts.foreign[:8]),
            key="foreign",
            severity=Severity.HIGH,
        )
    elif facts.stale:
        yield context.finding(
            f"The bytecode was not compiled from {facts.source} as it is here.", evidence=facts.source, key="stale"
        )
    elif facts.unchecked:
        yield context.finding(
            f"The bytecode tells Python not to compare it with {facts.source}.", evidence=facts.source, key="unchecked"
        )
    if facts.code is None:
        if not facts.source:
            yield context.finding("The bytecode stands without its source, and cannot be read.", key="alone")
        return
    if facts.source and not (facts.foreign or facts.stale or facts.unchecked):
        return
    from violet.checks.artifact._code_names import acts_on_import

    acts, hostile = acts_on_import(facts.code)
    if acts:
        yield context.finding(
            f"The bytecode acts as soon as it is imported: it uses {', '.join(acts[:6])}.",
            evidence=", ".join(acts[:12]),
            key=f"acts:{','.join(acts[:6])}",
            severity=Severity.HIGH if hostile else Severity.MEDIUM,
        )
    elif not facts.source:
        names = ", ".join(dict.fromkeys(name for name in facts.code.names if name))
        yield context.finding(
            "The bytecode stands without its source, so nobody reviews what it does.", evidence=names[:160], key="alone"
        )
