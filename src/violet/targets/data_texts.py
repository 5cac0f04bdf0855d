"""Labelled texts: JSON lines, or a table with one column of text."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import UsageError
from violet.targets.base import InputDomain, InputKind, LabelledData
from violet.targets.data_arrays import as_segment, check_segments
from violet.targets.data_options import closest
from violet.targets.labels import read_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.data_options import DataOptions

    Array = NDArray[Any]

TEXTS = ("text", "sentence", "content", "document", "input", "review", "message")
LABELS = ("label", "class", "target", "y")


def text_domain() -> InputDomain:
    """Of single texts: they have no range."""
    return InputDomain(InputKind.TEXT, (), np.zeros(()), np.zeros(()), dtype="object")


def read_jsonl(path: str, options: DataOptions) -> LabelledData:
    """One object a line, with a text under ``text`` (or a usual name, or the one key that holds text) and a label.
    Raises ``UsageError`` with the line."""
    records: list[dict[str, Any]] = []
    with open(path, encoding="utf-8-sig", errors="strict") as file:
        try:
            for number, line in enumerate(file, 1):
                if line.strip():
                    records.append(_record(line, f"{path}, line {number}"))
        except UnicodeDecodeError as error:
            raise UsageError(f"{path} is not UTF-8: {error.reason} at byte {error.start}.") from error
    first = records[0]
    label = options.label or next((key for key in LABELS if key in first), "")
    if not label:
        raise UsageError(f"{path}: which key is the class is not said.", f"Say --label, one of {', '.join(first)}.")
    text = _text_key(first, label, path)
    for key in (label, text, *options.segment):
        for number, record in enumerate(records, 1):
            if key not in record:
                raise UsageError(f"{path}: object {number} has no {key!r}.", closest(key, tuple(record)))
    texts = np.empty(len(records), dtype=object)
    texts[:] = [record[text] for record in records]
    values = [record[label] for record in records]
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    labels = np.array(values) if numeric else np.array(values, dtype=object)
    y, classes = read_labels(labels, f"{path}: {label!r}")
    segments = {
        name: as_segment(np.array([str(record[name]) for record in records], dtype=object)) for name in options.segment
    }
    check_segments(segments, path)
    return labelled_texts(texts, y, classes, path, segments)


def labelled_texts(
    texts: Array, y: Array, classes: tuple[str, ...], path: str, segments: dict[str, Array]
) -> LabelledData:
    """Raises ``UsageError`` where a text is missing or is no text."""
    from violet.targets.data import digest_of

    for row, value in enumerate(texts.tolist()):
        if not isinstance(value, str) or not value.strip():
            raise UsageError(f"{path}: row {row} has no text.")
    return LabelledData(
        x=texts,
        y=y,
        classes=classes,
        domain=text_domain(),
        name=os.path.basename(path),
        digest=digest_of([path]),
        segments=segments,
    )


def _record(line: str, where: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where} is no JSON: {error}.", "One object a line is expected.") from error
    if not isinstance(found, dict):
        raise UsageError(f"{where} is no JSON object.", 'Write it like {"text": "...", "label": "..."}')
    return found


def _text_key(first: dict[str, Any], label: str, path: str) -> str:
    for key in TEXTS:
        if key in first and key != label:
            return key
    words = [key for key, value in first.items() if key != label and isinstance(value, str)]
    if len(words) == 1:
        return words[0]
    raise UsageError(f"{path}: which key is the text is not clear.", "Call it 'text'.")
