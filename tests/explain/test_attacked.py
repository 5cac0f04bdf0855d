"""What an attack changed: its surface, and whether attribution shift is any use as a detector."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.explain.models import box, table, target_of
from violet.domain.explanation import DetectionScore
from violet.domain.rate import Interval, Rate
from violet.explain.base import Attributions, Explainer
from violet.explain.choosing import explainer_for
from violet.explain.detection import Neighbours, attribution_shift, beaten, doubt, same_size_noise, shift_detection
from violet.explain.players import players_of
from violet.explain.statistics import auc
from violet.explain.surface import Success, attack_surface
from violet.targets.base import Offers
from violet.targets.callable_target import CallableTarget
from violet.targets.schema import Direction, Feature, TableSchema


def schema(*directions: Direction) -> TableSchema:
    return TableSchema(
        tuple(Feature(f"f{place}", low=0, high=1, direction=one) for place, one in enumerate(directions))
    )


def surface(moves: Any, sizes: Any, *directions: Direction) -> Any:
    known = schema(*directions)
    domain = box(len(directions), known.names, known)
    return attack_surface(
        domain,
        players_of(domain),
        moves,
        sizes,
        Success("scores/square", "linf:0.1", Rate(len(moves[0]), len(moves[0]) + 5)),
        seed=0,
    )


def test_exposed_is_what_is_moved_and_relied_on() -> None:
    random = np.random.default_rng(0)
    before = np.full((40, 4), 0.5)
    after = before + np.array([0.2, 0.2, 0.0, 0.05]) * random.choice([-1, 1], size=(40, 4))
    after[:10, 3] = 0.5
    sizes = np.tile([5.0, 0.0, 4.0, 1.0], (30, 1)) * random.uniform(0.5, 1.5, (30, 4))
    found = surface((before, after), sizes, Direction.ANY, Direction.UP, Direction.ANY, Direction.NONE)
    first = found.entries[0]
    assert first.feature == "f0"
    assert first.moved == pytest.approx(0.44, abs=0.04)
    assert first.relied == pytest.approx(0.5, abs=0.05)
    assert sum(entry.exposure for entry in found.entries) == pytest.approx(1)
    by_name = {entry.feature: entry for entry in found.entries}
    assert by_name["f1"].exposure == by_name["f2"].exposure == 0
    assert by_name["f3"].changed == Rate(30, 40)
    assert by_name["f3"].immutable
    assert "does not obey" in by_name["f3"].note
    assert by_name["f1"].note == "can only be raised"
    assert by_name["f2"].note == ""
    assert found.fooled == Rate(40, 45)


def test_agreement_is_rank_correlation_with_an_interval() -> None:
    sizes = np.random.default_rng(0).uniform(0.9, 1.1, (50, 5)) * np.arange(1, 6)
    before = np.zeros((50, 5))
    free = (Direction.ANY,) * 5
    along = surface((before, sizes / 10), sizes, *free)
    against = surface((before, sizes[:, ::-1] / 10), sizes, *free)
    assert along.agreement == pytest.approx(1)
    assert along.agreement_interval.low > 0.8
    assert against.agreement == pytest.approx(-1)
    still = surface((before, before), sizes, *free)
    assert np.isnan(still.agreement)


def test_noise_has_the_size_of_the_attack_and_stays_inside() -> None:
    random = np.random.default_rng(0)
    domain = box(5)
    clean = random.uniform(size=(60, 5)).astype(np.float32)
    clean[:, 4] = random.integers(2, size=60)
    attacked = np.clip(clean + 0.1, 0, 1).astype(np.float32)
    attacked[:, 4] = 1 - clean[:, 4]
    noisy = same_size_noise(domain, clean, attacked, 0)
    assert noisy.min() >= 0
    assert noisy.max() <= 1
    assert np.abs(noisy - clean).mean() == pytest.approx(np.abs(attacked - clean).mean(), rel=0.05)
    assert set(np.unique(noisy[:, 4])) == {0.0, 1.0}
    up = (noisy[:, :4] > clean[:, :4]).mean()
    assert 0.35 < up < 0.65, "the attack only went up; noise has no direction"
    assert np.array_equal(noisy, same_size_noise(domain, clean, attacked, 0))


def test_nearest_of_the_same_label() -> None:
    known = Neighbours(np.array([[0.0, 0.0], [10.0, 10.0]]), np.array([0, 1]))
    near = known(np.array([[0.0, 0.0], [0.0, 0.0], [10.0, 10.0], [0.0, 0.0]]), np.array([0, 1, 1, 7]))
    assert near[0] == near[2] == near[3] == 0, "a label that nobody has is compared with all"
    assert near[1] == pytest.approx(2 * np.sqrt(2))


def boundary_attack(target: Any, x: Any) -> tuple[Any, Any]:
    """Walk towards the nearest input of another label until just behind the border: real adversarial examples."""
    said = target.labels(x)
    out = x.copy()
    for row in range(len(x)):
        others = x[said != said[row]]
        goal = others[np.abs(others - x[row]).sum(axis=1).argmin()]
        low, high = 0.0, 1.0
        for _ in range(8):
            middle = (low + high) / 2
            label = target.labels((x[row] + middle * (goal - x[row]))[None])[0]
            low, high = (middle, high) if label == said[row] else (low, middle)
        out[row] = x[row] + high * (goal - x[row])
    return x, out


def test_examples_just_behind_the_border_are_no_better_told_by_explanations() -> None:
    """What crosses the border by a hair is what the model is unsure of: nothing tells it better than that."""
    x, y = table(count=500)
    target = target_of(LogisticRegression(C=50).fit(x, y), box(6))
    pairs = boundary_attack(target, x[:80])
    players = players_of(target.domain)
    explainer = explainer_for(target, x[400:500], players)
    found = shift_detection(target, explainer, players, x[200:400], pairs, seed=0)
    by_name = {score.name: score for score in found.baselines}
    assert set(by_name) == {"maximum probability", "raw distance", "same-size noise"}
    assert by_name["maximum probability"].auc > 0.9
    assert not found.adds
    assert "adds nothing" in found.verdict
    assert "maximum probability" in found.verdict
    assert by_name["maximum probability"].gain == pytest.approx(found.shift.auc - by_name["maximum probability"].auc)
    assert found == shift_detection(target, explainer, players, x[200:400], pairs, seed=0)


def test_where_only_the_explanation_tells_it_is_said_to_add_something() -> None:
    """A model that is sure of everything, and an attack that swaps its reasons without leaving the data."""
    random = np.random.default_rng(0)
    x = random.uniform(0, 1, size=(400, 4)).astype(np.float32)
    sure = type("Sure", (), {"classes_": np.array([0, 1]), "predict_proba": lambda self, rows: _sure(rows)})()
    target = target_of(sure, box(4), native=False)

    def explain(rows: Any, classes: Any) -> Attributions:
        secret = np.where(rows[:, 3] > 0.999, 5.0, 0.0)
        values = np.stack([rows[:, 0], rows[:, 1], secret, rows[:, 2]], axis=1).astype(float)
        return Attributions(values, np.zeros(len(rows)), values.sum(axis=1))

    method = explainer_for(target, x[:5], players_of(target.domain))
    explainer = Explainer(method.method, "score", "nothing", explain)
    clean = x[:100].copy()
    clean[:, 3] = random.uniform(0.9, 0.995, 100)
    reference = x[100:300].copy()
    reference[:, 3] = random.uniform(0.9, 1.0, 200) * 0.9985
    attacked = clean.copy()
    attacked[:, 3] = 0.9995
    found = shift_detection(target, explainer, players_of(target.domain), reference, (clean, attacked), seed=0)
    assert found.shift.auc > 0.95
    assert found.adds, found.verdict
    assert "better than every baseline" in found.verdict
    assert all(score.gain_interval is not None and score.gain_interval.low > 0 for score in found.baselines)


def _sure(rows: Any) -> Any:
    label = (rows[:, 0] > 0.5).astype(int)
    return np.eye(2)[label]


@pytest.mark.parametrize(("low", "high", "wanted"), [(0.01, 0.2, True), (-0.01, 0.2, False), (0.0, 0.0, False)])
def test_beaten_is_what_is_worse_by_more_than_chance(low: float, high: float, wanted: bool) -> None:
    score = DetectionScore("raw distance", "", 0.8, Interval(0.7, 0.9), 0.1, Interval(low, high))
    assert beaten(score) is wanted


def test_logits_are_made_probabilities_before_the_largest_is_taken() -> None:
    x, y = table(classes=3)
    model = LogisticRegression(C=50).fit(x, y)
    chances = target_of(model, box(6))
    logits = CallableTarget(model.decision_function, box(6), 3, Offers.SCORES)
    assert np.allclose(doubt(logits, x[:50]), doubt(chances, x[:50]))
    assert np.allclose(np.exp(doubt(chances, x[:50])), 1 - model.predict_proba(x[:50]).max(axis=1), atol=1e-5)
    certain = CallableTarget(lambda rows: 200.0 * model.decision_function(rows), box(6), 3, Offers.SCORES)
    assert len(np.unique(doubt(certain, x[:50]))) == 50, "certainty that rounds to 1 keeps its order"


def test_the_shift_needs_no_clean_twin() -> None:
    """The score of an input is the same whatever it is asked together with."""
    x, y = table()
    target = target_of(LogisticRegression().fit(x, y), box(6))
    players = players_of(target.domain)
    shift = attribution_shift(target, explainer_for(target, x[:50], players), players, x[100:200])
    together = shift(x[300:340])
    assert np.allclose(together[:7], shift(x[300:307]))
    far = x[300:340].copy()
    far[:, 3:] = 30.0
    assert auc(shift(far), together) > 0.9
