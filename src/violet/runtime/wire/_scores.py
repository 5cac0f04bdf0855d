"""Scores in answers: found the same way when they are read and when they are written anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from violet.runtime.wire._reading import as_float, depth_of, scalar
from violet.runtime.wire.base import Answer, Unreadable

if TYPE_CHECKING:
    from violet.runtime.wire.base import Array, Rewrite


class _Quick(msgspec.Struct):
    predictions: list[list[float]]


_read_quick = msgspec.json.Decoder(_Quick).decode
LABEL = 64
"""Characters of a text that may be the name of a class."""


def changed(change: Rewrite, scores: Array) -> Array:
    """``change(scores)``, of the same shape."""
    found = np.asarray(change(np.array(scores, dtype=np.float64)), dtype=np.float64)
    if found.shape != scores.shape:
        raise ValueError(f"scores of shape {scores.shape} were made {found.shape}")
    return found


def quick(body: bytes, count: int) -> Answer | None:
    """Of ``{"predictions": [[0.1, 0.9], ...]}`` and nothing else, which most answers are; ``None``: it has to be looked
    at."""
    try:
        found = _read_quick(body).predictions
    except (ValueError, RecursionError):
        return None
    if len(found) != count or body.count(b":") != 1 or not all(len(row) == len(found[0]) > 1 for row in found):
        return None
    return Answer(found)


def worded(words: list[str], scores: Any = ()) -> Answer:
    """Of texts, one a row: names of classes where all are short."""
    return Answer(scores, tuple(words) if all(len(word) <= LABEL for word in words) else (), tuple(words))


def predictions(found: Any, count: int) -> Answer:
    """Of a list with a prediction a row: whole numbers, truth values and words are labels; other numbers, and lists of
    numbers, are scores; an object has some of each. A list of another length than ``count`` is the answer to one row,
    where one was asked, and says nothing else."""
    if type(found) is dict:
        found = [found] if count <= 1 else _turned(found, count)
    elif type(found) is not list:
        found = [found]
    if count and len(found) != count:
        if count != 1:
            return Answer()
        found = [found]
    if not found:
        return Answer()
    kinds = set(map(type, found))
    if kinds == {float}:
        return Answer([[value] for value in found])
    if kinds <= {int, bool}:
        return Answer(labels=[as_float(value) for value in found])
    if kinds <= {int, float}:
        return Answer([[as_float(value)] for value in found])
    if kinds == {str}:
        return worded(found)
    if kinds == {list}:
        return _nested(found)
    if kinds == {dict}:
        return _objects(found)
    return Answer()


def _turned(named: dict[str, Any], count: int) -> list[Any]:
    """Rows out of named outputs that each have a value a row."""
    fits = {name: value for name, value in named.items() if type(value) is list and len(value) == count}
    return [dict(zip(fits, row, strict=True)) for row in zip(*fits.values(), strict=True)] if fits else []


def _nested(found: list[Any]) -> Answer:
    if all(len(row) == 1 for row in found) and not {type(row[0]) for row in found} - {str, int, bool}:
        return predictions([row[0] for row in found], len(found))
    scores = numbers(found)
    return Answer() if scores is None else Answer(scores)


def numbers(found: Any) -> Array | None:
    """float64 ``(n, k)``; ``None`` where it is no such thing."""
    try:
        if depth_of(found) < 2:
            return None
        if not all(type(row) is list for row in found) or _holds_words(found):
            return None
        array = np.array(found, dtype=np.float64)
    except (ValueError, TypeError, OverflowError, Unreadable):
        return None
    return array.reshape(len(array), -1) if array.size else None


def _holds_words(found: list[Any]) -> bool:
    waiting = list(found)
    while waiting:
        one = waiting.pop()
        kinds = set(map(type, one))
        if str in kinds or bool in kinds or dict in kinds:
            return True
        if list in kinds:
            if len(kinds) > 1:
                return True
            waiting.extend(one)
    return False


def _objects(found: list[dict[str, Any]]) -> Answer:
    """Named outputs of each row: lists of numbers first, then numbers, are scores; a whole number or word is the
    label."""
    names = score_names(found[0])
    scores: list[list[float]] = []
    labels: list[float | str] = []
    for one in found:
        row: list[float] = []
        for name in names:
            flat = numbers([one.get(name)]) if type(one.get(name)) is list else None
            if flat is not None:
                row.extend(flat[0].tolist())
            elif type(one.get(name)) in (float, int):
                row.append(as_float(one[name]))
        scores.append(row)
    label = label_name(found[0], names)
    if label is not None and all(label in one for one in found):
        for one in found:
            value = one[label]
            value = value[0] if type(value) is list and len(value) == 1 else value
            cell = scalar(value)
            labels.append("" if cell is None else cell)
    if not names or len({len(row) for row in scores}) != 1 or not scores[0]:
        scores = []
    words = [label for label in labels if isinstance(label, str)]
    if len(words) == len(labels) and words:
        return worded(words, scores)
    return Answer(scores, labels)


def score_names(one: dict[str, Any]) -> list[str]:
    """Of a row's named outputs, those with scores: all that hold two numbers or more; else all that hold a fraction."""
    lists = [name for name, value in one.items() if type(value) is list and _has_fractions(value) and len(value) > 1]
    if lists:
        return lists[:1] if not (best := [name for name in lists if telling(name)]) else best[:1]
    return [name for name, value in one.items() if type(value) is float or (_has_fractions(value) and len(value) == 1)]


