"""What attributions are given to: features, one-hot groups as a whole, or cells of an image.

A hundred thousand pixels are no unit that a person can read or that Shapley values can be estimated for; nor is one
half of a one-hot group. A *player* (the word of game theory, Shapley 1953) is a set of features that goes together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import UsageError
from violet.targets.base import InputKind
from violet.targets.schema import Direction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.base import InputDomain

    Array = NDArray[Any]

GRID = 8
"""Cells along the longer side of an image, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Players:
    """``of`` gives for each flattened feature the player it belongs to; every player has at least one."""

    names: tuple[str, ...]
    of: Array
    shape: tuple[int, ...]
    immutable: tuple[bool, ...]
    image: bool = False

    def __len__(self) -> int:
        return len(self.names)

    def total(self, values: Array) -> Array:
        """Sums over the features of each player: ``(n, *shape)`` to ``(n, players)``."""
        flat = values.reshape(len(values), -1)
        order = np.argsort(self.of, kind="stable")
        starts = np.searchsorted(self.of[order], np.arange(len(self)))
        return np.asarray(np.add.reduceat(flat[:, order], starts, axis=1))

    def spread(self, totals: Array) -> Array:
        """The other way: ``(n, players)`` in equal parts to ``(n, *shape)``."""
        count = np.bincount(self.of, minlength=len(self))
        return np.asarray((totals / count)[:, self.of].reshape((len(totals), *self.shape)))

    def mask(self, chosen: Array) -> Array:
        """Booleans ``(k, players)`` to ``(k, *shape)``."""
        return np.asarray(chosen[:, self.of].reshape((len(chosen), *self.shape)))


def players_of(domain: InputDomain) -> Players:
    """The players of a domain. Raises ``UsageError`` for text."""
    if domain.kind is InputKind.TEXT:
        raise UsageError("Texts have words, and no features of fixed places.")
    if domain.kind is InputKind.IMAGE:
        return _cells(domain)
    size = int(np.prod(domain.shape))
    names = list(domain.names) if len(domain.names) == size else [f"feature {place}" for place in range(size)]
    of = np.arange(size)
    immutable = np.zeros(size, dtype=bool)
    if domain.schema is not None and len(domain.schema.features) == size:
        immutable[:] = [feature.direction is Direction.NONE for feature in domain.schema.features]
        for name, members in domain.schema.groups.items():
            of[list(members)] = members[0]
            names[members[0]] = name
    kept, of = np.unique(of, return_inverse=True)
    return Players(
        tuple(names[place] for place in kept),
        of,
        domain.shape,
        tuple(bool(immutable[of == player].all()) for player in range(len(kept))),
    )


def image_size(domain: InputDomain) -> tuple[int, int]:
    """Rows and columns of an image."""
    return plane(domain.shape, domain.layout)


def plane(shape: tuple[int, ...], layout: str) -> tuple[int, int]:
    """Rows and columns of an image of this shape: ``chw``, ``hwc`` or ``hw``."""
    if layout == "hwc":
        return shape[0], shape[1]
    return shape[-2], shape[-1]


def over_channels(domain: InputDomain, flat: Array) -> Array:
    """A map ``(rows, columns)`` for every channel, in the layout of the domain: ``(*shape)``."""
    if domain.layout == "hwc" and len(domain.shape) == 3:
        flat = flat[..., None]
    return np.asarray(np.broadcast_to(flat, domain.shape))


def _cells(domain: InputDomain) -> Players:
    rows, columns = image_size(domain)
    side = max(1, -(-max(rows, columns) // GRID))
    down, across = -(-rows // side), -(-columns // side)
    grid = (np.arange(rows) // side)[:, None] * across + (np.arange(columns) // side)[None, :]
    down_names = [_span("row", r * side, min(rows, (r + 1) * side)) for r in range(down)]
    across_names = [_span("column", c * side, min(columns, (c + 1) * side)) for c in range(across)]
    names = tuple(f"{row}, {column}" for row in down_names for column in across_names)
    of = np.ascontiguousarray(over_channels(domain, grid)).reshape(-1)
    return Players(names, of, domain.shape, (False,) * len(names), image=True)


def _span(word: str, first: int, end: int) -> str:
    return f"{word} {first}" if end - first == 1 else f"{word}s {first}-{end - 1}"
