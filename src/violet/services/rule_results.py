"""A report as a test result: which rules were asked, which passed, and on what that depends."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from violet import __version__
from violet.domain import Digest, Severity, Verdict
from violet.provenance.predicates.resource import Resource
from violet.provenance.predicates.test_result import TestResult
from violet.provenance.strict_json import canonical

if TYPE_CHECKING:
    from violet.domain import Decision, Report
    from violet.services.options import ScanOptions

COMPLETE = "scan/everything-examined"
"""Passes where nothing was skipped, failed or left out; warns otherwise."""

_RESULTS = {Verdict.ALLOW: "PASSED", Verdict.WARN: "WARNED", Verdict.DENY: "FAILED"}


def test_result(
    report: Report, decision: Decision, options: ScanOptions | None, fail_on: str, content: Resource
) -> TestResult:
    """The rules with findings at or above ``fail_on`` (a severity, or ``""``: high) failed, those with lesser ones
    warned; those that were asked of something in the report, and found nothing, passed."""
    from violet.services.catalogue import rules

    try:
        threshold = Severity.parse(fail_on or "high")
    except ValueError:  # the policy that lets every finding through
        threshold = None
    failed = {f.rule for f in report.findings if threshold is not None and f.severity >= threshold}
    warned = {f.rule for f in report.findings} - failed
    formats = {asset.format for asset in report.assets}
    asked = {
        name for name, entry in rules().items() if report.assets and (set(entry.formats) & formats or _of_all(entry))
    }
    passed = asked - failed - warned
    complete = bool(report.assets) and not report.skipped and not report.failed
    (passed if complete else warned).add(COMPLETE)
    return TestResult(
        result=_RESULTS[decision.verdict],
        configuration=_configuration(options, fail_on),
        passed=tuple(sorted(passed)),
        warned=tuple(sorted(warned)),
        failed=tuple(sorted(failed)),
        report=content,
    )


def _of_all(entry: Any) -> bool:
    return not entry.formats or "*" in entry.formats


def _configuration(options: ScanOptions | None, fail_on: str) -> tuple[Resource, ...]:
    from violet.services.catalogue import rules

    known = [[name, int(entry.rule.severity)] for name, entry in rules().items()]
    parts = [
        Resource("violet", uri=f"pkg:pypi/violet-mlsecops@{__version__}"),
        _described("rules", known, {"count": len(known)}),
    ]
    if options is not None:
        settings: dict[str, Any] = {
            "deep": options.deep,
            "timeout": options.timeout,
            "memory": options.memory,
            "bounds": dict(options.bounds),
            "baseline": bool(options.baseline),
            "ignore": [line for source in options.ignore for _, line in source.lines],
        }
        parts.append(_described("options", settings, settings))
    if fail_on:
        parts.append(_described("policy", {"fail_on": fail_on}, {"fail_on": fail_on}))
    return tuple(parts)


def _described(name: str, value: Any, annotations: dict[str, Any]) -> Resource:
    digest = Digest("sha256", hashlib.sha256(canonical(value)).hexdigest())
    return Resource(name, digests=(digest,), annotations=annotations)
