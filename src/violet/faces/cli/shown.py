"""What commands share that show a result together with its findings: reproduce, render, write."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from violet.domain import Severity, shell
from violet.faces.cli.output import terminal_width, use_color, write_text

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Collection, Mapping

    from violet.domain import Decision, Report, Rule
    from violet.faces.cli.output import Plan
    from violet.policy import Policy
    from violet.report import View

FINDINGS_ONLY = ("sarif", "junit")
"""Formats for machines, which take findings and no more."""


def again(command_line: list[str], with_value: Collection[str], alone: Collection[str]) -> str:
    """The command that gives the same figures: without options that only say where reports and work go. ``with_value``
    are those that take a value, ``alone`` those that take none."""
    kept: list[str] = []
    skip = False
    for word in command_line:
        name, equals, _ = word.partition("=")
        if skip:
            skip = False
        elif name in with_value:
            skip = not equals
        elif word not in alone:
            kept.append(word)
    return shell.join(["violet", *kept])


def show(
    report: Report,
    decision: Decision,
    rules: Policy,
    outputs: Plan,
    arguments: Namespace,
    command: str,
    render_all: Callable[[View, str], str],
) -> None:
    """Write the files and the standard output that ``outputs`` names. ``render_all`` makes the formats for people and
    JSON; those for machines show the findings."""
    from violet.report import View, render

    known: Mapping[str, Rule] = {}
    texts: Mapping[str, str] = {}
    if findings := (*report.findings, *report.accepted):
        from violet.services.catalogue import help_for

        known, texts = help_for(finding.rule for finding in findings)
    view = View(
        report=report,
        decision=decision,
        rules=known,
        rule_help=texts,
        command_line=command,
        fail_on=rules.fail_on if rules.fail_on is not None else Severity.CRITICAL,
    )

    def text(view: View, fmt: str) -> str:
        return render(view, fmt) if fmt in FINDINGS_ONLY else render_all(view, fmt)

    for path, fmt in outputs.files:
        write_text(path, text(view, fmt))
    if outputs.standard:
        if outputs.standard == "console":
            view = replace(view, width=terminal_width(), color=use_color(arguments.color))
        sys.stdout.write(text(view, outputs.standard))
