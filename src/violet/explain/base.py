"""What an explainer is: something that shares one score of an input out among its features.

Inputs are raw, as everywhere outside of attacks: ``(n, *shape)`` in the domain's units. The score that is explained is
that of a class named for each row, usually the one that the model predicts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.explanation import Completeness, Method
from violet.targets.base import Offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.base import Target

    Array = NDArray[Any]

CELLS = 8_000_000
"""Numbers in one call of a model: 64 MB of float64. More rows than that are asked for in several calls."""


@dataclass(frozen=True, slots=True, eq=False)
class Attributions:
    """``values`` ``(n, *shape)`` float64; ``baseline`` and ``output`` ``(n,)`` are the scores they lead between."""

    values: Array
    baseline: Array
    output: Array

    @property
    def error(self) -> Array:
        """``(n,)``: by how much the attributions do not add up to ``output - baseline``."""
        total = self.values.reshape(len(self.values), -1).sum(axis=1)
        return np.asarray(np.abs(self.output - self.baseline - total))

    def completeness(self, expected: bool) -> Completeness:
        error, size = self.error, np.abs(self.output - self.baseline)
        if not len(error):
            return Completeness(0.0, 0.0, 0.0, expected, 0)
        mean = float(error.mean())
        return Completeness(float(error.max()), mean, mean / max(float(size.mean()), 1e-12), expected, len(error))


@dataclass(frozen=True, slots=True, eq=False)
class Explainer:
    """``explain(x, classes)``: ``(n, *shape)`` and class indices ``(n,)`` to ``Attributions``.

    ``unit`` is that of the values; ``against`` says in words what the baseline is; ``exact`` whether the values are
    computed, not estimated; ``complete`` whether the method promises that they add up; ``notes`` what the user has to
    know about the choice.
    """

    method: Method
    unit: str
    against: str
    explain: Callable[[Array, Array], Attributions]
    exact: bool = True
    complete: bool = True
    notes: tuple[str, ...] = ()


def scores_of(target: Target, x: Array) -> Array:
    """``(n, classes)`` float64. Of a target that gives labels only, 1 for the label and 0 for the others."""
    if Offers.SCORES in target.offers:
        return np.asarray(target.scores(x), dtype=np.float64)
    found = np.zeros((len(x), target.classes))
    found[np.arange(len(x)), target.labels(x)] = 1.0
    return found


def unit_of(target: Target) -> str:
    """What the scores of a target are called."""
    if Offers.PROBABILITIES in target.offers:
        return "probability"
    return "score" if Offers.SCORES in target.offers else "label"


def pieces(count: int, each: int) -> list[slice]:
    """Slices over ``count`` rows of ``each`` numbers, so that no call takes more than ``CELLS``."""
    rows = max(1, CELLS // max(each, 1))
    return [slice(start, min(start + rows, count)) for start in range(0, count, rows)]


def own_class(scores: Array, classes: Array) -> Array:
    """Of each row the score of its class: ``(n, k)`` and ``(n,)`` to ``(n,)``."""
    return np.asarray(scores[np.arange(len(classes)), classes])
