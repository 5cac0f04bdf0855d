"""The desk: takes alerts, puts them together, and tells those who asked.

    take -> alert log (fsync) -> correlation -> incident file (fsync) -> routes

Every worker on a machine has a desk over the same directory, and writes its alerts there. One of them, whoever holds
the lock, leads: it reads what all wrote, so that a client who is balanced over eight workers is one incident. The
kernel frees the lock of a leader that dies, and another goes on from where it was. Between machines, ``Incident.key``
is the same for the same matter; with ``claims``, one of them tells, and the others only write it down.

Nothing here is on the way of a request: ``take`` is a look-up in a table, files are written by threads, and each route
has a task of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from violet.domain.alert import Alert
from violet.domain.incident_alert import DeskState, Incident, Notice, NoticeEvent
from violet.runtime.alerts.correlate import CorrelationOptions, Correlator
from violet.runtime.alerts.delivery import Delivery, Sink
from violet.runtime.alerts.files import Checkpoint, DeskFiles
from violet.runtime.alerts.log import AlertLog, LogReader, Record
from violet.runtime.alerts.routing import Route
from violet.runtime.alerts.sinks.make import make_sink

LOCK = "desk.lock"
DIRECTORY = "alerts"
"""Below the guard's state directory."""
ROUND = 0.5
"""Seconds between looks at what other workers wrote, and at the clock."""
SAVE = 1.0
"""Seconds between checkpoints."""
PRUNE = 60.0
CLAIM = 1.0
"""Seconds that it may take to learn whether another machine tells of an incident."""
MOST_UNSAVED = 1_000


class Claims(Protocol):
    """Who of several machines tells of an incident."""

    async def mine(self, key: str) -> bool:
        """Whether this machine tells of the incident with this key. May raise anything: then it does."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class DeskOptions:
    """``state`` is the guard's directory as commands are to name it (default: the directory itself)."""

    correlation: CorrelationOptions = field(default_factory=CorrelationOptions)
    state: str = ""
    worker: str = "0"


