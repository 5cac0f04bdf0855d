"""TorchServe: ``/predictions/NAME[/VERSION]``. What a body means is up to the model's handler.

Source: TorchServe, ``docs/inference_api.md`` and the default handlers in ``ts/torch_handler/``: a picture or text as it
is, JSON as a list, or JSON under ``instances``, ``data`` or ``body``; answers of classifiers are objects of classes and
probabilities, the five best first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.runtime.wire._reading import (
    USUAL,
    Bounds,
    bounded_texts,
    by_path,
    document,
    guessed,
    plain,
    write,
)
from violet.runtime.wire._scores import changed, predictions, rewritten
from violet.runtime.wire.base import Answer, Question

if TYPE_CHECKING:
    from violet.runtime.wire.base import Rewrite

HOLDERS = ("instances", "inputs", "data", "body", "rows")
_NO_HEADERS: Mapping[str, str] = {}


@by_path
def _place(path: str) -> str | None:
    segments = plain(path).split("/")
    for verb in ("predictions", "explanations"):
        if verb in segments:
            after = segments[segments.index(verb) + 1 :]
            if 1 <= len(after) <= 2:
                return after[0]
    return None


class TorchServe:
    """``/predictions/NAME`` and ``/explanations/NAME``, behind any prefix, by POST and PUT."""

    name = "torchserve"

    def __init__(self, bounds: Bounds = USUAL) -> None:
        self._bounds = bounds

    def matches(self, method: str, path: str) -> bool:
        return method in ("POST", "PUT") and _place(path) is not None

    def question(self, path: str, headers: Mapping[str, str], body: bytes) -> Question:
        model = _place(path) or ""
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind.startswith("text/"):
            return Question(model, texts=bounded_texts([body.decode("utf-8", "replace")], self._bounds))
        if kind and kind != "application/json" and not kind.endswith("+json") and body[:1] not in (b"{", b"["):
            return Question(model)  # a picture, a form: its rows are the handler's own
        found = document(body, self._bounds)
        if type(found) is dict:
            held = next((name for name in HOLDERS if name in found), None)
            if held is not None:
                return self._rows(model, found[held])
        return self._rows(model, found)

    def answer(self, question: Question, headers: Mapping[str, str], body: bytes) -> Answer:
        if body[:1] not in (b"{", b"[", b'"') and not _is_number(body):
            return Answer(texts=bounded_texts([body.decode("utf-8", "replace")], self._bounds))
        found = document(body, self._bounds)
        if type(found) is dict and "predictions" in found:
            found = found["predictions"]
        if type(found) is dict and _is_classes(found):
            found = [found]
        if type(found) is list and found and all(type(one) is dict and _is_classes(one) for one in found):
            labels = [max(one, key=one.__getitem__) for one in found]
            scores: Any = [[float(value) for value in one.values()] for one in found]
            if len({len(row) for row in scores}) != 1:
                scores = ()
            return Answer(scores, labels) if question.count in (0, len(found)) else Answer()
        return predictions(found, question.count)

    def rewrite(
        self, headers: Mapping[str, str], body: bytes, change: Rewrite, original: Answer | None = None
    ) -> tuple[bytes, Mapping[str, str]]:
        if body[:1] not in (b"{", b"[", b'"') and not _is_number(body):
            return body, _NO_HEADERS
        found = document(body, self._bounds)
        count = original.count if original is not None else 0
        if type(found) is dict and "predictions" in found:
            return write({**found, "predictions": _changed(found["predictions"], change, count)}), _NO_HEADERS
        return write(_changed(found, change, count)), _NO_HEADERS

    def _rows(self, model: str, values: Any) -> Question:
        """A list of numbers is one row, as handlers make a tensor of it."""
        if type(values) is list and values and set(map(type, values)) <= {float, int, type(None)}:
            return guessed([values], self._bounds, model)
        return guessed(values, self._bounds, model)


def _is_number(body: bytes) -> bool:
    try:
        float(body[:64])
    except ValueError:
        return False
    return True


def _is_classes(one: Mapping[str, Any]) -> bool:
    """Two classes or more, and the probability of each."""
    return len(one) > 1 and set(map(type, one.values())) == {float}


def _changed(found: Any, change: Rewrite, count: int) -> Any:
    if type(found) is dict and _is_classes(found):
        scores = changed(change, np.array([list(found.values())]))[0].tolist()
        return dict(zip(found, scores, strict=True))
    if type(found) is list and found and all(type(one) is dict and _is_classes(one) for one in found):
        return [_changed(one, change, 1) for one in found]
    return rewritten(found, change, count)
