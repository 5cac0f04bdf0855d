"""What is read as labels: whole numbers or words, made indices into names of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]

MANY = 50
"""Distinct labels from which a column may be a number to predict, and no class."""


def read_labels(values: Array, where: str, names: Sequence[str] = ()) -> tuple[Array, tuple[str, ...]]:
    """``(n,)`` of whole numbers or words, or one-hot rows ``(n, classes)``, to indices ``(n,)`` int64 and names.

    With ``names`` given, numbers are indices into them and words must be among them. Without: numbers from 0 on keep
    their value; numbers that begin elsewhere (-1 and 1; 1, 2 and 3) and words are counted in sorted order. Raises
    ``UsageError``, saying ``where``, for labels that are missing, fractions, outside ``names``, all the same, or so
    many that they are no classes.
    """
    found = np.asarray(values)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    elif found.ndim == 2 and found.dtype.kind in "biuf" and _one_hot(found):
        names = names or tuple(str(index) for index in range(found.shape[1]))
        found = found.argmax(axis=1)
    if found.ndim != 1:
        raise UsageError(f"{where} has shape {found.shape}.", "Labels are one number or word a row.")
    if not len(found):
        raise UsageError(f"{where} is empty.")
    if found.dtype.kind in "OUS":
        y, known = _from_words(found, where, names)
    else:
        y, known = _from_numbers(found, where, names)
    present = np.unique(y)
    if len(present) < 2:
        raise UsageError(
            f"{where}: every row is of class {known[int(present[0])]!r}.",
            "A test needs samples of two classes or more.",
        )
    if len(present) > MANY and 2 * len(present) > len(y):
        raise UsageError(
            f"{where} has {len(present)} different values in {len(y)} rows.",
            "Is it a number to predict, or an identifier? Name the column of the class with --label.",
        )
    return y, known


def _one_hot(found: Array) -> bool:
    return found.shape[1] > 1 and bool(((found == 0) | (found == 1)).all() and (found.sum(axis=1) == 1).all())


def _from_numbers(found: Array, where: str, names: Sequence[str]) -> tuple[Array, tuple[str, ...]]:
    if found.dtype.kind not in "biuf":
        raise UsageError(f"{where} holds {found.dtype}.", "Labels are whole numbers or words.")
    if found.dtype.kind == "f":
        missing = ~np.isfinite(found)
        if missing.any():
            raise UsageError(f"{where}: the label of row {int(missing.argmax())} is {found[missing.argmax()]}.")
        fractions = found != np.floor(found)
        if fractions.any():
            row = int(fractions.argmax())
            raise UsageError(f"{where}: the label of row {row} is {found[row]}, no whole number.")
    y = found.astype(np.int64)
    low, high = int(y.min()), int(y.max())
    if names:
        if low < 0 or high >= len(names):
            row = int(((y < 0) | (y >= len(names))).argmax())
            raise UsageError(
                f"{where}: the label of row {row} is {y[row]}, and there are {len(names)} classes "
                f"(0 to {len(names) - 1})."
            )
        return y, tuple(names)
    if low == 0 and high <= max(1000, len(y)):
        return y, tuple(str(index) for index in range(high + 1))
    values, indices = np.unique(y, return_inverse=True)
    return np.asarray(indices, dtype=np.int64).reshape(-1), tuple(str(value) for value in values)


def _from_words(found: Array, where: str, names: Sequence[str]) -> tuple[Array, tuple[str, ...]]:
    words = np.empty(len(found), dtype=object)
    for row, value in enumerate(found):
        if value is None or value != value:
            raise UsageError(f"{where}: row {row} has no label.")
        words[row] = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    known = tuple(names) or tuple(sorted(set(words)))
    index = {name: place for place, name in enumerate(known)}
    y = np.empty(len(found), dtype=np.int64)
    for row, word in enumerate(words):
        if word not in index:
            raise UsageError(f"{where}: row {row} is labelled {word!r}.", f"Known classes: {', '.join(known[:12])}.")
        y[row] = index[word]
    return y, known
