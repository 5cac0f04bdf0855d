"""What was counted: a profile, of a reference or of what came later. Profiles with one layout add up."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.profile.chunk import Chunk, position_hash
from violet.detectors.profile.heavy import HeavyHitters
from violet.detectors.profile.joint import JointCounts, coarse_codes
from violet.detectors.profile.kernel import BLOCK, MISSING, Counted, Counter, added_moments, empty_moments
from violet.detectors.profile.layout import CHARACTERS, CONFIDENCES, GRAMS, text_lengths
from violet.detectors.profile.texts import text_counts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from violet.detectors.profile.layout import Layout

    Array = NDArray[Any]

PARTS = 256
"""The most windows a profile keeps: then neighbours become one."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A window: ``rows`` rows from ``start`` to ``end`` (positions, or seconds since 1970 where they are known);
    ``coarse`` int64, the coarse counts of all columns; ``confidence`` is the sum of the model's confidence, ``answers``
    over so many rows, ``right`` of ``known`` ones with a known truth were right."""

    rows: int
    start: float
    end: float
    coarse: Array
    confidence: float = 0.0
    answers: int = 0
    right: int = 0
    known: int = 0

    def __add__(self, other: Part) -> Part:
        return Part(
            self.rows + other.rows,
            min(self.start, other.start),
            max(self.end, other.end),
            self.coarse + other.coarse,
            self.confidence + other.confidence,
            self.answers + other.answers,
            self.right + other.right,
            self.known + other.known,
        )


class Outputs:
    """What the model answered, by predicted class and confidence (64 equal bins): ``(classes + 1, 64)`` each, the last
    row for labels that the reference does not have. ``answers`` rows, ``confidence`` their sum, and of those whose
    truth is ``known`` how many were ``right``."""

    __slots__ = ("answers", "confidence", "known", "right")

    def __init__(self, classes: int) -> None:
        shape = (classes + 1, CONFIDENCES)
        self.answers = np.zeros(shape, np.int64)
        self.confidence = np.zeros(shape)
        self.known = np.zeros(shape, np.int64)
        self.right = np.zeros(shape, np.int64)

    def plus(self, other: Outputs) -> Outputs:
        made = object.__new__(Outputs)
        for name in self.__slots__:
            setattr(made, name, getattr(self, name) + getattr(other, name))
        return made


class Profile:
    """Counts against ``layout``; add chunks with ``add``, other profiles with ``+``.

    ``counts`` int64 and ``sums`` float64 are flat, by ``layout.offsets``; ``moments`` ``(numbers, 8)`` as
    ``kernel.Counted`` has them; ``words`` flat by ``layout.word_offsets``, ``word_missing`` ``(categories,)``, ``rest``
    the most frequent other words; ``characters`` ``(texts, 7)`` and ``grams`` ``(texts, 256)`` are shares' counts of
    texts; ``joint`` sums over sampled rows; ``outputs`` what the model said; ``parts`` windows in their order.
    ``present`` ``(columns,)`` says in how many rows each column of ``layout.names`` was there at all.
    """

    def __init__(self, layout: Layout, *, rate: float = 1.0, window: int = 0, span: float = 0.0) -> None:
        """``rate`` is the share of rows that are looked at together; windows end after ``window`` rows (0: as many as
        come), or ``span`` seconds (0: never)."""
        self.layout = layout
        self.rate = rate
        self.window = window
        self.span = span
        self.rows = 0
        self.first = float("inf")
        self.last = float("-inf")
        self.counts = np.zeros(int(layout.offsets[-1]), np.int64)
        self.sums = np.zeros(int(layout.offsets[-1]))
        self.moments = np.tile(empty_moments(), (len(layout.numbers), 1))
        self.words = np.zeros(int(layout.word_offsets[-1]), np.int64)
        self.word_missing = np.zeros(len(layout.categories), np.int64)
        self.rest = [HeavyHitters() for _ in layout.categories]
        self.characters = np.zeros((len(layout.texts), len(CHARACTERS)), np.int64)
        self.grams = np.zeros((len(layout.texts), GRAMS), np.int64)
        self.joint = JointCounts(layout)
        self.outputs = Outputs(len(layout.classes))
        self.parts: list[Part] = []
        self.present = np.zeros(len(layout.names), np.int64)
        self._open: Part | None = None
        self._spans: dict[int, Part] = {}
        self._counter: Counter | None = None

    def add(self, chunk: Chunk, sampled: Callable[[Chunk, Array], None] | None = None) -> None:
        """Count a chunk. ``sampled`` is told of the rows that are looked at together, with their coarse codes."""
        ordered = chunk
        if self.span and chunk.at is not None and np.any(np.diff(chunk.at) < 0):
            ordered = chunk.take(np.argsort(chunk.at, kind="stable"))
        for piece in self._pieces(ordered):
            self._piece(piece)
        self.rows += chunk.rows
        if chunk.at is not None and chunk.rows:
            self.first = min(self.first, float(np.min(chunk.at)))
            self.last = max(self.last, float(np.max(chunk.at)))
        self._together(chunk, sampled)

    def finish(self) -> Profile:
        """Close the last window: the profile is complete."""
        if self._open is not None:
            self._close()
        if self._spans:
            self.parts += [part for _, part in sorted(self._spans.items())]
            self._spans = {}
        return self

    def _pieces(self, chunk: Chunk) -> list[Chunk]:
        """Cut where windows end."""
        cuts = {0, chunk.rows}
        if self.window:
            have = self._open.rows if self._open is not None else 0
            cuts.update(range(self.window - have if have < self.window else 0, chunk.rows, self.window))
        if self.span and chunk.at is not None and chunk.rows:
            number = np.floor(chunk.at / self.span)
            cuts.update((np.flatnonzero(np.diff(number)) + 1).tolist())
        places = sorted(cuts)
        return [chunk.part(a, b) for a, b in pairwise(places)]

    def _piece(self, chunk: Chunk) -> None:
        layout, offsets = self.layout, self.layout.offsets
        if self._counter is None:
            self._counter = Counter(BLOCK)
        coarse = np.zeros(int(layout.coarse_offsets[-1]), np.int64)
        numbers = number_columns(chunk, layout)
        for place, column in enumerate(layout.numbers):
            at = layout.coarse_offsets[place]
            values = numbers.get(column.name)
            if values is None:
                coarse[at + column.coarse_bins] += chunk.rows
                continue
            self.present[place] += chunk.rows
            counted = self._counter.count(values, column)
            flat = slice(offsets[place], offsets[place + 1])
            self.counts[flat] += counted.counts
            self.sums[flat] += counted.sums
            self.moments[place] = added_moments(self.moments[place], counted.moments)
            begins = np.concatenate([[0], column.coarse + 1])
            coarse[at : at + column.coarse_bins] += np.add.reduceat(counted.counts, begins)
            coarse[at + column.coarse_bins] += int(counted.moments[MISSING])
        self._words(chunk, coarse)
        for place, name in enumerate(layout.texts):
            if name in chunk.texts:
                characters, grams = text_counts(chunk.texts[name])
                self.characters[place] += characters
                self.grams[place] += grams
        self._window(chunk, coarse, self._answers(chunk))

    def _words(self, chunk: Chunk, coarse: Array) -> None:
        layout = self.layout
        numbers = len(layout.numbers)
        for place, column in enumerate(layout.categories):
            at, width = layout.coarse_offsets[numbers + place], column.coarse_bins
            values = chunk.words.get(column.name)
            if values is None:
                coarse[at + width] += chunk.rows
                continue
            self.present[numbers + place] += chunk.rows
            counts = values.counts()
            known = {word: code for code, word in enumerate(column.words)}
            found = np.zeros(len(column.words) + 1, np.int64)
            others: dict[str, int] = {}
            for word, count in zip(values.words, counts.tolist(), strict=True):
                code = known.get(word, -1)
                found[code] += count  # -1 is the last place: all other words
                if code < 0 and count:
                    others[word] = others.get(word, 0) + count
            missing = len(values) - int(counts.sum())
            self.words[layout.word_offsets[place] : layout.word_offsets[place + 1]] += found
            self.word_missing[place] += missing
            if others:
                self.rest[place] = self.rest[place].add(others)
            coarse[at : at + width - 1] += found[: width - 1]
            coarse[at + width - 1] += found[width - 1 :].sum()
            coarse[at + width] += missing

    def _answers(self, chunk: Chunk) -> tuple[float, int, int, int]:
        """Count what the model said; gives confidence, answers, right, known for the window."""
        said = answers_of(chunk, self.layout)
        if said is None:
            return 0.0, 0, 0, 0
        predicted, confidence, truth = said
        inside = np.isfinite(confidence)
        predicted, confidence, truth = predicted[inside], confidence[inside], truth[inside]
        outputs, classes = self.outputs, len(self.layout.classes)
        cell = predicted * CONFIDENCES + np.minimum((confidence * CONFIDENCES).astype(np.int64), CONFIDENCES - 1)
        size, shape = (classes + 1) * CONFIDENCES, outputs.answers.shape
        known = truth >= 0
        right = known & (truth == predicted)
        outputs.answers += np.bincount(cell, minlength=size).reshape(shape)
        outputs.confidence += np.bincount(cell, weights=confidence, minlength=size).reshape(shape)
        outputs.known += np.bincount(cell[known], minlength=size).reshape(shape)
        outputs.right += np.bincount(cell[right], minlength=size).reshape(shape)
        return float(confidence.sum()), len(confidence), int(right.sum()), int(known.sum())

    def _window(self, chunk: Chunk, coarse: Array, said: tuple[float, int, int, int]) -> None:
        start, end = (float(chunk.first), float(chunk.first + chunk.rows))
        if chunk.at is not None and chunk.rows:
            start, end = float(chunk.at[0]), float(chunk.at[-1])
        part = Part(chunk.rows, start, end, coarse, *said)
        if self.span and chunk.at is not None:
            self._by_time(part)
            return
        self._open = part if self._open is None else self._open + part
        if self.window and self._open.rows >= self.window:
            self._close()

    def _by_time(self, part: Part) -> None:
        """Rows may come in any order: a window is known by its number since 1970."""
        number = int(part.start // self.span)
        known = self._spans.get(number)
        self._spans[number] = part if known is None else known + part
        while len(self._spans) > PARTS:
            self.span *= 2
            wider: dict[int, Part] = {}
            for old in self._spans.values():
                number = int(old.start // self.span)
                wider[number] = wider[number] + old if number in wider else old
            self._spans = wider

    def _close(self) -> None:
        if self._open is not None:
            self.parts.append(self._open)
        self._open = None
        while len(self.parts) > PARTS:
            self.parts = halved(self.parts)
            self.window *= 2

    def _together(self, chunk: Chunk, sampled: Callable[[Chunk, Array], None] | None) -> None:
        if not chunk.rows or self.rate <= 0:
            return
        part = chunk
        if self.rate < 1:
            rows = np.flatnonzero(position_hash(chunk.first, chunk.rows, self.layout.seed) < self.rate)
            part = chunk.take(rows)
        if not part.rows:
            return
        codes = coarse_codes(part, self.layout, number_columns(part, self.layout))
        self.joint.add(part, self.layout, codes)
        if sampled is not None:
            sampled(part, codes)

    def __add__(self, other: Profile) -> Profile:
        """Both together. Raises ``ValueError`` where the layouts differ: then counts do not mean the same."""
        if self.layout.digest != other.layout.digest:
            raise ValueError("profiles with different layouts do not add up")
        made = Profile(self.layout, rate=self.rate, window=self.window, span=self.span)
        for name in ("rows", "counts", "sums", "words", "word_missing", "characters", "grams", "present"):
            setattr(made, name, getattr(self, name) + getattr(other, name))
        made.first, made.last = min(self.first, other.first), max(self.last, other.last)
        made.moments = added_moments(self.moments, other.moments)
        made.rest = [a + b for a, b in zip(self.rest, other.rest, strict=True)]
        made.joint = self.joint.plus(other.joint)
        made.outputs = self.outputs.plus(other.outputs)
        made.parts = [*self.finish().parts, *other.finish().parts]
        while len(made.parts) > PARTS:
            made.parts = halved(made.parts)
        return made

    def counted(self, place: int) -> Counted:
        """Of the number column at this place of ``layout.numbers``."""
        flat = slice(self.layout.offsets[place], self.layout.offsets[place + 1])
        return Counted(self.counts[flat], self.sums[flat], self.moments[place])

    def word_counts(self, place: int) -> Array:
        """Of the category at this place: its words, then all others."""
        return self.words[self.layout.word_offsets[place] : self.layout.word_offsets[place + 1]]

    def missing(self) -> Array:
        """Rows with no value, by column of ``layout.names``."""
        return np.concatenate([self.moments[:, MISSING].astype(np.int64), self.word_missing])

    def coarse(self) -> Array:
        """Coarse counts of all rows, flat."""
        parts = [*self.parts, *self._spans.values(), *([self._open] if self._open is not None else [])]
        total = np.zeros(int(self.layout.coarse_offsets[-1]), np.int64)
        for part in parts:
            total += part.coarse
        return total


def halved(parts: list[Part]) -> list[Part]:
    """Two neighbours become one."""
    return [parts[i] + parts[i + 1] if i + 1 < len(parts) else parts[i] for i in range(0, len(parts), 2)]


def number_columns(chunk: Chunk, layout: Layout) -> dict[str, Array]:
    """All columns of numbers, those derived from vectors and texts too."""
    found = dict(chunk.numbers)
    for vector in layout.vectors:
        values = chunk.vectors.get(vector.name)
        if values is not None and int(np.prod(values.shape[1:])) == len(vector.project):
            found |= vector.numbers(values)
    for name in layout.texts:
        if name in chunk.texts:
            found[f"{name} (length)"] = text_lengths(chunk.texts[name])
    return found


def answers_of(chunk: Chunk, layout: Layout) -> tuple[Array, Array, Array] | None:
    """Predicted class, confidence and true class, each ``(rows,)``: the class is a place in ``layout.classes`` (their
    number: another label), -1 where the truth is not known; the confidence is NaN where the model gave no score.
    ``None`` where it gave none at all. One score a row is the probability of the second class."""
    if chunk.scores is None or not chunk.rows or not layout.classes:
        return None
    scores = np.asarray(chunk.scores, dtype=np.float64).reshape(chunk.rows, -1)
    if scores.shape[1] == 1:
        scores = np.concatenate([1 - scores, scores], axis=1)
    place = {word: code for code, word in enumerate(layout.classes)}
    best = np.argmax(np.nan_to_num(scores, nan=-1.0), axis=1)
    confidence = np.where(np.isfinite(scores).all(axis=1), scores.max(axis=1), np.nan)
    confidence = np.where((confidence >= 0) & (confidence <= 1 + 1e-6), np.minimum(confidence, 1.0), np.nan)
    predicted = np.minimum(best, len(layout.classes)).astype(np.int64)
    if chunk.labels is not None:
        predicted = _places(chunk.labels.words, chunk.labels.codes, place)
        predicted = np.where(predicted < 0, len(layout.classes), predicted)
    truth = np.full(chunk.rows, -1, np.int64)
    if chunk.truth is not None:
        truth = _places(chunk.truth.words, chunk.truth.codes, place)
        # A truth the reference does not know is a truth still: no prediction of a known class is right.
        truth = np.where((truth < 0) & (chunk.truth.codes >= 0), len(layout.classes) + 1, truth)
    return predicted, confidence, truth


def _places(words: Any, codes: Array, place: dict[str, int]) -> Array:
    table = np.array([*(place.get(word, -1) for word in words), -1], dtype=np.int64)
    return table[codes]
