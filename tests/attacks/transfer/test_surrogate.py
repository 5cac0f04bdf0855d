"""The surrogate: what it learns from labels, and what that is worth against the target."""

from __future__ import annotations

import numpy as np
import pytest

from tests.attacks import blackbox
from tests.attacks.blackbox import checked, least, noise
from violet.attacks.transfer._network import Network, softmax
from violet.domain.robustness import Norm


def test_the_gradient_is_that_of_the_margin() -> None:
    rng = np.random.default_rng(0)
    network = Network(6, 16, 4, rng)
    x = rng.random((5, 6))
    network.fit_scale(x)
    y = np.array([0, 1, 2, 3, 0])

    def margin(at):
        logits = network.logits(at).astype(np.float64)
        own = logits[np.arange(5), y].copy()
        logits[np.arange(5), y] = -np.inf
        return own - logits.max(axis=1)

    slope = network.margin_slope(x, y)
    for feature in range(6):
        step = np.zeros(6)
        step[feature] = 1e-3
        rise = (margin(x + step) - margin(x - step)) / 2e-3
        close = np.abs(slope[:, feature] - rise) < 0.02 * np.abs(slope).max()
        assert close.sum() >= 4  # a unit may switch on within the step


def test_it_learns() -> None:
    rng = np.random.default_rng(1)
    x = rng.random((600, 5)).astype(np.float32)
    y = ((x[:, 0] > x[:, 1]).astype(np.int64) + (x[:, 2] > 0.7)).astype(np.int64)
    network = Network(5, 32, 3, rng)
    network.fit_scale(x[:500])
    before = (network.logits(x[500:]).argmax(axis=1) == y[500:]).mean()
    network.train(x[:500], y[:500], 30_000)
    after = (network.logits(x[500:]).argmax(axis=1) == y[500:]).mean()
    assert after > max(before + 0.2, 0.9)
    np.testing.assert_allclose(softmax(network.logits(x)).sum(axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize(("model", "gain"), [(blackbox.forest, 0.0), (blackbox.boosted, 0.0), (blackbox.network, 0.1)])
def test_labels_alone_give_the_model_away(model, gain: float) -> None:
    """With 40 queries a sample it finds as much as 40 random corners do on trees, and much more on smooth models."""
    of = model().labels_only()
    result = checked("transfer/surrogate", of, of.problem(Norm.LINF, 40), lessons=6000)
    assert result.fooled.mean() >= noise(of, of.eps[Norm.LINF], 40) + gain


def test_of_a_linear_model_just_those_fall_that_can() -> None:
    of = blackbox.linear()
    for norm in (Norm.LINF, Norm.L2):
        can = least(of, norm)
        eps = float(np.median(can))
        result = checked("transfer/surrogate", of, of.problem(norm, 60, eps=eps))
        assert not result.fooled[can > eps * (1 + 1e-6)].any()
        assert result.fooled[can < 0.85 * eps].mean() >= 0.9


def test_without_known_labels_it_asks_and_counts() -> None:
    of = blackbox.forest().first(25)
    unknown = of.problem(Norm.LINF, 40, pool_labels=np.full(len(of.pool), -1))
    result = checked("transfer/surrogate", of, unknown)
    alone = checked("transfer/surrogate", of, of.problem(Norm.LINF, 40, pool=None, pool_labels=None))
    assert result.fooled.any()
    assert alone.fooled.any()
    assert (result.queries >= 4).all()  # a tenth of the budget is spent on the pool before the first attack
