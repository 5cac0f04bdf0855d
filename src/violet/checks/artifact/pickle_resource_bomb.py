"""Pickles that ask for far more memory than their size.

## What it looks for
Lengths of constants beyond the end of the file or below zero, and memo indices in the hundreds of millions.

## Why it matters
The unpickler allocates what the stream announces: a few bytes can end the process that loads them.

## Example
LONG_BINPUT with index 4,294,967,295, or BINBYTES8 announcing 2**60 bytes.

## Fix
Do not load the file; fetch it again if you trust its maker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._pickle_judgement import oddities, remarkable
from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="artifact/pickle-resource-bomb",
    title="Pickle asks for more memory than it holds",
    severity=Severity.HIGH,
    fix="Do not load this file: it announces more data than it has.",
    techniques=("AML.T0029",),
    cwe=(400, 789),
)


@check(RULE, formats=("pickle",), when=remarkable)
def judge(context: Context) -> Iterator[Outcome]:
    for oddity in oddities(context, "oversized"):
        yield context.finding(
            f"This pickle {oddity.evidence}.",
            evidence=oddity.evidence,
            key=oddity.key,
            offset=oddity.offset,
        )
