"""Whether columns changed together: distances of mean random features, correlations of pairs, shares within
segments."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.profile.distance import chi2_quantile, upper_gamma

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.profile.joint import JointCounts
    from violet.detectors.profile.profile import Profile
    from violet.detectors.reference import Reference

    Array = NDArray[Any]


SURE = 5.0
"""Standard errors from which the correlation of a pair moved, among thousands of pairs."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """``mmd`` is the maximum mean discrepancy less what chance adds; ``noise`` what chance reaches with the probability
    asked for; ``share`` is ``mmd`` in parts of what two distributions that have nothing in common are apart; ``p`` the
    p-value."""

    mmd: float
    noise: float
    share: float
    p: float


@dataclass(frozen=True, slots=True)
class Pair:
    """The correlation of two columns before and after, and how many standard errors that moved."""

    one: str
    other: str
    before: float
    after: float
    errors: float


def discrepancy(before: JointCounts, after: JointCounts, reference: Reference, level: float) -> Discrepancy | None:
    """The distance of mean random features (Gretton et al. 2012), and its null: a weighted sum of chi-squares, matched
    by its first two moments (Satterthwaite 1946) with the reference's own covariance of features."""
    n, m = before.rows, after.rows
    if n < 2 or m < 2 or not len(reference.phase):
        return None
    apart = before.features / n - after.features / m
    square = float(apart @ apart)
    covariance = _covariance(reference)
    rate = 1 / n + 1 / m
    first, second = float(np.trace(covariance)) * rate, 2 * float(np.sum(covariance**2)) * rate**2
    if first <= 0 or second <= 0:
        return None
    freedom = 2 * first**2 / second
    scale = first / freedom
    beyond = max(0.0, square - first)
    p = upper_gamma(freedom / 2, square / scale / 2)
    noise = max(0.0, chi2_quantile(1 - level, freedom) * scale - first)
    # Disjoint distributions of this kernel are apart by the sum of what each is apart from itself: about the trace.
    whole = max(2 * float(np.trace(covariance)), 1e-12)
    return Discrepancy(math.sqrt(beyond), math.sqrt(noise), math.sqrt(min(1.0, beyond / whole)), p)


def _covariance(reference: Reference) -> Array:
    """Of random features; where no rows are kept, without what they have in common."""
    if len(reference.sample) >= 100:
        return np.atleast_2d(np.cov(reference.features(reference.sample).astype(np.float64), rowvar=False))
    return np.diag(reference.feature_variance.astype(np.float64))


def correlations(counts: JointCounts) -> Array:
    """Of encoded columns, ``(d, d)``; 0 where a column does not vary."""
    n = max(counts.rows, 1)
    mean = counts.totals / n
    covariance = counts.products / n - np.outer(mean, mean)
    deviation = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    size = np.outer(deviation, deviation)
    found = np.where(size > 1e-9, covariance / np.where(size > 1e-9, size, 1.0), 0.0)
    return np.clip(found, -1.0, 1.0)


def _mixed(counts: JointCounts) -> Array:
    """The mixed fourth moment of standardised columns, at least 1, ``(d, d)``."""
    n = max(counts.rows, 1)
    mean_squares = np.diag(counts.products) / n
    size = np.outer(mean_squares, mean_squares)
    found = np.where(size > 1e-9, counts.squares / n / np.where(size > 1e-9, size, 1.0), 1.0)
    return np.asarray(np.maximum(found, 1.0))


def changed_pairs(before: JointCounts, after: JointCounts, names: tuple[str, ...], most: int) -> list[Pair]:
    """The pairs whose correlation moved most, by Fisher's z (1921). Its variance is ``1 / n`` times the mixed fourth
    moment (Hawkins 1989), which is 1 for independent columns, and large where a few far values make the correlation."""
    n, m = before.rows, after.rows
    if n < 10 or m < 10 or len(names) != len(before.totals) or len(names) < 2:
        return []
    a, b = correlations(before), correlations(after)
    error = np.sqrt(_mixed(before) / (n - 3) + _mixed(after) / (m - 3))
    errors = (np.arctanh(np.clip(b, -0.9999, 0.9999)) - np.arctanh(np.clip(a, -0.9999, 0.9999))) / error
    rows, columns = np.triu_indices(len(names), 1)
    # Those that are sure first, then by size.
    sure = np.abs(errors[rows, columns]) > SURE
    order = np.lexsort((-np.abs((b - a)[rows, columns]), ~sure))[:most]
    return [
        Pair(names[i], names[j], float(a[i, j]), float(b[i, j]), float(errors[i, j]))
        for i, j in zip(rows[order], columns[order], strict=True)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class SegmentCounts:
    """A segment's rows before and after, and coarse counts of every column within it."""

    column: str
    name: str
    before: Array
    after: Array


def segment_counts(before: Profile, after: Profile) -> list[SegmentCounts]:
    """By segment, flat coarse counts of both."""
    found, at = [], 0
    for segment in before.layout.segments:
        for name in segment.names:
            found.append(SegmentCounts(segment.column, name, before.joint.segments[at], after.joint.segments[at]))
            at += 1
    return found
