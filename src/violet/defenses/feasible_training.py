"""Training any estimator anew on its data and on rows that fooled it: adversarial training for trees and their kin.

In rounds: fit, attack the fit on some training rows, add what fooled it with the label it should have had, fit again
(Kantchelian, Tygar and Joseph 2016, section 6, "adversarial boosting", with whole refits). The attack is given by
whoever calls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Fit = Callable[[Array, Array], Any]
    """Rows and labels to a fitted model."""
    Attack = Callable[[Any, Array, Array, int], tuple[Array, Array]]
    """A fitted model, rows, labels and the round's number to adversarial rows and which of them fool, ``(n,)``."""
    Tell = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Round:
    """Of ``attacked`` rows ``fooled`` fell; ``rows`` is the size of the training set of the fit that was attacked."""

    number: int
    rows: int
    attacked: int
    fooled: int


@dataclass(frozen=True, slots=True, eq=False)
class Refitted:
    """``model`` is the last fit. ``complete`` is false where somebody stopped it."""

    model: Any
    rounds: tuple[Round, ...]
    complete: bool


def train_on_feasible_rows(
    fit: Fit,
    attack: Attack,
    x: Array,
    y: Array,
    *,
    rounds: int = 5,
    attacked: int = 1000,
    enough: float = 0.02,
    seed: int = 0,
    tell: Tell | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Refitted:
    """``x`` ``(n, features)`` and ``y`` ``(n,)``. Ends early when less than the share ``enough`` of a round's rows is
    fooled.

    Each round attacks other rows (``attacked`` of them, drawn by ``seed``); rows that fooled an earlier fit stay in the
    set.
    """
    generator = np.random.default_rng(seed)
    more_x: list[Array] = []
    more_y: list[Array] = []
    model = fit(x, y)
    done: list[Round] = []
    complete = True
    for number in range(1, rounds + 1):
        if stop():
            complete = False
            break
        rows = generator.permutation(len(y))[:attacked]
        found, fooled = attack(model, x[rows], y[rows], number)
        size = len(y) + sum(map(len, more_y))
        done.append(Round(number, size, len(rows), int(fooled.sum())))
        if tell is not None:
            tell(number, rounds, f"round {number}: {int(fooled.sum())} of {len(rows)} fooled it")
        if fooled.sum() < enough * len(rows):
            break
        more_x.append(found[fooled])
        more_y.append(y[rows][fooled])
        model = fit(np.concatenate([x, *more_x]), np.concatenate([y, *more_y]))
    return Refitted(model, tuple(done), complete)
