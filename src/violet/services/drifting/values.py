"""Columns as they are kept, turned into those of a chunk: numbers, words, texts, vectors, and those with a role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.profile.chunk import Chunk, Coded
from violet.domain.errors import VioletError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.services.drifting.options import Roles

    Array = NDArray[Any]

TEXT_LENGTH = 30
"""Characters from which words that are mostly different are texts."""
LONGEST = 1 << 16
"""Characters of a text or word that are looked at."""
WIDEST = 1 << 20


@dataclass(slots=True)
class Sorting:
    """Which columns are texts: decided by the first piece, kept for the rest. ``texts`` are known from before."""

    texts: frozenset[str] = frozenset()
    decided: dict[str, bool] = field(default_factory=dict)

    def is_text(self, name: str, words: Coded) -> bool:
        if name in self.texts:
            return True
        if name not in self.decided:
            lengths = [len(word) for word in words.words[:10_000]]
            many = len(words.words) > max(20, len(words) // 2)
            self.decided[name] = bool(lengths) and many and sum(lengths) / len(lengths) > TEXT_LENGTH
        return self.decided[name]


def coded(values: Sequence[Any] | Array) -> Coded:
    """Words by number; ``None`` and NaN are missing, what is no word is written as one."""
    place: dict[str, int] = {}
    codes = np.empty(len(values), np.int64)
    for row, value in enumerate(values):
        if value is None or value != value:
            codes[row] = -1
        else:
            codes[row] = place.setdefault(as_word(value), len(place))
    return Coded(tuple(place), codes)


def as_word(value: Any) -> str:
    """Whole numbers without a decimal point, so that 1 and 1.0 are one label."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)[:LONGEST]


def number_words(values: Array) -> Coded:
    """Numbers as labels."""
    known = ~np.isnan(values) if values.dtype.kind == "f" else np.ones(len(values), bool)
    kinds, inverse = np.unique(values[known], return_inverse=True)
    codes = np.full(len(values), -1, np.int64)
    codes[known] = inverse
    return Coded(tuple(as_word(kind.item()) for kind in kinds), codes)


def made_chunk(
    columns: Mapping[str, Array | Coded],
    rows: int,
    first: int,
    roles: Roles,
    sorting: Sorting,
    notes: Mapping[str, str],
    path: str,
) -> Chunk:
    """Arrays of numbers ``(rows,)`` or ``(rows, width)`` and words, sorted into a chunk. Raises ``VioletError`` where a
    column cannot have the role it was given."""
    numbers: dict[str, Array] = {}
    words: dict[str, Coded] = {}
    texts: dict[str, list[str | None]] = {}
    vectors: dict[str, Array] = {}
    for name, values in columns.items():
        if name in roles.special:
            continue
        if isinstance(values, Coded):
            if sorting.is_text(name, values):
                texts[name] = values.values()
            else:
                words[name] = values
        elif values.ndim == 1:
            numbers[name] = values
        else:
            vectors[name] = values
    at = None
    if roles.time:
        at = _numbers(columns, roles.time, "times", path)
        if np.isnan(at).any():
            raise VioletError(f"{path}: {int(np.isnan(at).sum())} rows have no time in {roles.time!r}.")
    scores = None
    if roles.scores:
        parts = [_numbers(columns, name, "probabilities", path) for name in roles.scores]
        scores = np.column_stack(parts) if len(parts) > 1 else parts[0].reshape(rows, -1)
    return Chunk(
        order=tuple(columns),
        rows=rows,
        first=first,
        numbers=numbers,
        words=words,
        texts=texts,
        vectors=vectors,
        at=at,
        client=_words(columns, roles.client),
        scores=scores,
        labels=_words(columns, roles.label),
        truth=_words(columns, roles.truth),
        notes=notes,
    )


def _numbers(columns: Mapping[str, Array | Coded], name: str, what: str, path: str) -> Array:
    values = columns.get(name)
    if isinstance(values, Coded) and what == "times":
        return _times(values, name, path)
    if values is None or isinstance(values, Coded):
        raise VioletError(f"{path}: the column {name!r} does not hold {what}.")
    return values.astype(np.float64)


def _times(values: Coded, name: str, path: str) -> Array:
    """ISO 8601 dates and times; without a zone they are UTC."""
    from datetime import UTC, datetime

    found = []
    for word in values.words:
        try:
            when = datetime.fromisoformat(word)
        except ValueError:
            raise VioletError(
                f"{path}: {word!r} in {name!r} is no time.", "Write it like 2026-01-31T12:00:00."
            ) from None
        found.append((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
    return np.array([*found, np.nan])[values.codes]


def _words(columns: Mapping[str, Array | Coded], name: str) -> Coded | None:
    if not name:
        return None
    values = columns.get(name)
    if values is None or isinstance(values, Coded):
        return values
    return number_words(values)
