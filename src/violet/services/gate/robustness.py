"""Tests of robustness that somebody signed: each threat is a question of its own, and of each signer the newest answer
counts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from violet.domain.gate import MissingEvidence
from violet.services.gate.context import finding_entry, text

if TYPE_CHECKING:
    import datetime

    from violet.domain import Report
    from violet.domain.provenance import Attestation, Evidence
    from violet.services.gate.gather import Gathered, Request

CHECK = "test:"
"""How the check of such an attestation begins; the threat follows."""
_FIGURES = {
    "clean": "evasion.clean_accuracy",
    "robust": "evasion.robust_accuracy",
    "robust_low": "evasion.robust_accuracy.low",
    "bound": "evasion.robust_accuracy_bound",
}


def tested(request: Request, evidence: Evidence) -> Gathered:
    """All tests that a trusted signer signed about this content, as old as the policy allows."""
    from violet.services.gate.gather import Gathered, attestation_item
    from violet.services.gate.reports import read_reports

    believed, problems = read_reports(
        request, evidence, about=lambda check: check.startswith(CHECK), what="a test of robustness"
    )
    if believed:
        entries = [_entry(one.attestation, one.report, one.age) for one in believed]
        items = tuple(replace(attestation_item(one.attestation), kind="test") for one in believed)
        return Gathered({"tests": entries}, items, problems=problems)
    reason = " ".join(("There is no signed report of a test of robustness that can be believed.", *problems))
    fix = f"violet test {request.shown} --data DATA --threat THREAT --attest --key KEY"
    return Gathered(missing=MissingEvidence("tests", reason, fix), problems=problems)


def _entry(attestation: Attestation, report: Report, since: datetime.timedelta) -> dict[str, Any]:
    values = {measurement.name: measurement for measurement in report.measurements}
    radius = values.get("evasion.eps")
    found: dict[str, Any] = {
        "norm": text(radius.unit) if radius is not None else "",
        "eps": float(radius.value) if radius is not None else 0.0,
        "believable": "evasion.believable" in values and values["evasion.believable"].value == 1.0,
        "complete": not report.skipped and not report.failed,
        "samples": int(values["evasion.samples"].value) if "evasion.samples" in values else 0,
        "age": since,
        "signers": [text(name) for name in attestation.signers],
        "findings": [finding_entry(f) for f in (*report.findings, *report.accepted)],
    }
    for name, figure in _FIGURES.items():
        if figure in values:
            found[name] = float(values[figure].value)
    return found
