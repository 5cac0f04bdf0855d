"""A replayed trace in every format: it is read here, and never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain import UsageError

if TYPE_CHECKING:
    from violet.domain.alert import Alert
    from violet.domain.guard_report import GuardReport

__all__ = ["FORMATS", "alert_line", "render_replay"]

FORMATS: tuple[str, ...] = ("console", "json", "jsonl", "markdown")


def render_replay(report: GuardReport, fmt: str, *, color: bool = False, width: int | None = None) -> str:
    """As text of the format ``fmt``, ending in one newline (``jsonl``: one alert a line, nothing where there is none).
    Raises ``UsageError`` for an unknown format."""
    if fmt == "console":
        from violet.report.guarding import console

        return console.render(report, color=color, width=width)
    if fmt == "markdown":
        from violet.report.guarding import markdown

        return markdown.render(report)
    from violet.report.guarding import json_

    if fmt == "json":
        return json_.render(report)
    if fmt == "jsonl":
        return "".join(json_.alert_json(alert) + "\n" for alert in report.alerts)
    raise UsageError(f"{fmt!r} is not a format of replays.", f"Use one of {', '.join(FORMATS)}.")


def alert_line(alert: Alert) -> str:
    """One line: when, how severe, which detector, who, and why."""
    from violet.report.guarding.words import alert_line as said

    return said(alert)
