"""Workflows whose token may change everything.

## What it looks for

`permissions: write-all` in GitHub workflows and jobs (medium), and workflows that strangers can start
(`pull_request_target`, `issue_comment` and the like) that do not say what their token may do (low).

## Why it matters

Every action of the job gets that token. One that was taken over can push code, publish releases and change other
workflows.

## Example

    permissions: write-all

## Fix

Say what is needed, and nothing else: `permissions: {contents: read}`, and more for single jobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="supply_chain/excessive-permissions",
    title="Workflow's token may change everything",
    severity=Severity.MEDIUM,
    fix="Say what is needed and nothing else: permissions: {contents: read}.",
    techniques=("AML.T0010.001", "AML.T0012"),
    cwe=(250, 732),
)


@check(RULE, formats=("pipeline",))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.checks.supply_chain.workflow_injection import POWERFUL
    from violet.formats.project.pipelines import PipelineFacts

    facts = context.facts(PipelineFacts)
    if facts is None or facts.sort != "github":
        return
    for given in facts.permissions:
        if given.text.strip().lower() == "write-all":
            where = f"the job {given.scope}" if given.scope else "the workflow"
            yield context.finding(
                f"The token of {where} may change everything.",
                evidence="permissions: write-all",
                key=f"write-all:{given.scope}",
                line=given.line,
            )
    open_to = sorted(facts.triggers & POWERFUL)
    if open_to and not facts.permissions:
        yield context.finding(
            f"Strangers can start it (on {open_to[0]}), and nothing says what its token may do.",
            evidence=f"on: {', '.join(open_to)}",
            key="unsaid",
            severity=Severity.LOW,
        )
