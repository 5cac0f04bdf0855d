"""Steps that stand before or behind a model: what they do to inputs and to answers.

They need no training. Those before the model make its inputs coarser; they mostly mask gradients, and tests call them
so. Those behind it give away less with each answer; they make attacks by questions dearer, and change no decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

BEFORE = ("discretise", "smooth")
BEHIND = ("temperature", "round", "labels")


@dataclass(frozen=True, slots=True)
class Step:
    """``name`` and its one number: ``discretise`` to so many levels of each feature's range (Xu et al. 2018),
    ``smooth`` by a vote over noisy copies of that deviation in unit space (with ``votes``), ``temperature`` of the
    logits, ``round`` to so many decimals, ``labels`` alone (no number)."""

    name: str
    value: float = 0.0
    votes: int = 0

    def check(self) -> None:
        """Raises ``ConfigurationError`` for a number that cannot be."""
        fine = {
            "discretise": self.value >= 2 and float(self.value).is_integer(),
            "smooth": 0 < self.value <= 10 and self.votes >= 1,
            "temperature": 0.01 <= self.value <= 1000,
            "round": 0 <= self.value <= 12 and float(self.value).is_integer(),
            "labels": True,
        }
        if self.name not in fine:
            known = ", ".join((*BEFORE, *BEHIND))
            raise ConfigurationError(f"There is no defence {self.name!r}.", f"There is {known}.")
        if not fine[self.name]:
            raise ConfigurationError(f"The defence {self.name} cannot have the value {self.value:g}.")


def discretise(unit: Array, levels: int) -> Array:
    """Each feature to the nearest of ``levels`` equally spaced values of [0, 1]."""
    return np.asarray(np.rint(np.clip(unit, 0.0, 1.0) * (levels - 1)) / (levels - 1))


def one_hot(labels: Array, classes: int) -> Array:
    return np.asarray(np.eye(classes)[labels])
