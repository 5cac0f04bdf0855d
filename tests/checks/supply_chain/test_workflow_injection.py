"""What strangers write, where it becomes code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.files import file, said
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/workflow-injection"
HIGH, MEDIUM = Severity.HIGH, Severity.MEDIUM


def workflow(directory: Path, on: str, *steps: str) -> Path:
    head = (f"on: {on}", "jobs:", "  a:", "    runs-on: x", "    steps:")
    return file(directory, ".github/workflows/ci.yml", *head, *(f"    {line}" for line in steps))


def positive(directory: Path) -> Path:
    return workflow(directory, "pull_request_target", "- run: git pull origin ${{ github.head_ref }}")


def benign(directory: Path) -> Path:
    return workflow(
        directory,
        "[issues, pull_request_target]",
        "- uses: actions/checkout@v4",
        "- env:",
        '    TITLE: "${{ github.event.issue.title }}"',
        '  run: echo "$TITLE" ${{ github.sha }} ${{ secrets.TOKEN }} ${{ github.event.issue.number }}',
        "- if: contains(github.event.issue.title, 'x')",
        "  run: make",
    )


@pytest.mark.parametrize(
    ("on", "expression", "severity"),
    [
        ("issues", "github.event.issue.title", HIGH),
        ("issue_comment", "github.event.comment.body", HIGH),
        ("[push, pull_request_target]", "github.event.pull_request.title", HIGH),
        ("{pull_request_target: {types: [opened]}}", "github.head_ref", HIGH),
        ("workflow_run", "github.event.workflow_run.head_branch", HIGH),
        ("issues", "format('{0}', github.event.issue.body)", HIGH),
        ("issues", "toJSON(github.event.issue)", HIGH),
        ("pull_request", "github.event.pull_request.title", MEDIUM),
        ("push", "github.event.head_commit.message", MEDIUM),
        ("[pull_request, issues]", "github.head_ref", MEDIUM),
    ],
)
def test_expressions(tmp_path: Path, on: str, expression: str, severity: Severity) -> None:
    path = workflow(tmp_path, on, "- run: |", "    make", f'    echo "${{{{ {expression} }}}}"')
    (found,) = said(path, RULE)
    assert found.severity is severity
    assert found.location.line == 8


def test_scripts_of_actions(tmp_path: Path) -> None:
    steps = ("- uses: actions/github-script@v7", "  with:", "    script: f('${{ github.event.comment.body }}')")
    (found,) = said(workflow(tmp_path, "issue_comment", *steps), RULE)
    assert found.severity is HIGH
    lines = ("runs:", "  using: composite", "  steps:", "  - run: echo ${{ github.head_ref }}", "    shell: bash")
    (found,) = said(file(tmp_path, "action.yml", *lines), RULE)
    assert found.severity is MEDIUM


CHECKOUT = ("- uses: actions/checkout@v4", "  with:", "    ref: ${{ github.event.pull_request.head.sha }}")


def test_code_of_strangers_with_the_repositorys_rights(tmp_path: Path) -> None:
    (found,) = said(workflow(tmp_path, "pull_request_target", *CHECKOUT, "- run: pip install ."), RULE)
    assert found.severity is HIGH
    (found,) = said(workflow(tmp_path, "pull_request_target", *CHECKOUT), RULE)
    assert found.severity is MEDIUM
    assert not said(workflow(tmp_path, "pull_request", *CHECKOUT, "- run: pip install ."), RULE)
