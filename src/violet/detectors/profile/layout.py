"""Where a profile counts: frozen once in the reference, so that whatever is counted later can be compared with it.

A column of numbers has 1,024 uniform bins over its robust range; edges at 256 quantiles wherever those are denser, so
that no bin but a point mass holds much; a bin of exactly one value for each point mass (zeros, sentinels, integers);
and doubling bins beyond the range. A distance of Kolmogorov and Smirnov read from such bins is off by at most what both
sides hold of one bin, a quarter of a percent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.profile.chunk import Chunk, Coded
    from violet.detectors.reference import Reference

    Array = NDArray[Any]

UNIFORM = 1024
QUANTILES = 256
COARSE = 10
"""Bins of the population stability index, of windows, segments and clients: tenths of the reference."""
COARSE_ATOM = 0.05
"""The share from which a value has a bin of its own there."""
TAIL = 24
ATOMS = 256
ATOM = 1 / 512
MARGIN = 0.0005
WORDS = 1024
COARSE_WORDS = 31
SEGMENTS = 12
SEGMENT_COLUMNS = 6
SEGMENT_NUMBERS = 4
SEGMENT_SHARE = 0.02
PROJECTIONS = 8
GRAMS = 256
CHARACTERS = ("lower case", "upper case", "digits", "spaces", "punctuation", "control", "beyond ASCII")
CLASSES = 100
CONFIDENCES = 64
JOINT_COLUMNS = 512
JOINT_ROWS = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class NumberLayout:
    """``edges`` ``(e,)`` float64, ascending: bin ``i`` holds ``edges[i - 1] <= x < edges[i]``, the first and the last
    are open. ``atoms`` ``(a,)`` are places in ``edges``: the bin behind holds one value only. ``coarse`` ``(k,)`` are
    places too. ``single``: the reference has float32, so that what comes is rounded to that first. ``center`` is what
    sums are taken from. ``of`` is the column that it was derived from (itself, where it was not)."""

    name: str
    edges: Array
    atoms: Array
    coarse: Array
    center: float
    single: bool = False
    of: str = ""

    @property
    def bins(self) -> int:
        return len(self.edges) + 1

    @property
    def coarse_bins(self) -> int:
        return len(self.coarse) + 1


@dataclass(frozen=True, slots=True, eq=False)
class WordLayout:
    """``words`` are counted one by one, the most frequent of the reference first; the ``coarse_words`` first ones in
    windows, segments and clients as well."""

    name: str
    words: tuple[str, ...]

    @property
    def coarse_bins(self) -> int:
        return min(len(self.words), COARSE_WORDS) + 1

    def codes(self, values: Coded) -> Array:
        """Places in ``words`` (their number: another word), -1 for missing, int64."""
        place = {word: code for code, word in enumerate(self.words)}
        table = np.array([*(place.get(word, len(place)) for word in values.words), -1], dtype=np.int64)
        return table[values.codes]


@dataclass(frozen=True, slots=True, eq=False)
class VectorLayout:
    """``project`` ``(width, p)``: random directions (Johnson and Lindenstrauss), each a column of numbers."""

    name: str
    project: Array

    def numbers(self, values: Array) -> dict[str, Array]:
        """The norm and the projections, by the names of their columns."""
        x = np.asarray(values, dtype=np.float32).reshape(len(values), -1)
        with np.errstate(all="ignore"):
            along = x @ self.project
            found = {f"{self.name} (norm)": np.sqrt(np.einsum("ij,ij->i", x, x))}
        return found | {f"{self.name} (direction {i + 1})": along[:, i] for i in range(along.shape[1])}


@dataclass(frozen=True, slots=True)
class SegmentLayout:
    """Rows by a column: ``names`` of the segments. For words, segment ``i`` are the rows with the ``i``-th word of the
    column; for numbers, those of its ``i``-th quarter, ``cuts`` between."""

    column: str
    names: tuple[str, ...]
    cuts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """``reference`` is what detectors measure queries against (``None``: there are no columns for it); ``joint`` are
    its columns in order. ``classes`` are the words of the model's labels. ``seed`` is that of all randomness."""

    numbers: tuple[NumberLayout, ...]
    categories: tuple[WordLayout, ...] = ()
    texts: tuple[str, ...] = ()
    vectors: tuple[VectorLayout, ...] = ()
    segments: tuple[SegmentLayout, ...] = ()
    classes: tuple[str, ...] = ()
    reference: Reference | None = None
    seed: int = 0
    _memo: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """All columns that are compared: numbers first, then categories."""
        return (*(column.name for column in self.numbers), *(column.name for column in self.categories))

    @property
    def offsets(self) -> Array:
        """Where the bins of each number column begin in flat arrays, ``(numbers + 1,)``."""
        return self._once("offsets", lambda: [column.bins for column in self.numbers])

    @property
    def word_offsets(self) -> Array:
        """Likewise for categories: their words, then all other words."""
        return self._once("word offsets", lambda: [len(column.words) + 1 for column in self.categories])

    @property
    def coarse_offsets(self) -> Array:
        """Likewise for windows, segments and clients: coarse bins of numbers, then of categories, each with one more
        for what is missing."""
        return self._once(
            "coarse offsets",
            lambda: [
                *(column.coarse_bins + 1 for column in self.numbers),
                *(column.coarse_bins + 1 for column in self.categories),
            ],
        )

    def _once(self, name: str, widths: Callable[[], list[int]]) -> Array:
        """Where pieces of these widths begin, and where the last one ends: worked out once."""
        found: Array | None = self._memo.get(name)
        if found is None:
            found = self._memo[name] = np.concatenate([[0], np.cumsum(widths())]).astype(np.int64)
        return found

    @property
    def segment_count(self) -> int:
        return sum(len(segment.names) for segment in self.segments)

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides what is counted where; profiles with the same one add up."""
        if "digest" not in self._memo:
            meta, arrays = self.to_parts()
            said = hashlib.sha256(json.dumps(meta, sort_keys=True).encode())
            for name, array in sorted(arrays.items()):
                said.update(name.encode())
                said.update(np.ascontiguousarray(array).tobytes())
            said.update((self.reference.digest if self.reference is not None else "").encode())
            self._memo["digest"] = "sha256:" + said.hexdigest()
        return str(self._memo["digest"])

    def to_parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """What JSON can say, and arrays; without the reference."""
        meta = {
            "numbers": [
                {"name": c.name, "of": c.of, "center": c.center, "single": c.single, "bins": c.bins}
                | {"atoms": len(c.atoms), "coarse": len(c.coarse)}
                for c in self.numbers
            ],
            "categories": [{"name": c.name, "words": list(c.words)} for c in self.categories],
            "texts": list(self.texts),
            "vectors": [
                {"name": c.name, "width": len(c.project), "directions": c.project.shape[1]} for c in self.vectors
            ],
            "segments": [{"column": s.column, "names": list(s.names), "cuts": list(s.cuts)} for s in self.segments],
            "classes": list(self.classes),
            "seed": self.seed,
        }
        arrays = {
            "edges": _flat([c.edges for c in self.numbers], np.float64),
            "atoms": _flat([c.atoms for c in self.numbers], np.int32),
            "coarse": _flat([c.coarse for c in self.numbers], np.int32),
            "project": _flat([c.project.ravel() for c in self.vectors], np.float32),
        }
        return meta, arrays

    @classmethod
    def from_parts(cls, meta: Mapping[str, Any], arrays: Mapping[str, Array], reference: Reference | None) -> Layout:
        """What ``to_parts`` gave. Raises ``ValueError`` where the parts do not fit each other."""
        edges, atoms, coarse = (_Reader(arrays[name]) for name in ("edges", "atoms", "coarse"))
        numbers = []
        for entry in meta["numbers"]:
            column = NumberLayout(
                name=str(entry["name"]),
                edges=edges.next(int(entry["bins"]) - 1),
                atoms=atoms.next(int(entry["atoms"])),
                coarse=coarse.next(int(entry["coarse"])),
                center=float(entry["center"]),
                single=bool(entry["single"]),
                of=str(entry["of"]),
            )
            _check_edges(column)
            numbers.append(column)
        project = _Reader(arrays["project"])
        vectors = [
            VectorLayout(
                str(entry["name"]),
                project.next(int(entry["width"]) * int(entry["directions"])).reshape(-1, int(entry["directions"])),
            )
            for entry in meta["vectors"]
        ]
        for reader in (edges, atoms, coarse, project):
            reader.end()
        return cls(
            numbers=tuple(numbers),
            categories=tuple(WordLayout(str(e["name"]), tuple(map(str, e["words"]))) for e in meta["categories"]),
            texts=tuple(map(str, meta["texts"])),
            vectors=tuple(vectors),
            segments=tuple(
                SegmentLayout(str(e["column"]), tuple(map(str, e["names"])), tuple(map(float, e["cuts"])))
                for e in meta["segments"]
            ),
            classes=tuple(map(str, meta["classes"])),
            reference=reference,
            seed=int(meta["seed"]),
        )


class _Reader:
    """Pieces of a flat array, one behind the other."""

    def __init__(self, array: Array) -> None:
        self.array = np.asarray(array).ravel()
        self.at = 0

    def next(self, count: int) -> Array:
        if count < 0 or self.at + count > len(self.array):
            raise ValueError("an array is shorter than its description says")
        self.at += count
        return self.array[self.at - count : self.at]

    def end(self) -> None:
        if self.at != len(self.array):
            raise ValueError("an array is longer than its description says")


def _check_edges(column: NumberLayout) -> None:
    edges, places = column.edges, np.concatenate([column.atoms, column.coarse])
    if not len(edges) or not np.all(np.isfinite(edges)) or np.any(np.diff(edges) <= 0):
        raise ValueError(f"the edges of {column.name!r} do not ascend")
    if len(places) and (places.min() < 0 or places.max() >= len(edges)):
        raise ValueError(f"places in the edges of {column.name!r} lie outside")
    if np.any(np.diff(column.coarse) <= 0) or not np.isfinite(column.center):
        raise ValueError(f"the bins of {column.name!r} do not ascend")


def _flat(arrays: Sequence[Array], kind: Any) -> Array:
    return np.concatenate(arrays).astype(kind) if arrays else np.empty(0, kind)


def number_layout(name: str, values: Array, of: str = "") -> NumberLayout:
    """Bins for a column, by these values of the reference ``(n,)``."""
    single = values.dtype in (np.float32, np.float16)
    known = np.sort(values[np.isfinite(values)].astype(np.float64))
    if not len(known):
        return NumberLayout(name, np.zeros(1), np.empty(0, np.int32), np.zeros(1, np.int32), 0.0, single, of or name)
    begins = np.flatnonzero(np.concatenate([[True], known[1:] != known[:-1]]))
    distinct, share = known[begins], np.diff(np.append(begins, len(known))) / len(known)
    repeated = len(distinct) <= ATOMS and len(known) > 2 * len(distinct)
    masses = distinct if repeated else distinct[share >= max(ATOM, 3 / len(known))]
    low, high = np.quantile(known, [MARGIN, 1 - MARGIN])
    with np.errstate(all="ignore"):
        span = high - low
        tails = (span or max(abs(low), 1.0)) * 2.0 ** np.arange(-6, TAIL - 6)
        parts = [
            masses,
            _above(masses, single),
            known[(len(known) * np.arange(1, QUANTILES)) // QUANTILES],
            low - tails[::-1],
            high + tails,
            [high],
        ]
        if span > 0:
            parts.append(np.linspace(low, high, UNIFORM + 1))
        edges = np.unique(np.concatenate(parts))
    edges = edges[np.isfinite(edges)]
    heavy = distinct[share >= COARSE_ATOM]
    tenths = known[(len(known) * np.arange(1, COARSE)) // COARSE]
    coarse = np.unique(np.searchsorted(edges, np.concatenate([tenths, heavy, _above(heavy, single)])))
    return NumberLayout(
        name=name,
        edges=edges,
        atoms=np.searchsorted(edges, masses).astype(np.int32),
        coarse=coarse[coarse < len(edges)].astype(np.int32),
        center=float(np.median(known)),
        single=single,
        of=of or name,
    )


def _above(values: Array, single: bool) -> Array:
    """The next greater number that the column can hold."""
    if single:
        return np.nextafter(values.astype(np.float32), np.float32(np.inf)).astype(np.float64)
    return np.asarray(np.nextafter(values, np.inf))


def word_layout(name: str, values: Coded) -> WordLayout:
    """The most frequent words of a column."""
    counts = values.counts()
    order = np.argsort(-counts, kind="stable")[:WORDS]
    return WordLayout(name, tuple(values.words[place] for place in order if counts[place]))


def fit_layout(
    sample: Chunk, *, seed: int = 0, segments: Sequence[str] = (), rows_in_reference: int = 1024, joint: bool = True
) -> Layout:
    """Freeze bins by a sample of the reference. ``segments`` are columns to split by (none: those that offer
    themselves); ``rows_in_reference`` raw rows are kept (0: none). Raises ``UsageError`` where there is nothing to
    count."""
    if not sample.rows or not sample.names:
        raise UsageError("There is nothing to profile: no row, or no column.")
    generator = np.random.default_rng(seed)
    numbers = [number_layout(name, values) for name, values in sample.numbers.items()]
    vectors = []
    for name, values in sample.vectors.items():
        width = int(np.prod(values.shape[1:]))
        project = generator.standard_normal((width, PROJECTIONS)) / np.sqrt(width)
        vector = VectorLayout(name, project.astype(np.float32))
        vectors.append(vector)
        numbers += [number_layout(feature, x, name) for feature, x in vector.numbers(values).items()]
    for name, texts in sample.texts.items():
        numbers.append(number_layout(f"{name} (length)", text_lengths(texts), name))
    categories = tuple(word_layout(name, values) for name, values in sample.words.items())
    known = {column.name for column in categories} | set(sample.numbers)
    for name in segments:
        if name not in known:
            raise UsageError(f"There is no column {name!r} to split by.", f"There are {', '.join(sorted(known))}.")
    reference = None
    if joint:
        from violet.detectors.profile.joint import fit_joint

        reference = fit_joint(sample, categories, seed, rows_in_reference)
    labels = sample.labels or sample.truth
    return Layout(
        numbers=tuple(numbers),
        categories=categories,
        texts=tuple(sample.texts),
        vectors=tuple(vectors),
        segments=_segments(sample, categories, tuple(segments)),
        classes=_classes(word_layout("", labels).words[:CLASSES]) if labels is not None else _scored(sample),
        reference=reference,
        seed=seed,
    )


def text_lengths(texts: Sequence[str | None]) -> Array:
    """In characters, NaN for missing."""
    return np.array([np.nan if text is None else len(text) for text in texts], dtype=np.float64)


def _classes(words: tuple[str, ...]) -> tuple[str, ...]:
    """In the order in which models give their scores: as scikit-learn sorts classes, numbers by value."""
    try:
        return tuple(sorted(words, key=float))
    except ValueError:
        return tuple(sorted(words))


def _scored(sample: Chunk) -> tuple[str, ...]:
    if sample.scores is None:
        return ()
    return tuple(str(place) for place in range(min(max(sample.scores.shape[1], 2), CLASSES)))


def _segments(sample: Chunk, categories: Sequence[WordLayout], chosen: tuple[str, ...]) -> tuple[SegmentLayout, ...]:
    found: list[SegmentLayout] = []
    by_name = {column.name: column for column in categories}
    offered = [c.name for c in categories if 2 <= len(c.words) <= 50][:SEGMENT_COLUMNS]
    for name in chosen or (*offered, *list(sample.numbers)[:SEGMENT_NUMBERS]):
        if name in by_name:
            values = sample.words[name]
            counts = dict(zip(values.words, values.counts() / max(1, sample.rows), strict=True))
            words = [word for word in by_name[name].words if counts.get(word, 0.0) >= SEGMENT_SHARE][:SEGMENTS]
            if len(words) > 1:
                found.append(SegmentLayout(name, tuple(words)))
            continue
        numbers = sample.numbers[name]
        finite = np.sort(numbers[np.isfinite(numbers)].astype(np.float64))
        if not len(finite):
            continue
        cuts = np.unique(finite[(len(finite) * np.arange(1, 4)) // 4])
        cuts = cuts[cuts > finite[0]]
        if len(cuts):
            names = [f"below {cuts[0]:g}", *(f"{a:g} to {b:g}" for a, b in pairwise(cuts))]
            found.append(SegmentLayout(name, (*names, f"from {cuts[-1]:g}"), tuple(map(float, cuts))))
    return tuple(found)
