"""What columns do together: mean random features, products of all pairs, and shares within segments, on sampled
rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.profile.layout import JOINT_COLUMNS, JOINT_ROWS
from violet.detectors.reference import fit_reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.profile.chunk import Chunk
    from violet.detectors.profile.layout import Layout, WordLayout
    from violet.detectors.reference import Reference

    Array = NDArray[Any]

FEWEST = 50
CUT = 3.0
"""Standard deviations at which values are cut before they are multiplied: a few far ones make any correlation."""
VECTOR_CELLS = 1 << 14
"""Numbers of one picture; larger ones have no reference."""
JOINT_WORDS = 256
"""Words of a category that the reference tells apart; a column with more is left out of it."""


def fit_joint(sample: Chunk, categories: Sequence[WordLayout], seed: int, keep: int) -> Reference | None:
    """A reference of the columns of numbers and of few words, or of the cells of the one vector where there are no such
    columns; ``None`` where there are neither, too many, or fewer than 50 rows."""
    words = [c for c in categories if 0 < len(c.words) <= JOINT_WORDS]
    numbers = [name for name, values in sample.numbers.items() if np.isfinite(values).any()]
    names = [*numbers, *(c.name for c in words)]
    if not names and sample.rows >= FEWEST:
        return _fit_vector(sample, seed, keep)
    if not names or len(names) > JOINT_COLUMNS or sample.rows < FEWEST:
        return None
    step = max(1, -(-sample.rows // JOINT_ROWS))
    rows = np.arange(0, sample.rows, step)
    part = sample.take(rows)
    scores = None if part.scores is None else np.asarray(part.scores, dtype=np.float32)
    labels = None if part.labels is None else part.labels.codes
    places = {name: place for place, name in enumerate(sample.order)}
    names.sort(key=lambda name: places.get(name, len(places)))
    if not words:
        columns = [_finite(part.numbers[name]) for name in names]
        return fit_reference(np.stack(columns, axis=1), names, scores=scores, labels=labels, seed=seed, sample=keep)
    lists: list[list[Any]] = []
    for name in names:
        if name in part.numbers:
            found = _finite(part.numbers[name]).tolist()
            lists.append([None if value != value else value for value in found])
        else:
            lists.append(part.words[name].values())
    made = list(zip(*lists, strict=True))
    return fit_reference(made, names, scores=scores, labels=labels, seed=seed, sample=keep)


def _fit_vector(sample: Chunk, seed: int, keep: int) -> Reference | None:
    """One vector a row and nothing else, such as a picture: its cells are the columns."""
    if len(sample.vectors) != 1:
        return None
    ((name, _),) = sample.vectors.items()
    part = sample.take(np.arange(0, sample.rows, max(1, -(-sample.rows // JOINT_ROWS))))
    rows = _finite(part.vectors[name].reshape(part.rows, -1))
    if rows.shape[1] > VECTOR_CELLS:
        return None
    scores = None if part.scores is None else np.asarray(part.scores, dtype=np.float32)
    labels = None if part.labels is None else part.labels.codes
    names = [f"{name}{place}" for place in range(rows.shape[1])]
    shape = sample.shapes.get(name, ())
    return fit_reference(rows, names, scores=scores, labels=labels, shape=shape, seed=seed, sample=keep)


def _finite(values: Array) -> Array:
    x = values.astype(np.float64)
    x[~np.isfinite(x)] = np.nan
    return x


def raw_rows(chunk: Chunk, reference: Reference) -> Array:
    """The reference's columns of a chunk as its codes, float64 ``(rows, p)``; NaN for a column that is not there."""
    if not chunk.numbers and not chunk.words and len(chunk.vectors) == 1:
        (vector,) = chunk.vectors.values()
        flat = vector.reshape(chunk.rows, -1)
        if flat.shape[1] == reference.columns:
            return _finite(flat)
    found = np.full((chunk.rows, reference.columns), np.nan)
    for place, (name, words) in enumerate(zip(reference.names, reference.categories, strict=True)):
        if words and name in chunk.words:
            values = chunk.words[name]
            code = {word: float(number) for number, word in enumerate(words)}
            table = np.array([*(code.get(word, -1.0) for word in values.words), np.nan])
            found[:, place] = table[values.codes]
        elif not words and name in chunk.numbers:
            found[:, place] = chunk.numbers[name]
    return found


