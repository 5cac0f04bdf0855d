"""skops files that build objects of types outside the trusted libraries.

## What it looks for

Classes, functions and methods in the schema of a skops file that no allow-list of scikit-learn, NumPy, SciPy
and their kin names. These are what ``skops.io.get_untrusted_types`` would ask about.

## Why it matters

skops refuses such types until the user puts them on its list of trusted types. A list taken unread from the file
itself trusts whatever the file names.

## Example

    {"__class__": "Scorer", "__module__": "my_package.metrics", "__loader__": "ObjectNode"}

## Fix

Trust a type only after reading its source; never pass the result of ``get_untrusted_types`` on unread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._pickle_danger import danger
from violet.checks.base import Context, check
from violet.domain import Confidence, Rule, Severity
from violet.formats.skops.facts import SkopsFacts
from violet.formats.skops.trust import Level, judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.domain import Outcome

RULE = Rule(
    id="artifact/skops-untrusted-type",
    title="skops file builds objects of an unknown type",
    severity=Severity.MEDIUM,
    fix="Trust these types only after reading their source.",
    techniques=("AML.T0011.000",),
    cwe=(502,),
    references=("https://skops.readthedocs.io/en/stable/persistence.html",),
)


@check(RULE, formats=("skops-schema",))
def judge_types(context: Context) -> Iterator[Outcome]:
    facts = context.facts(SkopsFacts)
    seen: set[str] = set()
    for node in facts.nodes if facts else ():
        if judge(node) is not Level.UNKNOWN or node.full in seen or danger(node.module, node.name):
            continue
        seen.add(node.full)
        yield context.finding(
            f"Loading this model needs {node.full}, which is on no list of trusted types.",
            evidence=f"{node.loader} {node.full} at {node.where}",
            key=node.full,
            confidence=Confidence.MEDIUM,
        )
