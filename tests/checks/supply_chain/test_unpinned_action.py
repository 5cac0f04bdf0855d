"""Actions taken by names that can be moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.files import COMMIT, file, said
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/unpinned-action"
MEDIUM, LOW = Severity.MEDIUM, Severity.LOW


def workflow(directory: Path, *steps: str) -> Path:
    lines = ("on: push", "jobs:", "  a:", "    runs-on: x", "    steps:")
    return file(directory, ".github/workflows/ci.yml", *lines, *(f"    - uses: {step}" for step in steps))


def positive(directory: Path) -> Path:
    return workflow(directory, "tj-actions/changed-files@v44")


def benign(directory: Path) -> Path:
    return workflow(
        directory, "actions/checkout@v4", f"owner/action@{COMMIT}  # v1", "./local", "github/codeql-action/init@v3"
    )


@pytest.mark.parametrize(
    ("step", "severity"),
    [
        ("owner/action@v1", LOW),
        ("owner/action@main", MEDIUM),
        ("owner/action/sub@v1.2.3", LOW),
        ("owner/action", MEDIUM),
        ("'owner/action@v1'", LOW),
        ("aquasecurity/trivy-action@0.28.0", MEDIUM),
        (f"owner/action@{COMMIT[:7]}", LOW),
    ],
)
def test_references(tmp_path: Path, step: str, severity: Severity) -> None:
    (found,) = said(workflow(tmp_path, step), RULE)
    assert found.severity is severity
    assert found.location.line == 6


def test_reusable_workflows_and_includes(tmp_path: Path) -> None:
    called = file(tmp_path, "ci.yml", "on: push", "jobs:", "  a:", "    uses: o/r/.github/workflows/x.yml@v1")
    assert [f.severity for f in said(called, RULE)] == [LOW]
    included = file(
        tmp_path,
        ".gitlab-ci.yml",
        "include:",
        "- remote: https://example.org/a.yml",
        "- {project: o/p, file: a.yml, ref: main}",
        f"- {{project: o/p, file: a.yml, ref: {COMMIT}}}",
        "- local: a.yml",
        "t:",
        "  script: [make]",
    )
    assert [f.severity for f in said(included, RULE)] == [MEDIUM, LOW]
