"""What the tests of project files share: a file with this text, and what a rule says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.checks.examples import outcomes
from tests.checks.supply_chain.loading import said

if TYPE_CHECKING:
    from pathlib import Path

    from violet.domain import Severity

__all__ = ["COMMIT", "DIGEST", "file", "outcomes", "said", "severities"]

DIGEST = "sha256:" + "0123456789abcdef" * 4
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def file(directory: Path, name: str, *lines: str) -> Path:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def severities(path: Path, rule: str) -> list[Severity]:
    return [finding.severity for finding in said(path, rule)]
