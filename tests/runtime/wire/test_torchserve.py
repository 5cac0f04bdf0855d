"""TorchServe: what its default handlers are sent, and answer."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.runtime.wire.forms import JSON, Array, as_lists, js
from violet.runtime.wire.base import Question, Unreadable
from violet.runtime.wire.torchserve import TorchServe

WIRE = TorchServe()


def ask(body: bytes, kind: str = "application/json") -> Question:
    return WIRE.question("/predictions/m/1.0", {"content-type": kind} if kind else {}, body)


@pytest.mark.parametrize(
    "doc", [[1, 2.5], [[1, 2.5]], {"instances": [[1, 2.5]]}, {"data": [1, 2.5]}, {"body": [[1, 2.5]]}]
)
def test_rows(doc: Any) -> None:
    assert as_lists(ask(js(doc)).rows) == [[1, 2.5]]
    assert as_lists(ask(js(doc), "").rows) == [[1, 2.5]]


def test_objects_and_texts() -> None:
    found = ask(js({"age": 3, "job": "x"}))
    assert (found.names, as_lists(found.rows)) == (("age", "job"), [[3, "x"]])
    assert ask(b"any text", "text/plain").texts == ("any text",)
    assert ask(js({"instances": [{"data": "one"}, {"data": "two"}]})).texts == ("one", "two")


def test_pictures_are_not_read() -> None:
    found = ask(b"\xff\xd8\xff\xe0", "image/jpeg")
    assert (found.count, found.model) == (0, "m")


def test_garbage() -> None:
    with pytest.raises(Unreadable):
        ask(b"\xff\xd8")


@pytest.mark.parametrize(
    ("path", "fits"),
    [
        ("/predictions/m", True),
        ("/predictions/m/2.0", True),
        ("/x/predictions/m", True),
        ("/predict%69ons/m", True),
        ("/explanations/m", True),
        ("/predictions", False),
        ("/predictions/a/b/c", False),
        ("/models/m", False),
    ],
)
def test_paths(path: str, fits: bool) -> None:
    assert WIRE.matches("POST", path) == WIRE.matches("PUT", path) == fits
    assert not WIRE.matches("OPTIONS", path)


ONE = Question("m", [[1.0, 2.0]])


def test_answers() -> None:
    found = WIRE.answer(ONE, JSON, js({"tabby": 0.25, "tiger": 0.5, "lynx": 0.125}))
    assert (as_lists(found.scores), found.labels) == ([[0.25, 0.5, 0.125]], ["tiger"])
    assert as_lists(WIRE.answer(ONE, JSON, js([0.1, 0.9])).scores) == [[0.1, 0.9]]
    assert WIRE.answer(ONE, JSON, b"7").labels == [7]
    assert as_lists(WIRE.answer(ONE, JSON, b"0.5").scores) == [[0.5]]
    assert WIRE.answer(ONE, {}, b"a cat").texts == ("a cat",)
    assert as_lists(WIRE.answer(ONE, JSON, js({"predictions": [[0.1, 0.9]]})).scores) == [[0.1, 0.9]]


def tenth(scores: Array) -> Array:
    return np.round(scores, 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": 0.26, "b": 0.74}, {"a": 0.3, "b": 0.7}),
        ([{"a": 0.26, "b": 0.74}], [{"a": 0.3, "b": 0.7}]),
        ([[0.26, 0.74]], [[0.3, 0.7]]),
        ({"predictions": [{"a": 0.26, "b": 0.74}], "id": 0.123}, {"predictions": [{"a": 0.3, "b": 0.7}], "id": 0.123}),
        (7, 7),
    ],
)
def test_rewritten_answers(before: Any, after: Any) -> None:
    assert json.loads(WIRE.rewrite(JSON, js(before), tenth)[0]) == after


def test_texts_are_left_alone() -> None:
    assert WIRE.rewrite({}, b"a cat", tenth)[0] == b"a cat"
