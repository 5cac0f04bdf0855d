"""What the tests of checks share: examine a file in this process and keep its findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.examine import examine_file
from violet.domain import Finding

if TYPE_CHECKING:
    from pathlib import Path


def outcomes(path: Path) -> list[Finding]:
    """The findings on one file and everything inside it."""
    return [outcome for outcome in examine_file(str(path)).outcomes if isinstance(outcome, Finding)]


def rules(path: Path) -> set[str]:
    """The ids of the rules that fire."""
    return {finding.rule for finding in outcomes(path)}
