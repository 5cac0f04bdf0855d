"""``violet guard --attach``: the detectors over a recorded or followed trace."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from violet.domain import Severity, UsageError
from violet.faces.cli.guarding.options import watched_options
from violet.faces.cli.output import deliver, plan, terminal_width, use_color, write_text
from violet.faces.cli.shown import again

if TYPE_CHECKING:
    from argparse import Namespace

    from violet.domain.alert import Alert
    from violet.domain.guard_report import GuardReport
    from violet.faces.cli.output import Plan
    from violet.services.guarding.attach import Replay

SUFFIXES = {".json": "json", ".jsonl": "jsonl", ".md": "markdown", ".txt": "console"}


def attach(arguments: Namespace, command_line: list[str]) -> int:
    """Exit code 1 where an alert reaches ``--fail-on``; 3 where nothing could be compared."""
    from violet.services.guarding.needs import require_guard

    require_guard()
    outputs = plan(arguments.format or "", arguments.output, arguments.quiet, SUFFIXES)
    fail_on = _severity(arguments.fail_on)
    command = again(command_line, ("--output", "--format", "--color"), ("--quiet", "--no-progress"))
    from violet.services.guarding.attach import Replay

    replayed = Replay(watched_options(arguments), _line if arguments.follow else None)
    complete = _read(replayed, arguments)
    report = replayed.report(arguments.attach, command, complete=complete)
    _show(report, outputs, arguments)
    if not report.rows:
        return 3
    return 1 if any(alert.severity >= fail_on for alert in report.alerts) else 0


def _line(alert: Alert) -> None:
    from violet.report.guarding import alert_line

    print(alert_line(alert), flush=True)


def _read(replayed: Replay, arguments: Namespace) -> bool:
    """Whether all was read. Ctrl-C ends a trace that is followed, and leaves out the rest of one that is not."""
    try:
        replayed.read(arguments.attach, follow=arguments.follow)
        return True
    except KeyboardInterrupt:
        replayed.flush()
        return bool(arguments.follow)


def _severity(text: str) -> Severity:
    try:
        return Severity.parse(text)
    except ValueError as error:
        raise UsageError(f"--fail-on: {error}.") from error


def _show(report: GuardReport, outputs: Plan, arguments: Namespace) -> None:
    from violet.report.guarding import render_replay

    for path, fmt in outputs.files:
        write_text(path, render_replay(report, fmt))
    if outputs.standard:
        standard = outputs.standard
        color = standard == "console" and use_color(arguments.color)
        deliver(render_replay(report, standard, color=color, width=terminal_width()), "")
    for reason, count in sorted(report.reasons.items())[:3]:
        print(f"violet: not compared, {count:,} times: {reason}", file=sys.stderr)
