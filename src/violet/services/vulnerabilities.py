"""Match components against the imported advisories, weigh VEX statements, and say what it means."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from violet import __version__
from violet.domain import Asset, Confidence, Decision, Finding, Location, Report, Severity, Skipped, Verdict
from violet.domain.vulnerability import (
    STALE_AFTER_DAYS,
    DatabaseState,
    Exposure,
    Match,
    VexStatement,
    VulnerabilityReport,
)
from violet.intel.matching import assess_component
from violet.intel.osv import open_database
from violet.intel.vex.products import Statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from violet.domain.component import Component
    from violet.intel.osv.database import Database
    from violet.policy import Policy
    from violet.services.configuration import Configuration

    Progress = Callable[[int, int, str], None]

RULE = "supply_chain/vulnerable-dependency"
TECHNIQUES = ("AML.T0010.001",)
UNRATED = Severity.HIGH
"""What a problem that nobody rated counts as: not knowing is no reason to let it pass."""


def database_directory(configuration: Configuration) -> str | None:
    """Where advisories are kept by the configuration; ``None``: in the user's own place."""
    setting = configuration.settings["intel.directory"]
    if not setting.value:
        return None
    from_environment = setting.origin.startswith("VIOLET_")
    return str(setting.value) if from_environment else configuration.path(setting.value)


def match(
    components: Iterable[Component],
    *,
    database: Database | str | None,
    vex: Iterable[VexStatement] = (),
    now: datetime.datetime,
    subject: Component | None = None,
    withdrawn: bool = False,
    skipped: Iterable[Skipped] = (),
    progress: Progress | None = None,
) -> VulnerabilityReport:
    """What is known of some components.

    ``database`` is an open one, a path or directory, or ``None`` for the user's own. ``subject`` is what the
    components are in; statements about it hold for them. ``withdrawn`` lists what withdrawn advisories say, too;
    ``skipped`` is what could not be read of the target and goes into the report. Raises ``MissingDatabaseError``
    and ``DatabaseError``.
    """
    if database is None or isinstance(database, str):
        with open_database(database) as opened:
            return match(
                components, database=opened, vex=vex, now=now, subject=subject, withdrawn=withdrawn, skipped=skipped,
                progress=progress,
            )  # fmt: skip
    listed = list(components)
    statements = Statements(vex, now, subject)
    found: list[Match] = []
    gone: list[Match] = []
    gaps = list(skipped)
    ignored = 0
    for done, component in enumerate(listed, 1):
        assessment = assess_component(component, database, withdrawn=withdrawn)
        ignored += assessment.ignored
        found.extend(statements.apply(problem) for problem in assessment.matches)
        gone.extend(assessment.withdrawn)
        if assessment.unknown:
            name = f"{component.name} {component.version or component.specifier}".strip()
            gaps.append(Skipped(_place(component), f"{name}: {'; '.join(assessment.unknown)}", "vulnerabilities"))
        if progress is not None and done % 200 == 0:
            progress(done, len(listed), component.name)
    found.sort(key=_worst_first)
    state = database.state()
    warnings = list(state_warnings(state, now))
    if statements.early:
        warnings.append(f"{statements.early} VEX statements are dated in the future, and do not count yet.")
    return VulnerabilityReport(
        generated=now,
        database=state,
        components=len(listed),
        ignored=ignored,
        matches=tuple(problem for problem in found if not problem.suppressed),
        suppressed=tuple(problem for problem in found if problem.suppressed),
        withdrawn=tuple(gone),
        skipped=tuple(gaps),
        warnings=tuple(warnings),
    )


def age_days(state: DatabaseState, now: datetime.datetime) -> float | None:
    """Days since advisories were last imported; ``None`` where none ever were."""
    return _days(state.imported, now)


def state_warnings(state: DatabaseState, now: datetime.datetime) -> Iterable[str]:
    """What makes a database less than it seems."""
    age, newest = _days(state.imported, now), _days(state.newest, now)
    if not state.advisories:
        yield "The database holds no advisories: nothing can be told by it."
    elif age is not None and age > STALE_AFTER_DAYS:
        yield f"The advisories were imported {age:.0f} days ago. Import newer ones: violet intel update FILE"
    elif newest is not None and newest > 4 * STALE_AFTER_DAYS:
        yield f"The newest advisory is {newest:.0f} days old: what was imported was no current export."
    if age is not None and age < -1:
        yield "The advisories were imported in the future: the clock of this machine is or was wrong."


