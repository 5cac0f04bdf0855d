"""What a model answered, made into labels or scores: every way of answering is checked here, once.

An answer is labels ``(n,)``; or scores ``(n, classes)``, one number a class; or one number a row, ``(n,)`` or ``(n,
1)``, as models of two classes give it: the probability of the second class, or its logit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.targets.base import Offers, TargetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]


def as_array(answer: Any, name: str) -> Array:
    """Raises ``TargetError`` where rows have different lengths."""
    try:
        return np.asarray(answer)
    except ValueError:
        raise TargetError(f"{name} answered rows of different lengths.") from None


def to_labels(answer: Any, rows: int, classes: int, name: str, words: Sequence[str] = ()) -> Array:
    """Labels ``(rows,)`` int64. ``words`` are the names of the classes in order, for models that answer in words.
    Raises ``TargetError`` for another number of rows and for what is no class."""
    found = as_array(answer, name)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim != 1 or len(found) != rows:
        raise wrong_shape(found.shape, rows, name, "one label a row")
    if found.dtype.kind in "OUS":
        return _from_words(found, classes, name, words)
    if found.dtype.kind == "f" and not (np.isfinite(found).all() and (found == np.floor(found)).all()):
        shown = found[~(np.isfinite(found) & (found == np.floor(found)))][0]
        raise TargetError(f"{name} answered {shown} where a label was expected.", "Does it give scores?")
    if found.dtype.kind not in "biuf":
        raise TargetError(f"{name} answered {found.dtype} where labels were expected.")
    labels = found.astype(np.int64)
    outside = (labels < 0) | (labels >= classes) if classes else labels < 0
    if outside.any():
        known = f", and there are {classes} (0 to {classes - 1})." if classes else "."
        raise TargetError(
            f"{name} answered class {labels[outside][0]}{known}",
            "Say the names of the model's classes in their order: --option classes=a,b",
        )
    return labels


def _from_words(found: Array, classes: int, name: str, words: Sequence[str]) -> Array:
    index = {word: place for place, word in enumerate(words)}
    labels = np.empty(len(found), dtype=np.int64)
    for row, word in enumerate(found):
        text = word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)
        place = index.get(text, -1)
        if place < 0 and not words and text.isdigit() and int(text) < classes:
            place = int(text)
        if place < 0:
            known = ", ".join(words[:8]) or f"0 to {classes - 1}"
            raise TargetError(
                f"{name} answered {text[:60]!r}, which is no class of the data ({known}).",
                "Say the names of the model's classes in their order: --option classes=a,b",
            )
        labels[row] = place
    return labels


def to_scores(answer: Any, rows: int, classes: int, name: str, probabilities: bool) -> Array:
    """Scores ``(rows, classes)`` float64; ``classes`` 0 takes what comes. One number a row becomes two columns: ``1 -
    p`` and ``p``, or minus and plus half the logit. Raises ``TargetError`` for another shape and for NaN."""
    try:
        found = as_array(answer, name).astype(np.float64)
    except (TypeError, ValueError):
        raise TargetError(f"{name} answered something that is no table of numbers.") from None
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim == 1 and len(found) == rows and classes in (0, 2):
        found = np.stack([1.0 - found, found] if probabilities else [-found / 2, found / 2], axis=1)
    if found.ndim != 2 or len(found) != rows or (classes and found.shape[1] != classes):
        raise wrong_shape(found.shape, rows, name, f"{classes or 'its'} scores a row")
    check_numbers(found, name)
    return found


def check_numbers(scores: Array, name: str) -> None:
    """Raises ``TargetError`` where a score is NaN: it says nothing, and every comparison with it is false."""
    bad = np.isnan(scores).any(axis=1)
    if bad.any():
        raise TargetError(f"{name} answered NaN for {int(bad.sum())} of {len(scores)} rows.")


def wrong_shape(shape: tuple[int, ...], rows: int, name: str, expected: str) -> TargetError:
    if shape and shape[0] != rows:
        return TargetError(f"{name} was asked about {rows} rows and answered {shape[0]}.")
    return TargetError(f"{name} answered an array of shape {shape}; {expected} was expected.")


def looks_like_probabilities(scores: Array) -> bool:
    """Whether every row lies in [0, 1] and adds up to 1, within what float32 can say."""
    return bool(
        scores.size
        and (scores >= -1e-6).all()
        and (scores <= 1 + 1e-6).all()
        and np.allclose(scores.sum(axis=1), 1.0, atol=1e-3)
    )


def looks_like_labels(answer: Any) -> bool:
    """Whether it is one whole number or word a row. A column ``(n, 1)`` of floats is scores, whatever its values."""
    found = np.asarray(answer)
    column = found.ndim == 2 and found.shape[1] == 1
    if found.ndim != 1 and not column:
        return False
    if found.dtype.kind in "biuOUS":
        return True
    return bool(not column and np.isfinite(found).all() and (found == np.floor(found)).all())


def what_it_gives(answer: Any, rows: int, said: str, name: str, known: int = 0) -> tuple[Offers, int]:
    """What a model offers that answered like this to ``rows`` rows, and how many classes it knows (``known``: as many
    are known of). ``said`` is what the user says that it gives (``labels``, ``scores``, ``probabilities``, ...; empty:
    nothing). Raises ``TargetError`` where the answer is not that, or nothing that can be read."""
    answer = as_array(answer, name)
    if said == "labels" or (not said and looks_like_labels(answer)):
        found = as_array(answer, name)
        if found.ndim == 2 and found.shape[1] > 1:
            return Offers.LABELS, found.shape[1]
        if len(found) != rows:
            raise wrong_shape(found.shape, rows, name, "one label a row")
        if not known:
            raise TargetError(
                f"{name} gives labels only, so the number of classes must be said.",
                "Name data, or say --option classes=a,b",
            )
        return Offers.LABELS, known
    found = np.asarray(answer)
    single = found.ndim == 1 or found.shape[1:] == (1,)
    within = single and found.dtype.kind in "fiub" and bool(((found >= 0) & (found <= 1)).all())
    if said == "probabilities":
        within = True
    elif said in ("scores", "logits", "log-probabilities"):
        within = False
    if single and known > 2:
        raise wrong_shape(found.shape, rows, name, f"{known} scores a row")
    scores = to_scores(answer, rows, 0, name, within)
    offers = Offers.LABELS | Offers.SCORES
    if said == "probabilities" or (not said and (within or looks_like_probabilities(scores))):
        offers |= Offers.PROBABILITIES
    return offers, scores.shape[1]
