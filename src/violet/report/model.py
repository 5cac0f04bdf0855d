"""What every reader-facing format shows, in the order it shows it: findings by file, gaps by reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from violet.domain import Failed, Finding, Location, Report, Severity, Skipped

ATLAS_TECHNIQUE = re.compile(r"AML\.T[0-9]{4}(\.[0-9]{3})?")

WORST_FIRST: tuple[Severity, ...] = tuple(sorted(Severity, reverse=True))


class RuleGroup:
    """The findings of one rule and severity in one file; ``findings`` is never empty."""

    __slots__ = ("findings", "rule", "severity")

    def __init__(self, rule: str, severity: Severity, findings: tuple[Finding, ...]) -> None:
        self.rule = rule
        self.severity = severity
        self.findings = findings


class FileGroup:
    """Files in which the same was found, and what: ``groups`` is that of the first of ``paths``."""

    __slots__ = ("groups", "paths")

    def __init__(self, paths: tuple[str, ...], groups: tuple[RuleGroup, ...]) -> None:
        self.paths = paths
        self.groups = groups

    @property
    def worst(self) -> Severity:
        return self.groups[0].severity

    @property
    def count(self) -> int:
        """The number of findings in one of the files."""
        return sum(len(group.findings) for group in self.groups)


class Gap:
    """What was not looked at or could not be read for one reason."""

    __slots__ = ("paths", "reason")

    def __init__(self, reason: str, paths: tuple[str, ...]) -> None:
        self.reason = reason
        self.paths = paths


class Summary:
    """The counts of a report. ``files`` leaves archive members out, ``assets`` counts them."""

    __slots__ = ("accepted", "assets", "by_severity", "failed", "files", "findings", "skipped")

    def __init__(
        self,
        by_severity: Mapping[Severity, int],
        findings: int,
        files: int,
        assets: int,
        skipped: int,
        failed: int,
        accepted: int,
    ) -> None:
        self.by_severity = by_severity
        self.findings = findings
        self.files = files
        self.assets = assets
        self.skipped = skipped
        self.failed = failed
        self.accepted = accepted

    def severities(self) -> str:
        """``2 critical, 1 low``, or ``no findings``."""
        parts = [f"{count:,} {severity}" for severity, count in self.by_severity.items() if count]
        return ", ".join(parts) or "no findings"

    def examined(self) -> str:
        """``5 files examined, 2 skipped, 0 failed, 1 accepted``."""
        files = f"{self.files:,} file{'' if self.files == 1 else 's'} examined"
        return f"{files}, {self.skipped:,} skipped, {self.failed:,} failed, {self.accepted:,} accepted"


def summary(report: Report) -> Summary:
    counts = dict.fromkeys(WORST_FIRST, 0)
    for finding in report.findings:
        counts[finding.severity] += 1
    known = asset_paths(report)
    return Summary(
        counts,
        len(report.findings),
        len({split_member(path, known)[0] for path in known}),
        len(report.assets),
        len(report.skipped),
        len(report.failed),
        len(report.accepted),
    )


def by_file(findings: Iterable[Finding], *, merge: bool = True) -> tuple[FileGroup, ...]:
    """Findings grouped by file, then by rule; the worst first, then by name.

    With ``merge``, files in which exactly the same was found (as copies of a model have it) make one
    group, so that five hundred equal findings read as one.
    """
    files: dict[str, list[Finding]] = {}
    for finding in findings:
        files.setdefault(finding.location.path, []).append(finding)
    merged: dict[object, list[str]] = {}
    contents: dict[object, tuple[RuleGroup, ...]] = {}
    for path in sorted(files, key=sortable):
        groups = _by_rule(files[path])
        signature: object = tuple(_signature(f) for group in groups for f in group.findings) if merge else path
        merged.setdefault(signature, []).append(path)
        contents.setdefault(signature, groups)
    made = (FileGroup(tuple(paths), contents[signature]) for signature, paths in merged.items())
    return tuple(sorted(made, key=lambda group: (-group.worst, sortable(group.paths[0]))))


def gaps(outcomes: Iterable[Skipped | Failed]) -> tuple[Gap, ...]:
    """Skipped or failed outcomes grouped by reason; the commonest first, then by reason."""
    found: dict[str, list[str]] = {}
    for outcome in outcomes:
        found.setdefault(gap_reason(outcome), []).append(outcome.location.path)
    made = (Gap(reason, tuple(sorted(paths, key=sortable))) for reason, paths in found.items())
    return tuple(sorted(made, key=lambda gap: (-len(gap.paths), gap.reason)))


def gap_reason(outcome: Skipped | Failed) -> str:
    """Why it was not looked at, with the format or check that was not examined."""
    if isinstance(outcome, Failed):
        return outcome.error
    if outcome.what and outcome.what not in outcome.reason:
        return f"{outcome.reason} ({outcome.what})" if outcome.reason else outcome.what
    return outcome.reason


def place(location: Location) -> str:
    """Where in the file: ``line 3``, ``byte 120`` or nothing."""
    if location.line is not None:
        return f"line {location.line}"
    return "" if location.offset is None else f"byte {location.offset}"


def asset_paths(report: Report) -> frozenset[str]:
    return frozenset(asset.path for asset in report.assets)


def split_member(path: str, known: frozenset[str]) -> tuple[str, str]:
    """The file on disk and the archive member in it (empty where the path is that of a file).

    ``known`` are the paths of assets: a ``!`` that is part of a file's own name is told from one that
    announces a member by the asset that stands before it. Where no asset does, the first one counts.
    """
    if "!" not in path:
        return path, ""
    at = path.find("!")
    first = at
    while at >= 0:
        if path[:at] in known:
            return path[:at], path[at + 1 :]
        at = path.find("!", at + 1)
    return (path, "") if path in known or first == 0 else (path[:first], path[first + 1 :])


def technique_url(technique: str) -> str:
    """The page of a MITRE ATLAS technique, or nothing where this is no technique id."""
    if ATLAS_TECHNIQUE.fullmatch(technique):
        return f"https://atlas.mitre.org/techniques/{technique}"
    return ""


def cwe_url(number: int) -> str:
    return f"https://cwe.mitre.org/data/definitions/{number}.html"


def sortable(text: str) -> bytes:
    """Bytes that sort the same everywhere, unpaired surrogates included."""
    return text.encode("utf-8", "surrogatepass")


def _by_rule(findings: Iterable[Finding]) -> tuple[RuleGroup, ...]:
    groups: dict[tuple[int, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((-finding.severity, finding.rule), []).append(finding)
    ordered = sorted(groups, key=lambda key: (key[0], sortable(key[1])))
    return tuple(RuleGroup(key[1], Severity(-key[0]), tuple(sorted(groups[key], key=_within_file))) for key in ordered)


def _within_file(finding: Finding) -> tuple[int, int, bytes, bytes]:
    where = finding.location
    line = -1 if where.line is None else where.line
    offset = -1 if where.offset is None else where.offset
    return line, offset, sortable(finding.message), sortable(finding.evidence)


def _signature(finding: Finding) -> tuple[object, ...]:
    where = finding.location
    return (
        finding.rule,
        finding.severity,
        finding.message,
        finding.evidence,
        finding.fix,
        finding.techniques,
        where.offset,
        where.line,
    )
