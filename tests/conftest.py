"""What every test shares."""

from __future__ import annotations

import importlib.util
import os

import pytest
from hypothesis import settings

# Shared machines stall: how long one example takes says nothing here, how much work it is the bounds hold.
settings.register_profile("suite", deadline=None, max_examples=100, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=2_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked ``torch`` are skipped, and counted as such, where torch is not installed."""
    if importlib.util.find_spec("torch") is not None:
        return
    skip = pytest.mark.skip(reason="torch is not installed: make test TORCH=1")
    for item in items:
        if "torch" in item.keywords:
            item.add_marker(skip)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say plainly what was not tested."""
    if importlib.util.find_spec("torch") is None:
        terminalreporter.write_line("torch is not installed: tests that need it were skipped (make test TORCH=1)")
