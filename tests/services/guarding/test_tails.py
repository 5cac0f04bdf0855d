from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from violet.services.guarding.tails import Tail, dispersed, fit_tail, poisson_interval


@given(
    st.floats(-0.3, 0.5),
    st.floats(0.01, 100),
    st.floats(-10, 10),
    st.floats(1e-6, 0.1),
    st.floats(1e-6, 1.0),
)
def test_the_level_of_a_rate_is_reached_at_that_rate(
    shape: float, scale: float, base: float, rate: float, share: float
) -> None:
    tail = Tail(base, shape, scale, rate)
    level = tail.level(rate * share)
    assert level >= base
    assert tail.above(level) == pytest.approx(rate * share, rel=1e-4)
    assert tail.above(level + scale) <= tail.above(level)


@pytest.mark.parametrize("shape", [-0.2, 0.0, 0.2, 0.4])
def test_a_tail_finds_levels_far_beyond_what_was_seen(shape: float) -> None:
    """Levels that a 20 times longer trace would reach once, from 200 peaks: within a third, over 40 draws, in the
    middle."""
    truth = stats.genpareto(shape, loc=3.0, scale=2.0)
    wanted = truth.isf(1 / 4000)
    found = []
    for seed in range(40):
        peaks = truth.rvs(200, random_state=seed)
        found.append(fit_tail(peaks, 3.0, 10_000).level(1 / 4000 * 200 / 10_000) - 3.0)
    assert np.median(found) == pytest.approx(wanted - 3.0, rel=0.33)


def test_few_peaks_are_taken_for_exponential_and_shapes_are_bounded() -> None:
    heavy = stats.genpareto(0.9, scale=1.0).rvs(20, random_state=1)
    assert 0 <= fit_tail(heavy, 0.0, 100).shape <= 0.5 * 20 / 50
    many = stats.genpareto(0.9, scale=1.0).rvs(5000, random_state=1)
    assert 0.4 < fit_tail(many, 0.0, 100).shape <= 0.5
    assert fit_tail(np.full(20, 2.0), 2.0, 100).above(2.1) < 1e-9


@given(st.integers(0, 6000), st.sampled_from([0.8, 0.95, 0.99]))
def test_poisson_intervals_are_garwood_s(count: int, level: float) -> None:
    low, high = poisson_interval(count, level)
    each = (1 - level) / 2
    assert low == pytest.approx(stats.chi2.ppf(each, 2 * count) / 2 if count else 0.0, rel=1e-3, abs=1e-9)
    assert high == pytest.approx(stats.chi2.isf(each, 2 * count + 2) / 2, rel=1e-3)


def test_days_that_differ_by_chance_alone_are_not_told() -> None:
    rng = np.random.default_rng(1)
    weights = np.array([100.0, 300, 200, 100, 400, 50, 20])
    told = sum(dispersed(rng.poisson(0.2 * weights), weights) for _ in range(2000))
    assert told <= 12
    doubled = weights * np.array([1, 1, 1, 3, 1, 1, 1])
    assert sum(dispersed(rng.poisson(0.2 * doubled), weights) for _ in range(100)) > 90
    assert not dispersed(np.array([1.0, 9.0]), np.array([1.0, 1.0]))  # too few to say
