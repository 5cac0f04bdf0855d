"""Any JSON at any path, by a template."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.runtime.wire.forms import JSON, Array, as_lists, js
from violet.domain.errors import ConfigurationError, UsageError
from violet.runtime.wire.base import Answer, Question, Unreadable
from violet.runtime.wire.template import Places, Template

LOANS = Template(
    Places(
        "/score/*/batch",
        rows="$.applicants[*].x",
        scores="$.out[*].p",
        labels="$.out[*].y",
        names=("a", "b"),
        model="loans",
        model_at="$.model",
    )
)


def tenth(scores: Array) -> Array:
    return np.round(scores, 1)


def test_rows_scores_and_labels() -> None:
    doc = {"model": "v2", "applicants": [{"x": [1, 2]}, {"x": [3, 4]}]}
    asked = LOANS.question("/score/eu/batch", JSON, js(doc))
    assert (asked.model, asked.names, as_lists(asked.rows)) == ("v2", ("a", "b"), [[1, 2], [3, 4]])
    out = {"out": [{"p": [0.26, 0.74], "y": "no"}, {"p": [0.89, 0.11], "y": "yes"}], "z": 0.123}
    answer = LOANS.answer(asked, JSON, js(out))
    assert (as_lists(answer.scores), list(answer.labels)) == ([[0.26, 0.74], [0.89, 0.11]], ["no", "yes"])
    made, _ = LOANS.rewrite(JSON, js(out), tenth, answer)
    out["out"] = [{"p": [0.3, 0.7], "y": "no"}, {"p": [0.9, 0.1], "y": "yes"}]
    assert json.loads(made) == out


def test_one_row() -> None:
    wire = Template(Places("/score", rows="$.features", form="row", scores="$.result.p", labels="$.result.y"))
    asked = wire.question("/score", JSON, js({"features": {"a": 1, "b": "x"}}))
    assert (asked.names, as_lists(asked.rows)) == (("a", "b"), [[1, "x"]])
    assert as_lists(wire.question("/score", JSON, js({"features": [1, 2]})).rows) == [[1, 2]]
    for p, scores in ((0.26, [[0.26]]), ([0.26, 0.74], [[0.26, 0.74]]), ({"no": 0.26, "yes": 0.74}, [[0.26, 0.74]])):
        doc = {"result": {"p": p, "y": 1}}
        answer = wire.answer(asked, JSON, js(doc))
        assert as_lists(answer.scores) == scores
        assert list(answer.labels) == [1]
        made = json.loads(wire.rewrite(JSON, js(doc), tenth, answer)[0])
        assert made["result"]["y"] == 1
        assert made["result"]["p"] == json.loads(js(p).replace(b"0.26", b"0.3").replace(b"0.74", b"0.7"))


def test_columns_texts_and_places_in_lists() -> None:
    wire = Template(Places("/a", rows="$[1]", form="columns", scores="$[0]"))
    asked = wire.question("/a", JSON, js([0, {"x": [1, 2], "y": [3, 4]}]))
    assert (asked.names, as_lists(asked.rows)) == (("x", "y"), [[1, 3], [2, 4]])
    assert json.loads(wire.rewrite(JSON, js([[0.26, 0.5], "z"]), tenth)[0]) == [[0.3, 0.5], "z"]
    texts = Template(Places("/t", texts="$.docs[*].body", stream_at="$.stream"))
    found = texts.question("/t", JSON, js({"docs": [{"body": "a"}, {"body": "b"}], "stream": True}))
    assert (found.texts, found.stream) == (("a", "b"), True)
    assert texts.question("/t", JSON, js({"docs": []})).count == 0


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/score", "/score", True),
        ("/score", "/score/", True),
        ("/score", "/sc%6Fre", True),
        ("/score", "/scores", False),
        ("/a/*/c", "/a/b/c", True),
        ("/a/*/c", "/a/b/b/c", False),
        ("/a/**", "/a", True),
        ("/a/**", "/a/b/c", True),
        ("/a/v*:run", "/a/v1:run", True),
        ("/a.b", "/aXb", False),
        ("/", "/", True),
    ],
)
def test_paths(pattern: str, path: str, fits: bool) -> None:
    wire = Template(Places(pattern, rows="$"))
    assert wire.matches("POST", path) is fits
    assert not wire.matches("GET", path)


@pytest.mark.parametrize(
    "doc", [{}, [], {"applicants": []}, {"applicants": [{"x": [1, 2, 3]}]}, {"applicants": [{"y": 1}]}, 7]
)
def test_requests_that_do_not_fit(doc: Any) -> None:
    if doc == {"applicants": []}:
        assert LOANS.question("/score/eu/batch", JSON, js(doc)).count == 0
        return
    with pytest.raises(Unreadable):
        LOANS.question("/score/eu/batch", JSON, js(doc))


def test_answers_that_do_not_fit() -> None:
    asked = Question("", [[1.0, 2.0]])
    for doc in ({}, {"out": 1}, {"out": [1]}, {"out": [{"p": "x"}]}):
        with pytest.raises(Unreadable):
            LOANS.answer(asked, JSON, js(doc))
        with pytest.raises(Unreadable):
            LOANS.rewrite(JSON, js(doc), tenth, Answer([[0.5, 0.5]]))


def test_answers_that_nobody_asked_about() -> None:
    wire = Template(Places("/a", rows="$"))
    assert not len(wire.answer(Question("", [[1.0]]), JSON, b"garbage").scores)
    assert wire.rewrite(JSON, b"garbage", tenth)[0] == b"garbage"


def test_templates_that_cannot_be() -> None:
    for places in (Places("/a"), Places("a", rows="$"), Places("/a", rows="$", form="odd")):
        with pytest.raises(ConfigurationError):
            Template(places)
    with pytest.raises(UsageError):
        Template(Places("/a", rows="$.["))
