"""Packages and versions that are known to be attacks.

## What it looks for

Names of packages that were published to attack (`torchtriton`, `deepseeek` and others aimed at users of machine
learning), and versions of honest packages that attackers released (`ultralytics` 8.3.41, `litellm` 1.82.7,
`lightning` 2.6.2 and their neighbours), in dependency files, lock files and `pip install` commands. The list is
short and comes with Violet; `violet intel` imports the full one.

## Why it matters

These ran: keys, tokens and models were taken from those who installed them. The index has removed them, mirrors and
caches may not have.

## Example

    numpy==2.3.1
    ultralytics==8.3.41

## Fix

Take the name or version out, and treat every machine on which it was installed as compromised: rotate its secrets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.supply_chain._packages import LISTS, SCRIPTS, dependencies
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="supply_chain/malicious-package",
    title="Package is known to be an attack",
    severity=Severity.CRITICAL,
    fix="Take it out, and rotate the secrets of every machine on which it was installed.",
    techniques=("AML.T0010.001", "AML.T0011.001"),
    cwe=(506,),
    references=("https://pytorch.org/blog/compromised-nightly-dependency/",),
)


@check(RULE, formats=LISTS + SCRIPTS)
def judge(context: Context) -> Iterable[Outcome]:
    from violet.checks.supply_chain._package_names import COMPROMISED, MALICIOUS
    from violet.formats.project.facts import canonical

    for dependency, line in dependencies(context):
        if dependency.kind != "package" or dependency.ecosystem != "PyPI":
            continue
        name = canonical(dependency.name)
        if name in MALICIOUS:
            yield context.finding(
                f"The package {name} was an attack: {MALICIOUS[name]}.",
                evidence=dependency.text[:200],
                key=name,
                line=line,
            )
        versions, what = COMPROMISED.get(name, (frozenset[str](), ""))
        if dependency.version in versions:
            yield context.finding(
                f"This version of {name} was {what}.",
                evidence=dependency.text[:200],
                key=f"{name}=={dependency.version}",
                line=line,
                fix=f"Move {name} to another version, and rotate the secrets of machines that installed this one.",
            )
