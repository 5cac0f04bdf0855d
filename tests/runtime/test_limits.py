"""Quotas: never more than is said, never less for who keeps to it, in bounded memory."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.domain.guarding import LimitPolicy, Quota
from violet.runtime.limits import LONGEST, Limits


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def limits(clock: Clock, quota: Quota, **more: Quota) -> Limits:
    return Limits(LimitPolicy(each=quota, models=more), clock=clock)


def test_without_limits_everything_passes_and_nothing_is_remembered() -> None:
    found = Limits(LimitPolicy())
    assert all(found.admit(str(place), "m", 10**9, 10**9) == 0 for place in range(100))
    found.done("1", "m", 5)
    assert len(found) == 0


@given(
    st.floats(0.1, 50),
    st.floats(0, 100),
    st.lists(st.tuples(st.floats(0, 5), st.integers(0, 40)), min_size=1, max_size=60),
)
def test_never_more_than_the_rate_and_a_burst(rate: float, burst: float, steps: list[tuple[float, int]]) -> None:
    """Over every stretch of time; a single request that is larger is let through from a full bucket, and paid off."""
    clock = Clock()
    found = limits(clock, Quota(rows_per_second=rate, burst=burst))
    most = burst if burst > 0 else max(1.0, 10 * rate)
    passed: list[tuple[float, float]] = []
    for pause, rows in steps:
        clock.now += pause
        wait = found.admit("a", "m", rows, 0)
        assert wait >= 0
        assert math.isfinite(wait)
        if wait == 0:
            passed.append((clock.now, float(max(1, rows))))
        else:
            before = clock.now
            clock.now = before + 0.99 * wait  # what it is told to wait is what it takes
            assert found.admit("a", "m", rows, 0) > 0
            clock.now = before + wait + 1e-6
            assert found.admit("a", "m", rows, 0) == 0
            passed.append((clock.now, float(max(1, rows))))
    for first in range(len(passed)):
        total = 0.0
        for place in range(first, len(passed)):
            largest = max(rows for _, rows in passed[first : place + 1])
            total += passed[place][1]
            seconds = passed[place][0] - passed[first][0]
            assert total <= max(most, 0) + largest + rate * seconds + 1e-3


def test_a_steady_client_is_never_refused() -> None:
    clock = Clock()
    found = limits(clock, Quota(rows_per_second=10, burst=1))
    for _ in range(10_000):
        assert found.admit("a", "m", 1, 0) == 0
        clock.now += 0.1


def test_a_clock_that_stands_or_goes_back_gives_nothing() -> None:
    clock = Clock()
    found = limits(clock, Quota(rows_per_second=1, burst=2))
    assert [found.admit("a", "m", 1, 0) for _ in range(2)] == [0, 0]
    clock.now -= 500
    assert found.admit("a", "m", 1, 0) > 0
    clock.now += 500
    assert found.admit("a", "m", 1, 0) > 0
    clock.now += 1
    assert found.admit("a", "m", 1, 0) == 0


def test_a_day() -> None:
    clock = Clock()
    found = limits(clock, Quota(rows_per_day=100))
    assert found.admit("a", "m", 60, 0) == 0
    clock.now += 3600
    assert found.admit("a", "m", 41, 0) == 82_800
    assert found.admit("a", "m", 40, 0) == 0
    assert found.admit("b", "m", 100, 0) == 0
    assert found.admit("b", "m", 1, 0) > 0
    clock.now += 82_800
    assert found.admit("a", "m", 100, 0) == 0
    assert found.refused == {"rows_per_day": 2}


def test_bytes_and_rows_of_one_request() -> None:
    clock = Clock()
    found = limits(clock, Quota(bytes_per_second=100, rows_per_request=5))
    assert found.admit("a", "m", 6, 0) == LONGEST
    assert found.admit("a", "m", 5, 1000) == 0
    assert found.admit("a", "m", 5, 100) == pytest.approx(1.0)
    assert found.refused == {"rows_per_request": 1, "bytes_per_second": 1}


def test_requests_under_way() -> None:
    clock = Clock()
    found = limits(clock, Quota(concurrent=2))
    assert [found.admit("a", "m", 1, 0) for _ in range(3)] == [0, 0, 1.0]
    assert found.admit("b", "m", 1, 0) == 0
    found.done("a", "m")
    assert found.admit("a", "m", 1, 0) == 0
    for _ in range(10):
        found.done("a", "m")
    assert [found.admit("a", "m", 1, 0) for _ in range(3)] == [0, 0, 1.0]
    found.done("nobody", "none")


def test_tokens_are_paid_afterwards() -> None:
    clock = Clock()
    found = limits(clock, Quota(tokens_per_minute=600, tokens_per_day=5000))
    assert found.admit("a", "m", 1, 0) == 0
    found.done("a", "m", 1200)
    assert found.admit("a", "m", 1, 0) == pytest.approx(60.1)
    clock.now += 61
    assert found.admit("a", "m", 1, 0) == 0
    found.done("a", "m", 3800)
    assert found.admit("a", "m", 1, 0) == pytest.approx(86_400 - 61)
    assert found.refused == {"tokens_per_minute": 1, "tokens_per_day": 1}


def test_a_model_is_asked_by_all_together() -> None:
    clock = Clock()
    found = limits(clock, Quota(rows_per_second=5, burst=5), m=Quota(rows_per_second=4, burst=4))
    assert [found.admit(name, "m", 2, 0) for name in "abc"] == [0, 0, 0.5]
    assert found.refused == {"model_rows_per_second": 1}
    assert found.admit("c", "other", 5, 0) == 0  # what the model refused was not charged


def test_clients_by_name() -> None:
    policy = LimitPolicy(
        each=Quota(rows_per_second=1, burst=1), clients={"key:batch": Quota(), "key:x": Quota(concurrent=1)}
    )
    found = Limits(policy, clock=Clock())
    assert all(found.admit("key:batch", "m", 1000, 0) == 0 for _ in range(9))
    assert [found.admit("key:x", "m", 9, 0) for _ in range(2)] == [0, 1]
    assert [found.admit("key:y", "m", 1, 0) for _ in range(2)] == [0, 1]


def test_accounts_are_bounded() -> None:
    found = Limits(LimitPolicy(each=Quota(rows_per_day=3), remembered=100), clock=Clock())
    for place in range(10_000):
        assert found.admit(f"c{place}", "m", 1, 0) == 0
        found.admit("steady", "m", 1, 0)
    assert len(found) == 100
    assert found.admit("steady", "m", 1, 0) > 0


def test_workers_share_a_quota() -> None:
    clock = Clock()
    policy = LimitPolicy(each=Quota(rows_per_second=10, burst=10, rows_per_day=100, concurrent=3, rows_per_request=50))
    found = [Limits(policy, workers=4, clock=clock) for _ in range(4)]
    passed = sum(one.admit("a", "m", 1, 0) == 0 for one in found for _ in range(20))
    assert passed <= 12
    assert found[0].admit("b", "m", 51, 0) == LONGEST
