"""Pickles that compute the name of what they import.

## What it looks for
STACK_GLOBAL whose module or attribute is the result of a call instead of a string, and imports made through
`getattr`, `pkgutil.resolve_name` and their like with names that are not constants.

## Why it matters
No pickler writes such a stream: the name is computed so that a scanner does not see it.

## Example
`STACK_GLOBAL` with a module made by `str.join('', ['o', 's'])`.

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
    id="artifact/pickle-computed-import",
    title="Pickle computes the name of an import",
    severity=Severity.CRITICAL,
    fix="Do not load this file: no pickler hides the name of an import.",
    techniques=("AML.T0011.000", "AML.T0074"),
    cwe=(502,),
)


@check(RULE, formats=("pickle",), when=remarkable)
def judge(context: Context) -> Iterator[Outcome]:
    for oddity in oddities(context, "computed-import"):
        yield context.finding(
            "Loading this pickle imports a name that the stream computes, which hides it from inspection.",
            evidence=oddity.evidence,
            key=oddity.key,
            offset=oddity.offset,
        )
