"""Pickles that break before their end.

## What it looks for
Streams in which the real unpickler stops with an error: an opcode that does not exist, an empty stack, a
missing memo entry, an unreadable literal, data that ends without STOP. What had run by then is told apart
from what had not.

## Why it matters
Unpickling runs as it reads. A stream that calls a function and then breaks has called it, while scanners
that first parse the whole file report an error, or nothing. Broken pickles on public hubs were made so on
purpose.

## Example
A reverse shell behind REDUCE, followed by an opcode that does not exist.

## Fix
If it called anything unknown before it broke, keep it as evidence. Otherwise fetch the file again and compare
its digest: it is damaged or cut short.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._pickle_judgement import remarkable, vouched
from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity
from violet.formats.pickle.facts import PickleFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="artifact/pickle-broken",
    title="Pickle breaks before its end",
    severity=Severity.MEDIUM,
    fix="Fetch the file again and compare its digest; if it called unknown functions first, keep it as evidence.",
    techniques=("AML.T0076",),
    cwe=(502,),
)


@check(RULE, formats=("pickle",), when=remarkable)
def judge(context: Context) -> Iterator[Outcome]:
    facts = context.facts(PickleFacts)
    for stream in facts.streams if facts else []:
        if not stream.broken:
            continue
        odd = any(oddity.key != "frame" for oddity in stream.oddities)
        acted = odd or bool(stream.computed_calls) or any(not vouched(found) for found in stream.globals)
        before = (
            " It had by then imported or called what no known library needs."
            if acted
            else " What it had run by then is known to be harmless."
        )
        yield context.finding(
            f"The pickle {stream.broken}: the unpickler stops at byte {stream.end:,}.{before}",
            evidence=f"bytes {stream.start:,} to {stream.end:,}: {stream.broken}",
            key=stream.broken,
            offset=stream.end,
            severity=Severity.HIGH if acted else Severity.MEDIUM,
        )
