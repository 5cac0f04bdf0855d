"""Targets that change their answers, depend on their batch, or answer in ways that narrow a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.targets.conftest import vectors
from violet.targets.base import LabelledData, Offers, Target, TargetError
from violet.targets.callable_target import CallableTarget
from violet.targets.steady import better_order, check_target, is_randomised

PROPER = Offers.SCORES | Offers.PROBABILITIES


@pytest.fixture(scope="module")
def proba(logistic: Any) -> Callable[[Any], Any]:
    found: Callable[[Any], Any] = logistic.predict_proba
    return found


def target(predict: Any, offers: Offers = PROPER, classes: int = 3) -> CallableTarget:
    return CallableTarget(predict, vectors(), classes, offers, "model")


def one(found: tuple[str, ...]) -> str:
    assert len(found) == 1, found
    return found[0]


def test_a_good_target_has_no_restrictions(proba: Any, data: LabelledData) -> None:
    asked = target(proba)
    assert check_target(asked, data, 0) == ()
    assert asked.counter.rows < 2.5 * len(data)


def test_labels_alone_are_a_restriction(logistic: Any, data: LabelledData) -> None:
    assert "labels only" in one(check_target(target(logistic.predict, Offers.LABELS), data, 0))


@pytest.mark.parametrize("offers", [PROPER, Offers.LABELS])
def test_a_randomised_target_is_told_with_the_size_of_its_change(
    offers: Offers, proba: Any, data: LabelledData
) -> None:
    rng = np.random.default_rng(0)

    def noisy(x: Any) -> Any:
        scores = proba(x) + rng.normal(0, 0.05, (len(x), 3)) ** 2
        scores = scores / scores.sum(axis=1, keepdims=True)
        return scores if offers is PROPER else np.where(rng.random(len(x)) < 0.2, 0, scores.argmax(axis=1))

    found = [text for text in check_target(target(noisy, offers), data, 0) if "asked again" in text]
    text = one(tuple(found))
    assert "of 64 labels changed" in text
    assert ("scores by up to 0.0" in text) is (offers is PROPER)
    change = is_randomised(target(noisy, offers), data.x[:50])
    assert change.labels > 0 or change.scores > 0.001
    assert not is_randomised(target(proba), data.x[:50]).beyond(1e-6)


def test_a_server_that_changes_its_model_is_told(proba: Any, data: LabelledData) -> None:
    calls = 0

    def changed(x: Any) -> Any:
        nonlocal calls
        calls += 1
        return proba(x) if calls < 3 else np.roll(proba(x), 1, axis=1)

    assert "answers differently when it is asked again" in check_target(target(changed), data, 0)[0]


def test_answers_that_depend_on_the_batch_are_told(proba: Any, data: LabelledData) -> None:
    def normalised(x: Any) -> Any:
        return proba(x - x.mean(axis=0) + 0.5)

    found = check_target(target(normalised), data, 0)
    assert "depend on the other rows of the batch (asked one by one: " in found[0]

    def first_decides(x: Any) -> Any:
        return proba(np.where(np.arange(len(x))[:, None] < 5, x[::-1], x))

    found = check_target(target(first_decides), data, 0)
    assert "depend on the other rows of the batch (asked in another order: " in found[0]


def test_rounding_of_float32_is_no_change(proba: Any, data: LabelledData) -> None:
    def rounding(x: Any) -> Any:
        logits = 20 * np.log(proba(x)) * (1 + 1e-7 * len(x))
        return logits.astype(np.float32)

    assert not any(
        "batch" in text or "again" in text for text in check_target(target(rounding, Offers.SCORES), data, 0)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: np.eye(3)[p.argmax(axis=1)], "0 and 1 only"),
        (lambda p: np.round(p, 1), "in steps of 0.1"),
        (lambda p: (p**400) / (p**400).sum(axis=1, keepdims=True), "saturated (their largest score is 1)"),
        (lambda p: p * 0.9, "does not add up to 1 (off by up to 0.1)"),
        (lambda p: np.where(p < 0.01, -np.inf, p), "rows have infinite scores"),
    ],
)
def test_scores_that_hide_small_changes(change: Any, message: str, proba: Any, data: LabelledData) -> None:
    found = check_target(target(lambda x: change(proba(x))), data, 0)
    assert any(message in text for text in found), found


@pytest.mark.torch
def test_logits_too_far_apart_for_gradients(data: LabelledData) -> None:
    import torch

    from violet.targets.torch_module import TorchTarget

    class Far(torch.nn.Module):
        def __init__(self, scale: float) -> None:
            super().__init__()
            self.scale = scale

        def forward(self, x: Any) -> Any:
            return self.scale * torch.stack([0.5 - x[:, 0] * 0, x[:, 1], x[:, 0]], dim=1)

    far = check_target(TorchTarget(Far(1000.0), vectors(), 3), data, 0)
    assert any("over 17 above the next" in text for text in far)
    near = check_target(TorchTarget(Far(5.0), vectors(), 3), data, 0)
    assert not any("saturated" in text for text in near)


def test_permuted_classes_are_found_and_named(proba: Any, data: LabelledData) -> None:
    named = replace(data, classes=("ape", "bee", "cat"))
    found = one(check_target(target(lambda x: proba(x)[:, [1, 2, 0]]), named, 0))
    assert "say --option classes=bee,cat,ape if that is so" in found
    assert better_order(data.y, data.y, 3) is None


def test_accuracy_at_the_level_of_guessing_is_said(data: LabelledData) -> None:
    rng = np.random.default_rng(0)
    fixed = {row.tobytes(): rng.dirichlet(np.ones(3)) for row in data.x}
    found = check_target(target(lambda x: np.array([fixed[row.tobytes()] for row in x])), data, 0)
    assert "not clearly better than always saying the most frequent class" in one(found)


def test_classes_that_the_data_does_not_have(proba: Any, data: LabelledData) -> None:
    def four(x: Any) -> Any:
        fourth = np.where(x[:, :1] > 0.7, 2.0, 0.0)
        return np.concatenate([proba(x), fourth], axis=1)

    found = check_target(target(four, Offers.SCORES, 4), data, 0)
    assert any("classes that the data does not have" in text for text in found)


def test_a_rule_of_its_own_for_labels(proba: Any, data: LabelledData) -> None:
    class Own(CallableTarget):
        def labels(self, x: Any) -> Any:
            scores = self.scores(x)
            return np.where(scores[:, 0] > 0.2, 0, scores.argmax(axis=1))

    own = Own(proba, vectors(), 3, PROPER, "model")
    assert isinstance(own, Target)
    assert any("not the class of its largest score" in text for text in check_target(own, data, 0))


def test_what_cannot_be_tested_is_an_error(proba: Any, data: LabelledData) -> None:
    with pytest.raises(TargetError, match=r"rows of shape \(5,\)"):
        check_target(CallableTarget(proba, vectors(features=5), 3, PROPER), data, 0)
    with pytest.raises(TargetError, match="knows 2 classes, and the data has 3"):
        check_target(target(proba, PROPER, 2), data, 0)
    with pytest.raises(TargetError, match="NaN"):
        check_target(target(lambda x: proba(x) * np.nan), data, 0)


def test_it_asks_the_same_with_the_same_seed(proba: Any, data: LabelledData) -> None:
    asked: list[Any] = []

    def listening(x: Any) -> Any:
        asked.append(x.copy())
        return proba(x)

    for seed in (5, 5, 6):
        check_target(target(listening), data, seed)
    third = len(asked) // 3
    assert all((a == b).all() for a, b in zip(asked[:third], asked[third : 2 * third], strict=True))
    assert (asked[0] != asked[2 * third]).any()
