"""Files whose examination had to be stopped.

## What it looks for
Files that ask for more than an examination may use (containers in containers without end, members without
number, expansion without bound, time, memory), that end the process which examines them, or that break a
reader.

## Why it matters
Exhausting or breaking the scanner is a way past it. What was not examined to its end is not known to be clean.

## Example
Twenty gzip files, each inside the next.

## Fix
Do not load the file. Raise the bound only for a file whose maker you trust.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.examine import STOPPED_RULE as RULE_ID
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id=RULE_ID,
    title="Examination had to be stopped",
    severity=Severity.HIGH,
    fix="Do not load this file; raise the bound only for a file whose maker you trust.",
    techniques=("AML.T0029",),
    cwe=(400,),
)


@check(RULE, formats=())
def judge(_: Context) -> Iterable[Outcome]:
    """Asked of nothing: the examination itself reports that it was stopped."""
    return ()
