"""A target in unit space: the box [0, 1], in which norms and radii mean the same for every model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.targets.base import InputDomain, InputKind, Offers, Target, TargetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


class UnitTarget:
    """Asks ``inner`` about what unit inputs ``(n, *shape)`` are in raw space. The books are ``inner``'s own."""

    def __init__(self, inner: Target) -> None:
        self.inner = inner
        self.name = inner.name
        self.classes = inner.classes
        self.offers = inner.offers & ~Offers.GRADIENTS
        self.counter = inner.counter
        self.domain = unit_domain(inner.domain)

    def labels(self, x: Array) -> Array:
        return self.inner.labels(self.inner.domain.to_raw(x))

    def scores(self, x: Array) -> Array:
        return self.inner.scores(self.inner.domain.to_raw(x))


def in_unit_space(target: Target) -> Target:
    """The same target, asked in unit space; one with gradients keeps them, with respect to unit inputs.

    Raises ``TargetError`` for text and for a domain without bounds: they have no unit space.
    """
    domain = target.domain
    if domain.kind is InputKind.TEXT:
        raise TargetError(f"{target.name} takes text, which has no unit space.")
    if not (np.isfinite(domain.low).all() and np.isfinite(domain.high).all()):
        raise TargetError(f"The inputs of {target.name} have no bounds.", "Give a schema with low and high.")
    if Offers.GRADIENTS in target.offers:
        from violet.targets.torch_unit import UnitGradientTarget

        return UnitGradientTarget(target)
    return UnitTarget(target)


def unit_domain(domain: InputDomain) -> InputDomain:
    """The box [0, 1] of the same shape. It has no schema: a schema speaks of raw units."""
    return InputDomain(
        kind=domain.kind,
        shape=domain.shape,
        low=np.zeros(domain.shape),
        high=np.ones(domain.shape),
        layout=domain.layout,
        names=domain.names,
        dtype="float64",
    )
