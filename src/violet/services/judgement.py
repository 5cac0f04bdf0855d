"""Apply the policy to the report of a scan."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from violet.policy import decide
from violet.services.options import WAIVERS

if TYPE_CHECKING:
    from violet.domain import Decision, Report
    from violet.domain.gate import CheckedWaiver
    from violet.policy import Policy
    from violet.services.configuration import Configuration


def waivers_of(configuration: Configuration) -> tuple[CheckedWaiver, ...]:
    """The waivers that a scan under this configuration obeys. Where there are none, nothing is loaded for them."""
    if not configuration.file or not os.path.isdir(os.path.join(configuration.root, WAIVERS)):
        return ()
    from violet.services.waivers import for_scan

    return for_scan(configuration)


def judge(report: Report, policy: Policy, waivers: tuple[CheckedWaiver, ...] = ()) -> tuple[Report, Decision]:
    """The report with waived findings moved to ``accepted``, and the decision. ``waivers`` are all there are:
    those that do not count are named where they are for something in the report."""
    if not waivers:
        return report, decide(report, policy)
    from violet.domain.gate import WaiverStatus
    from violet.policy.waivers import split

    valid = [entry.waiver for entry in waivers if entry.status is WaiverStatus.VALID and entry.waiver]
    findings, waived = split(report.findings, valid)
    if waived:
        report = replace(report, findings=findings, accepted=report.accepted + waived)
    left = {finding.fingerprint for finding in findings}
    notes = [_note(entry) for entry in waivers if entry.status is not WaiverStatus.VALID and _concerns(entry, left)]
    return report, decide(report, policy, notes)


def _concerns(entry: CheckedWaiver, fingerprints: set[str]) -> bool:
    """Whether it would have covered something; one that cannot be read might have."""
    return entry.waiver is None or entry.waiver.fingerprint in fingerprints


def _note(entry: CheckedWaiver) -> str:
    return f"The waiver {entry.path} does not count: {entry.reason}."
