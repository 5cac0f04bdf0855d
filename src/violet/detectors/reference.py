"""What benign traffic of a model looks like: what detectors measure queries against.

Made once from held-out data or recorded traffic (``violet profile``), small (some hundred kB), and without any raw row
in it but the ``sample`` that nearest-neighbour distances need, which can be left out.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FEATURES = 128
"""Random features of the joint distribution (Rahimi and Recht 2007): a client's sum of them is 512 bytes."""
SAMPLE = 1024
LIMIT = 10.0
"""Standard deviations beyond which an encoded value is cut: one absurd value shall not hide all others."""
SIDE = 8
"""Pictures are averaged down to at most this many cells a side."""
QUANTILES = np.concatenate([np.linspace(0, 0.99, 100), [0.995, 0.999, 0.9995, 0.9999, 1.0]])


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """``p`` raw columns are encoded as ``d`` numbers.

    ``names`` are the columns; ``categories`` the words of each (empty: it is a number), the most frequent first, whose
    places are the codes. ``shape`` is that of a picture (channels last or none; empty: a table). ``center`` and
    ``scale`` ``(d,)`` standardise; ``low`` and ``high`` ``(p,)`` are the raw range seen; ``grid`` ``(p,)`` is the step
    that 99.9 % of the values are multiples of (0: none); ``missing`` ``(p,)`` the share of missing values. ``whiten``
    ``(d, d)``: the norm of ``(x - mean) @ whiten`` is the Mahalanobis distance. ``omega`` ``(d, m)`` and ``phase``
    ``(m,)`` make random features, ``feature_mean`` and ``feature_variance`` are theirs. ``sample`` ``(s, d)`` are
    encoded benign rows. ``distance``, ``nearest`` and ``margin`` are values at ``QUANTILES`` of the Mahalanobis
    distance, of the distance from a row to its nearest other one in the sample, and of the difference between the two
    greatest scores (empty: not known). ``classes`` ``(k,)`` are the shares of predicted labels.
    """

    names: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    shape: tuple[int, ...]
    rows: int
    seed: int
    center: Array
    scale: Array
    low: Array
    high: Array
    grid: Array
    missing: Array
    mean: Array
    whiten: Array
    omega: Array
    phase: Array
    feature_mean: Array
    feature_variance: Array
    sample: Array
    distance: Array
    nearest: Array
    margin: Array
    classes: Array

    @property
    def columns(self) -> int:
        return len(self.names)

    @property
    def width(self) -> int:
        """``d``."""
        return len(self.center)

    @property
    def encoded_names(self) -> tuple[str, ...]:
        """Of the encoded columns: those of a table, or the cells of a picture."""
        if len(self.names) == self.width:
            return self.names
        return tuple(f"cell {place}" for place in range(self.width))

    @property
    def digest(self) -> str:
        """SHA-256 over everything in it."""
        said = hashlib.sha256(json.dumps(self._meta(), sort_keys=True).encode())
        for name, array in sorted(self._arrays().items()):
            said.update(name.encode())
            said.update(np.ascontiguousarray(array).tobytes())
        return "sha256:" + said.hexdigest()

    def raw(self, rows: Sequence[Sequence[float | str | None]]) -> Array:
        """Rows as sent, as float64 ``(n, p)``: words as their codes (-1: unknown), NaN where missing. Raises
        ``ValueError`` where a row has another number of values, or a word where a number belongs."""
        if not any(self.categories):
            try:
                found = np.array(rows, dtype=np.float64)
            except (TypeError, ValueError):
                found = np.array(
                    [[math.nan if value is None else float(value) for value in row] for row in rows], dtype=np.float64
                )
        else:
            odd = next((row for row in rows if len(row) != self.columns), None)
            if odd is not None:
                raise ValueError(f"{len(odd)} values a row, where the profile has {self.columns} columns")
            codes = [{word: code for code, word in enumerate(words)} for words in self.categories]
            found = np.array(
                [
                    [
                        math.nan if value is None else float(code.get(str(value), -1)) if code else float(value)
                        for value, code in zip(row, codes, strict=True)
                    ]
                    for row in rows
                ],
                dtype=np.float64,
            )
        found = found.reshape(len(rows), -1)
        if found.shape[1] != self.columns:
            raise ValueError(f"{found.shape[1]} values a row, where the profile has {self.columns} columns")
        return found

    def encode(self, raw: Array) -> Array:
        """``raw`` ``(n, p)`` as float32 ``(n, d)``: pictures averaged down, standardised, cut at ``LIMIT``; what is
        missing lies in the middle."""
        x = pooled(raw, self.shape) if self.shape else raw
        with np.errstate(all="ignore"):  # a caller may send the largest number there is
            x = (x - self.center) / self.scale
        np.nan_to_num(x, copy=False, nan=0.0, posinf=LIMIT, neginf=-LIMIT)
        return np.clip(x, -LIMIT, LIMIT).astype(np.float32)

    def features(self, x: Array) -> Array:
        """Random features of encoded rows, float32 ``(n, m)``: their means are compared as distributions are (the
        square of the distance estimates the MMD with a Gaussian kernel; Gretton et al. 2012, section 2.2)."""
        found: Array = x @ self.omega
        found += self.phase
        np.cos(found, out=found)
        found *= np.float32(math.sqrt(2.0 / len(self.phase)))
        return found

    def mahalanobis(self, x: Array) -> Array:
        """float32 ``(n,)``."""
        away = (x - self.mean) @ self.whiten
        return np.asarray(np.sqrt(np.einsum("ij,ij->i", away, away)))

    def _meta(self) -> dict[str, Any]:
        return {
            "names": self.names,
            "categories": self.categories,
            "shape": self.shape,
            "rows": self.rows,
            "seed": self.seed,
        }

    def _arrays(self) -> dict[str, Array]:
        known = self._meta()
        return {name: getattr(self, name) for name in self.__slots__ if name not in known}

    def to_arrays(self) -> dict[str, Array]:
        """For ``numpy.savez``: no pickles. ``meta`` is JSON as bytes."""
        meta = np.frombuffer(json.dumps(self._meta()).encode(), dtype=np.uint8)
        return {"meta": meta, **self._arrays()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Reference:
        """What ``to_arrays`` gave. Raises ``ValueError`` where something is missing or does not fit."""
        try:
            meta = json.loads(np.asarray(arrays["meta"], dtype=np.uint8).tobytes())
            found = cls(
                names=tuple(map(str, meta["names"])),
                categories=tuple(tuple(map(str, words)) for words in meta["categories"]),
                shape=tuple(int(side) for side in meta["shape"]),
                rows=int(meta["rows"]),
                seed=int(meta["seed"]),
                **{name: np.asarray(arrays[name]) for name in cls.__slots__ if name not in meta},
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this is no reference: {error} is missing or wrong") from error
        p, d, m = len(found.names), len(found.center), len(found.phase)
        shapes = {
            "scale": (d,),
            "low": (p,),
            "high": (p,),
            "grid": (p,),
            "mean": (d,),
            "whiten": (d, d),
            "omega": (d, m),
        }
        for name, shape in shapes.items():
            array = getattr(found, name)
            if array.shape != shape or not np.all(np.isfinite(array)):
                raise ValueError(f"this is no reference: {name} has shape {array.shape} or is not finite")
        if len(found.categories) != p or found.sample.ndim != 2 or (len(found.sample) and found.sample.shape[1] != d):
            raise ValueError("this is no reference: its parts do not belong together")
        return found


def pooled(raw: Array, shape: tuple[int, ...]) -> Array:
    """Pictures ``(n, height * width * channels)`` averaged over cells, at most ``SIDE`` a side: float64 ``(n, d)``."""
    height, width, channels = (*shape, 1)[:3]
    pictures = raw.reshape(len(raw), height, width, channels)
    tall, wide = -(-height // SIDE), -(-width // SIDE)
    rows, columns = np.arange(0, height, tall), np.arange(0, width, wide)
    cells = np.add.reduceat(np.add.reduceat(pictures, rows, axis=1), columns, axis=2)
    counts = np.diff([*rows, height])[:, None] * np.diff([*columns, width])[None, :]
    return np.asarray(cells / counts[None, :, :, None]).reshape(len(raw), -1)


def fit_reference(
    rows: Sequence[Sequence[float | str | None]] | Array,
    names: Sequence[str] = (),
    *,
    scores: Array | None = None,
    labels: Array | None = None,
    shape: tuple[int, ...] = (),
    seed: int = 0,
    sample: int = SAMPLE,
) -> Reference:
    """Measure benign rows ``(n, p)``. ``scores`` ``(n, k)`` and ``labels`` ``(n,)`` are the model's own, where it gives
    them. ``sample`` 0 keeps no rows. Raises ``UsageError`` for fewer than 50 rows, or none that is complete."""
    count = len(rows)
    if count < 50:
        raise UsageError(f"{count} rows are too few to say what benign traffic looks like.", "Give 50 or more.")
    categories: tuple[tuple[str, ...], ...]
    if isinstance(rows, np.ndarray) and rows.dtype.kind in "fiub":
        raw = rows.reshape(count, -1).astype(np.float64)
        categories = ((),) * raw.shape[1]
    else:
        raw, categories = _coded(rows)
    p = raw.shape[1]
    known = tuple(names) or tuple(f"x{index}" for index in range(p))
    if len(known) != p:
        raise UsageError(f"{len(known)} names for {p} columns.")
    generator = np.random.default_rng(seed)
    encoded_from = pooled(raw, shape) if shape else raw
    with np.errstate(all="ignore"):
        center, scale = _standard(encoded_from, bool(shape))
        low, high = np.nanmin(raw, axis=0), np.nanmax(raw, axis=0)
    low, high = (np.nan_to_num(bound, nan=0.0, posinf=0.0, neginf=0.0) for bound in (low, high))
    grid = np.array([_grid(raw[:, column]) if not words else 1.0 for column, words in enumerate(categories)])
    blank = {name: np.empty(0, np.float32) for name in _LATER}
    first = Reference(
        names=known,
        categories=categories,
        shape=tuple(shape),
        rows=count,
        seed=seed,
        center=center,
        scale=scale,
        low=low,
        high=high,
        grid=grid,
        missing=np.isnan(raw).mean(axis=0),
        **blank,
    )
    x = first.encode(raw)
    mean = x.mean(axis=0)
    whiten = _whitening(x - mean)
    chosen = x[np.sort(generator.choice(count, min(count, SAMPLE), replace=False))]
    omega, phase = _random_features(chosen, generator)
    from dataclasses import replace

    second = replace(first, mean=mean, whiten=whiten, omega=omega, phase=phase)
    features = second.features(x[np.sort(generator.choice(count, min(count, 50_000), replace=False))])
    margin = _margins(scores)
    shares = np.bincount(labels[labels >= 0]) / max(1, int((labels >= 0).sum())) if labels is not None else np.empty(0)
    return replace(
        second,
        feature_mean=features.mean(axis=0),
        feature_variance=features.var(axis=0),
        sample=chosen[:sample] if sample else np.empty((0, x.shape[1]), np.float32),
        distance=np.quantile(second.mahalanobis(x), QUANTILES).astype(np.float32),
        nearest=np.quantile(_nearest(chosen), QUANTILES).astype(np.float32),
        margin=np.quantile(margin, QUANTILES).astype(np.float32) if len(margin) else margin,
        classes=shares.astype(np.float32),
    )


_LATER = (
    "mean",
    "whiten",
    "omega",
    "phase",
    "feature_mean",
    "feature_variance",
    "sample",
    "distance",
    "nearest",
    "margin",
    "classes",
)


def _coded(rows: Sequence[Sequence[float | str | None]] | Array) -> tuple[Array, tuple[tuple[str, ...], ...]]:
    """A column with a word in it is one of words."""
    columns = list(zip(*rows, strict=True))
    categories: list[tuple[str, ...]] = []
    coded = np.empty((len(rows), len(columns)))
    for place, column in enumerate(columns):
        if any(isinstance(value, str) for value in column):
            words = [str(value) for value in column if value is not None]
            kinds, counts = np.unique(words, return_counts=True)
            order = tuple(str(word) for word in kinds[np.argsort(-counts, kind="stable")])
            codes = {word: code for code, word in enumerate(order)}
            coded[:, place] = [np.nan if value is None else codes[str(value)] for value in column]
            categories.append(order)
        else:
            coded[:, place] = [np.nan if value is None else float(value) for value in column]
            categories.append(())
    return coded, tuple(categories)


def _standard(x: Array, picture: bool) -> tuple[Array, Array]:
    """Median and a robust standard deviation; where that is 0 (point masses), the plain one; a constant column has
    a hundredth of its size, so that whoever leaves it is far out. Cells of a picture share one scale."""
    center = np.nan_to_num(np.nanmedian(x, axis=0))
    plain = np.nan_to_num(np.nanstd(x, axis=0))
    if picture:
        return center, np.full(len(center), max(float(np.sqrt(np.mean(plain**2))), 1e-6))
    low, high = np.nanquantile(x, 0.25, axis=0), np.nanquantile(x, 0.75, axis=0)
    robust = np.nan_to_num((high - low) / 1.349)
    scale = np.where(robust > 0.1 * plain, robust, plain)
    return center, np.where(scale > 0, scale, np.maximum(np.abs(center) * 0.01, 1e-6))


def _grid(column: Array) -> float:
    """The greatest of 1000, 100, 10, 1, 0.1, ... 1e-4 that 99.9 % of the values are multiples of; 0: none."""
    values = column[np.isfinite(column)]
    if not len(values):
        return 0.0
    for exponent in range(3, -5, -1):
        steps = values * 10.0**-exponent
        if np.mean(np.abs(steps - np.round(steps)) < 1e-6) >= 0.999:
            return float(10.0**exponent)
    return 0.0


def _whitening(away: Array) -> Array:
    """Inverse square root of the covariance, shrunk towards the identity (Ledoit and Wolf 2004)."""
    n, d = away.shape
    away = away.astype(np.float64)
    covariance = away.T @ away / n
    mean = np.trace(covariance) / d
    spread = float(np.sum((covariance - mean * np.eye(d)) ** 2))
    noise = float(np.sum(away**2, axis=1) @ np.sum(away**2, axis=1)) / n**2 - float(np.sum(covariance**2)) / n
    share = min(1.0, max(1e-3, noise / spread)) if spread > 0 else 1.0
    values, vectors = np.linalg.eigh((1 - share) * covariance + share * max(mean, 1e-9) * np.eye(d))
    return np.asarray((vectors / np.sqrt(np.maximum(values, 1e-9))).astype(np.float32))


def _random_features(x: Array, generator: np.random.Generator) -> tuple[Array, Array]:
    """The bandwidth is the median distance between rows."""
    half = len(x) // 2
    pairs = np.linalg.norm(x[:half] - x[generator.permutation(len(x))[:half]], axis=1)
    width = float(np.median(pairs[pairs > 0])) if np.any(pairs > 0) else 1.0
    omega = generator.standard_normal((x.shape[1], FEATURES)) / width
    return omega.astype(np.float32), generator.uniform(0, 2 * math.pi, FEATURES).astype(np.float32)


def _nearest(x: Array) -> Array:
    squares = np.einsum("ij,ij->i", x, x)
    apart = squares[:, None] + squares[None, :] - 2 * (x @ x.T)
    np.fill_diagonal(apart, np.inf)
    return np.asarray(np.sqrt(np.maximum(apart.min(axis=1), 0.0)))


def pseudo_sample(reference: Reference, count: int = 1024) -> Array:
    """Encoded benign rows ``(s, d)``: those of the reference, or, where it keeps none, normal ones of its mean and
    covariance."""
    if len(reference.sample) >= 50:
        return np.asarray(reference.sample)
    rng = np.random.default_rng([reference.seed, 77])
    root = np.linalg.pinv(reference.whiten.astype(np.float64))
    drawn = rng.standard_normal((count, len(reference.mean))) @ root + reference.mean
    return np.asarray(drawn.astype(np.float32))


def both_classes(scores: Array) -> Array:
    """Scores ``(n, k)``; one column of probabilities is that of the second of two classes: ``(n, 2)``. One column of
    other numbers is no classification, and stays."""
    if scores.shape[1] != 1:
        return scores
    known = scores[np.isfinite(scores)]
    if known.size and (known.min() < 0 or known.max() > 1):
        return scores
    return np.concatenate([1 - scores, scores], axis=1)


def _margins(scores: Array | None) -> Array:
    if scores is None or scores.ndim != 2 or not scores.shape[1]:
        return np.empty(0, np.float32)
    scores = both_classes(scores)
    if scores.shape[1] < 2:
        return np.empty(0, np.float32)
    complete = scores[np.all(np.isfinite(scores), axis=1)]
    if not len(complete):
        return np.empty(0, np.float32)
    two = np.partition(complete, -2, axis=1)[:, -2:]
    return np.asarray(two[:, 1] - two[:, 0])
