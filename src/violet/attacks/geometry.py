"""Distances, balls and boxes in unit space, for batches: the first axis counts samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.robustness import Norm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.base import InputDomain

    Array = NDArray[Any]

MOVED = 1e-6
"""A feature that moved by less has not moved (L0): rounding to single precision moves it by as much as a tenth."""


def flattened(x: Array) -> Array:
    """``(n, *shape)`` as ``(n, d)``, also where ``n`` is 0."""
    return x.reshape(len(x), int(np.prod(x.shape[1:])))


def distance(a: Array, b: Array, norm: Norm) -> Array:
    """Of each row of ``a`` from the same row of ``b``: ``(n, *shape)`` twice to ``(n,)`` float64."""
    difference = np.abs(flattened(a).astype(np.float64) - flattened(b))
    if norm is Norm.LINF:
        return np.asarray(difference.max(axis=1, initial=0.0))
    if norm is Norm.L2:
        return np.asarray(np.sqrt((difference**2).sum(axis=1)))
    if norm is Norm.L1:
        return np.asarray(difference.sum(axis=1))
    return np.asarray((difference > MOVED).sum(axis=1), dtype=np.float64)


def project(x: Array, centre: Array, norm: Norm, eps: float | Array) -> Array:
    """The nearest point of the ball around ``centre`` with radius ``eps`` (a number, or one a row), cut to the box.

    For L2 the point is scaled and then cut, which stays within both and is exact where the box does not bind; L1 uses
    the projection onto the simplex (Duchi et al. 2008, figure 1), which the cut only brings closer; L0 keeps the
    ``eps`` largest changes.
    """
    n = len(x)
    radius = np.broadcast_to(np.asarray(eps, dtype=np.float64), (n,)).reshape((n,) + (1,) * (x.ndim - 1))
    if norm is Norm.LINF:
        return np.asarray(np.clip(np.clip(x, centre - radius, centre + radius), 0.0, 1.0))
    delta = flattened(np.clip(x, 0.0, 1.0) - centre)
    flat = radius.reshape(n, 1)
    if norm is Norm.L2:
        length = np.sqrt((delta**2).sum(axis=1, keepdims=True))
        delta = delta * np.minimum(1.0, flat / np.maximum(length, 1e-30))
    elif norm is Norm.L1:
        delta = _onto_l1(delta, flat)
    else:
        keep = np.minimum(np.floor(flat).astype(int), delta.shape[1])
        order = np.argsort(-np.abs(delta), axis=1, kind="stable")
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.broadcast_to(np.arange(delta.shape[1]), delta.shape), axis=1)
        delta = np.where(rank < keep, delta, 0.0)
    return np.asarray(np.clip(centre + delta.reshape(x.shape), 0.0, 1.0))


def _onto_l1(delta: Array, radius: Array) -> Array:
    size = np.abs(delta)
    ordered = -np.sort(-size, axis=1)
    sums = np.cumsum(ordered, axis=1) - radius
    places = np.arange(1, delta.shape[1] + 1)
    last = np.maximum((ordered - sums / places > 0).sum(axis=1, keepdims=True), 1)
    threshold = np.take_along_axis(sums, last - 1, axis=1) / last
    inside = size.sum(axis=1, keepdims=True) <= radius
    shrunk = np.sign(delta) * np.maximum(size - np.maximum(threshold, 0.0), 0.0)
    return np.where(inside, delta, shrunk)


def spread(values: Array, like: Array) -> Array:
    """``(n,)`` shaped so that it multiplies ``(n, *shape)``."""
    return values.reshape((len(values),) + (1,) * (like.ndim - 1))


def slack(domain: InputDomain, norm: Norm) -> float:
    """By how much a distance in unit space can grow when an input is rounded to the domain's ``dtype``: attacks stay
    that far inside the radius. 0 for float64, for L0, and for whole numbers (whose steps are wider than a radius may
    be: there, what counts is measured after rounding)."""
    if domain.dtype not in ("float32", "float16") or norm in (Norm.L0, Norm.FEASIBLE):
        return 0.0
    low, high = np.broadcast_arrays(*(np.asarray(end, dtype=np.float64) for end in (domain.low, domain.high)))
    largest = np.maximum(np.abs(low), np.abs(high))
    span = np.where(high > low, high - low, np.inf)
    steps = np.finfo(domain.dtype).eps * largest / span
    features = np.broadcast_to(steps, domain.shape)
    if norm is Norm.LINF:
        return float(features.max(initial=0.0))
    return float(np.sqrt((features**2).sum()) if norm is Norm.L2 else features.sum())


def rounded(unit: Array, domain: InputDomain) -> Array:
    """Unit inputs as the model meets them: to raw in the domain's ``dtype`` and back, float64."""
    return domain.to_unit(domain.to_raw(unit))


def is_unit(domain: InputDomain) -> bool:
    """Whether raw space is unit space, in floating point: then nothing has to be converted."""
    low, high = np.asarray(domain.low), np.asarray(domain.high)
    return domain.dtype.startswith("float") and bool((low == 0.0).all() and (high == 1.0).all())
