"""What every test shares."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# Shared machines stall: how long one example takes says nothing here, how much work it is the bounds hold.
settings.register_profile("suite", deadline=None, max_examples=100, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=2_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


@pytest.fixture(autouse=True)
def no_advisories_of_this_machine() -> Iterator[None]:
    """What somebody has imported here makes no difference to any test; one that wants advisories names them."""
    known = os.environ.get("VIOLET_INTEL_DIRECTORY")
    os.environ["VIOLET_INTEL_DIRECTORY"] = os.path.join(os.path.dirname(__file__), "no-advisories-here")
    yield
    if known is None:
        os.environ.pop("VIOLET_INTEL_DIRECTORY", None)
    else:
        os.environ["VIOLET_INTEL_DIRECTORY"] = known


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
