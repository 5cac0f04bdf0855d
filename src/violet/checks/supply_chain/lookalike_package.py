"""Packages whose names are made to be taken for others.

## What it looks for

Names of packages, in dependency files, lock files and `pip install` commands, that differ from that of a well-known
machine-learning package by one slip of the fingers (a letter missing, doubled, swapped or of the key beside it), by
separators, by the order of words, or by letters that look the same. Names of modules that are not the package's
name (`pip install sklearn`, `pytorch`) are low. Packages bound to an address or path are not judged.

## Why it matters

Such names are registered by the hundred, and installing a package runs its code. Whoever mistypes once, or takes a
name from a language model, has run it.

## Example

    numpy==2.3.1
    tensorfow==2.19.0

## Fix

Write the name of the package that is meant; if this one is meant, waive the finding with a reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.supply_chain._packages import LISTS, SCRIPTS, dependencies, listed
from violet.domain import Confidence, Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="supply_chain/lookalike-package",
    title="Package is named to be taken for another",
    severity=Severity.MEDIUM,
    fix="Write the name of the package that is meant, or waive the finding if it is this one.",
    techniques=("AML.T0010.001", "AML.T0011.001", "AML.T0074"),
    cwe=(1357, 829),
)


@check(RULE, formats=LISTS + SCRIPTS)
def judge(context: Context) -> Iterable[Outcome]:
    from violet.checks.supply_chain._package_names import CONFUSED, MALICIOUS
    from violet.checks.supply_chain._similarity import imitated
    from violet.formats.project.facts import canonical

    facts = listed(context)
    own = canonical(facts.own) if facts is not None else ""
    told: set[str] = set()
    for dependency, line in dependencies(context):
        name = canonical(dependency.name)
        if dependency.kind != "package" or dependency.ecosystem != "PyPI" or name in told or name == own:
            continue
        told.add(name)
        if name in MALICIOUS:
            continue  # the check of known attacks tells it
        meant = CONFUSED.get(name, "")
        if meant:
            yield context.finding(
                f"The package {name} is not {meant}, which is probably meant.",
                evidence=dependency.text[:200],
                key=name,
                line=line,
                severity=Severity.LOW,
                confidence=Confidence.MEDIUM,
                fix=f"Ask for {meant}.",
            )
            continue
        target, how = imitated(name)
        if target:
            yield context.finding(
                f"The name {name} looks like {target}: it {how}.",
                evidence=dependency.text[:200],
                key=name,
                line=line,
                confidence=Confidence.MEDIUM,
                fix=f"If {target} is meant, write that; if not, waive this finding with the reason.",
            )
