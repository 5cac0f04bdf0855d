"""A world: a population, a model trained on a part of it, and what is needed to attack and to guard that model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from violet.detectors.reference import Reference
    from violet.targets.base import InputDomain

    Array = NDArray[Any]


class Population(Protocol):
    """Whom honest clients ask about."""

    groups: int
    """How many narrow parts it has (a region with a product; a digit in one hand)."""

    def draw(self, rng: np.random.Generator, n: int, *, day: Array | float = 0.0, group: int = -1) -> Array:
        """Raw rows ``(n, p)`` as they are ``day`` days after the start; with ``group``, of that part alone."""
        ...

    def others(self, rng: np.random.Generator, n: int) -> Array:
        """Another honest population, on the same grids and within the same bounds."""
        ...

    def foreign(self, rng: np.random.Generator, n: int) -> Array:
        """Natural data of another origin, as who steals a model without its data has."""
        ...

    def vary(self, rng: np.random.Generator, base: Array, count: int) -> Array:
        """One row ``(p,)`` with one or two things changed as an analyst would, in steps of the application: ``(m, p)``
        with ``m`` at most ``count``."""
        ...

    def revise(self, rng: np.random.Generator, rows: Array) -> Array:
        """The same cases some time later: little has changed in some, nothing in others."""
        ...

    def snap(self, rows: Array) -> Array:
        """Any numbers, as the application could have sent them."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """``train`` ``(m, p)`` are the model's training rows, ``held`` benign rows it has not seen. ``seconds`` is what it
    takes for a row, about."""

    name: str
    population: Population
    predict: Callable[[Array], Array]
    domain: InputDomain
    names: tuple[str, ...]
    shape: tuple[int, ...]
    train: Array
    held: Array
    reference: Reference
    seconds: float

    @property
    def classes(self) -> int:
        return int(self.predict(self.held[:1]).shape[1])

    def answer(self, raw: Array) -> Array:
        """Probabilities ``(n, k)``; of what is no number, those of the bounds."""
        low, high = self.domain.low.reshape(-1), self.domain.high.reshape(-1)
        clean = np.nan_to_num(raw, nan=0.0, posinf=1e12, neginf=-1e12)
        span = high - low
        return np.asarray(self.predict(np.clip(clean, low - 10 * span, high + 10 * span)))

    def labels(self, raw: Array) -> Array:
        return np.asarray(self.answer(raw).argmax(axis=1))

    def spread(self, cells: Array) -> Array:
        """Numbers by encoded column ``(n, d)`` as numbers by raw column ``(n, p)``."""
        if not self.shape or cells.shape[1] == len(self.names):
            return cells
        height, width = self.shape[:2]
        side = round(cells.shape[1] ** 0.5)
        tall, wide = -(-height // side), -(-width // side)
        whole = cells.reshape(-1, side, side).repeat(tall, axis=1).repeat(wide, axis=2)
        return np.asarray(whole[:, :height, :width].reshape(len(cells), -1))
