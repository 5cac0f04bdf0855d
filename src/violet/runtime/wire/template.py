"""Any JSON at any path, by a template: where the rows are, and where the scores.

Places are written as the part of JSONPath (RFC 9535) that ``violet.targets.json_path`` reads, such as
``$.applicants[*].features``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import ConfigurationError
from violet.runtime.wire._reading import (
    USUAL,
    Bounds,
    bounded_texts,
    by_path,
    columns,
    document,
    guessed,
    plain,
    scalar,
    write,
)
from violet.runtime.wire._scores import changed, numbers, predictions
from violet.runtime.wire.base import Answer, Question, Unreadable
from violet.targets.json_path import ALL, find, parse_path

if TYPE_CHECKING:
    from violet.runtime.wire.base import Rewrite

_NO_HEADERS: Mapping[str, str] = {}
FORMS = ("rows", "row", "columns")


@dataclass(frozen=True, slots=True)
class Places:
    """``path`` is a pattern of paths (``*`` for one segment, ``**`` for any number), ``rows`` where the inputs are.
    ``form``: ``rows`` a list of rows, ``row`` a single one, ``columns`` an object of lists. ``texts`` is where prompts
    are. ``scores`` and ``labels`` are where they stand in the answer. ``names`` are the columns, where the JSON does
    not say them; ``model`` is what the model is called, ``model_at`` where a request says it."""

    path: str
    rows: str = ""
    form: str = "rows"
    texts: str = ""
    scores: str = ""
    labels: str = ""
    names: tuple[str, ...] = ()
    model: str = ""
    model_at: str = ""
    method: str = "POST"
    name: str = "template"
    stream_at: str = field(default="")


class Template:
    """Raises ``ConfigurationError`` for a template that cannot be."""

    def __init__(self, places: Places, bounds: Bounds = USUAL) -> None:
        if not places.rows and not places.texts:
            raise ConfigurationError(
                f"The template for {places.path} says neither where rows nor where texts are.",
                'Write: rows = "$.instances"',
            )
        if not places.path.startswith("/"):
            raise ConfigurationError(f"The template's path {places.path!r} does not begin with a slash.")
        if places.form not in FORMS:
            raise ConfigurationError(f"The template's form {places.form!r} is not known.", f"Say {', '.join(FORMS)}.")
        self.name = places.name
        self._places = places
        self._bounds = bounds
        self._pattern = re.compile(_pattern(places.path))
        steps = {name: getattr(places, name) for name in ("rows", "texts", "scores", "labels", "model_at", "stream_at")}
        self._steps = {name: parse_path(text) for name, text in steps.items() if text}
        self._fits = by_path(lambda path: self._pattern.fullmatch(plain(path)) is not None)

    def matches(self, method: str, path: str) -> bool:
        return method == self._places.method and self._fits(path)

    def question(self, path: str, headers: Mapping[str, str], body: bytes) -> Question:
        found = document(body, self._bounds)
        model = self._places.model
        if "model_at" in self._steps:
            said = _at(found, self._steps["model_at"], None)
            model = said if type(said) is str else model
        stream = "stream_at" in self._steps and _at(found, self._steps["stream_at"], None) is True
        if "texts" in self._steps:
            texts = _at(found, self._steps["texts"])
            given = texts if type(texts) is list else [texts]
            made = bounded_texts([text if type(text) is str else str(scalar(text)) for text in given], self._bounds)
            return Question(model, texts=made, stream=stream)
        values = _at(found, self._steps["rows"])
        if self._places.form == "columns":
            if type(values) is not dict:
                raise Unreadable("Its columns are no object.")
            rows, names = columns(values, self._bounds)
            return Question(model, rows, names, stream=stream)
        if self._places.form == "row" and not _is_many(self._steps["rows"], values):
            values = [values]
        asked = guessed(values, self._bounds, model)
        names = asked.names or self._places.names
        if self._places.names and len(asked.rows) and len(asked.rows[0]) != len(names):
            raise Unreadable(f"Row 0 has {len(asked.rows[0])} values, for {len(names)} columns.")
        return Question(model, asked.rows, names if len(asked.rows) else (), asked.texts, asked.shape, stream)

    def answer(self, question: Question, headers: Mapping[str, str], body: bytes) -> Answer:
        if not {"scores", "labels"} & self._steps.keys():
            return Answer()
        found = document(body, self._bounds)
        scores: Any = ()
        labels: Any = ()
        texts: tuple[str, ...] = ()
        if "scores" in self._steps:
            read = self._read(found, "scores", question.count)
            scores, labels, texts = read.scores, read.labels, read.texts
            if not len(scores) and len(labels) and not any(type(label) is str for label in labels):
                scores, labels = [[float(label)] for label in labels], ()
        if "labels" in self._steps:
            read = self._read(found, "labels", question.count)
            labels, texts = read.labels, read.texts
            if not len(labels) and len(read.scores):
                labels = [float(row[0]) for row in read.scores]
        return Answer(scores, labels, texts)

    def rewrite(
        self, headers: Mapping[str, str], body: bytes, change: Rewrite, original: Answer | None = None
    ) -> tuple[bytes, Mapping[str, str]]:
        if "scores" not in self._steps:
            return body, _NO_HEADERS
        found = document(body, self._bounds)
        count = original.count if original is not None else 0
        made = _replaced(found, self._steps["scores"], change, count)
        return write(made), _NO_HEADERS

    def _read(self, found: Any, name: str, count: int) -> Answer:
        value = _at(found, self._steps[name])
        if self._places.form == "row" and count == 1 and not _is_many(self._steps[name], value):
            value = [value]
        return predictions(value, count)


def _pattern(path: str) -> str:
    parts = []
    for segment in path.rstrip("/").split("/")[1:]:
        if segment == "**":
            parts.append("(?:/[^/]+)*")
        else:
            parts.append("/" + "[^/]*".join(re.escape(part) for part in segment.split("*")))
    return "".join(parts) or "/?"


def _at(found: Any, steps: tuple[Any, ...], *otherwise: Any) -> Any:
    try:
        return find(found, steps)
    except LookupError as error:
        if otherwise:
            return otherwise[0]
        raise Unreadable(f"There is no {error.args[0]}.") from None


def _is_many(steps: tuple[Any, ...], value: Any) -> bool:
    return ALL in steps and type(value) is list


def _replaced(found: Any, steps: tuple[Any, ...], change: Rewrite, count: int) -> Any:
    """The document with the scores at ``steps`` changed, all at once where they are a table."""
    value = _at(found, steps)
    table = numbers(value) if type(value) is list else None
    if table is not None:
        made: Any = changed(change, table).reshape(np.array(value, dtype=np.float64).shape).tolist()
    elif type(value) is list and value and set(map(type, value)) <= {int, float}:
        one_row = count == 1 and len(value) > 1
        array = np.array([value], dtype=np.float64)
        made = (changed(change, array)[0] if one_row else changed(change, array.T)[:, 0]).tolist()
    elif type(value) in (int, float):
        made = changed(change, np.array([[value]], dtype=np.float64)).item()
    elif type(value) is dict and value and set(map(type, value.values())) <= {int, float}:
        scores = changed(change, np.array([list(value.values())], dtype=np.float64))[0].tolist()
        made = dict(zip(value, scores, strict=True))
    else:
        raise Unreadable("Its scores are no numbers.")
    return _set(found, steps, made)


def _set(found: Any, steps: tuple[Any, ...], made: Any) -> Any:
    """``found`` with ``made`` where ``find`` got its value."""
    if not steps:
        return made
    step, rest = steps[0], steps[1:]
    if step is ALL:
        if type(found) is dict:
            return {name: _set(value, rest, new) for (name, value), new in zip(found.items(), made, strict=True)}
        return [_set(value, rest, new) for value, new in zip(found, made, strict=True)]
    if type(step) is int:
        place = step % len(found)
        return [_set(value, rest, made) if at == place else value for at, value in enumerate(found)]
    return {name: _set(value, rest, made) if name == step else value for name, value in found.items()}
