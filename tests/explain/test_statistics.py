"""Figures with intervals, against what is known of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, spearmanr
from sklearn.metrics import roc_auc_score

from violet.explain.statistics import auc, auc_gain, auc_interval, mean_interval, spearman


def test_the_area_is_that_of_scikit_learn_ties_included() -> None:
    random = np.random.default_rng(0)
    for _ in range(5):
        positive, negative = random.integers(0, 6, size=40), random.integers(0, 5, size=30)
        truth = np.repeat([1, 0], [40, 30])
        assert np.isclose(auc(positive, negative), roc_auc_score(truth, np.concatenate([positive, negative])))
    assert auc(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1
    assert auc(np.array([1.0, 1.0]), np.array([1.0])) == 0.5


@pytest.mark.parametrize("true", [0.6, 0.8, 0.95])
def test_the_interval_of_an_area_covers_it_as_often_as_it_says(true: float) -> None:
    random = np.random.default_rng(1)
    shift = norm.ppf(true) * np.sqrt(2)
    inside = 0
    for _ in range(400):
        found = auc(random.normal(shift, 1, 40), random.normal(0, 1, 40))
        inside += true in auc_interval(found, 40, 40)
    assert 0.92 <= inside / 400 <= 0.99


def test_the_interval_of_a_perfect_area_has_a_width() -> None:
    interval = auc_interval(1.0, 20, 20)
    assert interval.high == 1
    assert 0.75 < interval.low < 0.95
    assert auc_interval(1.0, 200, 200).low > interval.low
    worst = auc_interval(0.0, 20, 20)
    assert worst.low == 0
    assert np.isclose(worst.high, 1 - interval.low, atol=1e-6)


def test_a_difference_of_areas_is_found_where_there_is_one_only() -> None:
    random = np.random.default_rng(2)
    clean, attacked = random.normal(0, 1, 100), random.normal(2, 1, 100)
    strong = (attacked, clean)
    weak = (attacked + random.normal(0, 4, 100), clean + random.normal(0, 4, 100))
    gain, interval = auc_gain(strong, weak, 0)
    assert np.isclose(gain, auc(*strong) - auc(*weak))
    assert interval.low > 0
    same, none = auc_gain(strong, (attacked * 2 + 1, clean * 2 + 1), 0)
    assert same == 0
    assert (none.low, none.high) == (0, 0)
    backwards, below = auc_gain(weak, strong, 0)
    assert backwards == -gain
    assert below.high < 0


def test_paired_differences_cover_zero_as_often_as_they_say() -> None:
    random = np.random.default_rng(3)
    inside = 0
    for run in range(100):
        common = random.normal(0, 1, 60), random.normal(1, 1, 60)
        one, two = ((common[1] + random.normal(0, 1, 60), common[0] + random.normal(0, 1, 60)) for _ in range(2))
        _, interval = auc_gain(one, two, run)
        inside += 0 in interval
    assert 0.89 <= inside / 100 <= 0.99


def test_rank_correlation_is_that_of_scipy() -> None:
    random = np.random.default_rng(4)
    a, b = random.integers(0, 5, size=(6, 12)), random.integers(0, 5, size=(6, 12))
    found = spearman(a, b)
    assert np.allclose(found, [spearmanr(x, y).statistic for x, y in zip(a, b, strict=True)])
    assert np.isnan(spearman(np.ones((1, 4)), np.arange(4.0)[None])).all()


def test_the_interval_of_a_mean() -> None:
    values = np.random.default_rng(5).normal(3, 1, 400)
    interval = mean_interval(np.append(values, np.nan), 0)
    assert interval.low < values.mean() < interval.high
    assert np.isclose(interval.high - interval.low, 2 * 1.96 / 20, rtol=0.15)
    assert mean_interval(values, 0) == mean_interval(values, 0)
