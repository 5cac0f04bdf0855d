"""Samples that still stand, side by side in arrays that shrink as samples fall, without being copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


class Live:
    """Arrays by name whose first axis counts the standing samples; ``rows`` says which samples they are.

    A sample that goes leaves a hole that the last one moves into: the cost is that of what moves, where a new array a
    step would cost as much as the model's own answer.
    """

    def __init__(self, rows: Array, **arrays: Array) -> None:
        self._arrays = {"rows": rows, **arrays}

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    def __len__(self) -> int:
        return len(self._arrays["rows"])

    @property
    def rows(self) -> Array:
        return self._arrays["rows"]

    def add(self, **arrays: Array) -> None:
        """More of them, as long as the others are now."""
        self._arrays.update(arrays)

    def keep(self, stay: Array) -> None:
        """``stay`` ``(m,)`` bool: which remain."""
        left = int(np.count_nonzero(stay))
        if left == len(stay):
            return
        holes = np.flatnonzero(~stay[:left])
        movers = left + np.flatnonzero(stay[left:])
        for name, array in self._arrays.items():
            array[holes] = array[movers]
            self._arrays[name] = array[:left]