class Desk:
    """``directory`` is the guard's state directory. Make it, ``start`` it in the event loop, ``take`` alerts there,
    ``stop`` it. Raises ``ConfigurationError`` for a route whose receiver cannot be made, and ``OSError`` for a
    directory that cannot be written to."""

    def __init__(
        self,
        directory: str,
        routes: Sequence[Route] = (),
        options: DeskOptions | None = None,
        *,
        claims: Claims | None = None,
        sink: Callable[[Route, str], Sink] = make_sink,
    ) -> None:
        self.options = options or DeskOptions()
        self._state = self.options.state or directory
        self._directory = os.path.join(directory, DIRECTORY)
        os.makedirs(self._directory, mode=0o700, exist_ok=True)
        self._sinks = [(route, sink(route, self._state)) for route in routes]
        self._deliveries: list[Delivery] = []
        self._claims = claims
        self._elsewhere: dict[str, None] = {}
        self._correlator = Correlator(self.options.correlation)
        self._files = DeskFiles(self._directory, self._state)
        self._reader = LogReader(self._directory)
        self._log = AlertLog(self._directory, self.options.worker, self._saved)
        self._unsaved: list[Record] = []
        self._lock = -1
        self._problem = ""
        self._wake: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._saved_at = self._pruned_at = 0.0
        self._saved_mark: object = None
        self._cursors: dict[str, int] = {}
        self._told = 0
        self._ending = False

    # -- what the guard uses --------------------------------------------------------------------------

    def take(self, alert: Alert) -> None:
        """Keep the alert and see to it. Never waits, never raises."""
        self._log.take(alert)

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="violet-desk")

    async def stop(self, grace: float = 5.0) -> None:
        """Write everything down, let routes have ``grace`` seconds, and hand the lead over."""
        await asyncio.to_thread(self._log.close)
        if self._task is not None and self._wake is not None:
            self._ending = True  # not cancelled: what was read in a round has to get through it
            self._wake.set()
            await self._task
        if self._lock >= 0:
            await asyncio.gather(*(delivery.stop(grace) for delivery in self._deliveries))
            await asyncio.to_thread(self._checkpoint)
            self._files.close()
            os.close(self._lock)
            self._lock = -1
        else:
            for _, sink in self._sinks:
                with contextlib.suppress(Exception):
                    await sink.close()
        if self._claims is not None:
            with contextlib.suppress(Exception):
                await self._claims.close()

    def state(self) -> DeskState:
        return DeskState(
            self._log.taken,
            self._log.acknowledged,
            self._log.repeats,
            len(self._correlator),
            self._told,
            self._lock >= 0,
            tuple(delivery.state() for delivery in self._deliveries),
            self._problem or self._log.problem,
        )

    def incidents(self) -> tuple[Incident, ...]:
        """Those that are open; only the leader knows."""
        return self._correlator.incidents()

    # -- the task -------------------------------------------------------------------------------------

    async def _run(self) -> None:
        assert self._wake is not None
        while True:
            ending, more = self._ending, False
            try:
                if self._lock < 0:
                    await self._try_to_lead()
                more = self._lock >= 0 and await self._round()
            except Exception as error:  # shown, and tried again: the desk outlives what it did not foresee
                self._problem = f"{type(error).__name__}: {error}"
            if ending and not more:
                return
            if not more:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(ROUND):
                        await self._wake.wait()
            self._wake.clear()

    async def _try_to_lead(self) -> None:
        descriptor = os.open(os.path.join(self._directory, LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # another worker leads
            os.close(descriptor)
            return
        try:
            await self._begin()
        except BaseException:
            os.close(descriptor)
            raise
        self._lock = descriptor

    async def _begin(self) -> None:
        """Go on where the last leader was: open incidents, how far it had read, and what it had not yet told."""
        checkpoint = await asyncio.to_thread(self._files.load)
        cursors = await asyncio.to_thread(self._files.cursors)
        deliveries = []
        for route, sink in self._sinks:
            delivery = Delivery(route, sink, self.incidents)
            delivery.cursor = cursors.get(route.name, checkpoint.number)
            if delivery.cursor < checkpoint.number:
                delivery.offer(await asyncio.to_thread(self._files.notices, delivery.cursor, 1_000))
            deliveries.append(delivery)
        self._correlator = Correlator(self.options.correlation)
        self._correlator.restore(checkpoint.incidents, checkpoint.number, time.monotonic())
        self._reader = LogReader(self._directory, checkpoint.positions)
        self._cursors = cursors
        self._log.unsaved = self._take_unsaved
        self._deliveries = deliveries
        for delivery in deliveries:
            delivery.start()

    async def _round(self) -> bool:
        """Read, put together, write down, tell. Gives whether there is more to read."""
        records = await asyncio.to_thread(self._reader.read)
        full = len(records) >= 1_000
        records += self._take_over()
        now = time.monotonic()
        notices: list[Notice] = []
        for record in records:
            notices.extend(self._correlator.take(record.alert, record.repeats, now))
        notices.extend(self._correlator.tick(time.time(), now))
        if notices:
            await self._tell(notices)
        await self._keep_up(now)
        return full

    async def _tell(self, notices: list[Notice]) -> None:
        try:
            await asyncio.to_thread(self._files.append, notices)
            self._problem = ""
        except OSError as error:  # told all the same: a full disk is no reason for silence
            self._problem = f"incidents cannot be written: {error.strerror or error}"
        self._told += len(notices)
        ours = await self._claimed(notices)
        for delivery in self._deliveries:
            delivery.offer(ours)

    async def _claimed(self, notices: list[Notice]) -> list[Notice]:
        """Those that no other machine tells of."""
        if self._claims is None:
            return notices
        ours = []
        for notice in notices:
            key = notice.incident.key
            if notice.event is NoticeEvent.OPENED:
                try:
                    async with asyncio.timeout(CLAIM):
                        mine = await self._claims.mine(key)
                except Exception:  # alone, or the others cannot be asked: twice is better than never
                    mine = True
                if not mine:
                    self._elsewhere[key] = None
            if key not in self._elsewhere:
                ours.append(notice)
            elif not notice.incident.open:
                del self._elsewhere[key]
        return ours

    async def _keep_up(self, now: float) -> None:
        if now - self._saved_at >= SAVE:
            self._saved_at = now
            await asyncio.to_thread(self._checkpoint)
        if now - self._pruned_at >= PRUNE:
            self._pruned_at = now
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self._reader.prune)

    def _checkpoint(self) -> None:
        """Save what changed since the last time."""
        try:
            mark = (self._correlator.number, dict(self._reader.positions))
            if mark != self._saved_mark:
                self._files.save(Checkpoint(mark[0], mark[1], self._correlator.incidents()))
                self._saved_mark = mark
            cursors = {delivery.route.name: delivery.cursor for delivery in self._deliveries}
            if cursors != self._cursors:
                self._files.save_cursors(cursors)
                self._cursors = cursors
        except OSError as error:
            self._problem = f"the desk's state cannot be written: {error.strerror or error}"

    # -- called by the writing thread -----------------------------------------------------------------

    def _saved(self) -> None:
        if self._loop is not None and self._wake is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._wake.set)

    def _take_unsaved(self, records: list[Record]) -> bool:
        """Alerts that the disk refused are seen to from memory; gives whether they were taken."""
        if len(self._unsaved) >= MOST_UNSAVED:
            return False
        self._unsaved.extend(records)
        self._saved()
        return True

    def _take_over(self) -> Iterable[Record]:
        taken = self._unsaved[:]
        del self._unsaved[: len(taken)]  # the same list stays: the writing thread may be adding to it just now
        return taken
