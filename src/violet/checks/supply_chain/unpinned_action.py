"""Actions and templates of others that a pipeline takes by a name that can be moved.

## What it looks for

`uses:` of actions and reusable workflows by tag (low) or branch (medium) instead of the digest of a commit, for
actions that do not belong to GitHub itself; `include:` of other projects in GitLab CI without a commit, and of remote
files without `integrity`. Actions whose tags were moved by attackers (`tj-actions/changed-files`,
`reviewdog/action-setup`, `aquasecurity/trivy-action`) are medium by tag, too.

## Why it matters

Whoever gets hold of the action's repository moves the tag, and the next run of every pipeline hands over its
secrets. That happened in March 2025 and again in March 2026, to actions with thousands of users.

## Example

    - uses: tj-actions/changed-files@v44

## Fix

Name the commit, with the tag as a comment: `uses: owner/action@<40 hexadecimal digits>  # v44`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.formats.project.pipelines import Use

RULE = Rule(
    id="supply_chain/unpinned-action",
    title="Pipeline takes somebody's action by a name that can be moved",
    severity=Severity.LOW,
    fix="Name the digest of the commit that was read, with the tag as a comment.",
    techniques=("AML.T0010.001", "AML.T0109"),
    cwe=(829, 1357),
    references=("https://nvd.nist.gov/vuln/detail/CVE-2025-30066",),
)
OWN = ("actions/", "github/")
"""GitHub's own, which come with the runner that is trusted anyway."""
MOVED = frozenset(
    ("tj-actions/changed-files", "reviewdog/action-setup", "aquasecurity/trivy-action", "aquasecurity/setup-trivy",
     "reviewdog/action-shellcheck", "reviewdog/action-typos", "reviewdog/action-ast-grep")
)  # fmt: skip
"""Actions whose tags attackers have moved (CVE-2025-30066, CVE-2025-30154, trivy-action issue 541)."""


@check(RULE, formats=("pipeline",))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.project.facts import is_commit
    from violet.formats.project.pipelines import PipelineFacts

    facts = context.facts(PipelineFacts)
    if facts is None:
        return
    told: set[str] = set()
    for use in facts.uses:
        if use.kind == "image" or use.text in told or is_commit(use.reference):
            continue
        told.add(use.text)
        found = _judge(use)
        if found is not None:
            severity, message = found
            yield context.finding(
                message, evidence=use.text[:200], key=use.text[:200], line=use.line, severity=severity
            )


def _judge(use: Use) -> tuple[Severity, str] | None:
    if "$" in use.reference:
        return None
    if use.kind == "include":
        if "://" in use.name:
            if use.reference:
                return None
            return Severity.MEDIUM, "The pipeline includes a remote file as it is on that day."
        return Severity.LOW, f"The pipeline includes {use.name} by a name that can be moved."
    owner = use.name.lower()
    if owner.startswith(OWN):
        return None
    whole = "/".join(owner.split("/")[:2])
    if whole in MOVED:
        return Severity.MEDIUM, f"{whole} is taken by a tag, and attackers have moved its tags before."
    if not use.reference or not re.search(r"(?:^|[/-])v?\d|^[0-9a-f]{7,39}$", use.reference):
        return Severity.MEDIUM, f"{use.name} is taken from a branch, as it is on that day."
    return Severity.LOW, f"{use.name} is taken by a tag, which its owner, or whoever takes over, can move."
