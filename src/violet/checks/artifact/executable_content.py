"""Executables in or behind a model.

## What it looks for

ELF, Windows, Mach-O and portable executables by their headers: as members of an archive or model file, as
bytes before, after or between the parts of one, and as files whose name announces something else. A shared
library that is plainly named as one is only noted.

## Why it matters

A model is numbers. An executable that rides along waits for a second step (a script, a pickle, a user) to
start it; hidden in or behind weights it passes scanners that look at the model alone.

## Example

    cat model.safetensors payload.elf > weights.safetensors

## Fix

Do not load the model and do not extract its archive: take it from its original source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.checks.base import Node

RULE = Rule(
    id="artifact/executable-content",
    title="Executable in or behind a model",
    severity=Severity.HIGH,
    fix="Do not load or extract it: take the model from its original source.",
    techniques=("AML.T0018.002", "AML.T0074"),
    cwe=(506, 912),
)

_LIBRARIES = (".so", ".dll", ".pyd", ".dylib", ".bundle", ".o", ".ko")
_PROGRAMS = (".exe", ".elf", ".com", ".axf", ".sys", ".scr", ".ocx", ".llamafile", ".bin", "")
_SOFTWARE = (".whl", ".egg", ".conda", ".deb", ".rpm", ".jar", ".apk", ".nupkg", ".vsix")


@check(RULE, formats=("elf", "pe", "macho", "ape"))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.executable.headers import ExecutableFacts

    node = context.node
    facts = context.facts(ExecutableFacts)
    if facts is None or node.format is None:
        return
    if facts.kind == "pe" and any(entry.id == "ape" for entry in node.formats):
        return
    severity, where = _judge(node)
    what = " ".join(part for part in (facts.machine, facts.role) if part) or node.format.title
    yield context.finding(
        f"This is {'an' if node.format.title[0] in 'AEIOU' else 'a'} {node.format.title} ({what}){where}.",
        evidence=node.source.read(0, 16).hex(" "),
        key=node.format.id,
        severity=severity,
        confidence=Confidence.LOW if facts.problem else Confidence.HIGH,
    )


def _judge(node: Node) -> tuple[Severity, str]:
    suffix = _suffix(node.name)
    parent = node.parent
    if parent is not None and node.relation in ("hidden", "nested", "text"):
        # what stands behind a program belongs to it: self-extracting archives, signatures, installers
        if parent.format is not None and parent.format.id in ("elf", "pe", "macho", "ape"):
            return Severity.MEDIUM, " behind another executable"
        return Severity.CRITICAL, f" hidden in {parent.name}"
    if parent is not None:
        outermost = parent
        while outermost.parent is not None:
            outermost = outermost.parent
        if _suffix(outermost.name) in _SOFTWARE:
            return Severity.LOW, f" in the package {outermost.name}"
        if suffix in _LIBRARIES:
            return Severity.MEDIUM, f" inside {parent.name}"
        return Severity.HIGH, f" inside {parent.name}"
    if suffix in _LIBRARIES:
        return Severity.LOW, ", and is named as one"
    if suffix in _PROGRAMS or suffix[1:].isdigit():
        return Severity.LOW if suffix in (".exe", ".llamafile", ".elf") else Severity.MEDIUM, ""
    return Severity.HIGH, f" under a name that ends in {suffix}"


def _suffix(name: str) -> str:
    """The last suffix; ``.so`` for ``libname.so.1.2``."""
    lowered = name.lower()
    if ".so." in lowered and lowered.rpartition(".so.")[2].replace(".", "").isdigit():
        return ".so"
    dot = lowered.rfind(".")
    return lowered[dot:] if dot > 0 else ""
