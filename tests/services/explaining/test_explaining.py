"""What serves for what when a model is explained, and which attack it is explained by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.explain.models import box, image_domain, table, target_of
from violet.domain.errors import UsageError, VioletError
from violet.domain.robustness import Norm, Threat
from violet.services.explaining.adversaries import choose, default_threat
from violet.services.explaining.explain import _without, explain, split_rows
from violet.services.explaining.options import ExplainOptions
from violet.services.testing.options import DataSource
from violet.targets.base import LabelledData, Offers, TargetSpec
from violet.targets.callable_target import CallableTarget
from violet.targets.schema import Feature, TableSchema


def options(**fields: Any) -> ExplainOptions:
    return ExplainOptions(TargetSpec("at hand"), DataSource("at hand"), **fields)


@pytest.mark.parametrize("count", [8, 20, 150, 400, 5000])
@pytest.mark.parametrize("samples", [0, 30])
def test_no_row_serves_for_two_things(count: int, samples: int) -> None:
    split = split_rows(options(samples=samples), count, 200)
    rows = [set(part.tolist()) for part in (split.samples, split.background, split.reference)]
    assert all(rows)
    assert not rows[0] & rows[1]
    assert not rows[0] & rows[2]
    assert max(map(max, rows)) < count
    assert len(split.background) <= 100
    assert not set(split.searched.tolist()) & rows[1]
    again = split_rows(options(samples=samples), count, 200)
    assert np.array_equal(split.samples, again.samples)


def test_too_few_rows_are_said() -> None:
    with pytest.raises(UsageError, match="too few"):
        split_rows(options(), 7, 200)


def test_nobody_is_compared_with_himself() -> None:
    rows = np.arange(20.0).reshape(10, 2)
    assert np.array_equal(_without(rows, rows[[2, 5]]), rows[[0, 1, 3, 4, 6, 7, 8, 9]])


def _target(offers: Offers, domain: Any) -> CallableTarget:
    return CallableTarget(lambda x: np.zeros((len(x), 2)), domain, 2, offers)


def test_the_attack_fits_the_target() -> None:
    schema = TableSchema(tuple(Feature(f"f{place}", low=0, high=1) for place in range(4)))
    known = _target(Offers.PROBABILITIES, box(4, schema.names, schema))
    assert default_threat(known).norm is Norm.FEASIBLE
    assert choose("", default_threat(known), known)[0] == "tabular/feasible-search"
    bare = _target(Offers.PROBABILITIES, box(4))
    assert default_threat(bare) == Threat(Norm.LINF, 0.05)
    assert choose("", default_threat(bare), bare)[0].startswith("scores/")
    image = _target(Offers.PROBABILITIES, image_domain())
    assert choose("", default_threat(image), image)[0] == "scores/square"
    name, why = choose("", Threat(Norm.FEASIBLE, 2), image)
    assert name == ""
    assert "no attack fits" in why


@pytest.fixture(scope="module")
def data() -> LabelledData:
    x, y = table(count=300)
    return LabelledData(x, y, ("no", "yes"), box(6, tuple("abcdef")), "a table", "0" * 64)


def test_a_target_at_hand(data: LabelledData) -> None:
    target = target_of(LogisticRegression(C=20).fit(data.x, data.y), data.domain)
    told: list[str] = []
    found = explain(options(samples=60), target=target, data=data, progress=lambda done, total, what: told.append(what))
    explanation = found.explanation
    assert explanation.method == "linear-shap"
    assert {entry.feature for entry in explanation.reliance[:3]} == {"a", "b", "c"}
    assert explanation.surface is not None
    assert explanation.surface.attack == "scores/random-search"
    assert explanation.detection is not None
    assert not explanation.detection.adds
    assert "shortcuts" in told
    names = {measurement.name for measurement in found.report.measurements}
    assert names >= {"explain.accuracy", "explain.attribution_shift_auc", "explain.stability_overlap"}
    assert explanation.queries == target.counter.rows


def test_an_attack_that_finds_nothing_leaves_a_restriction(data: LabelledData) -> None:
    target = target_of(LogisticRegression(C=20).fit(data.x, data.y), data.domain)
    found = explain(options(samples=40, threat=Threat(Norm.LINF, 1e-9)), target=target, data=data).explanation
    assert found.surface is None
    assert found.detection is None
    assert any("fooled the model on no input" in text for text in found.restrictions)


def test_a_model_that_is_never_right_is_not_explained(data: LabelledData) -> None:
    model = LogisticRegression(C=1e4, max_iter=1000).fit(data.x, data.y)
    wrong = LabelledData(data.x, 1 - model.predict(data.x), data.classes, data.domain)
    with pytest.raises(VioletError, match="none of the"):
        explain(options(), target=target_of(model, data.domain), data=wrong)
