"""Archives whose parts contradict each other, so that two readers see two different contents.

## What it looks for

A zip directory that disagrees with the members' own headers or data descriptors (names, sizes, methods,
flags, checksums), several directories or end records, offsets that can be counted in two ways, members that
share bytes, flag bits or versions that make some readers refuse what others load, compressed data that goes
on past its stated end; tar headers with wrong checksums or two sizes; checksums that do not fit the content.

## Why it matters

Scanners and loaders rarely share a parser. An archive that is broken for the one and fine for the other
passes unseen and still runs: PyTorch ignores what makes Python's `zipfile` give up. Writers do not produce
such archives; somebody edited the bytes. A single wrong checksum can also come from damage on the way.

## Example

A torch checkpoint in which the header of `data.pkl` carries the flag for encryption: scanners skip the
member, the loader takes it as it is.

## Fix

Do not load the file. Fetch it again and compare digests; if it is the same, take it for an attack on your
scanner, and treat what it holds accordingly.
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
    id="artifact/archive-contradiction",
    title="Archive that readers see differently",
    severity=Severity.HIGH,
    fix="Do not load this file; fetch it again from its maker and compare digests.",
    techniques=("AML.T0107", "AML.T0076"),
    cwe=(436,),
    references=(
        "https://github.com/mmaitre314/picklescan/security/advisories/GHSA-w8jq-xcqf-f792",
        "https://cwe.mitre.org/data/definitions/436.html",
    ),
)

KINDS = {
    "contradiction": Severity.HIGH,
    "overlap": Severity.HIGH,
    "checksum": Severity.HIGH,
    "unusual-type": Severity.LOW,
    "no-checksum": Severity.LOW,
}


@check(RULE, formats=ARCHIVES)
def judge_contradictions(context: Context) -> Iterator[Finding]:
    return judge(context, KINDS, Confidence.HIGH)
