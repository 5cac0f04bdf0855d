"""On linear models the least distance is known in closed form: the margin by the dual norm of the weights."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.attacks.gradient.models import attacked, domain, linear, unit_target
from violet.attacks.base import Goal

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

DUAL = {"linf": lambda w: np.abs(w).sum(1), "l2": lambda w: np.sqrt((w**2).sum(1)), "l1": lambda w: np.abs(w).max(1)}


def problem(rows: int = 40) -> tuple:
    """Points near the middle of the box and not far from a boundary, so that the box never binds; with the classes that
    the model gives them."""
    module = linear()
    target = unit_target(module, domain(12), 3)
    x = 0.5 + 0.2 * (np.random.default_rng(1).random((4000, 12)) - 0.5)
    y = target.labels(x)
    near = np.flatnonzero(least(module, x, y, "l1") < 0.38)[:rows]
    assert len(near) == rows
    return module, target, x[near], y[near]


def least(module, x, y, norm: str) -> np.ndarray:
    """Of each row, over the other classes."""
    weight, bias = module.weight.detach().numpy().astype(float), module.bias.detach().numpy().astype(float)
    scores = x @ weight.T + bias
    found = np.full(len(x), np.inf)
    for other in range(3):
        normal = weight[y] - weight[other]
        gap = scores[np.arange(len(x)), y] - scores[:, other]
        size = DUAL[norm](normal)
        found = np.where(y == other, found, np.minimum(found, gap / np.where(size > 0, size, 1)))
    return found


@pytest.mark.parametrize("norm", ["linf", "l2", "l1"])
def test_fab_finds_the_least_distance(norm):
    module, target, x, y = problem()
    result = attacked("fab-t", target, x, y, f"{norm}:0.5", goal=Goal.SMALLEST, steps=20)
    wanted = least(module, x, y, norm)
    assert result.fooled.all()
    np.testing.assert_allclose(result.distance, wanted, rtol=2e-2)
    assert (result.distance >= wanted * (1 - 1e-5)).all()


@pytest.mark.parametrize(("norm", "near"), [("linf", 0.08), ("l2", 0.03), ("l1", 0.1)])
def test_fmn_comes_near_the_least_distance(norm, near):
    module, target, x, y = problem()
    result = attacked("fmn", target, x, y, f"{norm}:0.5", goal=Goal.SMALLEST, steps=300)
    wanted = least(module, x, y, norm)
    assert result.fooled.all()
    assert (result.distance >= wanted * (1 - 1e-5)).all()
    assert np.median(result.distance / wanted) < 1 + near


@pytest.mark.parametrize("norm", ["linf", "l2", "l1"])
@pytest.mark.parametrize("name", ["fgsm", "pgd", "apgd-ce", "apgd-t", "fab-t", "fmn"])
def test_what_is_beyond_the_least_distance_falls_and_what_is_not_stands(norm, name):
    module, target, x, y = problem()
    wanted = least(module, x, y, norm)
    for eps in np.quantile(wanted, [0.3, 0.7]):
        result = attacked(name, target, x, y, f"{norm}:{eps:.17g}")
        assert not result.fooled[wanted > eps].any(), "nothing can be fooled within the radius"
        if name == "fgsm":  # follows the gradient of all classes at once
            assert result.fooled[wanted < 0.6 * eps].all()
        else:
            sure = wanted < (0.85 if name in ("pgd", "fmn") else 0.95) * eps
            assert result.fooled[sure].all()


def test_l0_needs_the_features_that_a_greedy_count_says():
    """With two classes and values that may go to either end of the box, the least number of features is greedy."""
    module = linear(classes=2, seed=3)
    target = unit_target(module, domain(12), 2)
    x = np.random.default_rng(2).random((60, 12))
    y = target.labels(x)
    weight = module.weight.detach().numpy()
    normal = (weight[1 - y] - weight[y]).astype(float)
    scores = target.scores(x)
    gap = scores[np.arange(60), y] - scores[np.arange(60), 1 - y]
    gain = np.sort(np.where(normal > 0, normal * (1 - x), -normal * x), axis=1)[:, ::-1]
    count = (gain.cumsum(1) < gap[:, None]).sum(1) + 1
    for k in (1, 2, 3):
        within = attacked("fgsm", target, x, y, f"l0:{k}")
        np.testing.assert_array_equal(within.fooled, count <= k)
        assert (within.distance[within.fooled] <= k).all()
        walked = attacked("pgd", target, x, y, f"l0:{k}")
        assert not walked.fooled[count > k].any()
        assert walked.fooled[count <= k].mean() > 0.8
    smallest = attacked("fmn", target, x, y, "l0:3", goal=Goal.SMALLEST, steps=300)
    reachable = count <= 12
    assert smallest.fooled[reachable].all()
    assert (smallest.distance[reachable] >= count[reachable]).all()
    assert (smallest.distance[reachable] - count[reachable]).mean() < 0.6


def test_a_domain_of_other_units_gives_the_same_distances():
    """Raw inputs in [-3, 7] with weights divided by ten: the same model in unit space."""
    import torch

    module, _, x, y = problem()
    other = linear()
    with torch.no_grad():
        other.bias += other.weight.sum(1) * 0.3
        other.weight /= 10
    moved = unit_target(other, domain(12, low=-3.0, high=7.0), 3)
    wanted = least(module, x, y, "linf")
    eps = float(np.median(wanted))
    result = attacked("apgd-t", moved, x, y, f"linf:{eps}")
    clear = np.abs(wanted / eps - 1) > 0.03
    np.testing.assert_array_equal(result.fooled[clear], (wanted < eps)[clear])
    raw = moved.inner.domain.to_raw(result.adversarial[result.fooled])
    assert raw.dtype == np.float32
    assert (moved.inner.labels(raw) != y[result.fooled]).all()
    back = np.abs(moved.inner.domain.to_unit(raw) - x[result.fooled]).max(1)
    assert (back <= eps * (1 + 1e-6)).all()


def test_distances_grow_from_linf_to_l1():
    _, target, x, y = problem()
    found = [
        attacked("fab-t", target, x, y, f"{norm}:0.5", goal=Goal.SMALLEST, steps=20).distance
        for norm in ("linf", "l2", "l1")
    ]
    for smaller, larger in pairwise(found):
        assert (smaller <= larger * (1 + 1e-6)).all()
