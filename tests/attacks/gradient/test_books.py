"""Every white-box attack keeps its word: what it claims holds, what it spends is counted, and it can be stopped."""

from __future__ import annotations

import numpy as np
import pytest

from tests.attacks.gradient.models import attacked, correct, domain, linear, trained, unit_target
from violet.attacks.base import Clock, Goal, attacks, find
from violet.attacks.geometry import distance
from violet.domain.errors import UsageError
from violet.domain.robustness import Norm

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

NAMES = ("fgsm", "pgd", "apgd-ce", "apgd-dlr", "apgd-t", "fab-t", "fmn", "adaptive")
RADII = {Norm.LINF: 0.08, Norm.L2: 0.5, Norm.L1: 2.0, Norm.L0: 3.0}
EACH = [(name, norm) for name in NAMES for norm in find(f"gradient/{name}").attack.norms]
SHORT = {name: {"steps": 12} if name != "fgsm" else {} for name in NAMES}
for name in ("apgd-t", "fab-t"):
    SHORT[name] = {"steps": 12, "targets": 3}


def threat(norm: Norm) -> str:
    return f"{norm.value}:{RADII[norm]}"


def test_the_attacks_are_there_and_say_what_they_are():
    known = {id_: entry for id_, entry in attacks().items() if id_.startswith("gradient/")}
    assert {f"gradient/{name}" for name in NAMES} == set(known)
    for entry in known.values():
        assert all(title in entry.help for title in ("## Method", "## Cost", "## Source"))


@pytest.mark.parametrize(("name", "norm"), EACH)
def test_claims_hold_and_the_books_are_honest(name, norm):
    target, x, y = correct(trained(), 60)
    before = target.counter.rows, target.counter.gradients
    result = attacked(name, target, x, y, threat(norm), **SHORT[name])
    assert target.counter.rows - before[0] == result.queries.sum()
    assert target.counter.gradients - before[1] == result.gradients.sum()
    assert result.complete
    assert result.fooled.sum() > 0
    raw = target.inner.domain.to_raw(result.adversarial)
    assert (target.inner.labels(raw)[result.fooled] != y[result.fooled]).all()
    assert ((raw >= 0) & (raw <= 1)).all()
    far = distance(target.inner.domain.to_unit(raw), x, norm)
    assert (far <= RADII[norm] * (1 + 1e-6)).all() or find(f"gradient/{name}").attack.minimal
    assert (far[result.fooled] <= RADII[norm] * (1 + 1e-6)).all()
    np.testing.assert_allclose(result.distance[result.fooled], far[result.fooled], rtol=1e-6)
    assert np.isinf(result.distance[~result.fooled]).all()
    assert (result.first[result.fooled] <= result.queries[result.fooled]).all()
    assert (result.first[result.fooled] > 0).all()
    assert (result.first[~result.fooled] == -1).all()
    assert all(len(values) == len(x) for values in result.diagnostics.values())
    assert (result.diagnostics["zero_gradient"] == 0).all()
    assert ((result.diagnostics["restart"] >= 0) == result.fooled).all()


@pytest.mark.parametrize("name", NAMES)
def test_those_that_have_fallen_leave(name):
    target, x, y = correct(trained(), 60)
    result = attacked(name, target, x, y, "linf:0.08", **SHORT[name])
    assert (result.queries[result.fooled] == result.first[result.fooled]).all()
    if name != "fgsm":
        assert result.queries[result.fooled].mean() < result.queries[~result.fooled].mean()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("queries", [2, 7, 40])
def test_no_sample_spends_more_than_its_budget(name, queries):
    target, x, y = correct(trained(True), 40)
    eot = {"eot": 3} if name == "pgd" else {}
    result = attacked(name, target, x, y, "linf:0.05", queries=queries, **eot)
    assert result.queries.max() <= queries
    assert (result.gradients <= result.queries).all()


@pytest.mark.parametrize(
    ("name", "norm"), [("pgd", Norm.L1), ("apgd-ce", Norm.LINF), ("apgd-t", Norm.L2), ("fmn", Norm.L0)]
)
def test_the_seed_decides(name, norm):
    target, x, y = correct(trained(), 40)
    same = [attacked(name, target, x, y, threat(norm), seed=3, **SHORT[name]) for _ in range(2)]
    np.testing.assert_array_equal(same[0].adversarial, same[1].adversarial)
    np.testing.assert_array_equal(same[0].queries, same[1].queries)
    assert same[0].seed == 3
    if name != "fmn":  # starts at the sample itself
        other = attacked(name, target, x, y, threat(norm), seed=4, **SHORT[name])
        assert (other.adversarial != same[0].adversarial).any()


