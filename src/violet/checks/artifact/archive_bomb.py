"""Archives made to expand without reason.

## What it looks for

Members that share their compressed bytes so that few of them expand to very many, members or streams that
state or reach gigabytes from a small fraction of that, and sparse files that stand for nothing but zeros.
A high ratio alone is no sign: a tensor of zeros compresses a thousandfold. What exhausts the bounds of the
examination itself is reported by `artifact/examination-stopped`.

## Why it matters

Unpacking such an archive fills the memory or the disk of whatever does it: a scanner, a registry or an
inference server.

## Example

A 42 KB zip archive in which thousands of members overlap in one block of compressed zeros and expand to 5 GB.

## Fix

Delete the archive. Where it is believed to be genuine, ask its maker to publish the content uncompressed.
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
    id="artifact/archive-bomb",
    title="Decompression bomb",
    severity=Severity.HIGH,
    fix="Do not expand this file.",
    techniques=("AML.T0029",),
    cwe=(409,),
    references=(
        "https://www.bamsoftware.com/hacks/zipbomb/",
        "https://cwe.mitre.org/data/definitions/409.html",
    ),
)


@check(RULE, formats=ARCHIVES)
def judge_bombs(context: Context) -> Iterator[Finding]:
    return judge(context, {"bomb": Severity.HIGH}, Confidence.HIGH)
