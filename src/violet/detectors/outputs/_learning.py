"""Windows of all traffic in which no client has more than its share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


PATIENCE = 2
"""Times the rows of a window after which clients may have twice as much of it: where there are few, it fills all the
same."""


class Share:
    """Lets no client have more than ``share`` of a window of ``rows`` of all traffic: nobody decides alone what it
    says. Whenever twice as many rows have come, each may have twice as much."""

    __slots__ = ("_least", "_most", "_of", "_patience", "_seen")

    def __init__(self, rows: int, share: float) -> None:
        self._least = self._most = max(1, int(rows * share))
        self._patience = PATIENCE * rows
        self._seen = 0
        self._of: dict[int, int] = {}

    def taken(self, clients: Array) -> Array:
        """Which rows count, bool ``(m,)``."""
        found = np.ones(len(clients), dtype=bool)
        known = self._of
        for place, slot in enumerate(clients.tolist()):
            self._seen += 1
            if self._seen > self._patience:
                self._seen = 1
                self._most *= 2
            count = known.get(slot, 0)
            if count >= self._most:
                found[place] = False
            else:
                known[slot] = count + 1
        return found

    def anew(self) -> None:
        self._of.clear()
        self._seen = 0
        self._most = self._least