def as_findings(report: VulnerabilityReport, *, accepted: bool = False) -> tuple[Finding, ...]:
    """Findings of the rule ``supply_chain/vulnerable-dependency``; with ``accepted`` those that VEX suppresses.

    What hits a version is a finding each. Where a specifier merely allows affected versions, one finding of low
    confidence names them all.
    """
    matches = report.suppressed if accepted else report.matches
    found = [_finding(problem) for problem in matches if problem.exposure is Exposure.AFFECTED]
    possible: dict[Component, list[Match]] = {}
    for problem in matches:
        if problem.exposure is Exposure.POSSIBLE:
            possible.setdefault(problem.component, []).append(problem)
    return (*found, *(_possible_finding(component, problems) for component, problems in possible.items()))


def as_report(report: VulnerabilityReport, components: Iterable[Component] = ()) -> Report:
    """The report in the form that all renderers and waivers know."""
    return Report(
        command="intel match",
        version=__version__,
        assets=tuple(Asset(_place(part).path, part.ecosystem or "package", 0) for part in components),
        findings=as_findings(report),
        skipped=report.skipped,
        accepted=as_findings(report, accepted=True),
    )


def decide(report: VulnerabilityReport, findings: Iterable[Finding], policy: Policy) -> Decision:
    """The verdict on the findings that are left; what could not be told is never allowed."""
    reasons = []
    over = [f for f in findings if policy.fail_on is not None and f.severity >= policy.fail_on]
    if over:
        reasons.append(f"{_counted(len(over), 'finding')} of severity {policy.fail_on} or above.")
    if report.skipped:
        reasons.append(f"Of {_counted(len(report.skipped), 'component')} it cannot be told.")
    nothing = report.components == report.ignored
    if nothing:
        reasons.append("There was no package to look up.")
    if over:
        return Decision(Verdict.DENY, tuple(reasons), 1)
    if report.skipped or nothing:
        return Decision(Verdict.WARN, tuple(reasons), 3)
    return Decision(Verdict.WARN if report.matches else Verdict.ALLOW, tuple(reasons), 0)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def severity_of(problem: Match) -> Severity:
    """What a problem counts as."""
    return UNRATED if problem.severity is None else problem.severity


def for_policy(report: VulnerabilityReport) -> dict[str, Any]:
    """The report as plain values, for expressions of a policy.

    ``counts`` by severity (``critical`` to ``info``; the unrated count as high and are in ``unrated`` as well),
    ``possible`` (allowed by a specifier, counted nowhere else), ``suppressed``, ``known_exploited``, ``malicious``,
    ``fixable``, ``unknown`` (components of which nothing could be told), ``components``, and of the ``database``
    its ``age_days``, ``stale`` and ``advisories``. ``ids`` are all names of the problems that count.
    """
    certain = [problem for problem in report.matches if problem.exposure is Exposure.AFFECTED]
    counts = {str(severity): 0 for severity in sorted(Severity, reverse=True)}
    for problem in certain:
        counts[str(severity_of(problem))] += 1
    age = age_days(report.database, report.generated)
    return {
        "counts": counts,
        "total": len(certain),
        "unrated": sum(1 for problem in certain if problem.severity is None),
        "possible": len(report.matches) - len(certain),
        "suppressed": len(report.suppressed),
        "known_exploited": sum(1 for problem in certain if problem.known_exploited),
        "malicious": sum(1 for problem in certain if problem.malicious),
        "fixable": sum(1 for problem in certain if problem.fixed),
        "unknown": len(report.skipped),
        "components": report.components - report.ignored,
        "ids": sorted({name for problem in certain for name in problem.names}),
        "database": {
            "age_days": age if age is not None else -1.0,
            "stale": age is None or age > STALE_AFTER_DAYS,
            "advisories": report.database.advisories,
        },
    }


