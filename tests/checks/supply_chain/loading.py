"""What the tests of unsafe loading share: a module with these lines, and what a rule says of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.checks.examples import outcomes

if TYPE_CHECKING:
    from pathlib import Path

    from violet.domain import Finding


def module(directory: Path, *lines: str, name: str = "train.py") -> Path:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def notebook(directory: Path, *cells: str) -> Path:
    path = directory / "train.ipynb"
    made = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
    path.write_text(json.dumps({"cells": made, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}))
    return path


def said(path: Path, rule: str) -> list[Finding]:
    return [finding for finding in outcomes(path) if finding.rule == rule]
