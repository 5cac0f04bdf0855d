"""MLflow's forms, held to what MLflow's own server makes of the same bytes."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.wire.forms import JSON, Array, as_lists, js
from violet.runtime.wire.base import Answer, Question, Unreadable
from violet.runtime.wire.mlflow import Mlflow

WIRE = Mlflow()
CSV = {"content-type": "text/csv; charset=utf-8"}
NAMES = st.lists(st.text('abcdefgh é:"\\', min_size=1, max_size=6), min_size=1, max_size=5, unique=True)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def ask(body: bytes, headers: dict[str, str] = JSON) -> Question:
    return WIRE.question("/invocations", headers, body)


@st.composite
def frames(draw: st.DrawFn) -> tuple[list[str], list[list[Any]]]:
    names = draw(NAMES)
    cells = st.one_of(NUMBERS, st.none(), st.integers(-5, 5), st.text(max_size=4))
    rows = draw(st.lists(st.lists(cells, min_size=len(names), max_size=len(names)), min_size=1, max_size=4))
    if len(names) == 1:
        rows.append([1.5])  # not a column of texts
    return names, rows


@given(frames())
def test_data_frames(frame: tuple[list[str], list[list[Any]]]) -> None:
    names, rows = frame
    forms = [
        {"dataframe_split": {"columns": names, "data": rows}},
        {"dataframe_split": {"columns": names, "index": [*range(len(rows))], "data": rows}, "params": {"a": 1}},
        {"dataframe_records": [dict(zip(names, row, strict=True)) for row in rows]},
        {"inputs": {name: [row[place] for row in rows] for place, name in enumerate(names)}},
        {"instances": [dict(zip(names, row, strict=True)) for row in rows]},
    ]
    for form in forms:
        found = ask(js(form))
        assert found.names == tuple(names)
        assert as_lists(found.rows) == rows


@given(frames())
def test_data_frames_as_mlflow_reads_them(frame: tuple[list[str], list[list[Any]]]) -> None:
    server = pytest.importorskip("mlflow.pyfunc.scoring_server")
    names, rows = frame
    body = js({"dataframe_split": {"columns": names, "data": rows}})
    theirs = server.infer_and_parse_data(json.loads(body))
    ours = ask(body)
    assert list(theirs.columns) == list(ours.names)
    for own, their in zip(as_lists(ours.rows), theirs.to_numpy(dtype=object).tolist(), strict=True):
        for value, other in zip(own, their, strict=True):
            missing = other is None or (isinstance(other, float) and math.isnan(other))
            assert (value is None) if missing else value == other


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3,4\n",
        "a,b\r\n1.5,\r\nNA,-2e3\r\n",
        'a,"b,c"\n"x ""y""",1\n"two\nlines",2\n',
        "a,b\n\n1,x\n",
        "\ufeffa,b\n1,2\n",
    ],
)
def test_tables_as_mlflow_reads_them(text: str) -> None:
    server = pytest.importorskip("mlflow.pyfunc.scoring_server")
    found = ask(text.encode(), CSV)
    theirs = server.parse_csv_input(io.StringIO(text))
    assert list(found.names) == [str(name).removeprefix("\ufeff") for name in theirs.columns]
    kept = [[None if isinstance(v, float) and math.isnan(v) else v for v in row] for row in theirs.values.tolist()]
    assert as_lists(found.rows) == kept


@pytest.mark.parametrize("key", ["inputs", "instances"])
def test_lists(key: str) -> None:
    assert as_lists(ask(js({key: [[1, 2.5], [None, 4]]})).rows) == [[1, 2.5], [None, 4]]
    assert as_lists(ask(js({key: [[1, 2.5], [3, 4]]})).rows) == [[1, 2.5], [3, 4]]
    assert as_lists(ask(js({key: [1, 2]})).rows) == [[1], [2]]
    assert as_lists(ask(js({key: [[True, "a"]]})).rows) == [[1, "a"]]
    assert ask(js({key: ["a", "b"]})).texts == ("a", "b")
    picture = np.arange(12).reshape(2, 3, 2)
    found = ask(js({key: picture.tolist()}))
    assert found.shape == (3, 2)
    assert as_lists(found.rows) == picture.reshape(2, -1).tolist()


def test_lists_in_columns() -> None:
    found = ask(js({"inputs": {"x": [[1, 2], [3, 4]], "y": [5, 6]}}))
    assert found.names == ("x[0]", "x[1]", "y")
    assert as_lists(found.rows) == [[1, 2, 5], [3, 4, 6]]


def test_records_that_leave_something_out() -> None:
    found = ask(js({"dataframe_records": [{"a": 1, "b": 2}, {"b": 3}, {"c": "x"}]}))
    assert found.names == ("a", "b", "c")
    assert as_lists(found.rows) == [[1, 2, None], [None, 3, None], [None, None, "x"]]


def test_a_column_of_texts() -> None:
    assert ask(js({"dataframe_split": {"columns": ["text"], "data": [["a"], ["b"]]}})).texts == ("a", "b")


def test_chat_goes_before_rows() -> None:
    """As it does there: the model is given the whole object."""
    body = js({"messages": [{"role": "user", "content": "hi"}], "inputs": [[1.0]], "max_tokens": 5})
    found = ask(body)
    assert found.texts == ("hi",)
    assert found.tokens == 5