class StopsAfter(Clock):
    """Expires at the n-th question, as somebody's Ctrl-C would."""

    __slots__ = ("left",)

    def __init__(self, questions: int) -> None:
        super().__init__()
        self.left = questions

    def expired(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("name", [name for name in NAMES if name != "fgsm"])
def test_what_was_stopped_goes_on(name):
    target, x, y = correct(trained(True), 60)
    stopped = attacked(name, target, x, y, "linf:0.12", clock=StopsAfter(6), **SHORT[name])
    assert not stopped.complete
    assert stopped.queries.max() < 15
    assert np.isfinite(stopped.adversarial).all()
    before = target.counter.rows
    resumed = attacked(name, target, x, y, "linf:0.12", earlier=stopped, **SHORT[name])
    assert resumed.complete
    assert target.counter.rows - before == (resumed.queries - stopped.queries).sum()
    assert resumed.fooled[stopped.fooled].all()
    np.testing.assert_array_equal(resumed.queries[stopped.fooled], stopped.queries[stopped.fooled])
    np.testing.assert_array_equal(resumed.adversarial[stopped.fooled], stopped.adversarial[stopped.fooled])
    whole = attacked(name, target, x, y, "linf:0.12", **SHORT[name])
    assert resumed.fooled.sum() >= whole.fooled.sum() - 3


def test_time_that_is_up_stops_before_the_first_question():
    target, x, y = correct(trained(), 20)
    before = target.counter.rows
    result = attacked("apgd-t", target, x, y, "linf:0.1", clock=StopsAfter(0))
    assert not result.complete
    assert target.counter.rows == before
    np.testing.assert_array_equal(result.adversarial, x)


@pytest.mark.parametrize("name", ["fab-t", "fmn"])
def test_the_smallest_distance_does_not_mind_the_radius(name):
    target, x, y = correct(trained(), 40)
    more = {"targets": 2, "steps": 40} if name == "fab-t" else {}
    small = attacked(name, target, x, y, "linf:0.01", goal=Goal.SMALLEST, **more)
    large = attacked(name, target, x, y, "linf:0.5", goal=Goal.SMALLEST, **more)
    assert small.fooled.mean() > 0.9
    np.testing.assert_allclose(small.distance, large.distance, rtol=0.05)
    within = attacked(name, target, x, y, "linf:0.5", **more)
    assert np.median(small.distance) < np.median(within.distance)


def test_an_attack_with_a_radius_says_that_it_has_one():
    target, x, y = correct(trained(), 4)
    with pytest.raises(UsageError, match="radius"):
        attacked("pgd", target, x, y, "linf:0.1", goal=Goal.SMALLEST)


def test_more_restarts_fool_no_fewer():
    target, x, y = correct(trained(True), 120)
    one, eight = (attacked("pgd", target, x, y, "linf:0.15", steps=3, step=0.4, restarts=n) for n in (1, 8))
    assert (eight.fooled >= one.fooled).all()
    assert eight.diagnostics["restart"].max() > 0


def test_iterates_that_fail_are_the_closest_that_were_seen():
    target, x, y = correct(trained(True), 60)
    result = attacked("apgd-ce", target, x, y, "linf:0.05", steps=15)
    standing = ~result.fooled
    rows = np.arange(standing.sum())

    def lead(points: np.ndarray) -> np.ndarray:
        scores = target.scores(points)
        own = scores[rows, y[standing]].copy()
        scores[rows, y[standing]] = -np.inf
        return scores.max(1) - own

    assert (lead(result.adversarial[standing]) > lead(x[standing])).all()
    assert (result.diagnostics["loss_increase"][standing] > 0).mean() > 0.9
    assert (result.diagnostics["gradient_norm"] > 0).all()


def test_two_classes_and_a_single_logit_will_do():
    import torch

    torch.manual_seed(0)
    module = torch.nn.Linear(6, 1)
    target = unit_target(module, domain(6), 2)
    x = np.random.default_rng(0).random((30, 6))
    y = target.labels(x)
    for name in NAMES:
        assert attacked(name, target, x, y, "linf:0.6").fooled.all(), name


def test_a_feature_without_a_range_stays_where_it_is():
    module = linear()
    high = np.full(12, 2.0)
    high[3] = 0.0
    target = unit_target(module, domain(12, high=high), 3)
    x = np.random.default_rng(0).random((20, 12))
    x[:, 3] = 0.0
    y = target.labels(x)
    result = attacked("apgd-ce", target, x, y, "linf:0.4")
    assert result.fooled.any()
    assert (target.inner.domain.to_raw(result.adversarial)[:, 3] == 0).all()


def test_no_samples_is_no_error():
    target, x, y = correct(trained(), 4)
    for name in NAMES:
        assert attacked(name, target, x[:0], y[:0], "linf:0.1").fooled.shape == (0,)