def _has_fractions(value: Any) -> bool:
    while type(value) is list and value:
        if float in set(map(type, value)):
            return True
        value = value[0]
    return False


def label_name(one: dict[str, Any], scores: list[str]) -> str | None:
    """Of a row's named outputs, the one with the label."""
    for name, value in one.items():
        value = value[0] if type(value) is list and len(value) == 1 else value
        if name not in scores and type(value) in (str, int, bool):
            return name
    return None


def telling(name: str) -> bool:
    """The name of an output says that it holds scores."""
    lower = name.lower()
    return "prob" in lower or "score" in lower or "logit" in lower or "softmax" in lower


def rewritten(found: Any, change: Rewrite, count: int) -> Any:
    """Predictions as ``predictions`` reads them with all their scores changed: every list of numbers with a fraction in
    it, also those that were not chosen, since they tell as much."""
    if type(found) is dict:
        if count > 1:
            return {name: rewritten(value, change, count) for name, value in found.items()}
        return _object_rewritten(found, change)
    if type(found) is float:
        return changed(change, np.array([[found]])).item()
    if type(found) is not list or not found:
        return found
    kinds = set(map(type, found))
    if kinds <= {int, float} and float in kinds:
        if count == 1 and len(found) > 1:
            return changed(change, np.array([found], dtype=np.float64))[0].tolist()
        return changed(change, np.array(found, dtype=np.float64)[:, None])[:, 0].tolist()
    if kinds == {list}:
        if not _has_fractions(found):
            return found
        scores = numbers(found)
        if scores is None:
            return [rewritten(one, change, 1) for one in found]
        return changed(change, scores).reshape(np.array(found, dtype=np.float64).shape).tolist()
    if dict in kinds:
        return [_object_rewritten(one, change) if type(one) is dict else one for one in found]
    return found


def _object_rewritten(one: dict[str, Any], change: Rewrite) -> dict[str, Any]:
    """The numbers of an object are scores of classes where there are several."""
    made = dict(one)
    alone = [name for name, value in one.items() if type(value) is float]
    if alone:
        scores = changed(change, np.array([[one[name] for name in alone]]))[0].tolist()
        made.update(zip(alone, scores, strict=True))
    for name, value in one.items():
        if type(value) is list:
            made[name] = rewritten(value, change, 1)
        elif type(value) is dict:
            made[name] = _object_rewritten(value, change)
    return made
