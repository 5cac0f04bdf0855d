"""Dependencies whose version is left open.

## What it looks for

Packages in requirements files and conda environments without an exact version, one finding for each file. Files that
are made into lock files (`.in`, constraints) and those with a lock file beside them are not reported, nor are
installers (`pip`, `setuptools`, `wheel`) and Python itself. In `pyproject.toml`, `setup.py` and `setup.cfg`, where
libraries rightly leave versions open, only names without any bound count, and only as information.

## Why it matters

What is installed tomorrow is decided tomorrow, by whoever can release a version: the model that was tested is not
the one that runs, and a hijacked release is taken within the hour.

## Example

    torch
    transformers>=4.40

## Fix

Install from a lock file (`uv lock`, `pip-compile --generate-hashes`, `conda-lock`), or write exact versions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.supply_chain._packages import listed, names
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.formats.project.facts import Dependency, DependencyFacts

RULE = Rule(
    id="supply_chain/unpinned-dependency",
    title="Dependency without an exact version",
    severity=Severity.LOW,
    fix="Install from a lock file, or write exact versions.",
    techniques=("AML.T0010.001", "AML.T0109"),
    cwe=(1357, 829),
)
INSTALLERS = frozenset(("pip", "setuptools", "wheel", "python", "pip-tools", "uv", "hatchling", "poetry", "conda"))
APPLICATIONS = frozenset(("requirements", "environment"))
LIBRARIES = frozenset(("pyproject", "setup.py", "setup.cfg", "pipfile"))


@check(RULE, formats=("requirements", "python-project", "setup-script"))
def judge(context: Context) -> Iterable[Outcome]:
    facts = listed(context)
    if facts is None or facts.locked_beside or context.node.name.lower().endswith(".in"):
        return
    application = facts.file in APPLICATIONS
    if not application and facts.file not in LIBRARIES:
        return
    open_ones = [d for d in facts.dependencies if _is_open(d, facts, application)]
    if not open_ones:
        return
    total = len([d for d in facts.dependencies if d.kind == "package"])
    bound = "an exact version" if application else "any bound on the version"
    yield context.finding(
        f"{len(open_ones)} of {total} packages are asked for without {bound}.",
        evidence=names([d.text if len(d.text) < 60 else d.name for d in open_ones]),
        key="unpinned",
        line=open_ones[0].line,
        severity=Severity.LOW if application else Severity.INFO,
    )


def _is_open(dependency: Dependency, facts: DependencyFacts, application: bool) -> bool:
    from violet.formats.project.facts import canonical

    name = canonical(dependency.name)
    if dependency.kind != "package" or dependency.group in ("build", "constraint") or name in INSTALLERS:
        return False
    if name == canonical(facts.own) or dependency.pinned:
        return False
    return True if application else not dependency.specifier
