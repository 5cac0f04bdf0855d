"""Frames that lie about their extent.

## What it looks for
Frames (protocol 4 and 5) that end in the middle of an operand, begin inside another frame, go on behind STOP,
or extend beyond the end of a stream that loads all the same. Arrays of joblib whose shape or type is given in
a form that joblib does not write, so that nobody can tell where the opcodes go on.

## Why it matters
CPython's unpicklers disagree on such frames: one stops, one drops the first part of the operand and goes on
behind the frame, one takes the bytes as they stand. The same file is then three different programs, and a
scanner sees only one of them.

## Example
FRAME with length 9 in front of `c`, `collections`, `OrderedDict`: read from a file without look-ahead, the C
unpickler imports another name than the one that stands there.

## Fix
Do not load the file: no pickler writes such frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._pickle_judgement import oddities, remarkable
from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity
from violet.formats.pickle.facts import PickleFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="artifact/pickle-frame",
    title="Pickle frame lies about its extent",
    severity=Severity.HIGH,
    fix="Do not load this file: loaders disagree on what it is.",
    techniques=("AML.T0074", "AML.T0011.000"),
    cwe=(436, 502),
)


@check(RULE, formats=("pickle",), when=remarkable)
def judge(context: Context) -> Iterator[Outcome]:
    facts = context.facts(PickleFacts)
    ends_well = bool(facts and not any(stream.broken for stream in facts.streams))
    for oddity in oddities(context, "frame"):
        if oddity.key == "frame" and not ends_well:
            continue  # a pickle that was cut short: reported as broken
        yield context.finding(
            f"This pickle {oddity.evidence}: loaders and scanners may disagree on what follows.",
            evidence=oddity.evidence,
            key=oddity.key,
            offset=oddity.offset,
        )
