"""Attacks that ask for scores: what is known in closed form, and who has to beat whom."""

from __future__ import annotations

import numpy as np
import pytest

from tests.attacks import blackbox
from tests.attacks.blackbox import SCORES, checked, least, noise
from violet.attacks.base import Goal, find
from violet.attacks.scores.square import bump, share
from violet.domain.errors import UsageError
from violet.domain.robustness import Norm
from violet.targets.base import InputDomain, InputKind, Offers
from violet.targets.callable_target import CallableTarget
from violet.targets.unit import in_unit_space


@pytest.mark.parametrize("attack", SCORES)
@pytest.mark.parametrize("norm", [Norm.LINF, Norm.L2, Norm.L1])
def test_of_a_linear_model_just_those_fall_that_can(attack: str, norm: Norm) -> None:
    if norm not in find(attack).attack.norms:
        pytest.skip("does not know this norm")
    of = blackbox.linear()
    eps = float(np.median(least(of, norm)))
    result = checked(attack, of, of.problem(norm, 300, eps=eps))
    can = least(of, norm)
    assert not result.fooled[can > eps * (1 + 1e-6)].any()
    easy = can < 0.9 * eps
    assert easy.sum() > 15
    assert result.fooled[easy].mean() >= 0.9


@pytest.mark.parametrize("norm", [Norm.LINF, Norm.L2, Norm.L1])
def test_random_search_comes_near_the_least_distance(norm: Norm) -> None:
    of = blackbox.linear()
    result = checked("scores/random-search", of, of.problem(norm, 600, Goal.SMALLEST))
    ratio = result.distance / least(of, norm)
    assert ratio.min() >= 1 - 1e-6
    assert np.median(ratio) < 1.15


def test_random_search_finds_the_one_feature_that_decides() -> None:
    domain = InputDomain(InputKind.VECTOR, (15,), np.zeros(15), np.ones(15))

    def scores(x):
        return np.stack([1.0 - x[:, 4], x[:, 4] + 0.01 * x[:, 5]], axis=1)

    target = in_unit_space(CallableTarget(scores, domain, 2, Offers.LABELS | Offers.SCORES, "one feature"))
    x = np.full((8, 15), 0.2)
    y = np.zeros(8, dtype=np.int64)
    of = blackbox.Subject(
        target, domain, lambda r: scores(r).argmax(axis=1), domain.to_unit(x), y, x[:0], y[:0], {Norm.L0: 3.0}
    )
    within = checked("scores/random-search", of, of.problem(Norm.L0, 200))
    assert within.fooled.all()
    fewest = checked("scores/random-search", of, of.problem(Norm.L0, 400, Goal.SMALLEST))
    assert (fewest.distance == 1).all()
    assert fewest.queries.max() < 400  # nothing is smaller than one feature: no reason to go on
    greedy = checked("scores/simba", of, of.problem(Norm.L0, 200, eps=1.0))
    assert greedy.fooled.all()


@pytest.mark.parametrize("model", [blackbox.forest, blackbox.boosted])
def test_on_trees_random_search_is_as_strong_as_hopskipjump_at_a_quarter_of_the_queries(model) -> None:
    of = model()
    searched = checked("scores/random-search", of, of.problem(Norm.LINF, 250)).fooled.mean()
    walked = checked("decisions/hopskipjump", of, of.problem(Norm.LINF, 1000)).fooled.mean()
    assert searched >= walked
    assert searched > 0.2


@pytest.mark.parametrize("attack", SCORES)
def test_every_search_beats_noise(attack: str) -> None:
    of = blackbox.network()
    found = checked(attack, of, of.problem(Norm.LINF, 200)).fooled.mean()
    assert found > noise(of, of.eps[Norm.LINF], 200) + 0.1


def test_square_does_on_images_what_descent_along_the_gradient_does() -> None:
    """The network's own gradient, by hand: an upper bound on what is left to find."""
    of = blackbox.network()
    eps = of.eps[Norm.LINF]
    first, second = of.model.coefs_
    bias = of.model.intercepts_[0]
    x = of.x.reshape(len(of.x), -1)
    moved = x.copy()
    fallen = np.zeros(len(x), dtype=bool)
    rows = np.arange(len(x))
    for step in range(60):
        hidden = np.maximum(moved @ first + bias, 0)
        logits = hidden @ second + of.model.intercepts_[1]
        fallen |= logits.argmax(axis=1) != of.y
        logits[rows, of.y] = -np.inf
        slope = second[:, of.y].T - second[:, logits.argmax(axis=1)].T
        moved -= eps * 0.5 * max(1 - step / 60, 0.05) * np.sign((slope * (hidden > 0)) @ first.T)
        moved = np.clip(np.clip(moved, x - eps, x + eps), 0, 1)
    found = checked("scores/square", of, of.problem(Norm.LINF, 800)).fooled.mean()
    assert found >= fallen.mean() - 0.05


