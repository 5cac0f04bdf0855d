"""Functions as targets: every way of answering, and answers that are none."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from tests.targets.conftest import Sample, vectors
from violet.domain.errors import UsageError
from violet.targets.base import InputDomain, InputKind, Offers, Target, TargetError
from violet.targets.callable_target import CallableTarget, example, from_function
from violet.targets.data_texts import text_domain
from violet.targets.schema import Feature, FeatureType, TableSchema

X = np.array([[0.1, 0, 0, 0], [0.9, 0, 0, 0], [0.4, 0, 0, 0]])


def first(x: Any) -> Any:
    return (x[:, 0] > 0.5).astype(int)


def test_labels_are_counted_by_row_and_call() -> None:
    target = CallableTarget(first, vectors(), 2, Offers.LABELS, "first")
    assert isinstance(target, Target)
    assert target.labels(X).tolist() == [0, 1, 0]
    assert target.labels(X[:1]).dtype == np.int64
    assert (target.counter.rows, target.counter.calls, target.counter.gradients) == (4, 2, 0)
    with pytest.raises(TargetError, match="no scores"):
        target.scores(X)


def test_a_batch_limit_makes_more_calls_and_no_other_answer() -> None:
    asked: list[int] = []

    def predict(x: Any) -> Any:
        asked.append(len(x))
        return first(x)

    target = CallableTarget(predict, vectors(), 2, batch=2)
    assert target.labels(X).tolist() == [0, 1, 0]
    assert asked == [2, 1]
    assert target.counter.calls == 2


@pytest.mark.parametrize(
    ("answer", "offers", "scores"),
    [
        ([0.25, 0.75, 1.0], "PROBABILITIES", [[0.75, 0.25], [0.25, 0.75], [0.0, 1.0]]),
        ([[0.25], [0.75], [1.0]], "PROBABILITIES", [[0.75, 0.25], [0.25, 0.75], [0.0, 1.0]]),
        ([-4.0, 2.5, 1.0], "SCORES", [[2.0, -2.0], [-1.25, 1.25], [-0.5, 0.5]]),
        ([[0.25, 0.75], [1, 0], [0.5, 0.5]], "PROBABILITIES", [[0.25, 0.75], [1, 0], [0.5, 0.5]]),
        ([[2.0, 3.0], [1, 0], [5, 5]], "SCORES", [[2.0, 3.0], [1, 0], [5, 5]]),
    ],
)
def test_what_it_gives_is_seen(answer: Any, offers: str, scores: Any) -> None:
    target = from_function(lambda x: answer, vectors(), sample=X)
    assert target.classes == 2
    assert Offers.SCORES in target.offers
    assert (Offers.PROBABILITIES in target.offers) is (offers == "PROBABILITIES")
    assert target.scores(X).tolist() == scores
    assert target.counter.rows == 3  # what it gives was not asked on the attacker's account


def test_words_are_labels_of_named_classes() -> None:
    def words(x: Any) -> list[str]:
        return ["yes" if value > 0.5 else "no" for value in x[:, 0]]

    target = from_function(words, vectors(), words=("no", "yes"))
    assert target.labels(X).tolist() == [0, 1, 0]
    with pytest.raises(TargetError, match=r"'no', which is no class of the data \(never, yes\)"):
        from_function(words, vectors(), words=("never", "yes")).labels(X)


def test_an_order_of_outputs_is_the_datas_order() -> None:
    target = CallableTarget(
        lambda x: np.tile([0.1, 0.2, 0.7], (len(x), 1)), vectors(), 3, Offers.SCORES, order=(2, 0, 1)
    )
    assert target.scores(X)[0].tolist() == [0.7, 0.1, 0.2]
    labels = CallableTarget(lambda x: np.array([0, 1, 2]), vectors(), 3, order=(2, 0, 1))
    assert labels.labels(X).tolist() == [1, 2, 0]


@pytest.mark.parametrize(
    ("answer", "offers", "message"),
    [
        ([0, 1], Offers.LABELS, "asked about 3 rows and answered 2"),
        ([[0.5, 0.5]], Offers.SCORES, "asked about 3 rows and answered 1"),
        ([0, 1, 2], Offers.LABELS, "answered class 2, and there are 2"),
        ([0, 1, -1], Offers.LABELS, "answered class -1"),
        ([0, 1, 0.5], Offers.LABELS, "0.5 where a label was expected"),
        ([0, 1, np.nan], Offers.LABELS, "nan where a label was expected"),
        ([[0.5, 0.5], [np.nan, 0.5], [0.5, 0.5]], Offers.SCORES, "NaN for 1 of 3 rows"),
        ([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]], Offers.SCORES, r"shape \(3, 3\)"),
        ([["a", "b"], ["a", "b"], ["a", "b"]], Offers.SCORES, "no table of numbers"),
        ([[1, 2], [3]], Offers.LABELS, "rows of different lengths"),
        (None, Offers.LABELS, "shape"),
        ("no", Offers.LABELS, "shape"),
    ],
)
def test_nonsense_is_refused(answer: Any, offers: Offers, message: str) -> None:
    target = CallableTarget(lambda x: answer, vectors(), 2, offers, "model")
    with pytest.raises(TargetError, match=message):
        target.scores(X) if Offers.SCORES in offers else target.labels(X)


def test_what_the_function_raises_is_an_error_of_the_target() -> None:
    def broken(x: Any) -> Any:
        raise KeyError("weights\nand a long trace")

    with pytest.raises(TargetError, match=r"model broke on 3 rows: KeyError: ") as caught:
        CallableTarget(broken, vectors(), 2, name="model").labels(X)
    assert "\n" not in caught.value.diagnostics()


def test_rows_of_another_shape_are_refused() -> None:
    with pytest.raises(TargetError, match=r"rows of shape \(4,\); these have shape \(3,\)"):
        CallableTarget(first, vectors(), 2).labels(X[:, :3])


def test_labels_alone_do_not_tell_how_many_classes_there_are() -> None:
    with pytest.raises(TargetError, match="number of classes must be said"):
        from_function(first, vectors())


def test_examples_lie_in_the_domain_and_on_its_grid() -> None:
    schema = TableSchema((Feature("a", FeatureType.INTEGER, 0, 9), Feature("b", FeatureType.REAL, 2, 3)))
    domain = InputDomain(InputKind.TABLE, (2,), np.array([0.0, 2]), np.array([9.0, 3]), dtype="float64", schema=schema)
    rows = example(domain)
    assert rows[:, 0].tolist() == [2, 4, 7]
    assert ((rows >= domain.low) & (rows <= domain.high)).all()
    assert all(isinstance(text, str) for text in example(text_domain()))


def test_texts_are_given_as_they_are() -> None:
    target = from_function(lambda x: [int("good" in text) for text in x], text_domain(), 2)
    assert target.labels(np.array(["good", "bad"], dtype=object)).tolist() == [1, 0]


def test_a_target_of_a_module_level_function_can_be_sent_to_a_worker(sample: Sample) -> None:
    target = pickle.loads(pickle.dumps(CallableTarget(first, vectors(), 2)))
    assert (target.labels(sample.x) == first(sample.x)).all()


def test_usage_errors_of_the_function_pass() -> None:
    def refuse(x: Any) -> Any:
        raise UsageError("say something else")

    with pytest.raises(UsageError, match="something else"):
        CallableTarget(refuse, vectors(), 2).labels(X)
