"""Stability under noise: high for a smooth model, low for one whose explanation jumps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.explain.models import box, table, target_of
from violet.explain.base import Attributions, Explainer
from violet.explain.choosing import explainer_for
from violet.explain.players import players_of
from violet.explain.stability import continuous, stability
from violet.targets.schema import Feature, FeatureType, TableSchema


@pytest.fixture(scope="module")
def linear() -> tuple[Any, Any]:
    x, y = table()
    return target_of(LogisticRegression(C=10).fit(x, y), box(6)), x


def test_a_linear_model_explains_itself_steadily(linear: Any) -> None:
    target, x = linear
    players = players_of(target.domain)
    explainer = explainer_for(target, x[300:400], players)
    found = stability(target, explainer, players, x[:60], seed=0)
    assert found.correlation > 0.9
    assert found.overlap > 0.9
    assert found.correlation_interval.low < found.correlation < found.correlation_interval.high
    assert found.top == 3
    assert found == stability(target, explainer, players, x[:60], seed=0)
    rough = stability(target, explainer, players, x[:60], seed=0, noise=0.2)
    assert rough.correlation < found.correlation
    assert rough.relabelled > found.relabelled


def test_an_explanation_that_jumps_is_unsteady(linear: Any) -> None:
    target, x = linear
    players = players_of(target.domain)

    def jump(rows: Any, classes: Any) -> Attributions:
        values = np.abs(np.sin(1e4 * rows.astype(float)))
        return Attributions(values, np.zeros(len(rows)), values.sum(axis=1))

    steady = explainer_for(target, x[300:400], players)
    found = stability(target, Explainer(steady.method, "score", "", jump), players, x[:60], seed=0)
    assert found.correlation_interval.high < 0.5
    assert abs(found.correlation) < 0.2


def test_noise_goes_on_numbers_only() -> None:
    known = TableSchema(
        (
            Feature("age", FeatureType.INTEGER, 0, 99),
            Feature("income", FeatureType.REAL, 0, 1),
            Feature("red", FeatureType.BINARY, 0, 1, group="colour"),
            Feature("sex", FeatureType.BINARY, 0, 1),
        )
    )
    assert continuous(box(4, known.names, known), np.zeros((3, 4))).tolist() == [False, True, False, False]
    guessed = continuous(box(2), np.array([[1.0, 0.5], [2.0, 1.0]]))
    assert guessed.tolist() == [False, True]


def test_codes_stay_as_they_are(linear: Any) -> None:
    _, x = linear
    coded = x.copy()
    coded[:, 5] = np.round(3 * x[:, 5])
    target = target_of(LogisticRegression().fit(coded, (coded[:, 0] > 0.5).astype(int)), box(6))
    players = players_of(target.domain)
    made = explainer_for(target, coded[300:400], players)
    asked: list[Any] = []

    def watched(rows: Any, classes: Any) -> Attributions:
        asked.append(rows)
        return made.explain(rows, classes)

    stability(target, Explainer(made.method, "score", "", watched), players, coded[:30], seed=0)
    before, after = asked
    assert not np.array_equal(before, after[: len(before)])
    assert set(np.unique(asked[1][:, 5])) <= set(np.unique(before[:, 5]))


def test_where_there_is_nothing_to_shake_there_is_no_figure() -> None:
    x, y = table()
    whole = (x > 0.5).astype(np.float32)
    target = target_of(LogisticRegression().fit(whole, y), box(6))
    players = players_of(target.domain)
    assert stability(target, explainer_for(target, whole[:50], players), players, whole[:20], seed=0) is None
