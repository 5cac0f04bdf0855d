"""A replay as Markdown: tables of alerts, clients and detectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.report.guarding.words import facts, figure, headline, moment, who
from violet.report.markdown import escape
from violet.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from violet.domain.guard_report import GuardReport


def render(report: GuardReport) -> str:
    parts = [f"# Guard: {escape(report.model)}", f"**{escape(headline(report))}**"]
    parts.append("\n".join(f"- {name}: {escape(value)}" for name, value in facts(report)))
    if report.alerts:
        rows = [
            (
                moment(alert.at),
                str(alert.severity),
                alert.detector,
                who(alert),
                f"{alert.after:,}",
                figure(alert.score),
                figure(alert.threshold),
                alert.evidence.summary,
            )
            for alert in report.alerts
        ]
        parts.append("## Alerts")
        parts.append(
            _table(("time", "severity", "detector", "client", "after rows", "score", "threshold", "why"), rows)
        )
    if report.truth:
        lines = [
            (
                one.truth,
                f"{one.alerted} of {one.clients}",
                figure(one.median_after),
                figure(one.most_after),
                f"{one.rows:,}",
            )
            for one in report.truth
        ]
        parts.append("## Against what the trace says its clients are")
        parts.append(_table(("kind", "alerted on", "after (median)", "after (most)", "rows"), lines))
    parts.append("## Detectors")
    uses = [
        (
            one.id,
            figure(one.threshold),
            figure(one.false_alarms),
            str(one.alerts),
            one.left_out or f"{one.microseconds:.1f} microseconds a row",
        )
        for one in report.detectors
    ]
    parts.append(
        _table(("detector", "threshold", "false alarms in 10,000", "alerts", "cost, or why it did not run"), uses)
    )
    parts.append(f"Again: `{visible(report.command).replace('`', chr(39))}`")
    return "\n\n".join(parts) + "\n"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    lines += [f"| {' | '.join(escape(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)
