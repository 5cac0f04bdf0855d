"""Members that would be written outside the directory that an archive is unpacked to.

## What it looks for

Member names that are absolute, begin with a drive letter, or climb out with `..`, with slashes or
backslashes, in the directory of an archive, in its members' own headers or in a gzip header; and members
whose directory is a link of the same archive that leads outside.

## Why it matters

Unpacking a model archive is often the first thing that a pipeline does with it. A name such as
`../../.ssh/authorized_keys` or `/etc/cron.d/job` makes a careless unpacker overwrite files of its user, and
that is code execution without loading any model.

## Example

`weights.tar.gz` with the members `config.json` and `../../../../home/ml/.bashrc`.

## Fix

Do not unpack the archive. Ask its maker for one whose members have relative names, and unpack with a filter
that refuses others (`tarfile`'s `filter="data"`).
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
    id="artifact/archive-traversal",
    title="Archive member written outside its directory",
    severity=Severity.HIGH,
    fix="Do not unpack this archive; use one whose members have relative names that stay inside.",
    techniques=("AML.T0010", "AML.T0011.000"),
    cwe=(22,),
    references=("https://cwe.mitre.org/data/definitions/22.html",),
)


@check(RULE, formats=ARCHIVES)
def judge_traversal(context: Context) -> Iterator[Finding]:
    return judge(context, {"traversal": Severity.HIGH}, Confidence.HIGH)
