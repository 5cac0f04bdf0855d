"""Encrypted members, which nobody without the key can vouch for.

## What it looks for

Members of zip and 7z archives that are encrypted, and 7z archives whose list of members is. A zip member that
only pretends to be encrypted is reported by `artifact/archive-contradiction`.

## Why it matters

Encryption keeps every scanner on the way from seeing what arrives. Models are published to be read: the
password that comes with the archive protects nothing but its content from inspection.

## Example

`checkpoint.zip`, with "the password is 1234" in the model card.

## Fix

Decrypt the archive in an isolated place, scan what it holds, and pass on only that.
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
    id="artifact/archive-encrypted",
    title="Encrypted archive member",
    severity=Severity.MEDIUM,
    fix="Decrypt it in an isolated place and scan what it holds.",
    techniques=("AML.T0107",),
)


@check(RULE, formats=ARCHIVES)
def judge_encryption(context: Context) -> Iterator[Finding]:
    return judge(context, {"encrypted": Severity.MEDIUM}, Confidence.HIGH)
