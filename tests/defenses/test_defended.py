"""Steps before and behind a model, and their description in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.services.testing.models import domain, linear_data, linear_target
from violet.defenses.defended import DefendedModel, DefendedTarget, is_defended, read_defended
from violet.defenses.steps import Step, discretise
from violet.domain.errors import ConfigurationError
from violet.targets.base import Offers, TargetError, TargetSpec
from violet.targets.callable_target import CallableTarget

DATA, WEIGHTS = linear_data()


def test_discretised_inputs_lie_on_the_grid() -> None:
    found = discretise(np.linspace(-0.2, 1.2, 100)[:, None], 5)
    assert set(np.unique(found)) == {0.0, 0.25, 0.5, 0.75, 1.0}


def test_inputs_of_one_cell_get_one_answer() -> None:
    target = DefendedTarget([linear_target(WEIGHTS)], [Step("discretise", 3)])
    x = np.full((2, len(WEIGHTS)), 0.49)
    x[1] += 0.02
    assert (target.scores(x)[0] == target.scores(x)[1]).all()


def test_rounded_answers_have_that_many_decimals_and_the_same_label() -> None:
    plain = linear_target(WEIGHTS)
    target = DefendedTarget([plain], [Step("round", 1)])
    scores = target.scores(DATA.x)
    assert np.allclose(scores * 10, np.rint(scores * 10))
    assert (target.labels(DATA.x) == plain.labels(DATA.x)).all()


def test_labels_alone_are_given_where_that_is_the_defence() -> None:
    target = DefendedTarget([linear_target(WEIGHTS)], [Step("labels")])
    assert target.offers == Offers.LABELS
    with pytest.raises(TargetError, match="no scores"):
        target.scores(DATA.x)


def test_temperature_changes_confidence_and_no_label() -> None:
    plain = linear_target(WEIGHTS)
    cool = DefendedTarget([plain], [Step("temperature", 3.0)])
    assert (cool.labels(DATA.x) == plain.labels(DATA.x)).all()
    assert cool.scores(DATA.x).max(axis=1).mean() < plain.scores(DATA.x).max(axis=1).mean()


def test_an_ensemble_is_the_mean_of_probabilities() -> None:
    _, others = linear_data(seed=5)
    members = [linear_target(WEIGHTS), linear_target(others)]
    target = DefendedTarget(members, [])
    expected = (members[0].scores(DATA.x) + members[1].scores(DATA.x)) / 2
    assert np.allclose(target.scores(DATA.x), expected)


def test_members_that_do_not_fit_are_refused() -> None:
    three = CallableTarget(lambda x: np.zeros((len(x), 3)), domain(), 3, Offers.SCORES, "three")
    with pytest.raises(TargetError, match="other classes"):
        DefendedTarget([linear_target(WEIGHTS), three], [])


def test_questions_are_counted_as_the_attacker_asks_them() -> None:
    target = DefendedTarget([linear_target(WEIGHTS)], [Step("smooth", 0.1, 20)])
    target.labels(DATA.x[:7])
    assert target.counter.rows == 7


def test_smoothed_answers_of_a_label_only_model_have_scores_that_are_drawn_anew() -> None:
    only = CallableTarget(lambda x: linear_target(WEIGHTS).labels(x), domain(), 2, Offers.LABELS, "only")
    target = DefendedTarget([only], [Step("smooth", 0.3, 30)], seed=1)
    one, two = target.scores(DATA.x), target.scores(DATA.x)
    assert Offers.SCORES in target.offers
    assert (one != two).any()
    again = DefendedTarget([only], [Step("smooth", 0.3, 30)], seed=1)
    assert (again.scores(DATA.x) == one).all()


def test_a_description_is_read_as_it_was_written(tmp_path: Path) -> None:
    spec = TargetSpec("model.onnx", "onnx", True, (("outputs", "logits"),))
    model = DefendedModel((spec,), ("sha256:00",), (Step("smooth", 0.25, 100), Step("labels")), seed=3)
    file = tmp_path / "d.json"
    file.write_text(model.text(), encoding="utf-8")
    assert is_defended(str(file))
    assert read_defended(str(file)) == model


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "violet-defended/2"},
        {"members": []},
        {"members": [{}]},
        {"steps": [{"name": "exec", "value": 1, "votes": 0}]},
        {"steps": [{"name": "discretise", "value": 1, "votes": 0}]},
        {"steps": [{"name": "smooth", "value": -1, "votes": 10}]},
        {"steps": 7},
        {"seed": "x"},
    ],
)
def test_what_is_no_description_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    known = json.loads(DefendedModel((TargetSpec("m"),), ("sha256:00",), (Step("labels"),)).text())
    file = tmp_path / "d.json"
    file.write_text(json.dumps({**known, **change}), encoding="utf-8")
    with pytest.raises(ConfigurationError):
        read_defended(str(file))
