"""Reports of scans: those that somebody signed, or one made here and now.

Of each signer the newest report counts, so that everybody may correct themself. Of several signers all count, and
what one of them found stands whatever the others say: nobody can overrule a finding by scanning again with less.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from violet.domain import Finding, Report, VioletError
from violet.domain.gate import EvidenceItem
from violet.services.gate.context import (
    LEFT_OUT,
    age,
    failed_entry,
    finding_entry,
    measurement_entry,
    skipped_entry,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from violet.domain.provenance import Attestation, Evidence
    from violet.services.gate.gather import Gathered, Request

SHALLOW, DEEP = "scan", "scan-deep"
"""``check`` of an attested scan."""


@dataclass(frozen=True, slots=True)
class Believed:
    """A signed report, read. Its accepted findings count as findings: whom its maker trusts is not our concern."""

    attestation: Attestation
    report: Report
    age: datetime.timedelta


def attested(request: Request, evidence: Evidence) -> tuple[list[Believed], tuple[str, ...]]:
    """The signed reports that the policy lets stand for a scan, and why others do not."""
    if not request.settings.trust_attested_scans:
        return [], ()
    wanted = (DEEP,) if request.settings.deep_scan else (SHALLOW, DEEP)
    return read_reports(
        request,
        evidence,
        about=lambda check: check in (SHALLOW, DEEP),
        unfit=lambda check: "" if check in wanted else "of a scan that did not read all content",
        what="a scan",
    )


def read_reports(
    request: Request,
    evidence: Evidence,
    about: Callable[[str], bool],
    unfit: Callable[[str], str] = lambda check: "",
    what: str = "a scan",
) -> tuple[list[Believed], tuple[str, ...]]:
    """The signed reports that answer a question ``about`` which somebody asked, as old as the policy allows; and why
    others do not stand for it."""
    from violet.provenance.statement import short_name
    from violet.services.attest import report_from

    oldest = datetime.timedelta(days=request.settings.max_scan_age_days)
    believed: list[Believed] = []
    problems: list[str] = []
    for attestation in evidence.attestations:
        if not about(attestation.check):
            continue
        kind = short_name(attestation.statement.predicate_type)
        if kind != "test-result":  # who may say something else may not say it under this name
            problems.append(f"{attestation.path} is of the type {kind}, and no report of {what}.")
        elif why := unfit(attestation.check):
            problems.append(f"{attestation.path} is {why}.")
        elif attestation.issued is None:
            problems.append(f"{attestation.path} does not say when it was made.")
        elif age(attestation.issued, request.now) > oldest:
            days = age(attestation.issued, request.now).days
            problems.append(f"{attestation.path} is {days} days old, and {oldest.days} are allowed.")
        else:
            try:
                report = report_from(attestation, request.stores)
            except VioletError as error:
                problems.append(error.what)
                continue
            believed.append(Believed(attestation, report, age(attestation.issued, request.now)))
    return believed, tuple(problems)


def combined(request: Request, believed: Sequence[Believed], problems: tuple[str, ...]) -> Gathered:
    """All that any of these reports says."""
    from violet.services.gate.gather import Gathered, attestation_item

    first = believed[0].report
    report = Report(
        command=first.command,
        version=first.version,
        assets=tuple({a.path: a for b in believed for a in b.report.assets}.values()),
        findings=_distinct(f for b in believed for f in (*b.report.findings, *b.report.accepted)),
        skipped=tuple(dict.fromkeys(s for b in believed for s in b.report.skipped)),
        failed=tuple(dict.fromkeys(f for b in believed for f in b.report.failed)),
        measurements=tuple(dict.fromkeys(m for b in believed for m in b.report.measurements)),
    )
    scan = {
        "origin": "attested",
        "age": max(b.age for b in believed),
        "deep": all(b.attestation.check == DEEP for b in believed),
        "signers": sorted({text(name) for b in believed for name in b.attestation.signers}),
    }
    items = tuple(replace(attestation_item(b.attestation), kind="scan") for b in believed)
    return Gathered(_variables(report, scan), items, report=report, problems=problems)


def live(request: Request) -> Gathered:
    """Scan the model here. No ignore file or baseline is obeyed: what the digest covers is examined."""
    from violet.services.gate.gather import Gathered
    from violet.services.options import ScanOptions
    from violet.services.scan import scan

    configuration = request.configuration
    deep = bool(request.settings.deep_scan or configuration.value("scan.deep"))
    report = scan(
        ScanOptions(
            paths=(request.path,),
            deep=deep,
            jobs=request.options.jobs or configuration.value("scan.jobs"),
            timeout=configuration.value("scan.timeout"),
            memory=configuration.value("scan.memory"),
            bounds=configuration.bounds,
            intel=configuration.path(configuration.value("intel.directory")),
        ),
        request.progress,
    )
    made = {"origin": "live", "age": datetime.timedelta(0), "deep": deep, "signers": []}
    item = EvidenceItem("scan", f"scanned here by violet {report.version}", request.path)
    return Gathered(_variables(report, made), (item,), report=report)


def _variables(report: Report, scan: dict[str, Any]) -> dict[str, Any]:
    complete = bool(report.assets) and not report.failed and all(s.what in LEFT_OUT for s in report.skipped)
    files = {asset.path.partition("!")[0] for asset in report.assets}
    formats = sorted({text(asset.format) for asset in report.assets})
    return {
        "scan": {**scan, "complete": complete, "files": len(files), "formats": formats},
        "findings": [finding_entry(finding) for finding in report.findings],
        "skipped": [skipped_entry(skipped) for skipped in report.skipped],
        "failed": [failed_entry(failed) for failed in report.failed],
        "measurements": [measurement_entry(measurement) for measurement in report.measurements],
    }


def _distinct(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One of several that say the same, the most severe; the paths of different machines say the same."""
    found: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        where = finding.location
        key = (finding.fingerprint, where.offset, where.line, finding.message)
        if key not in found or found[key].severity < finding.severity:
            found[key] = finding
    return tuple(found.values())
