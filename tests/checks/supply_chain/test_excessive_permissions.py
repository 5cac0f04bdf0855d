"""Tokens that may change everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.checks.supply_chain.files import file, severities
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/excessive-permissions"


def workflow(directory: Path, *lines: str) -> Path:
    return file(directory, "ci.yml", *lines, "jobs:", "  a:", "    runs-on: x", "    steps: []")


def positive(directory: Path) -> Path:
    return workflow(directory, "on: push", "permissions: write-all")


def benign(directory: Path) -> Path:
    return workflow(directory, "on: [push, pull_request_target]", "permissions:", "  contents: read")


def test_a_job_of_its_own(tmp_path: Path) -> None:
    lines = ("on: push", "jobs:", "  a:", "    runs-on: x", "    permissions: write-all", "    steps: []")
    assert severities(file(tmp_path, "ci.yml", *lines), RULE) == [Severity.MEDIUM]


def test_strangers_and_nothing_said(tmp_path: Path) -> None:
    assert severities(workflow(tmp_path, "on: issue_comment"), RULE) == [Severity.LOW]
    assert severities(workflow(tmp_path, "on: push"), RULE) == []
