"""A piece of data on its way into a profile: a column an array, whatever file or stream it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """Words by number: row ``i`` holds ``words[codes[i]]``, or nothing where the code is -1."""

    words: Sequence[str]
    codes: Array

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: Array) -> Coded:
        return Coded(self.words, self.codes[rows])

    def counts(self) -> Array:
        """How often each of ``words`` stands there, int64."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.words))

    def values(self) -> list[str | None]:
        """The words themselves."""
        table = np.array([*self.words, None], dtype=object)
        return list(table[self.codes])


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """``rows`` rows; every array has them on its first axis. ``first`` is the position of the first row in the whole
    stream: which rows are sampled depends on it, and not on how the stream was cut. ``numbers`` are ``(rows,)`` of any
    number type, NaN for missing; ``vectors`` ``(rows, width)``; ``texts`` ``None`` for missing. ``scores`` ``(rows,
    k)`` are what the model said, ``labels`` its labels, ``truth`` the right ones; ``at`` seconds since 1970."""

    rows: int
    first: int = 0
    numbers: Mapping[str, Array] = field(default_factory=dict)
    words: Mapping[str, Coded] = field(default_factory=dict)
    texts: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    vectors: Mapping[str, Array] = field(default_factory=dict)
    at: Array | None = None
    client: Coded | None = None
    scores: Array | None = None
    labels: Coded | None = None
    truth: Coded | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    """Columns that cannot be read as anything, and why."""
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Of vectors that are pictures: height, width, and channels last where there are several."""
    order: tuple[str, ...] = ()
    """Columns as they stood in the data (empty: not known): callers who name none send them in this order."""

    def __len__(self) -> int:
        return self.rows

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.numbers, *self.words, *self.texts, *self.vectors)

    def part(self, start: int, stop: int) -> Chunk:
        """Rows ``start`` to ``stop``, without copying numbers."""
        whole = slice(start, min(stop, self.rows))
        return self._made(whole, whole.stop - start, self.first + start)

    def take(self, rows: Array) -> Chunk:
        """These rows (int, ascending). Their positions are no longer those of the stream."""
        return self._made(rows, len(rows), self.first)

    def _made(self, rows: Any, count: int, first: int) -> Chunk:
        def texts(values: Sequence[str | None]) -> Sequence[str | None]:
            return values[rows] if isinstance(rows, slice) else [values[row] for row in rows]

        def coded(values: Coded | None) -> Coded | None:
            return None if values is None else values.take(rows)

        return replace(
            self,
            rows=count,
            first=first,
            numbers={name: values[rows] for name, values in self.numbers.items()},
            words={name: values.take(rows) for name, values in self.words.items()},
            texts={name: texts(values) for name, values in self.texts.items()},
            vectors={name: values[rows] for name, values in self.vectors.items()},
            at=None if self.at is None else self.at[rows],
            client=coded(self.client),
            scores=None if self.scores is None else self.scores[rows],
            labels=coded(self.labels),
            truth=coded(self.truth),
        )


def position_hash(first: int, rows: int, seed: int) -> Array:
    """A number in [0, 1) for each position of a stream, float64 ``(rows,)``: the same however it is cut (splitmix64 of
    the position; Steele, Lea and Flood 2014, section 3)."""
    with np.errstate(over="ignore"):
        z = (np.arange(first + 1, first + rows + 1, dtype=np.uint64) + np.uint64(seed % 2**63)) * _MULTIPLIER
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return np.asarray((z >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def joined(chunks: Sequence[Chunk]) -> Chunk:
    """Chunks of the same columns, one behind the other."""
    if len(chunks) == 1:
        return chunks[0]
    head = chunks[0]
    return replace(
        head,
        rows=sum(chunk.rows for chunk in chunks),
        numbers={name: np.concatenate([c.numbers[name] for c in chunks]) for name in head.numbers},
        words={name: _recoded([c.words[name] for c in chunks]) for name in head.words},
        texts={name: [value for c in chunks for value in c.texts[name]] for name in head.texts},
        vectors={name: np.concatenate([c.vectors[name] for c in chunks]) for name in head.vectors},
        at=_arrays([c.at for c in chunks]),
        client=_optional([c.client for c in chunks]),
        scores=_arrays([c.scores for c in chunks]),
        labels=_optional([c.labels for c in chunks]),
        truth=_optional([c.truth for c in chunks]),
    )


def _arrays(values: Sequence[Array | None]) -> Array | None:
    known = [value for value in values if value is not None]
    return np.concatenate(known) if len(known) == len(values) else None


def _optional(values: Sequence[Coded | None]) -> Coded | None:
    known = [value for value in values if value is not None]
    return _recoded(known) if len(known) == len(values) else None


def _recoded(parts: Sequence[Coded]) -> Coded:
    """One table of words for all."""
    place: dict[str, int] = {}
    codes = []
    for part in parts:
        table = np.array([*(place.setdefault(word, len(place)) for word in part.words), -1], dtype=np.int64)
        codes.append(table[part.codes])
    return Coded(tuple(place), np.concatenate(codes))
