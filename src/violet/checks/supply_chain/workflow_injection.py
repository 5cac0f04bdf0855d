"""Workflows in which what strangers write becomes code.

## What it looks for

`${{ ... }}` with texts that outsiders choose (titles and bodies of issues and pull requests, comments, branch names,
commit messages) in `run:` and `actions/github-script`; and `pull_request_target` or `workflow_run` workflows that
check out the pull request's own code and then run something of it. It is high where the workflow has the
repository's rights (`issues`, `issue_comment`, `pull_request_target`, `workflow_run` and the like), medium where it
runs without secrets (`pull_request`) or only after somebody pushed.

## Why it matters

The expression is filled in before the shell sees the script: a title of `"; curl ... | sh #` is a command. That is
how releases of `ultralytics` with a miner in them were published in December 2024.

## Example

    on: pull_request_target
    jobs:
      format:
        steps:
          - run: git pull origin ${{ github.head_ref }}

## Fix

Hand the text over as a variable: `env: {TITLE: "${{ ... }}"}` and `"$TITLE"` in the script. Run code of pull
requests only under `pull_request`, without secrets.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from violet.formats.project.pipelines import PipelineFacts

RULE = Rule(
    id="supply_chain/workflow-injection",
    title="What strangers write becomes code in a workflow",
    severity=Severity.HIGH,
    fix="Hand the text over in env:, and run the code of pull requests without secrets only.",
    techniques=("AML.T0010.001", "AML.T0050"),
    cwe=(78, 94),
    references=("https://docs.github.com/actions/security-for-github-actions/security-guides",),
)
POWERFUL = frozenset(
    "issues issue_comment pull_request_target pull_request_review pull_request_review_comment discussion"
    " discussion_comment workflow_run fork gollum watch commit_comment".split()
)
"""Events that outsiders cause, and that run with the rights of the repository."""


@cache
def _chosen() -> re.Pattern[str]:
    """What outsiders choose. Source: GitHub's "Security hardening for GitHub Actions", untrusted input."""
    return re.compile(
        r"\bgithub\.head_ref\b"
        r"|\bgithub\.event\.(?:issue|pull_request|discussion)\.(?:title|body)\b"
        r"|\bgithub\.event\.pull_request\.head\.(?:ref|label|repo\.default_branch|repo\.description|repo\.homepage)\b"
        r"|\bgithub\.event\.(?:comment|review|review_comment)\.body\b"
        r"|\bgithub\.event\.pages\b[^}]*\.page_name\b"
        r"|\bgithub\.event\.(?:commits\b[^}]*|head_commit|workflow_run\.head_commit)\.(?:message|author\.(?:email|name))\b"
        r"|\bgithub\.event\.workflow_run\.(?:head_branch|display_title|head_repository\.description)\b"
        r"|\bgithub\.event\.(?:issue|pull_request|comment|discussion)\s*(?:\)|$)|\btoJSON\(\s*github\.event\s*\)",
        re.IGNORECASE,
    )


@check(RULE, formats=("pipeline",))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.project.pipelines import PipelineFacts

    facts = context.facts(PipelineFacts)
    if facts is None or facts.sort not in ("github", "action"):
        return
    yield from _expressions(context, facts)
    yield from _checkouts(context, facts)


def _expressions(context: Context, facts: PipelineFacts) -> Iterator[Outcome]:
    powerful = sorted(facts.triggers & POWERFUL)
    told: set[tuple[str, str]] = set()
    for expression in facts.expressions:
        match = _chosen().search(expression.text)
        if match is None or (expression.job, match.group(0)) in told:
            continue
        told.add((expression.job, match.group(0)))
        name = match.group(0)
        if powerful and not _cannot_happen(name, facts.triggers):
            message, severity = f"A stranger's text becomes part of a script (on {', '.join(powerful)}).", Severity.HIGH
        elif facts.sort == "action":
            message, severity = "Text that strangers may choose becomes part of the action's script.", Severity.MEDIUM
        else:
            message, severity = "Text of whoever pushes or asks to merge becomes part of a script.", Severity.MEDIUM
        yield context.finding(
            message,
            evidence=f"${{{{ {expression.text[:160]} }}}}",
            key=f"{expression.job}:{name}",
            line=expression.line,
            severity=severity,
        )


def _cannot_happen(name: str, triggers: frozenset[str]) -> bool:
    """Whether the event that carries this text is none of the powerful ones that the workflow waits for."""
    lowered = name.lower()
    if "head_commit" in lowered and "workflow_run" not in lowered:
        return True
    if "workflow_run" in lowered:
        return "workflow_run" not in triggers
    if "pull_request" in lowered or "head_ref" in lowered:
        return not triggers & {"pull_request_target", "pull_request_review", "pull_request_review_comment"}
    if "event.issue" in lowered:
        return not triggers & {"issues", "issue_comment"}
    return False


def _checkouts(context: Context, facts: PipelineFacts) -> Iterator[Outcome]:
    dangerous = sorted(facts.triggers & {"pull_request_target", "workflow_run", "issue_comment"})
    if not dangerous:
        return
    for checkout in facts.checkouts:
        if checkout.then:
            message = (
                f"The code of a pull request is checked out and run with the repository's rights (on {dangerous[0]})."
            )
            severity = Severity.HIGH
        else:
            message = (
                f"The code of a pull request is checked out where the repository's rights are (on {dangerous[0]})."
            )
            severity = Severity.MEDIUM
        yield context.finding(
            message,
            evidence=f"ref: {checkout.text[:160]}",
            key=f"checkout:{checkout.job}:{checkout.text[:120]}",
            line=checkout.line,
            severity=severity,
        )
