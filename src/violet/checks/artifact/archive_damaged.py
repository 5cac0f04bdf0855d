"""Archives that are cut or damaged, so that part of what they hold cannot be known.

## What it looks for

Archives and compressed streams that end too early, whose directory points past their end, whose compressed
data cannot be decoded or whose headers are no headers. What can be read is examined all the same.

## Why it matters

Most damage is an interrupted download. But loaders that work from the beginning of a stream, as `pickle`
does, have already run what came before the damage; a file that scanners give up on is not thereby harmless.

## Example

`model.joblib.gz` cut in its middle: the pickle in its first half is executed, then an error is raised.

## Fix

Fetch the file again and compare its digest with the one that its maker states.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._archive import ARCHIVES, judge
from violet.checks.base import check
from violet.domain import Confidence, Rule, Severity, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.checks.base import Context
    from violet.domain import Outcome

RULE = Rule(
    id="artifact/archive-damaged",
    title="Damaged archive",
    severity=Severity.MEDIUM,
    fix="Fetch the file again and compare its digest with the one its maker states.",
    techniques=("AML.T0076",),
    cwe=(1286,),
)

KINDS = {"truncated": Severity.MEDIUM, "malformed": Severity.MEDIUM, "out-of-bounds": Severity.MEDIUM}


@check(RULE, formats=ARCHIVES)
def judge_damage(context: Context) -> Iterator[Outcome]:
    found = list(judge(context, KINDS, Confidence.HIGH))
    yield from found
    if found and not context.node.parsed.unexamined:
        yield Skipped(found[0].location, "damaged: what it would have held is not known", RULE.id)
