"""Detectors in the loop that serves the traffic: a batch at a time, with room for requests in between."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from violet.runtime.batching import Observed
    from violet.runtime.pipeline import ClientState, DetectorState, Pipeline

BATCH = 64
"""Rows that are judged at once: long enough to be cheap, short enough for others not to wait."""
LATEST = 0.005
"""Seconds that a row waits for others."""
WAITING = 8192
"""Requests of one model that may wait; more are not judged, and counted."""


class Judge(Protocol):
    """Takes what was answered, and tells of alerts to whoever made it."""

    unjudged: int
    """Rows that were not judged, for want of time."""

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on, judge in this loop, or beside it."""
        ...

    def take(self, model: str, observed: Observed) -> None: ...

    def settle(self) -> None:
        """Judge all that waits, now, or at least send it on."""
        ...

    def states(self) -> Mapping[str, list[DetectorState]]:
        """Of the detectors of each model, as last heard."""
        ...

    def clients(self) -> Mapping[str, list[ClientState]]:
        """Of each model, those to look at."""
        ...

    def known(self) -> int:
        """Clients that are remembered, for all models together."""
        ...

    async def close(self) -> None: ...


class InlineJudge:
    """``pipelines`` by model."""

    def __init__(self, pipelines: Mapping[str, Pipeline]) -> None:
        self.pipelines = dict(pipelines)
        self.unjudged = 0
        self._waiting: dict[str, deque[Observed]] = {name: deque() for name in self.pipelines}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due: Any = None

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def take(self, model: str, observed: Observed) -> None:
        waiting = self._waiting.get(model)
        if waiting is None:
            return
        if len(waiting) >= WAITING:
            self.unjudged += len(observed.raw)
            return
        waiting.append(observed)
        if self._loop is None:
            return
        if self._due is None:
            self._due = self._loop.call_later(LATEST, self._turn)
        elif len(waiting) == BATCH:
            self._due.cancel()
            self._due = self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        """One batch of each model; what is left waits for the next turn, so that traffic comes in between."""
        self._due = None
        for name, waiting in self._waiting.items():
            if waiting:
                self._batch(name, waiting)
        if any(self._waiting.values()) and self._loop is not None:
            self._due = self._loop.call_soon(self._turn)

    def _batch(self, name: str, waiting: deque[Observed]) -> None:
        batch: list[Observed] = []
        rows = 0
        while waiting and rows < BATCH:
            one = waiting.popleft()
            batch.append(one)
            rows += len(one.raw)
        self.pipelines[name].observe(batch)

    def settle(self) -> None:
        for name, waiting in self._waiting.items():
            while waiting:
                self._batch(name, waiting)

    def states(self) -> Mapping[str, list[DetectorState]]:
        return {name: pipeline.states() for name, pipeline in self.pipelines.items()}

    def clients(self) -> Mapping[str, list[ClientState]]:
        return {name: pipeline.clients() for name, pipeline in self.pipelines.items()}

    def known(self) -> int:
        return sum(len(pipeline.slots) for pipeline in self.pipelines.values())

    async def close(self) -> None:
        self.settle()
        if self._due is not None:
            self._due.cancel()
            self._due = None
