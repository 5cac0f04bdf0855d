"""Distances read from counts, beside those of the raw values as SciPy computes them."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import special, stats
from scipy.spatial.distance import jensenshannon

from tests.detectors.drift.columns import ugly, words
from violet.detectors.profile import distance
from violet.detectors.profile.chunk import Chunk
from violet.detectors.profile.layout import Layout, fit_layout
from violet.detectors.profile.profile import Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

BEFORE, AFTER = 20_000, 30_000
NAMES = tuple(ugly(10, 0))
NEAR = 0.01
"""What figures from counts may be off by."""


@cache
def counted(moved: bool) -> tuple[Layout, Profile, Profile, dict[str, Array], dict[str, Array]]:
    x, y = ugly(BEFORE, 1), ugly(AFTER, 2, moved)
    layout = fit_layout(Chunk(BEFORE, numbers=x), joint=False)
    before, after = Profile(layout, rate=0), Profile(layout, rate=0)
    before.add(Chunk(BEFORE, numbers=x))
    after.add(Chunk(AFTER, numbers=y))
    return layout, before, after, x, y


def both(name: str, moved: bool) -> tuple[distance.Distances, Array, Array, Any]:
    layout, before, after, x, y = counted(moved)
    place = layout.names.index(name)
    found = distance.compare_numbers(layout.numbers[place], before.counted(place), after.counted(place))
    return found, x[name][~np.isnan(x[name])], y[name][~np.isnan(y[name])], layout.numbers[place]


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_ks_is_that_of_the_raw_values(name: str, moved: bool) -> None:
    found, x, y, _ = both(name, moved)
    exact = stats.ks_2samp(x, y, method="asymp")
    assert found.ks == pytest.approx(exact.statistic, abs=NEAR)
    if not np.isinf(x).any() and found.ks_p > 1e-12:
        assert found.ks_p == pytest.approx(exact.pvalue, abs=0.06)


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_wasserstein_is_that_of_the_raw_values(name: str, moved: bool) -> None:
    found, x, y, _ = both(name, moved)
    x, y = x[np.isfinite(x)], y[np.isfinite(y)]
    unit = float(x.std()) or 1.0
    assert found.wasserstein / unit == pytest.approx(stats.wasserstein_distance(x, y) / unit, abs=NEAR, rel=1e-3)


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_psi_js_and_chi_square_are_those_of_the_raw_values_in_the_same_bins(name: str, moved: bool) -> None:
    found, x, y, column = both(name, moved)
    edges = np.concatenate([[-np.inf], column.edges[column.coarse], [np.nextafter(np.inf, 0)]])
    p, q = (np.diff(np.searchsorted(np.sort(values), edges[:-1]), append=len(values)) for values in (x, y))
    a, b = np.maximum(p / len(x), distance.FLOOR), np.maximum(q / len(y), distance.FLOOR)
    assert found.psi == pytest.approx(float(((b - a) * np.log(b / a)).sum()), abs=1e-9)
    assert found.js == pytest.approx(jensenshannon(p, q, base=2), abs=1e-6)
    assert found.variation == pytest.approx(np.abs(p / len(x) - q / len(y)).sum() / 2, abs=1e-9)
    table = np.stack([p, q])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] > 1 and (stats.contingency.expected_freq(table) >= 5).all():
        exact = stats.chi2_contingency(table, correction=False)
        assert found.chi2 == pytest.approx(exact.statistic, rel=1e-9)
        assert found.chi2_p == pytest.approx(exact.pvalue, abs=1e-9)


@pytest.mark.parametrize("name", ["normal", "zero-inflated", "cauchy", "counts", "uniform", "two narrow peaks"])
def test_psi_is_near_that_of_exact_tenths(name: str) -> None:
    """Bins are frozen at tenths of the sample; of the reference itself, they are within a hundredth of the exact
    ones."""
    found, x, y, _ = both(name, True)
    cuts = np.unique(np.quantile(x, np.arange(1, 10) / 10, method="inverted_cdf"))
    heavy, counts = np.unique(x, return_counts=True)
    heavy = heavy[counts >= 0.05 * len(x)]
    edges = np.unique(np.concatenate([cuts, heavy, np.nextafter(heavy, np.inf)]))
    p, q = (np.bincount(np.searchsorted(edges, values, "right"), minlength=len(edges) + 1) for values in (x, y))
    a, b = np.maximum(p / len(x), distance.FLOOR), np.maximum(q / len(y), distance.FLOOR)
    assert found.psi == pytest.approx(float(((b - a) * np.log(b / a)).sum()), abs=NEAR)


def test_values_of_single_precision_meet_a_reference_of_double() -> None:
    x = np.round(np.random.default_rng(0).random(5000), 1)
    layout = fit_layout(Chunk(len(x), numbers={"x": x}), joint=False)
    before, after = Profile(layout, rate=0), Profile(layout, rate=0)
    before.add(Chunk(len(x), numbers={"x": x}))
    after.add(Chunk(len(x), numbers={"x": x.astype(np.float32)}))
    assert distance.compare_numbers(layout.numbers[0], before.counted(0), after.counted(0)).ks == 0


def test_values_of_double_precision_meet_a_reference_of_single() -> None:
    x = np.round(np.random.default_rng(0).random(5000), 1)
    layout = fit_layout(Chunk(len(x), numbers={"x": x.astype(np.float32)}), joint=False)
    before, after = Profile(layout, rate=0), Profile(layout, rate=0)
    before.add(Chunk(len(x), numbers={"x": x.astype(np.float32)}))
    after.add(Chunk(len(x), numbers={"x": x}))
    assert distance.compare_numbers(layout.numbers[0], before.counted(0), after.counted(0)).ks == 0


def test_words_are_compared_by_their_counts() -> None:
    a, b = words(5000, 1, 8).counts(), words(7000, 2, 8, shift=0.5).counts()
    found = distance.compare_words(a, b)
    exact = stats.chi2_contingency(np.stack([a, b]), correction=False)
    assert found.chi2 == pytest.approx(exact.statistic)
    assert found.chi2_p == pytest.approx(exact.pvalue)
    assert found.js == pytest.approx(jensenshannon(a, b, base=2))


@pytest.mark.parametrize("freedom", [1, 2, 9, 30, 1000])
@pytest.mark.parametrize("share", [0.01, 0.5, 1.0, 1.5, 3.0, 30.0])
def test_the_upper_tail_of_chi_square(freedom: int, share: float) -> None:
    at = freedom * share
    assert distance.chi2_p_value(at, freedom) == pytest.approx(special.chdtrc(freedom, at), rel=1e-8, abs=1e-290)


@pytest.mark.parametrize("freedom", [1, 2.5, 9, 40])
@pytest.mark.parametrize("level", [0.95, 0.999, 1 - 1e-6])
def test_quantiles_of_chi_square(freedom: float, level: float) -> None:
    assert distance.chi2_quantile(level, freedom) == pytest.approx(stats.chi2.ppf(level, freedom), rel=1e-6)


@pytest.mark.parametrize("at", [0.0, 0.3, 0.5, 0.9, 1.3, 2.0, 4.0])
def test_the_limit_of_kolmogorov(at: float) -> None:
    n = 10**12  # the correction for small samples vanishes
    found = distance.ks_p_value(at / math.sqrt(n / 2), n, n)
    assert found == pytest.approx(special.kolmogorov(at), abs=1e-6)


def test_chance_is_called_a_change_no_more_often_than_asked_for() -> None:
    """Noise bounds of 5 %, by 400 pairs of samples of one distribution."""
    rng = np.random.default_rng(0)
    n, m, bins = 800, 500, 10
    share = np.full(bins, 0.1)
    over = np.zeros(3)
    for _ in range(400):
        a, b = rng.multinomial(n, share), rng.multinomial(m, share)
        over[0] += distance.ks(a, b)[0] > distance.ks_noise(n, m, 0.05)
        over[1] += distance.psi(a, b) > distance.psi_noise(bins, n, m, 0.05)
        over[2] += distance.total_variation(a, b) > distance.variation_noise(a, b, 0.05)
    assert (over / 400 <= 0.08).all()
    assert over[1] / 400 >= 0.02, "a bound that is never reached says nothing"


def test_functions_that_cross_within_a_bin_are_apart_by_two_triangles() -> None:
    """One side has nothing there, the other is spread evenly: a quarter above, a quarter below."""
    edges = np.array([0.0, 1.0])
    before = np.array([50, 0, 50]), np.array([-50.0, 0.0, 100.0])
    after = np.array([25, 50, 25]), np.array([-25.0, 25.0, 50.0])
    outside = 0.25 * 1 + 0.25 * 1
    found = distance.wasserstein(edges, before, after, 0.0, (-1.0, 2.0))
    assert found == pytest.approx(outside + 2 * (0.5 * 0.5 * 0.25))


def test_empty_sides_have_no_distance() -> None:
    none, some = np.zeros(4, np.int64), np.array([1, 2, 3, 4])
    for a, b in ((none, some), (some, none), (none, none)):
        assert math.isnan(distance.ks(a, b)[0])
        assert math.isnan(distance.psi(a, b))
        assert math.isnan(distance.chi_square(a, b)[0])
        assert math.isnan(distance.jensen_shannon(a, b))
