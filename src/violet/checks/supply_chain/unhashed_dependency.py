"""Pinned dependencies without the digests of their archives.

## What it looks for

Requirements files whose packages all have exact versions but no hashes (information), files in which some have
hashes and some have none, and lock files with entries that lack them (medium), one finding for each file.

## Why it matters

A version says which archive was meant, a digest which bytes. Where one digest is given pip asks for all of them and
refuses the rest; where a lock file lacks one, that entry is taken as it comes.

## Example

    numpy==2.3.1 --hash=sha256:...
    torch==2.9.0

## Fix

Write all hashes with `pip-compile --generate-hashes` or `uv pip compile --generate-hashes`; renew the lock file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.supply_chain._packages import listed, names
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="supply_chain/unhashed-dependency",
    title="Dependency without a digest",
    severity=Severity.MEDIUM,
    fix="Write the hashes of all packages: pip-compile --generate-hashes, or renew the lock file.",
    techniques=("AML.T0010.001",),
    cwe=(494, 353),
)


@check(RULE, formats=("requirements", "lock-file"))
def judge(context: Context) -> Iterable[Outcome]:
    facts = listed(context)
    if facts is None or facts.file not in ("requirements", "poetry.lock", "uv.lock", "pdm.lock", "pipfile.lock",
                                           "pylock.toml", "conda-lock"):  # fmt: skip
        return
    packages = [d for d in facts.dependencies if d.kind == "package"]
    without = [d for d in packages if not d.hashes]
    if not without:
        return
    line = without[0].line
    if len(without) < len(packages):
        yield context.finding(
            f"{len(without)} of {len(packages)} packages have no digest, though the others do.",
            evidence=names([d.name for d in without]),
            key="some",
            line=line,
        )
    elif facts.file == "requirements" and all(d.version for d in packages):
        yield context.finding(
            "All packages have exact versions, and none has a digest.",
            evidence=names([d.name for d in without]),
            key="none",
            line=line,
            severity=Severity.INFO,
        )
