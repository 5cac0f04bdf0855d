"""TensorFlow Serving's REST interface: the examples of its documentation, and what follows from them."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.wire.forms import JSON, Array, as_lists, js
from violet.runtime.wire.base import Question, Unreadable
from violet.runtime.wire.tf_serving import TfServing

WIRE = TfServing()
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def ask(doc: Any, verb: str = "predict") -> Question:
    return WIRE.question(f"/v1/models/m:{verb}", JSON, js(doc))


def b64(text: str) -> dict[str, str]:
    return {"b64": base64.b64encode(text.encode()).decode()}


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(NUMBERS, min_size=n, max_size=n), min_size=1, max_size=4)))
def test_rows_and_columns(rows: list[list[float]]) -> None:
    assert as_lists(ask({"instances": rows}).rows) == rows
    assert as_lists(ask({"signature_name": "s", "inputs": rows}).rows) == rows
    named = ask({"instances": [{"x": row, "y": 1} for row in rows]})
    assert as_lists(named.rows) == [[*row, 1] for row in rows]
    turned = ask({"inputs": {"x": rows, "y": [1] * len(rows)}})
    assert (as_lists(turned.rows), turned.names) == (as_lists(named.rows), named.names)


def test_bytes() -> None:
    assert ask({"instances": [b64("one"), b64("two")]}).texts == ("one", "two")
    assert ask({"instances": [{"text": b64("one")}, {"text": b64("two")}]}).texts == ("one", "two")
    assert ask({"instances": [{"b64": "no code"}]}).texts == ("no code",)
    mixed = ask({"instances": [{"tag": "foo", "signal": [1, 2], "sensor": [[1, 2], [3, 4]]}]})
    assert mixed.names == ("tag", "signal[0]", "signal[1]", *(f"sensor[{place}]" for place in range(4)))
    assert as_lists(mixed.rows) == [["foo", 1, 2, 1, 2, 3, 4]]


def test_pictures() -> None:
    x = np.arange(24).reshape(2, 2, 2, 3)
    found = ask({"instances": x.tolist()})
    assert found.shape == (2, 2, 3)
    assert as_lists(found.rows) == x.reshape(2, -1).tolist()


@pytest.mark.parametrize("verb", ["classify", "regress"])
def test_examples_with_a_context(verb: str) -> None:
    found = ask({"context": {"a": 1}, "examples": [{"b": 2, "c": b64("x")}, {"b": [3], "a": 4}]}, verb)
    assert found.names == ("a", "b", "c")
    assert as_lists(found.rows) == [[1, 2, "x"], [4, 3, None]]


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1/models/m:predict", "m"),
        ("/v1/models/m/versions/2:predict", "m"),
        ("/v1/models/m/labels/canary:predict", "m"),
        ("/serving/ns/m/v1/models/m:explain", "m"),
        ("/v1/models/m%3Apredict", "m"),
        ("/v1/models/a/b:predict", "a/b"),
    ],
)
def test_paths(path: str, model: str) -> None:
    assert WIRE.matches("POST", path)
    assert WIRE.question(path, JSON, js({"instances": [[1, 2]]})).model == model


@pytest.mark.parametrize("path", ["/v1/models/m", "/v1/models/m/metadata", "/v1/models/m:watch", ":predict", ""])
def test_other_paths(path: str) -> None:
    assert not WIRE.matches("POST", path)


@pytest.mark.parametrize(
    "doc",
    [
        [],
        {},
        {"instances": 1},
        {"instances": [[1]], "inputs": [[1]]},
        {"instances": [[1], 2]},
        {"instances": [{"a": 1}, 2]},
        {"instances": [[1], [1, 2]]},
        {"instances": [{"a": [1]}, {"a": [1, 2, 3], "b": [[]]}, 3]},
    ],
)
def test_what_is_no_question(doc: Any) -> None:
    with pytest.raises(Unreadable):
        ask(doc)


def test_examples_that_would_not_fit() -> None:
    context = {str(place): 1 for place in range(3000)}
    with pytest.raises(Unreadable, match="values together"):
        ask({"context": context, "examples": [{}] * 3000}, "classify")
    with pytest.raises(Unreadable, match="values together"):
        ask({"instances": [{str(place): 1} for place in range(3000)]})


TWO = Question("m", [[1.0], [2.0]])


def test_answers() -> None:
    assert as_lists(WIRE.answer(TWO, JSON, js({"predictions": [[0.1, 0.9], [0.2, 0.8]]})).scores) == [
        [0.1, 0.9],
        [0.2, 0.8],
    ]
    named = {"outputs": {"classes": ["a", "b"], "scores": [[0.1, 0.9], [0.2, 0.8]]}}
    found = WIRE.answer(TWO, JSON, js(named))
    assert as_lists(found.scores) == [[0.1, 0.9], [0.2, 0.8]]
    assert list(found.labels) == ["a", "b"]
    assert as_lists(WIRE.answer(TWO, JSON, js({"result": [0.5, 0.25]})).scores) == [[0.5], [0.25]]
    classified = {"result": [[["no", 0.1], ["yes", 0.9]], [["no", 0.8], ["yes", 0.2]]]}
    found = WIRE.answer(TWO, JSON, js(classified))
    assert as_lists(found.scores) == [[0.1, 0.9], [0.8, 0.2]]
    assert found.labels == ["yes", "no"]


def tenth(scores: Array) -> Array:
    return np.round(scores, 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"predictions": [[0.26, 0.74]], "z": 0.123}, {"predictions": [[0.3, 0.7]], "z": 0.123}),
        ({"outputs": [[0.26, 0.74]]}, {"outputs": [[0.3, 0.7]]}),
        ({"outputs": {"c": ["a"], "s": [[0.26, 0.74]]}}, {"outputs": {"c": ["a"], "s": [[0.3, 0.7]]}}),
        ({"result": [[["no", 0.26], ["yes", 0.74]]]}, {"result": [[["no", 0.3], ["yes", 0.7]]]}),
        ({"result": [0.26]}, {"result": [0.3]}),
        ({"error": "no"}, {"error": "no"}),
    ],
)
def test_rewritten_answers(before: Any, after: Any) -> None:
    made, _ = WIRE.rewrite(JSON, js(before), tenth)
    assert json.loads(made) == after
