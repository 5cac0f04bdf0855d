"""What ``violet.targets`` asks a model server, and reads in its answers, is what the guard sees go by."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from tests.runtime.wire.forms import JSON, as_lists, js
from violet.runtime.wire.known import wire_of
from violet.targets.base import InputDomain, InputKind, TargetError, TargetSpec
from violet.targets.http_protocols import wire_for
from violet.targets.request import Opening

TABLE = InputDomain(InputKind.TABLE, (3,), np.zeros(3), np.ones(3), names=("age", "income", "debt"), dtype="float64")
IMAGE = InputDomain(InputKind.IMAGE, (1, 2, 2), np.zeros(1), np.ones(1), layout="chw")
TEXT = InputDomain(InputKind.TEXT, (), np.zeros(1), np.ones(1), dtype="object")
ROWS = np.array([[0.5, 0.25, 0.75], [0.125, 1.0, 0.0]])
SCORES = [[0.25, 0.75], [0.5, 0.5]]
PREDICTIONS = {"predictions": SCORES}
TENSOR = {"name": "p", "datatype": "FP32", "shape": [2, 2], "data": [0.25, 0.75, 0.5, 0.5]}
V2, MLFLOW, TF = "/v2/models/credit/infer", "/invocations", "/v1/models/credit:predict"
COLUMNS = {"inputs": [{"name": name, "datatype": "FP64", "shape": [-1, 1]} for name in TABLE.names]}


class Metadata:
    """A server that says no more than what inputs its model has, or not even that."""

    def __init__(self, said: Any) -> None:
        self.said = said

    def get(self, url: str) -> Any:
        if self.said is None:
            raise TargetError("nothing is there")
        return self.said


def client(path: str, domain: InputDomain, said: Any = None, **options: str) -> Any:
    opening = Opening(TargetSpec(f"http://127.0.0.1:1{path}", "http", options=tuple(options.items())), domain, 2)
    transport: Any = Metadata(said)
    return wire_for(opening, transport)


@pytest.mark.parametrize(
    ("path", "said", "options", "named"),
    [
        (V2, None, {}, False),
        (V2, COLUMNS, {}, True),
        (MLFLOW, None, {}, True),
        (MLFLOW, None, {"format": "inputs"}, False),
        (MLFLOW, None, {"format": "instances"}, False),
        (TF, None, {}, False),
    ],
)
def test_rows_and_scores(path: str, said: Any, options: dict[str, str], named: bool) -> None:
    asking = client(path, TABLE, said, **options)
    seen = urlsplit(asking.url).path
    guard = wire_of("POST", seen)
    assert guard is not None
    question = guard.question(seen, JSON, js(asking.question(ROWS)))
    assert as_lists(question.rows) == ROWS.tolist()
    assert question.names == (TABLE.names if named else ())
    document = {"outputs": [TENSOR]} if path == V2 else PREDICTIONS
    assert asking.answer(document, 2) == SCORES
    assert np.asarray(guard.answer(question, JSON, js(document)).scores).tolist() == SCORES


@pytest.mark.parametrize("path", [V2, MLFLOW, TF])
def test_pictures(path: str) -> None:
    rows = np.arange(8).reshape(2, 1, 2, 2) / 8
    asking = client(path, IMAGE)
    guard = wire_of("POST", path)
    assert guard is not None
    question = guard.question(path, JSON, js(asking.question(rows)))
    assert as_lists(question.rows) == rows.reshape(2, 4).tolist()
    assert question.shape == (1, 2, 2)


@pytest.mark.parametrize("path", [V2, MLFLOW, TF])
def test_texts(path: str) -> None:
    texts = np.array(["good", "bad"], dtype=object)
    guard = wire_of("POST", path)
    assert guard is not None
    question = guard.question(path, JSON, js(client(path, TEXT).question(texts)))
    assert question.texts == ("good", "bad")
