"""Pickles that change classes, functions or modules, or plant methods in objects.

## What it looks for
BUILD, SETITEM and APPEND on an imported class, function or module; object state that holds `__setstate__`,
`append`, `extend` or `add` as a callable, which the unpickler then calls itself.

## Why it matters
State given to a class patches it for the whole process: the harm is done by whoever uses the library next.
A planted `__setstate__` turns the next BUILD into a call of any function.

## Example
GLOBAL `sklearn.base BaseEstimator`, then BUILD with `(None, {'predict': ...})`.

## Fix
Do not load the file; keep it as evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._pickle_judgement import oddities, remarkable
from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="artifact/pickle-tampering",
    title="Pickle patches code or plants methods",
    severity=Severity.CRITICAL,
    fix="Do not load this file: it changes code of the process that loads it.",
    techniques=("AML.T0011.000", "AML.T0018.002"),
    cwe=(502, 915),
)


@check(RULE, formats=("pickle",), when=remarkable)
def judge(context: Context) -> Iterator[Outcome]:
    for oddity in oddities(context, "patched"):
        yield context.finding(
            "Loading this pickle changes an imported class, function or module.",
            evidence=oddity.evidence,
            key=oddity.key,
            offset=oddity.offset,
        )
    for oddity in oddities(context, "planted-method"):
        yield context.finding(
            "Loading this pickle plants a method in an object, which the unpickler then calls.",
            evidence=oddity.evidence,
            key=oddity.key,
            offset=oddity.offset,
        )
