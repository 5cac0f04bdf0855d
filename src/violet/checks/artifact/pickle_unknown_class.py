"""Pickles that hold objects of classes which no known library defines.

## What it looks for
Classes on no allow-list whose objects the stream creates, gives state to, or merely names.

## Why it matters
Creating the object imports its module, which runs that module's code, and giving it state runs its
`__setstate__`. Both are only as trustworthy as the package that would be imported.

## Example
A checkpoint that holds `mycompany.training.Config` beside its tensors.

## Fix
Load it only where that package is installed from a source you trust, or save plain tensors instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._pickle_danger import danger
from violet.checks.artifact._pickle_judgement import evidence_of, remarkable, untrusted
from violet.checks.artifact.pickle_unknown_call import suspicious
from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="artifact/pickle-unknown-class",
    title="Pickle holds objects of an unknown class",
    severity=Severity.MEDIUM,
    fix="Load it only where the named package is installed from a source you trust.",
    techniques=("AML.T0011.000",),
    cwe=(502,),
)


@check(RULE, formats=("pickle",), when=remarkable)
def judge(context: Context) -> Iterator[Outcome]:
    for _, found in untrusted(context):
        if danger(found.module, found.name) or suspicious(found):
            continue
        evidence, offset = evidence_of(found)
        yield context.finding(
            f"Loading this pickle imports {found.module} and uses its {found.name}, which Violet does not know.",
            evidence=evidence,
            key=found.dotted,
            offset=offset,
            confidence=Confidence.MEDIUM,
        )
