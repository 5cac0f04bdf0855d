"""Content in an archive that its directory does not mention.

## What it looks for

Members that only their own headers know of; bytes before, between and after the parts of an archive that are
not padding; what follows the end of a tar archive or of a compressed stream; frames and header fields that
decoders skip. What is found is examined like any member. A program before a zip archive is how
self-extracting archives and Python applications are made: that is only worth knowing, unless the file's name
says that it is a model.

## Why it matters

What an inventory does not list is not scanned, not signed and not reviewed, and yet it travels with the model
to where another reader, or a small loader in some other file, picks it up.

## Example

`model.tar` followed, after its end, by a second tar archive with `install.sh`.

## Fix

Do not use the file. Repack what its directory lists into a new archive, and ask its maker about the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._archive import ARCHIVES, judge
from violet.checks.base import check
from violet.domain import Confidence, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.checks.base import Context
    from violet.domain import Finding
    from violet.formats.base import Defect

RULE = Rule(
    id="artifact/archive-hidden",
    title="Content outside an archive's directory",
    severity=Severity.HIGH,
    fix="Do not use this file; repack what its directory lists and ask its maker about the rest.",
    techniques=("AML.T0018.002", "AML.T0074"),
    cwe=(912,),
    references=("https://cwe.mitre.org/data/definitions/912.html",),
)

PROGRAMS = frozenset(
    (
        "",
        ".exe",
        ".pyz",
        ".pyzw",
        ".pex",
        ".shiv",
        ".run",
        ".sh",
        ".bin",
        ".com",
        ".llamafile",
        ".egg",
        ".jar",
    )
)
"""Suffixes under which a program in front of an archive is no surprise."""


@check(RULE, formats=ARCHIVES)
def judge_hidden(context: Context) -> Iterator[Finding]:
    name = context.node.name.lower()
    dot = name.rfind(".")
    suffix = name[dot:] if dot > 0 else ""

    def severity(defect: Defect) -> Severity:
        if defect.kind == "hidden-data":
            return Severity.HIGH
        return Severity.HIGH if defect.key == "launcher" and suffix not in PROGRAMS else Severity.LOW

    kinds = {"hidden-data": Severity.HIGH, "foreign-data": Severity.LOW}
    return judge(context, kinds, Confidence.HIGH, severity)