def test_json_in_other_encodings() -> None:
    """MLflow reads what ``json.loads`` reads."""
    text = '{"inputs": [[1.0, 2.0]]}'
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"):
        assert json.loads(text.encode(encoding)) == json.loads(text)
        assert as_lists(ask(text.encode(encoding)).rows) == [[1, 2]]
        with pytest.raises(Unreadable, match="twice"):
            ask('{"inputs": [[1.0, 2.0]], "inputs": [[3.0]]}'.encode(encoding))


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/invocations", ""),
        ("/model/invocations", ""),
        ("/serving-endpoints/credit/invocations", "credit"),
        ("/endpoints/credit/invocations", "credit"),
        ("/%69nvocations/", ""),
    ],
)
def test_paths(path: str, model: str) -> None:
    assert WIRE.matches("POST", path)
    assert WIRE.question(path, JSON, js({"inputs": [[1, 2]]})).model == model


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"1",
        b'{"dataframe_split": []}',
        b'{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}',
        b'{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3]]}}',
        b'{"dataframe_split": {"columns": 3, "data": [[1, 2]]}}',
        b'{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], 3]}}',
        b'{"dataframe_split": {"columns": ["a"], "data": [[1]], "data": [[2]]}}',
        b'{"dataframe_records": {"a": 1}}',
        b'{"dataframe_records": [{"a": 1}, 2]}',
        b'{"dataframe_records": [{"a": 1, "a": 2}]}',
        b'{"inputs": [[1, 2]], "instances": [[1, 2]]}',
        b'{"inputs": [[1, 2], [3]]}',
        b'{"inputs": [[[1, 2]], [[3]]]}',
        b'{"inputs": {"a": [1], "b": [1, 2]}}',
        b'{"inputs": [[1, 2]]} x',
    ],
)
def test_what_is_no_question(body: bytes) -> None:
    with pytest.raises(Unreadable):
        ask(body)


def test_forms_that_are_not_read() -> None:
    with pytest.raises(Unreadable, match="parquet"):
        ask(b"PAR1", {"content-type": "application/vnd.apache.parquet"})
    for text in ("a,b\n1\n", 'a\n"x', "", "\n", "\xff"):
        with pytest.raises(Unreadable):
            ask(text.encode("latin-1"), CSV)


# Answers

TWO = Question("", [[1.0], [2.0]])


@pytest.mark.parametrize(
    ("predictions", "scores", "labels"),
    [
        ([0.25, 0.5], [[0.25], [0.5]], []),
        ([1, 0], [], [1, 0]),
        ([[1], [0]], [], [1, 0]),
        (["yes", "no"], [], ["yes", "no"]),
        ([[0.1, 0.9], [1, 0]], [[0.1, 0.9], [1, 0]], []),
        ([{"0": 0.1, "1": 0.9}, {"0": 0.3, "1": 0.7}], [[0.1, 0.9], [0.3, 0.7]], []),
        (
            [{"label": "yes", "score": 0.9}, {"label": "no", "score": 0.7}],
            [[0.9], [0.7]],
            ["yes", "no"],
        ),
        (
            [{"prediction": 1, "probabilities": [0.1, 0.9]}, {"prediction": 0, "probabilities": [0.8, 0.2]}],
            [[0.1, 0.9], [0.8, 0.2]],
            [1, 0],
        ),
        ({"p": [[0.1, 0.9], [0.8, 0.2]], "y": [1, 0]}, [[0.1, 0.9], [0.8, 0.2]], [1, 0]),
        ([0.5], [], []),
        ([], [], []),
        ("done", [], []),
        (None, [], []),
    ],
)
def test_answers(predictions: Any, scores: list[Any], labels: list[Any]) -> None:
    found = WIRE.answer(TWO, JSON, js({"predictions": predictions}))
    assert as_lists(found.scores) == scores
    assert list(found.labels) == labels


@given(st.lists(st.lists(NUMBERS, min_size=2, max_size=2), min_size=2, max_size=2))
def test_answers_as_mlflow_writes_them(scores: list[list[float]]) -> None:
    server = pytest.importorskip("mlflow.pyfunc.scoring_server")
    out = io.StringIO()
    server.predictions_to_json(np.array(scores), out)
    assert as_lists(WIRE.answer(TWO, JSON, out.getvalue().encode()).scores) == scores


def tenth(scores: Array) -> Array:
    return np.round(scores, 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([[0.26, 0.74], [0.11, 0.89]], [[0.3, 0.7], [0.1, 0.9]]),
        ([0.26, 0.74], [0.3, 0.7]),
        ([1, 0], [1, 0]),
        (["a", "b"], ["a", "b"]),
        ([{"label": 1, "score": 0.26}], [{"label": 1, "score": 0.3}]),
        ([{"0": 0.26, "1": 0.74}], [{"0": 0.3, "1": 0.7}]),
        ([{"y": 1, "p": [0.26, 0.74], "q": [[0.26, 0.74]]}], [{"y": 1, "p": [0.3, 0.7], "q": [[0.3, 0.7]]}]),
    ],
)
def test_rewritten_answers(before: Any, after: Any) -> None:
    doc = {"extra": {"at": 0.123}, "predictions": before, "z": "é"}
    made, headers = WIRE.rewrite(JSON, js(doc), tenth, Answer(labels=[1] * 2))
    assert not headers
    assert json.loads(made) == {**doc, "predictions": after}
    assert list(json.loads(made)) == list(doc)


def test_scores_are_changed_together() -> None:
    """One table, so that the greatest of a row can be kept."""
    seen: list[Array] = []

    def look(scores: Array) -> Array:
        seen.append(scores.copy())
        return scores

    WIRE.rewrite(JSON, js({"predictions": [{"0": 0.26, "1": 0.74}]}), look)
    WIRE.rewrite(JSON, js({"predictions": [[0.1, 0.9], [0.2, 0.8]]}), look)
    assert [scores.tolist() for scores in seen] == [[[0.26, 0.74]], [[0.1, 0.9], [0.2, 0.8]]]
