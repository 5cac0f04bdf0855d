"""MLflow's scoring server: ``/invocations``, with data frames, lists, columns, CSV, and chat.

Source: MLflow, ``mlflow/pyfunc/scoring_server/__init__.py`` (``invocations``, ``infer_and_parse_data``) and
``mlflow/utils/proto_json_utils.py``; pandas' ``read_csv`` for which words of a table are missing values. Databricks and
SageMaker have the same form at ``/serving-endpoints/NAME/invocations`` and ``/endpoints/NAME/invocations``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from violet.runtime.wire import openai
from violet.runtime.wire._reading import (
    USUAL,
    Bounds,
    Cell,
    bounded_texts,
    by_path,
    columns,
    document,
    even,
    flat_rows,
    guessed,
    plain,
    records,
    require_few,
    write,
)
from violet.runtime.wire._scores import predictions, quick, rewritten
from violet.runtime.wire.base import Answer, Question, Unreadable

if TYPE_CHECKING:
    from violet.runtime.wire.base import Rewrite

FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")
NAMED_BY = ("serving-endpoints", "endpoints", "gateway")
MISSING = frozenset(
    "#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan|null|".split("|")
)
_NO_HEADERS: Mapping[str, str] = {}


class _Split(msgspec.Struct):
    data: list[list[float | str | None]]
    columns: list[str] | None = None
    index: msgspec.Raw | None = None


class _Quick(msgspec.Struct):
    dataframe_split: _Split | None = None
    inputs: list[list[float | str | None]] | None = None
    instances: list[list[float | str | None]] | None = None
    dataframe_records: list[dict[str, float | str | None]] | None = None


_read_quick = msgspec.json.Decoder(_Quick).decode


@by_path
def _place(path: str) -> str | None:
    segments = plain(path).split("/")
    if segments[-1] != "invocations":
        return None
    named = len(segments) > 2 and segments[-3] in NAMED_BY
    return segments[-2] if named else ""


class Mlflow:
    """``/invocations``, behind any prefix."""

    name = "mlflow"

    def __init__(self, bounds: Bounds = USUAL) -> None:
        self._bounds = bounds

    def matches(self, method: str, path: str) -> bool:
        return method == "POST" and _place(path) is not None

    def question(self, path: str, headers: Mapping[str, str], body: bytes) -> Question:
        model = _place(path) or ""
        kind = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if kind == "text/csv":
            return self._table(model, body)
        if kind not in ("application/json", ""):
            raise Unreadable(f"Its type {kind[:60]!r} is not read.")
        require_few(body, self._bounds)
        try:
            read = _read_quick(body)
        except RecursionError:
            raise Unreadable("It is nested too deep.") from None
        except ValueError:
            return self._asked(model, document(body, self._bounds))
        split = read.dataframe_split
        if split is not None and split.columns is not None and body.count(b":") == 3 + (split.index is not None):
            return self._words(model, self._framed(split.data, len(split.columns)), tuple(split.columns))
        rows = read.inputs if read.inputs is not None else read.instances
        if rows and body.count(b":") == 1:
            return Question(model, even(rows))
        found = read.dataframe_records
        if found:
            names = tuple(found[0])
            if body.count(b":") == 1 + len(found) * len(names) and all(map(names.__eq__, map(tuple, found))):
                return self._words(model, [list(one.values()) for one in found], names)
        return self._asked(model, document(body, self._bounds))

    def answer(self, question: Question, headers: Mapping[str, str], body: bytes) -> Answer:
        scores = quick(body, question.count)
        if scores is not None:
            return scores
        if openai.is_events(body):
            return openai.streamed(body, self._bounds)
        found = document(body, self._bounds)
        if type(found) is dict and "predictions" in found:
            found = found["predictions"]
        elif type(found) is dict and openai.is_answer(found):
            return openai.said(found, self._bounds)
        return predictions(found, question.count)

    def rewrite(
        self, headers: Mapping[str, str], body: bytes, change: Rewrite, original: Answer | None = None
    ) -> tuple[bytes, Mapping[str, str]]:
        if openai.is_events(body):
            return openai.rewritten_stream(body, change, self._bounds), _NO_HEADERS
        found = document(body, self._bounds)
        count = original.count if original is not None else 0
        if type(found) is dict and "predictions" in found:
            return write({**found, "predictions": rewritten(found["predictions"], change, count)}), _NO_HEADERS
        if type(found) is dict and openai.is_answer(found):
            return openai.rewritten_answer(found, body, change), _NO_HEADERS
        return write(rewritten(found, change, count)), _NO_HEADERS

    def _asked(self, model: str, found: Any) -> Question:
        if type(found) is not dict:
            raise Unreadable("It is no object.")
        forms = [name for name in FORMATS if name in found]
        if openai.is_question(found):  # goes before everything else there, too
            asked = openai.asked(found, self._bounds)
            return asked if asked.model else openai.named(asked, model)
        if len(forms) != 1:
            raise Unreadable(f"It has {'no rows' if not forms else 'rows in two forms'}.")
        values = found[forms[0]]
        if forms[0] == "dataframe_split":
            return self._split(model, values)
        if forms[0] == "dataframe_records":
            if type(values) is not list:
                raise Unreadable("Its records are no list.")
            rows, names = records(values, self._bounds) if values else ([], ())
            return self._words(model, rows, names)
        if type(values) is dict:
            if not any(type(value) is list for value in values.values()):
                return guessed([values], self._bounds, model)
            rows, names = columns(values, self._bounds)
            return self._words(model, rows, names)
        return guessed(values, self._bounds, model)

    def _split(self, model: str, values: Any) -> Question:
        data = values.get("data") if type(values) is dict else None
        if type(data) is not list:
            raise Unreadable("Its data frame has no data.")
        names = values.get("columns")
        if names is not None and type(names) is not list:
            raise Unreadable("The columns of its data frame are no list.")
        rows = flat_rows(data)
        known = tuple(str(name) for name in names or ())
        return self._words(model, self._framed(rows, len(known)) if known else even(rows), known)

    def _framed(self, rows: list[list[Cell]], width: int) -> list[list[Cell]]:
        if rows and len(rows[0]) != width:
            raise Unreadable(f"Row 0 has {len(rows[0])} values, for {width} columns.")
        return even(rows)

    def _words(self, model: str, rows: list[list[Cell]], names: tuple[str, ...]) -> Question:
        """A single column of words is texts."""
        if len(names) == 1 and rows and all(type(row[0]) is str for row in rows):
            return Question(model, texts=bounded_texts([str(row[0]) for row in rows], self._bounds))
        return Question(model, rows, names)

    def _table(self, model: str, body: bytes) -> Question:
        """CSV, whose first line names the columns."""
        most = self._bounds.values // 4  # each is read in Python
        if body.count(b",") + body.count(b"\n") > most:
            raise Unreadable(f"It holds more than {most:,} values.")
        try:
            lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
        except (UnicodeDecodeError, csv.Error) as error:
            raise Unreadable(f"It is not CSV: {str(error).rstrip('.')}.") from None
        lines = [line for line in lines if line]
        if not lines:
            raise Unreadable("It has no columns.")
        names = tuple(lines[0])
        if len(lines) * len(names) > self._bounds.values:
            raise Unreadable(f"It holds more than {self._bounds.values:,} values.")
        rows = [[cell(value) for value in line] for line in lines[1:]]
        return self._words(model, self._framed(rows, len(names)), names)


def cell(text: str) -> Cell:
    """A value of a table: a number where it is one."""
    bare = text.strip()
    if bare in MISSING:
        return None
    try:
        return text if "_" in bare or not bare.isascii() else float(bare)
    except ValueError:
        return text