def _finding(problem: Match) -> Finding:
    component = problem.component
    where = _place(component)
    version = component.version or component.specifier
    what = f"{component.name} {version} is affected by {problem.id}".replace("  ", " ")
    if problem.malicious:
        what = f"{component.name} {version} is a malicious package ({problem.id})"
    details = [f": {problem.summary.rstrip('.')}" if problem.summary else "", "."]
    if problem.known_exploited:
        details.append(" It is known to be exploited.")
    evidence = "; ".join(
        filter(
            None,
            (
                ", ".join(name for name in problem.names if name != problem.id),
                f"affected: {problem.affected}" if problem.affected else "",
                f"CVSS {problem.score}" if problem.score is not None else "not rated" * (problem.severity is None),
                f"VEX: {problem.vex.status} ({problem.vex.reason})" if problem.vex else "",
            ),
        )
    )
    return Finding(
        rule=RULE,
        severity=severity_of(problem),
        confidence=Confidence.MEDIUM if problem.note else Confidence.HIGH,
        message=what + "".join(details),
        location=where,
        evidence=evidence,
        fix=fix_for(problem),
        techniques=TECHNIQUES,
        key=f"{component.ecosystem or component.purl.partition('@')[0]}:{component.name}:{problem.advisories[0]}",
        logical_path=where.path,
    )


def fix_for(problem: Match) -> str:
    """What to do about it, in one sentence."""
    name = problem.component.name
    if problem.malicious:
        return f"Remove {name}, and treat every machine that installed it as compromised."
    if problem.fixed:
        verb = "Update" if problem.exposure is Exposure.AFFECTED else "Ask for"
        middle = " to " if problem.exposure is Exposure.AFFECTED else ">="
        return f"{verb} {name}{middle}{problem.fixed[0]}{' or later' if middle == ' to ' else ''}."
    return f"No fixed version of {name} is known: replace it, or state in a VEX document why it does not matter."


def _possible_finding(component: Component, problems: list[Match]) -> Finding:
    where = _place(component)
    worst = max(severity_of(problem) for problem in problems)
    newest_is_safe = all("newest version" in problem.note for problem in problems)
    ids = [problem.id for problem in problems]
    shown = ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
    asked = component.specifier if component.specifier != "*" else "no version in particular"
    return Finding(
        rule=RULE,
        severity=min(worst, Severity.MEDIUM) if newest_is_safe else worst,
        confidence=Confidence.LOW,
        message=f"{component.name} ({asked}) may be installed in versions with known vulnerabilities: {shown}.",
        location=where,
        evidence=f"the worst is {worst}",
        fix=_bound(component, problems),
        techniques=TECHNIQUES,
        key=f"{component.ecosystem}:{component.name}:allowed",
        logical_path=where.path,
    )


def _bound(component: Component, problems: list[Match]) -> str:
    """The lower bound that leaves out everything affected, if there is one."""
    from violet.intel.packages import package_of
    from violet.intel.versions import InvalidVersionError, scheme_for

    package = package_of(component)
    scheme = scheme_for(package.ecosystem) if package else None
    if scheme is not None and all(problem.fixed for problem in problems):
        try:
            return f"Ask for {component.name}>={max((p.fixed[0] for p in problems), key=scheme.key)}."
        except InvalidVersionError:
            pass
    return f"Pin {component.name} to a version that is not affected."


def _place(component: Component) -> Location:
    """Where a component is named: ``requirements.txt:3`` or a file, or else the component itself."""
    origin = component.origin
    path, colon, line = origin.rpartition(":")
    if colon and line.isdigit() and path:
        return Location(path, line=int(line))
    return Location(origin or component.purl or component.name)


def _worst_first(problem: Match) -> tuple[object, ...]:
    return (
        problem.exposure is not Exposure.AFFECTED,
        not problem.malicious,
        not problem.known_exploited,
        -severity_of(problem),
        -(problem.score or 0),
        problem.component.name,
        problem.id,
    )


def _days(text: str, now: datetime.datetime) -> float | None:
    if not text:
        return None
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")[:19] + "+00:00")
    return (now - moment).total_seconds() / 86400
