"""Dependencies with known vulnerabilities.

## What it looks for

Every package of a dependency or lock file, in the advisories that `violet intel update` has imported (OSV exports:
PyPI, npm and others). One finding for a package, with all its problems: critical for packages that are malware, high
where a problem is critical or known to be exploited, medium for high ones, low for the rest. A range that only allows a
vulnerable version among others is low, and not told where a lock file lies beside it. Without imported advisories
nothing is looked up, and the report says so.

## Why it matters

The libraries that load models are the way in for models that attack: `torch.load` with `weights_only=True` ran code
before torch 2.6 (CVE-2025-32434).

## Example

    numpy==2.3.1
    torch==2.5.1

## Fix

Move the pin to the fixed version that is named; `violet fix` does. If the problem does not matter here, say so in a
VEX statement, or waive the finding.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.supply_chain._packages import LISTS, listed
from violet.domain import Outcome, Rule, Severity
from violet.domain.errors import VioletError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from violet.domain.vulnerability import Match
    from violet.formats.project.facts import Dependency
    from violet.intel.osv.database import Database

RULE = Rule(
    id="supply_chain/vulnerable-dependency",
    title="Dependency has known vulnerabilities",
    severity=Severity.MEDIUM,
    fix="Move to the fixed version that is named.",
    techniques=("AML.T0010.001",),
    cwe=(1395, 937),
    references=("https://osv.dev",),
)
DIRECTORY = "VIOLET_INTEL_DIRECTORY"
"""The environment variable that names the directory of advisories; the configuration's, where it is set there."""
NO_ADVISORIES = "no advisories"
"""``Skipped.what`` where nothing was imported: by choice, so that it does not make a report incomplete."""
CAPPED = {
    Severity.CRITICAL: Severity.HIGH,
    Severity.HIGH: Severity.MEDIUM,
    Severity.MEDIUM: Severity.LOW,
    Severity.LOW: Severity.LOW,
    Severity.INFO: Severity.INFO,
}
"""A flaw in a library is a step below an attack that is there already."""


@check(RULE, formats=LISTS)
def judge(context: Context) -> Iterable[Outcome]:
    facts = listed(context)
    if facts is None:
        return
    asked = [d for d in facts.dependencies if d.kind == "package" and (d.version or d.specifier)]
    if not asked:
        return
    try:
        database = _database(os.environ.get(DIRECTORY, ""))
    except VioletError as error:
        if _is_missing(error):
            reason, what = "no advisories are imported (violet intel update)", NO_ADVISORIES
        else:
            reason, what = str(error).rstrip("."), "advisories"
        yield context.skipped(f"its packages were not looked up: {reason}", what)
        return
    told: set[tuple[str, str]] = set()
    for dependency in asked:
        if (dependency.name, dependency.version) in told:
            continue
        told.add((dependency.name, dependency.version))
        found = _look_up(dependency, database, possible=not facts.locked_beside)
        if found:
            yield _finding(context, dependency, found)


def _is_missing(error: VioletError) -> bool:
    from violet.intel.osv.database import MissingDatabaseError

    return isinstance(error, MissingDatabaseError)


@lru_cache(maxsize=2)
def _database(directory: str) -> Database:
    from violet.intel.osv import open_database

    return open_database(directory or None)


def _look_up(dependency: Dependency, database: Database, *, possible: bool) -> Sequence[Match]:
    from violet.domain.vulnerability import Exposure
    from violet.intel.matching import match_component

    found = [m for m in match_component(dependency.component(""), database) if not m.suppressed and not m.withdrawn]
    affected = [m for m in found if m.exposure is Exposure.AFFECTED]
    return affected or (found if possible else [])


def _finding(context: Context, dependency: Dependency, found: Sequence[Match]) -> Outcome:
    from violet.domain.vulnerability import Exposure

    worst = max(found, key=_severity)
    certain = worst.exposure is Exposure.AFFECTED
    severity = _severity(worst) if certain else min(_severity(worst), Severity.LOW)
    shown = (
        f"{dependency.name} {dependency.version}" if dependency.version else f"{dependency.name} {dependency.specifier}"
    )
    count = f"{len(found)} known vulnerabilities" if len(found) > 1 else "a known vulnerability"
    ids = ", ".join(match.id for match in found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
    what = f"{shown} has {count}" if certain else f"{shown} allows versions with {count}"
    about = f": {worst.summary.rstrip('.')[:160]}" if worst.summary else ""
    if worst.malicious:
        what, about = f"{shown} is malware", f": {worst.summary.rstrip('.')[:160]}" if worst.summary else ""
    fixed = _fixed(found, dependency.ecosystem)
    return context.finding(
        f"{what} ({worst.id}{about}).",
        evidence=f"{dependency.text[:120]}: {ids}",
        key=f"{dependency.name}:{dependency.version or dependency.specifier}",
        line=dependency.line,
        severity=severity,
        fix=f"Move {dependency.name} to {fixed} or newer." if fixed else "",
    )


def _severity(match: Match) -> Severity:
    if match.malicious:
        return Severity.CRITICAL
    if match.known_exploited:
        return Severity.HIGH
    return CAPPED[match.severity] if match.severity is not None else Severity.LOW


def _fixed(found: Sequence[Match], ecosystem: str) -> str:
    """The lowest version that fixes all of them, where each has one."""
    from violet.intel.versions import InvalidVersionError, scheme_for

    lowest = [match.fixed[0] for match in found if match.fixed]
    scheme = scheme_for("PyPI" if ecosystem == "conda" else ecosystem)
    if len(lowest) < len(found) or scheme is None:
        return ""
    try:
        return max(lowest, key=scheme.key)
    except InvalidVersionError:
        return lowest[-1]
