"""TensorFlow Serving's REST interface, and KServe's version 1, which is made after it.

Source: TensorFlow Serving, ``tensorflow_serving/g3doc/api_rest.md``: ``/v1/models/NAME[/versions/V|/labels/L]`` and
``:predict`` (rows in ``instances``, columns in ``inputs``, bytes as ``{"b64": ...}``), ``:classify`` and ``:regress``
(``examples`` with a common ``context``); KServe, "V1 inference protocol" (``:predict``, ``:explain``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from violet.runtime.wire._reading import (
    USUAL,
    Bounds,
    by_path,
    columns,
    document,
    even,
    guessed,
    records,
    require_few,
    write,
)
from violet.runtime.wire._reading import plain as as_seen
from violet.runtime.wire._scores import predictions, quick, rewritten
from violet.runtime.wire.base import Answer, Question, Unreadable

if TYPE_CHECKING:
    from violet.runtime.wire.base import Rewrite

VERBS = ("predict", "classify", "regress", "explain")
_NO_HEADERS: Mapping[str, str] = {}


class _Quick(msgspec.Struct):
    instances: list[list[float | str | None]] | None = None
    signature_name: str | None = None


_read_quick = msgspec.json.Decoder(_Quick).decode


@by_path
def _place(path: str) -> tuple[str, str] | None:
    """Model and verb."""
    whole, _, verb = as_seen(path).rpartition(":")
    if verb not in VERBS:
        return None
    segments = whole.split("/")
    for place in range(len(segments) - 2):
        if segments[place] == "v1" and segments[place + 1] == "models":
            inner = segments[place + 2 :]
            if len(inner) > 2 and inner[-2] in ("versions", "labels"):
                inner = inner[:-2]
            return "/".join(inner), verb
    return None


class TfServing:
    """``/v1/models/NAME:predict`` and its kin, behind any prefix."""

    name = "tf-serving"

    def __init__(self, bounds: Bounds = USUAL) -> None:
        self._bounds = bounds

    def matches(self, method: str, path: str) -> bool:
        return method == "POST" and _place(path) is not None

    def question(self, path: str, headers: Mapping[str, str], body: bytes) -> Question:
        model, verb = _place(path) or ("", "predict")
        require_few(body, self._bounds)
        try:
            read = _read_quick(body)
        except RecursionError:
            raise Unreadable("It is nested too deep.") from None
        except ValueError:
            read = None
        if read is not None and read.instances and verb == "predict":
            if body.count(b":") == 1 + (read.signature_name is not None):
                return Question(model, even(read.instances))
        found = document(body, self._bounds)
        if type(found) is not dict:
            raise Unreadable("It is no object.")
        if verb in ("classify", "regress"):
            return self._examples(model, found)
        if ("instances" in found) == ("inputs" in found):
            raise Unreadable("It has rows in two forms." if "inputs" in found else "It has no rows.")
        if "instances" in found:
            if type(found["instances"]) is not list:
                raise Unreadable("Its instances are no list.")
            return guessed(found["instances"], self._bounds, model)
        values = found["inputs"]
        if type(values) is dict and "b64" not in values:
            rows, names = columns(values, self._bounds)
            return Question(model, rows, names)
        return guessed(values, self._bounds, model)

    def answer(self, question: Question, headers: Mapping[str, str], body: bytes) -> Answer:
        scores = quick(body, question.count)
        if scores is not None:
            return scores
        found = document(body, self._bounds)
        if type(found) is not dict:
            raise Unreadable("It is no object.")
        for name in ("predictions", "outputs"):
            if name in found:
                return predictions(found[name], question.count)
        result = found.get("results", found.get("result"))
        if type(result) is list and _is_classified(result):
            return _classified(result)
        return predictions(result, question.count) if result is not None else Answer()

    def rewrite(
        self, headers: Mapping[str, str], body: bytes, change: Rewrite, original: Answer | None = None
    ) -> tuple[bytes, Mapping[str, str]]:
        found = document(body, self._bounds)
        if type(found) is not dict:
            raise Unreadable("It is no object.")
        count = original.count if original is not None else 0
        for name in ("predictions", "outputs"):
            if name in found:
                return write({**found, name: rewritten(found[name], change, count)}), _NO_HEADERS
        for name in ("results", "result"):
            if name in found:
                result = found[name]
                made = _reclassified(result, change) if _is_classified(result) else rewritten(result, change, count)
                return write({**found, name: made}), _NO_HEADERS
        return body, _NO_HEADERS

    def _examples(self, model: str, found: dict[str, Any]) -> Question:
        examples, context = found.get("examples"), found.get("context", {})
        if type(examples) is not list or type(context) is not dict or any(type(one) is not dict for one in examples):
            raise Unreadable("It has no list of examples.")
        if len(context) * len(examples) > self._bounds.values:
            raise Unreadable(f"Its rows have more than {self._bounds.values:,} values together.")
        if not examples:
            return Question(model)
        rows, names = records([{**context, **one} for one in examples], self._bounds)
        return Question(model, rows, names)


def _is_classified(result: Any) -> bool:
    """A list a row of pairs of label and score."""
    return (
        type(result) is list
        and bool(result)
        and all(type(row) is list and bool(row) for row in result)
        and all(
            type(pair) is list and len(pair) == 2 and type(pair[0]) is str and type(pair[1]) in (float, int)
            for row in result
            for pair in row
        )
    )


def _classified(result: list[list[list[Any]]]) -> Answer:
    labels = [max(row, key=lambda pair: pair[1])[0] for row in result]
    scores: Any = [[float(score) for _, score in row] for row in result]
    if len({len(row) for row in scores}) != 1:
        scores = ()
    return Answer(scores, labels)


def _reclassified(result: list[list[list[Any]]], change: Rewrite) -> list[list[list[Any]]]:
    made: list[list[list[Any]]] = []
    for row in result:
        scores = rewritten([float(score) for _, score in row], change, 1 if len(row) > 1 else 0)
        made.append([[label, score] for (label, _), score in zip(row, scores, strict=True)])
    return made
