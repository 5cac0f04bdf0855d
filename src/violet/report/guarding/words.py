"""What every format says of alerts and replays."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from violet.domain.incident_alert import SentStatus
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.alert import Alert
    from violet.domain.guard_report import GuardReport
    from violet.domain.incident_alert import RouteTest


def moment(at: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC; what no calendar holds as it stands."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return f"@{at:g}"


def who(alert: Alert) -> str:
    """Whom it is about."""
    return visible(alert.client) if alert.client else "all traffic"


def alert_line(alert: Alert) -> str:
    return visible(
        f"{moment(alert.at)} {alert.severity} {alert.detector} {who(alert)} after {alert.after:,} rows:"
        f" {alert.evidence.summary}"
    )


def route_line(result: RouteTest) -> str:
    """What came of a test alert."""
    mark = "delivered" if result.status is SentStatus.DELIVERED else "FAILED"
    detail = f": {result.detail}" if result.detail else ""
    return visible(f"{result.route} ({result.kind}, {result.target}) {mark} in {result.seconds * 1000:.0f} ms{detail}")


def figure(value: float) -> str:
    """Three digits that count; a dash where there is none."""
    if math.isnan(value):
        return "-"
    if math.isinf(value):
        return "none"
    return f"{value:.3g}" if abs(value) < 1e4 else f"{value:,.0f}"


def per_ten_thousand(report: GuardReport) -> float:
    """Alerts in 10,000 rows."""
    return 1e4 * len(report.alerts) / report.rows if report.rows else math.nan


def headline(report: GuardReport) -> str:
    if not report.rows:
        return "NOTHING TO JUDGE: no row could be compared with the profile."
    clients = len(report.accused)
    if not report.alerts:
        return f"QUIET: no alert in {report.rows:,} rows of {report.clients:,} clients."
    whole = sum(1 for alert in report.alerts if not alert.client)
    about = f"{clients:,} of {report.clients:,} clients" if clients else "no single client"
    more = f"; {whole} about all traffic" if whole else ""
    alerts = "1 alert" if len(report.alerts) == 1 else f"{len(report.alerts):,} alerts"
    return f"ALERT: {alerts} about {about}{more}, in {report.rows:,} rows."


def facts(report: GuardReport) -> list[tuple[str, str]]:
    """Name and value."""
    found = [
        ("trace", report.source),
        ("model", report.model),
        ("time", f"{moment(report.begin)} to {moment(report.end)}"),
        ("exchanges", f"{report.exchanges:,}, {report.rows:,} rows, {report.clients:,} clients"),
        ("profile", report.profile or "none: detectors that compare with benign traffic did not run"),
        ("thresholds", report.calibration or "as they come, not calibrated on benign traffic of this model"),
    ]
    if not report.complete:
        found.append(("incomplete", "it was interrupted"))
    return found
