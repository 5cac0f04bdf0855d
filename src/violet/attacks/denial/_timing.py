"""Times of answers on a machine that does other things as well: in rounds, side by side with usual inputs."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.targets.base import TargetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.attacks.base import Clock
    from violet.targets.base import Target

    Array = NDArray[Any]


class Stopwatch:
    """Times single answers of ``target``, as long as ``clock`` and its own ``seconds`` last; of the clock's time it
    takes the part that ``methods`` leave it, itself among them."""

    def __init__(self, target: Target, clock: Clock, seconds: float, methods: int = 1) -> None:
        self.target = target
        self.clock = clock
        self.end = time.monotonic() + min(seconds, clock.left / methods)
        self.inside = False
        """The target works in this process: its CPU time is taken, which other processes do not touch."""
        self.broke: list[str] = []
        """What the target said of inputs that it could not answer."""

    @property
    def left(self) -> float:
        return 0.0 if self.clock.expired() else max(0.0, self.end - time.monotonic())

    def time(self, x: Array, row: int) -> float:
        """Seconds for one input, in a call of its own: of CPU where the target is ``inside``, else on the clock."""
        one = x[row : row + 1]
        read = time.process_time if self.inside else time.perf_counter
        begun = read()
        self.target.labels(one)
        return read() - begun

    def pilot(self, usual: Array) -> float | None:
        """Seconds of a usual answer on the clock, after one that may have to warm up; finds out whether the target is
        ``inside``. ``None`` where there is no time."""
        walls: list[float] = []
        shares: list[float] = []
        for turn in range(6):
            if self.left <= 0:
                break
            row = turn % len(usual)
            wall, cpu = time.perf_counter(), time.process_time()
            self.target.labels(usual[row : row + 1])
            walls.append(time.perf_counter() - wall)
            shares.append((time.process_time() - cpu) / max(walls[-1], 1e-9))
        self.inside = max(shares[1:], default=0.0) > 0.5
        return max(float(np.median(walls[1:] or walls)), 1e-7) if walls else None


@dataclass(frozen=True, slots=True, eq=False)
class Race:
    """``ratios`` ``(rounds, m)``: the time of each candidate by the median time of usual inputs in the same round;
    ``usual`` ``(rounds, u)`` the same for the usual inputs themselves; ``seconds`` their median time."""

    ratios: Array
    usual: Array
    seconds: float

    @property
    def factors(self) -> Array:
        """``(m,)`` medians over the rounds; 0 for what could not be answered."""
        return np.asarray(np.nan_to_num(np.median(self.ratios, axis=0)))


def race(watch: Stopwatch, candidates: Array, usual: Array, rounds: int, rng: np.random.Generator) -> Race | None:
    """All inputs once a round, in an order drawn anew each time. What slows the machine for a moment meets both kinds
    alike, and a median over rounds forgets it. ``None`` where not even one round could be finished. A candidate that
    the target cannot answer has the time NaN; raises ``TargetError`` where that is a usual input."""
    m, u = len(candidates), len(usual)
    ratios: list[Array] = []
    own: list[Array] = []
    seconds: list[Array] = []
    for _ in range(rounds):
        times = np.zeros(m + u)
        for place in rng.permutation(m + u).tolist():
            if watch.left <= 0:
                break
            times[place] = _time(watch, candidates, place) if place < m else watch.time(usual, place - m)
        if (times == 0).any():
            break
        middle = float(np.median(times[m:]))
        ratios.append(times[:m] / middle)
        own.append(times[m:] / middle)
        seconds.append(times[m:])
    if not ratios:
        return None
    return Race(np.stack(ratios), np.stack(own), float(np.median(np.stack(seconds))))


def _time(watch: Stopwatch, candidates: Array, place: int) -> float:
    try:
        return watch.time(candidates, place)
    except TargetError as error:
        watch.broke.append(error.what)
        return float("nan")


def surely_above(values: Array, doubt: float) -> float:
    """The largest bound that the median of what ``values`` ``(r,)`` are drawn from exceeds, wrong in ``doubt`` of all
    cases at most; minus infinity where there are too few. By order statistics: no distribution is assumed."""
    n = len(values)
    ordered = np.sort(np.nan_to_num(values))
    below, tail = -1, 0.0
    for k in range(n):
        tail += math.comb(n, k) / 2.0**n
        if tail > doubt:
            break
        below = k
    return float(ordered[below]) if below >= 0 else -math.inf
