"""A replay for a terminal: what was looked at, whom it is about and why, and the verdict last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.report.guarding.words import facts, figure, headline, moment, per_ten_thousand, who
from violet.report.layout import BLANK, Line, Span, columns, line, printed, wrapped
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.alert import Alert
    from violet.domain.guard_report import GuardReport

SHOWN = 20
"""Alerts in full; the rest are counted."""


def render(report: GuardReport, *, color: bool = False, width: int | None = None) -> str:
    return printed(lay_out(report, columns(width)), color=color)


def lay_out(report: GuardReport, width: int) -> list[Line]:
    lines: list[Line] = []
    for name, value in facts(report):
        lines += wrapped(f"{name}: {visible(value)}", width, "dim")
    lines.append(BLANK)
    for alert in report.alerts[:SHOWN]:
        lines += [*_alert(alert, width), BLANK]
    if len(report.alerts) > SHOWN:
        lines += [line(f"... and {len(report.alerts) - SHOWN:,} more (--format json has all)", "dim"), BLANK]
    if report.truth:
        lines.append(line("Against what the trace says its clients are", "heading"))
        for one in report.truth:
            after = f", after {one.median_after:,.0f} rows (most: {one.most_after:,.0f})" if one.alerted else ""
            text = f"{visible(one.truth)}: {one.alerted} of {one.clients} alerted on{after}; {one.rows:,} rows"
            lines += wrapped(text, width, "", 2)
        lines.append(BLANK)
    idle = [use for use in report.detectors if use.left_out]
    if idle:
        lines.append(line("Detectors that did not run", "heading"))
        for use in idle:
            lines += wrapped(f"{use.id}: {use.left_out}", width, "dim", 2)
        lines.append(BLANK)
    ran = [use for use in report.detectors if not use.left_out]
    cost = sum(use.microseconds for use in ran)
    rate = figure(per_ten_thousand(report))
    for reason, count in sorted(report.reasons.items(), key=lambda item: -item[1])[:5]:
        lines += wrapped(f"not compared: {count:,} exchanges: {visible(reason)}", width, "medium")
    lines += wrapped(
        f"{len(ran)} detectors, {cost:.1f} microseconds a row; {rate} alerts in 10,000 rows",
        width,
        "dim",
    )
    lines += wrapped(headline(report), width, "deny" if report.alerts else "allow" if report.rows else "warn")
    lines += wrapped(f"Again: {visible(report.command)}", width, "dim")
    return lines


def _alert(alert: Alert, width: int) -> list[Line]:
    head: Line = (
        Span(f"{alert.severity}", str(alert.severity)),
        Span(f"  {alert.detector}  {who(alert)}  {moment(alert.at)}"),
    )
    lines = [head, *wrapped(visible(alert.evidence.summary), width, "", 2)]
    said = f"score {figure(alert.score)}, threshold {figure(alert.threshold)}; after {alert.after:,} rows"
    said += f"; confidence {alert.confidence}"
    lines += wrapped(said, width, "evidence", 2)
    if alert.evidence.reference:
        lines += wrapped(f"compared with {visible(alert.evidence.reference)}", width, "dim", 2)
    if alert.evidence.queries:
        lines += wrapped(f"queries: {visible(', '.join(alert.evidence.queries[:6]))}", width, "dim", 2)
    if alert.evidence.others:
        lines += wrapped(f"with: {visible(', '.join(alert.evidence.others[:10]))}", width, "dim", 2)
    if alert.techniques:
        lines += wrapped(f"ATLAS: {', '.join(alert.techniques)}", width, "dim", 2)
    return lines