def test_saturated_probabilities_hide_nothing() -> None:
    """Softmax of logits sixteen times as large: in single precision most answers are 1 and 0 exactly."""
    of = blackbox.network()
    coefs, biases = of.model.coefs_, of.model.intercepts_

    def loud(raw):
        hidden = np.maximum(raw.reshape(len(raw), -1) @ coefs[0] + biases[0], 0)
        logits = 16 * (hidden @ coefs[1] + biases[1])
        return np.exp(logits - np.logaddexp.reduce(logits, axis=1)[:, None]).astype(np.float32)

    offers = Offers.LABELS | Offers.SCORES | Offers.PROBABILITIES
    target = in_unit_space(CallableTarget(loud, of.domain, 10, offers, "loud"))
    assert (target.scores(of.x).max(axis=1) == 1.0).mean() > 0.3
    from dataclasses import replace

    shout = replace(of, target=target)
    plain = checked("scores/square", of, of.problem(Norm.LINF, 300)).fooled.mean()
    assert checked("scores/square", shout, shout.problem(Norm.LINF, 300)).fooled.mean() >= plain - 0.07


def test_the_share_of_changed_features_falls_with_the_budget() -> None:
    shares = [share(spent, 1000, 0.8) for spent in range(1, 1000)]
    assert shares[0] == 0.8
    assert shares[-1] == 0.8 / 2**9
    assert sorted(shares, reverse=True) == shares
    assert share(50, 100, 0.8) == share(500, 1000, 0.8)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
def test_a_bump_has_unit_length_and_two_signs(size: int) -> None:
    found = bump(size)
    assert found.shape == (size, size)
    assert np.sqrt((found**2).sum()) == pytest.approx(1.0)
    if size > 1:
        assert found.max() > 0 > found.min()


def test_layouts_make_no_difference() -> None:
    """The same model on the same images, channels first and channels last."""
    rng = np.random.default_rng(5)
    weights = rng.standard_normal((3, 6, 7, 4))
    images = rng.random((20, 3, 6, 7)).astype(np.float32)

    def scores(x):
        return np.tensordot(x.astype(np.float64), weights, 3) * 3

    found = []
    for layout, axes in (("chw", (0, 1, 2, 3)), ("hwc", (0, 2, 3, 1))):
        x = images.transpose(axes)
        back = np.argsort(axes)
        shape = x.shape[1:]
        domain = InputDomain(InputKind.IMAGE, shape, np.zeros(shape), np.ones(shape), layout=layout)
        target = in_unit_space(
            CallableTarget(lambda r, back=back: scores(r.transpose(back)), domain, 4, Offers.LABELS | Offers.SCORES)
        )
        y = target.labels(x)
        of = blackbox.Subject(
            target, domain, target.inner.labels, domain.to_unit(x), y, x[:0], y[:0], {Norm.LINF: 0.05, Norm.L2: 0.5}
        )
        for attack in ("scores/square", "scores/nes", "scores/simba"):
            for norm in (Norm.LINF, Norm.L2):
                result = checked(attack, of, of.problem(norm, 60))
                found.append((layout, attack, norm, result.adversarial.transpose(back)))
    half = len(found) // 2
    for (_, attack, norm, first), (_, _, _, last) in zip(found[:half], found[half:], strict=True):
        if (attack, norm) != ("scores/simba", Norm.LINF):  # single features come in the order of the flat input
            np.testing.assert_allclose(first, last, atol=1e-6)


def test_simba_names_its_bases() -> None:
    of = blackbox.forest().first(3)
    with pytest.raises(UsageError, match="for images only"):
        checked("scores/simba", of, of.problem(Norm.L2, 10), basis="dct")
    with pytest.raises(UsageError, match="no basis 'wavelet'"):
        checked("scores/simba", of, of.problem(Norm.L2, 10), basis="wavelet")
    digits = blackbox.network().first(20)
    for basis in ("pixel", "dct"):
        for norm in (Norm.L2, Norm.LINF):
            assert checked("scores/simba", digits, digits.problem(norm, 150), basis=basis).fooled.any()


def test_estimates_say_where_the_gradient_was_zero() -> None:
    domain = InputDomain(InputKind.VECTOR, (3,), np.zeros(3), np.ones(3))

    def flat(x):
        return np.tile([0.7, 0.3], (len(x), 1))

    target = in_unit_space(CallableTarget(flat, domain, 2, Offers.LABELS | Offers.SCORES, "flat"))
    x, y = np.full((4, 3), 0.5), np.zeros(4, dtype=np.int64)
    of = blackbox.Subject(target, domain, lambda r: flat(r).argmax(axis=1), x, y, x[:0], y[:0], {Norm.LINF: 0.1})
    for attack in ("scores/nes", "scores/spsa"):
        assert (checked(attack, of, of.problem(Norm.LINF, 100)).diagnostics["zero_estimate"] == 1.0).all()
    digits = blackbox.network().first(10)
    steep = checked("scores/nes", digits, digits.problem(Norm.LINF, 60, eps=0.01))
    assert (steep.diagnostics["zero_estimate"] == 0.0).all()
