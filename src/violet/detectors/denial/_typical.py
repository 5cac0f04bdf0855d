"""What a row usually takes: of the model's time, and of bytes, as the traffic itself shows it, by many clients.

No client is believed more than eight rows of 256, so none decides alone what is usual; and what is usual changes by a
tenth of what is new at a time, so that a slow model is slow for all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch, Setup

    Array = NDArray[Any]

LEARN = (64, 128, 256)
"""Rows of all clients after which what is usual is learned anew; then every 256."""
A_CLIENT = 8
FEWEST = 24
"""Rows, of those, below which a block teaches nothing."""
PACE = 0.1


@dataclass(slots=True)
class Usual:
    """Logarithms of seconds and bytes a row: medians, robust spreads, the ``large`` size that only one client exceeds,
    and by how much time grows with size (``slope``). Not ``known`` until something was learned."""

    known: bool = False
    seconds: float = 0.0
    seconds_spread: float = 1.0
    size: float = 0.0
    size_spread: float = 1.0
    large: float = 0.0
    slope: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """Float64 ``(n,)``, NaN where nothing is known yet: how many times the usual, as logarithms, a row took in
    ``seconds``, in ``bytes``, and in seconds for its ``size``; ``beyond`` is the logarithm of its bytes over those that
    only one client exceeds."""

    seconds: Array
    bytes: Array
    for_size: Array
    beyond: Array


class Typical:
    """256 rows of three numbers, and seven numbers: of no client in particular."""

    __slots__ = ("_clients", "_filled", "_rows", "_seconds", "_size", "usual")

    def __init__(self) -> None:
        self.usual = Usual()
        self._rows = 0
        self._filled = 0
        self._clients = np.zeros(LEARN[-1], np.int64)
        self._seconds = np.zeros(LEARN[-1])
        self._size = np.zeros(LEARN[-1])

    @classmethod
    def of(cls, setup: Setup) -> Typical:
        """The one of the setup's detectors."""
        found = setup.shared.get("typical")
        if found is None:
            found = setup.shared["typical"] = cls()
        assert isinstance(found, Typical)
        return found

    def step(self, batch: Batch) -> Beside:
        """Take the batch in, once, however many detectors ask."""
        key = ("typical", self)
        found = batch.memo.get(key)
        if found is None:
            found = batch.memo[key] = self._step(batch)
        assert isinstance(found, Beside)
        return found

    def _step(self, batch: Batch) -> Beside:
        n = len(batch)
        with np.errstate(all="ignore"):
            seconds = np.log(np.clip(batch.seconds.astype(np.float64), 1e-7, 1e5))
            size = np.log(np.clip(batch.size.astype(np.float64), 1.0, 1e12))
        found = Beside(*(np.full(n, np.nan) for _ in range(4)))
        begin = 0
        while begin < n:
            until = next((rows for rows in LEARN if rows > self._rows), 0) or (self._rows // LEARN[-1] + 1) * LEARN[-1]
            end = min(n, begin + until - self._rows)
            part = slice(begin, end)
            self._compare(found, part, seconds[part], size[part])
            self._keep(batch.client[part], seconds[part], size[part])
            self._rows += end - begin
            if self._rows == until:
                self._learn()
            begin = end
        return found

    def _compare(self, found: Beside, part: slice, seconds: Array, size: Array) -> None:
        usual = self.usual
        if usual.known:
            found.seconds[part] = seconds - usual.seconds
            found.bytes[part] = size - usual.size
            found.for_size[part] = seconds - usual.seconds - usual.slope * (size - usual.size)
            found.beyond[part] = size - usual.large

    def _keep(self, clients: Array, seconds: Array, size: Array) -> None:
        place = slice(self._filled, self._filled + len(clients))
        self._clients[place], self._seconds[place], self._size[place] = clients, seconds, size
        self._filled += len(clients)

    def _learn(self) -> None:
        clients = self._clients[: self._filled]
        order = np.argsort(clients, kind="stable")
        whose = clients[order]
        starts = np.flatnonzero(np.append(True, whose[1:] != whose[:-1]))
        rank = np.arange(len(whose)) - np.repeat(starts, np.diff(starts, append=len(whose)))
        kept = order[rank < A_CLIENT]
        seconds, size = self._seconds[kept], self._size[kept]
        some = np.isfinite(seconds) & np.isfinite(size)
        seconds, size = seconds[some], size[some]
        # Until blocks are whole, what was kept stays, to be looked at again with what comes.
        if self._filled == LEARN[-1]:
            self._filled = 0
        few_clients = len(starts) < 3 and self.usual.known
        if len(seconds) < FEWEST and (few_clients or len(starts) > 3):
            return
        new = _usual(seconds, size, clients[kept][some])
        old = self.usual
        if not old.known or self._rows < LEARN[-1]:
            self.usual = new
            return
        for name in ("seconds", "seconds_spread", "size", "size_spread", "large", "slope"):
            was = getattr(old, name)
            step = min(max(getattr(new, name) - was, -1.0), 1.0)
            setattr(old, name, was + PACE * step)


def _usual(seconds: Array, size: Array, clients: Array) -> Usual:
    middle, wide = _robust(seconds)
    bytes_middle, bytes_wide = _robust(size)
    # Time beyond its median by more than five spreads is not what sizes explain.
    inside = np.abs(seconds - middle) < 5 * wide
    away = size[inside] - bytes_middle
    variance = float(away @ away)
    slope = float(away @ (seconds[inside] - middle)) / variance if variance > 1e-3 * len(size) else 0.0
    return Usual(
        True,
        middle,
        wide,
        bytes_middle,
        bytes_wide,
        max(_large(size, clients), bytes_middle + 3 * bytes_wide),
        min(max(slope, 0.0), 2.0),
    )


def _robust(values: Array) -> tuple[float, float]:
    middle = float(np.median(values))
    return middle, max(1.4826 * float(np.median(np.abs(values - middle))), 0.05)


def excess(times: Array, spread: float, free: float) -> Array:
    """Standardised logarithms of how many times the usual rows are, less ``free`` times; from -2 to 6, 0 where not
    known."""
    found = np.clip((times - math.log(free)) / max(spread, 0.25), -2.0, 6.0)
    return np.where(np.isfinite(found), found, 0.0)


def _large(size: Array, clients: Array) -> float:
    """The largest that two clients have sent: what one alone sends is not usual."""
    whose, place = np.unique(clients, return_inverse=True)
    if len(whose) < 3:
        return float(np.quantile(size, 0.5))
    largest = np.full(len(whose), -np.inf)
    np.maximum.at(largest, place, size)
    return float(np.partition(largest, -2)[-2])
