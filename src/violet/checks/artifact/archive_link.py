"""Members of an archive that are no plain files: links that leave it, devices, privileged programs.

## What it looks for

Symbolic and hard links whose target is absolute or lies above the directory that the archive is unpacked
to, followed through other links of the same archive; members that are devices or named pipes; and files that
would run with the rights of whoever unpacked them (set-user-ID, set-group-ID).

## Why it matters

A link that leaves the archive lets a later member be written through it, or lets a service that unpacks and
then serves a model hand out files of its own machine. Nothing that a model needs is a link to somewhere else.

## Example

`model.tar` with the member `tokenizer.json`, a symbolic link to `/proc/self/environ`.

## Fix

Do not unpack the archive. Ask its maker for one that holds the files themselves in place of links.
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

RULE = Rule(
    id="artifact/archive-link",
    title="Archive link that leads outside, device or privileged file",
    severity=Severity.HIGH,
    fix="Do not unpack this archive; use one that holds files in place of links to other places.",
    techniques=("AML.T0010", "AML.T0011.000"),
    cwe=(59, 732),
    references=("https://cwe.mitre.org/data/definitions/59.html",),
)


@check(RULE, formats=ARCHIVES)
def judge_links(context: Context) -> Iterator[Finding]:
    return judge(context, {"link": Severity.HIGH, "privilege": Severity.HIGH}, Confidence.HIGH)
