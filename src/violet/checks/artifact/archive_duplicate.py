"""Two members of one archive with the same name and different content.

## What it looks for

Member names that appear twice, also when written in two ways that lead to one path (`data.pkl`,
`./data.pkl`). Different content is of high severity; equal content, and names that differ only in case, are
only worth knowing.

## Why it matters

Some readers take the first of two members, others the last. A scanner that reads the harmless one says
nothing about the one that is loaded.

## Example

A `.npz` file with two members `weights.npy`: a plain array, and an array of pickled objects.

## Fix

Do not load the file: no writer of model files produces such archives. Ask its maker for a clean one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._archive import ARCHIVES, judge
from violet.checks.base import check
from violet.domain import Confidence, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.checks.base import Context
    from violet.domain import Finding

RULE = Rule(
    id="artifact/archive-duplicate",
    title="Archive members that share a name",
    severity=Severity.HIGH,
    fix="Do not load this file; use one in which each name appears once.",
    techniques=("AML.T0107", "AML.T0074"),
    cwe=(694,),
    references=("https://cwe.mitre.org/data/definitions/694.html",),
)

KINDS = {"duplicate": Severity.HIGH, "duplicate-equal": Severity.LOW, "duplicate-case": Severity.LOW}


@check(RULE, formats=ARCHIVES)
def judge_duplicates(context: Context) -> Iterator[Finding]:
    return judge(context, KINDS, Confidence.HIGH)
