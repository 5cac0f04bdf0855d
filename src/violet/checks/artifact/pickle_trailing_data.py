"""Data behind the last pickle of a file.

## What it looks for
Bytes behind STOP that are neither another pickle nor what the format puts there (raw storages of old torch
files, arrays of joblib, padding). What they are is examined and reported on its own.

## Why it matters
Loaders ignore what stands behind STOP, so it is a place to hide a second payload, for a loader that reads on
or for a script that seeks to it.

## Example
A zip archive or an executable appended to a pickled model.

## Fix
Find out who reads these bytes. A model does not need them: save it again without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._pickle_judgement import remarkable
from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="artifact/pickle-trailing-data",
    title="Data stands behind the last pickle",
    severity=Severity.MEDIUM,
    fix="Save the model again without the appended data, or find out what reads it.",
    techniques=("AML.T0018.002",),
    cwe=(506,),
)


@check(RULE, formats=("pickle",), when=remarkable)
def judge(context: Context) -> Iterator[Outcome]:
    for defect in context.node.parsed.defects:
        if defect.kind == "trailing-data":
            yield context.finding(
                f"{defect.message}, where loaders do not look.",
                key=defect.key,
                offset=defect.offset,
                confidence=Confidence.MEDIUM,
            )