class JointCounts:
    """Sums over sampled rows: ``rows``, random features ``(m,)``, encoded columns cut at three deviations ``(d,)``,
    their products and those of their squares ``(d, d)``, and coarse shares by segment ``(segments, coarse)``."""

    __slots__ = ("features", "products", "rows", "segments", "squares", "totals")

    def __init__(self, layout: Layout) -> None:
        reference = layout.reference
        m, d = (len(reference.phase), reference.width) if reference is not None else (0, 0)
        self.rows = 0
        self.features = np.zeros(m)
        self.totals = np.zeros(d)
        self.products = np.zeros((d, d))
        self.squares = np.zeros((d, d))
        self.segments = np.zeros((layout.segment_count, int(layout.coarse_offsets[-1])), np.int64)

    def add(self, chunk: Chunk, layout: Layout, codes: Array) -> None:
        """``codes`` are what ``coarse_codes`` gives for the chunk."""
        self.rows += chunk.rows
        if layout.reference is not None:
            x = layout.reference.encode(raw_rows(chunk, layout.reference))
            self.features += layout.reference.features(x).sum(axis=0, dtype=np.float64)
            np.clip(x, -CUT, CUT, out=x)
            self.totals += x.sum(axis=0, dtype=np.float64)
            self.products += (x.T @ x).astype(np.float64)
            np.square(x, out=x)
            self.squares += (x.T @ x).astype(np.float64)
        width = self.segments.shape[1]
        first = 0
        for segment, rows in zip(layout.segments, segment_codes(chunk, layout), strict=True):
            count = len(segment.names)
            inside = rows >= 0
            which = rows[inside] * width
            for column in codes[:, inside]:
                found = np.bincount(which + column, minlength=count * width)
                self.segments[first : first + count] += found.reshape(count, width)
            first += count

    def plus(self, other: JointCounts) -> JointCounts:
        made = object.__new__(JointCounts)
        for name in self.__slots__:
            setattr(made, name, getattr(self, name) + getattr(other, name))
        return made


def coarse_codes(chunk: Chunk, layout: Layout, numbers: dict[str, Array]) -> Array:
    """The place of every value in flat coarse counts, int64 ``(columns, rows)``. ``numbers`` are all columns of
    numbers, the derived ones too; a column that is not there counts as missing."""
    offsets = layout.coarse_offsets
    found = np.empty((len(offsets) - 1, chunk.rows), np.int64)
    for place, column in enumerate(layout.numbers):
        missing = column.coarse_bins
        values = numbers.get(column.name)
        if values is None:
            found[place] = offsets[place] + missing
            continue
        if column.single:
            values = values.astype(np.float32)
        code = column.edges[column.coarse].searchsorted(values, "right")
        code[np.isnan(values)] = missing
        found[place] = offsets[place] + code
    for place, words in enumerate(layout.categories, start=len(layout.numbers)):
        other = words.coarse_bins - 1
        if words.name not in chunk.words:
            found[place] = offsets[place] + other + 1
            continue
        code = np.minimum(words.codes(chunk.words[words.name]), other)
        found[place] = offsets[place] + np.where(code < 0, other + 1, code)
    return found


def segment_codes(chunk: Chunk, layout: Layout) -> list[Array]:
    """For each split, the segment of each row, int64; -1: in none."""
    found = []
    for segment in layout.segments:
        if segment.cuts and segment.column in chunk.numbers:
            values = chunk.numbers[segment.column]
            code = np.asarray(segment.cuts).searchsorted(values, "right")
            found.append(np.where(np.isnan(values), -1, code))
        elif not segment.cuts and segment.column in chunk.words:
            said = chunk.words[segment.column]
            place = {word: number for number, word in enumerate(segment.names)}
            table = np.array([*(place.get(word, -1) for word in said.words), -1], dtype=np.int64)
            found.append(table[said.codes])
        else:
            found.append(np.full(chunk.rows, -1, np.int64))
    return found
