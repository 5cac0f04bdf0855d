"""One route's way out: in order, at its rate, with patience, and never in silence.

Each route has a task and a bounded queue of its own, so that a dead receiver delays nobody else. When its rate does not
allow every notice, one goes out that stands for the others ("and 57 more"). A notice that cannot be delivered is tried
again, with pauses from one second to a minute; what is given up after hours, or refused for good, is counted, and told
with the next one that gets through.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol

from violet.domain.incident_alert import Incident, Notice, NoticeEvent, RouteState
from violet.runtime.alerts.routing import Route

MOST_WAITING = 1_000
GIVE_UP = 6 * 3600.0
"""Seconds after which a notice that could not be delivered is given up."""
LONGEST_PAUSE = 60.0
LONGEST_RETRY_AFTER = 300.0


class SendError(Exception):
    """A receiver did not take a notice. ``permanent``: it would not take it later, either. ``after``: seconds that it
    asked to wait."""

    def __init__(self, what: str, *, permanent: bool = False, after: float = 0.0) -> None:
        super().__init__(what)
        self.permanent = permanent
        self.after = after


class Sink(Protocol):
    """A receiver. ``each``: it is to have every notice; else only the newest state of an incident matters.
    ``refresh`` is called every ``refresh_every`` seconds (0: never) with the open incidents."""

    each: bool
    refresh_every: float

    async def send(self, notice: Notice) -> None:
        """Raises ``SendError``."""
        ...

    async def refresh(self, incidents: tuple[Incident, ...]) -> None:
        """Raises ``SendError``."""
        ...

    async def close(self) -> None: ...


class Bucket:
    """``rate`` tokens a second, at most ``burst``; a rate of 0 never runs out."""

    __slots__ = ("_at", "_burst", "_clock", "_rate", "_tokens")

    def __init__(self, rate: float, burst: int, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._at = clock()

    @property
    def spent(self) -> bool:
        """The next would have to wait."""
        return self._rate > 0 and self._tokens < 1.0

    def take(self) -> float:
        """Take one, and give 0; or take none, and give the seconds until there is one."""
        if not self._rate:
            return 0.0
        now = self._clock()
        self._tokens = min(float(self._burst), self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / self._rate


class Delivery:
    """A route, its receiver, and what waits between them. All methods belong to one event loop."""

    def __init__(
        self,
        route: Route,
        sink: Sink,
        incidents: Callable[[], tuple[Incident, ...]] = tuple,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.route = route
        self.cursor = 0
        """Every notice up to this number has been dealt with."""
        self._sink = sink
        self._incidents = incidents
        self._clock = clock
        self._bucket = Bucket(route.rate, route.burst, clock)
        self._waiting: OrderedDict[object, tuple[Notice, float]] = OrderedDict()
        self._omitted: Counter[str] = Counter()
        self._wake = asyncio.Event()
        self._sending: object = None
        self._offered = 0
        self._delivered = self._failed = self._summarised = self._dropped = 0
        self._problem = ""
        self._task: asyncio.Task[None] | None = None

    def state(self) -> RouteState:
        return RouteState(
            self.route.name,
            self.route.to,
            self._delivered,
            self._failed,
            self._summarised,
            self._dropped,
            len(self._waiting),
            self._problem,
        )

    def offer(self, notices: Iterable[Notice]) -> None:
        """Take those that are for this route. Never waits."""
        for notice in notices:
            self._offered = max(self._offered, notice.number)
            if self.route.wants(notice):
                self._queue(notice)
        self._settle()
        if self._waiting:
            self._wake.set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"violet-route-{self.route.name}")

    async def stop(self, grace: float) -> None:
        """Deliver what waits within ``grace`` seconds, then end."""
        deadline = self._clock() + grace
        while self._waiting and self._clock() < deadline and self._task is not None and not self._task.done():
            await asyncio.sleep(0.02)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        with contextlib.suppress(Exception):
            async with asyncio.timeout(1.0):
                await self._sink.close()

    # -- the queue ------------------------------------------------------------------------------------

    def _queue(self, notice: Notice) -> None:
        key: object = notice.number if self._sink.each else notice.incident.id
        earlier = self._waiting.pop(key, None)
        if earlier is not None:
            self._summarised += 1
            if earlier[0].event is NoticeEvent.OPENED and notice.event is not NoticeEvent.CLOSED:
                notice = replace(notice, event=NoticeEvent.OPENED)
            self._waiting[key] = (notice, earlier[1])
            self._waiting.move_to_end(key, last=False)
            return
        self._waiting[key] = (notice, self._clock())
        if len(self._waiting) > MOST_WAITING:
            others = (key for key in self._waiting if key != self._sending)
            mildest = min(others, key=lambda key: self._waiting[key][0].incident.severity)
            self._omit(self._waiting.pop(mildest)[0])

    def _omit(self, notice: Notice) -> None:
        self._omitted[str(notice.incident.severity)] += 1
        self._summarised += 1

    def _settle(self) -> None:
        waiting = [notice.number for notice, _ in self._waiting.values()]
        self.cursor = max(self.cursor, min(waiting) - 1 if waiting else self._offered)

    # -- the task -------------------------------------------------------------------------------------

    async def _run(self) -> None:
        pause = 1.0
        refreshed = self._clock()
        while True:
            if not self._waiting:
                self._wake.clear()
                rest = self._sink.refresh_every - (self._clock() - refreshed) if self._sink.refresh_every else None
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(None if rest is None else max(0.0, rest)):
                        await self._wake.wait()
            if self._sink.refresh_every and self._clock() - refreshed >= self._sink.refresh_every:
                refreshed = self._clock()
                await self._refresh()
            if not self._waiting:
                continue
            delay = self._bucket.take()
            if delay:
                await asyncio.sleep(min(delay, 1.0))
                continue
            pause = await self._one(pause)

    async def _one(self, pause: float) -> float:
        """Send what is next; gives the pause after the next failure."""
        self._forget_old()
        if not self._waiting:
            return 1.0
        key, chosen, notice = self._choose()
        self._sending = key
        try:
            async with asyncio.timeout(self.route.timeout):
                await self._sink.send(notice)
        except SendError as error:
            return await self._refused(key, error, pause)
        except TimeoutError:
            return await self._refused(key, SendError(f"no answer within {self.route.timeout:g} s"), pause)
        except Exception as error:  # a receiver's own fault is not the guard's end
            return await self._refused(key, SendError(f"{type(error).__name__}: {error}"), pause)
        finally:
            self._sending = None
        self._delivered += 1
        self._problem = ""
        self._omitted -= Counter(dict(notice.omitted_by))
        if key in self._waiting and self._waiting[key][0] is chosen:  # else there is news of it since
            del self._waiting[key]
        self._settle()
        return 1.0

    def _choose(self) -> tuple[object, Notice, Notice]:
        """The next notice, as it waits and as it goes out. On the last token, the worst stands for all that wait."""
        key = next(iter(self._waiting))
        if self._bucket.spent and len(self._waiting) > 1:
            key = max(self._waiting, key=lambda key: self._waiting[key][0].incident.severity)
            for other in [other for other in self._waiting if other != key]:
                self._omit(self._waiting.pop(other)[0])
        chosen = notice = self._waiting[key][0]
        if self._omitted:
            total = sum(self._omitted.values())
            event = NoticeEvent.SUMMARY if self._sink.each or self.route.rate else notice.event
            reason = f"{notice.reason} And {total:,} more notices."
            notice = replace(
                notice, event=event, omitted=total, omitted_by=tuple(sorted(self._omitted.items())), reason=reason
            )
        return key, chosen, notice

    async def _refused(self, key: object, error: SendError, pause: float) -> float:
        self._failed += 1
        self._problem = str(error)[:300]
        if error.permanent:
            lost = self._waiting.pop(key, None)
            if lost is not None:
                self._dropped += 1
                self._omit(lost[0])
            self._settle()
            return 1.0
        await asyncio.sleep(max(pause, min(error.after, LONGEST_RETRY_AFTER)))
        return min(LONGEST_PAUSE, pause * 2)

    def _forget_old(self) -> None:
        oldest = self._clock() - GIVE_UP
        for key in [key for key, (_, since) in self._waiting.items() if since < oldest]:
            self._dropped += 1
            self._omit(self._waiting.pop(key)[0])

    async def _refresh(self) -> None:
        incidents = tuple(
            incident
            for incident in self._incidents()
            if self.route.wants(Notice(0, incident.last, NoticeEvent.OPENED, incident, ""))
        )
        try:
            async with asyncio.timeout(self.route.timeout):
                await self._sink.refresh(incidents)
        except (SendError, TimeoutError, OSError) as error:
            self._failed += 1
            self._problem = (str(error) or f"no answer within {self.route.timeout:g} s")[:300]
