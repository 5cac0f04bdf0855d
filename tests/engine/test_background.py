"""Commands that go on while others are run."""

from __future__ import annotations

import time

import pytest

from violet.domain import VioletError
from violet.engine.background import Background


def test_what_it_says_is_waited_for() -> None:
    with Background(["--version"], r"violet (\S+)") as running:
        assert running.said[0][0].isdigit()


def test_one_that_ends_too_soon_says_why() -> None:
    with pytest.raises(VioletError, match=r"violet scam ended with 2\.") as raised:
        Background(["scam"], "never")
    assert "Did you mean: violet scan" in raised.value.hint


def test_one_that_is_never_ready_is_ended() -> None:
    before = time.monotonic()
    with pytest.raises(VioletError, match=r"is not ready after 0\.2 s"):
        Background(["mlflow", "watch", "--tracking-uri", "http://127.0.0.1:9"], "never", seconds=0.2)
    assert time.monotonic() - before < 20
