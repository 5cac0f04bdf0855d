"""Detectors in a process beside the gateway: traffic does not wait for them, and another core does the work.

The gateway packs rows and sends them on; alerts come back. When the judge falls behind, rows are left out and counted;
when it dies, it is started again, with empty tables, and until then nothing is judged. Traffic goes on through all of
it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from violet.domain.errors import VioletError
from violet.runtime.alerts.documents import alert_of
from violet.runtime.judging.frames import Unpacker, batch_message, pack
from violet.runtime.judging.inline import BATCH, LATEST
from violet.runtime.pipeline import ClientState, DetectorState

if TYPE_CHECKING:
    from violet.domain.alert import Alert
    from violet.runtime.batching import Observed
    from violet.runtime.judging.spec import JudgeSpec

BACKLOG = 8 << 20
"""Bytes on their way to the judge beyond which rows are left out."""
START = 60.0
"""Seconds that a judge may take to load its profiles."""
AGAIN = 1.0, 30.0
"""Seconds before a dead judge is started again: at first, and at most."""
_PROGRAM = "from violet.runtime.judging.process import main; main()"
_log = logging.getLogger("violet.guard")


class BesideJudge:
    """``alerted`` gets each alert in the gateway's loop. ``start`` it before traffic comes."""

    def __init__(
        self, spec: JudgeSpec, alerted: Callable[[Alert], None], sharing: Mapping[str, Any] | None = None
    ) -> None:
        self.spec = spec
        self.unjudged = 0
        self.deaths = 0
        self.shared: Mapping[str, Any] = {}
        """How the exchange with others goes, as the judge last said."""
        self._sharing = dict(sharing or {})
        self._alerted = alerted
        self._states: dict[str, list[DetectorState]] = {}
        self._clients: dict[str, list[ClientState]] = {}
        self._known = 0
        self._left_out: dict[str, dict[str, str]] = {}
        self._waiting: dict[str, list[Observed]] = {model.name: [] for model in spec.models}
        self._rows = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due: Any = None
        self._transport: asyncio.Transport | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ready: asyncio.Future[None] | None = None
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()

    # -- life --------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Raises ``VioletError`` where it does not become ready."""
        loop = asyncio.get_running_loop()
        self._loop = loop
        ours, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        finally:
            theirs.close()
        ours.setblocking(False)
        self._ready = loop.create_future()
        try:
            transport, _ = await loop.connect_accepted_socket(lambda: _Link(self), ours)
            self._transport = transport
            transport.set_write_buffer_limits(high=BACKLOG)
            transport.write(pack(["begin", json.dumps(self.spec.to_json()), json.dumps(self._sharing)]))
            await asyncio.wait_for(self._ready, START)
        except TimeoutError:
            self._end()
            raise VioletError(
                "The judge beside the gateway did not become ready.", "Is the machine overloaded?"
            ) from None
        except BaseException:
            self._end()
            raise

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    async def close(self) -> None:
        self._closing = True
        self._flush()
        process = self._process
        if self._transport is not None:
            self._transport.write(pack(["end"]))
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(process.wait, 10.0)
        self._end()
        for task in self._tasks:
            task.cancel()

    def _end(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        if self._process is not None:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def pid(self) -> int:
        """0 while there is none."""
        return self._process.pid if self._process is not None else 0

    @property
    def backlog(self) -> int:
        """Bytes on their way to it."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    # -- traffic -----------------------------------------------------------------------------------------------------

    def take(self, model: str, observed: Observed) -> None:
        waiting = self._waiting.get(model)
        if waiting is None:
            return
        transport = self._transport
        if transport is None or transport.get_write_buffer_size() > BACKLOG:
            self.unjudged += len(observed.raw)
            return
        waiting.append(observed)
        self._rows += len(observed.raw)
        if self._rows >= BATCH:
            self._flush()
        elif self._due is None and self._loop is not None:
            self._due = self._loop.call_later(LATEST, self._flush)

    def settle(self) -> None:
        self._flush()

    def _flush(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        self._rows = 0
        for model, waiting in self._waiting.items():
            if not waiting:
                continue
            batch, self._waiting[model] = waiting, []
            if self._transport is None:
                self.unjudged += sum(len(one.raw) for one in batch)
            else:
                self._transport.write(pack(batch_message(model, batch)))

    def states(self) -> Mapping[str, list[DetectorState]]:
        return self._states

    def clients(self) -> Mapping[str, list[ClientState]]:
        return self._clients

    def known(self) -> int:
        return self._known

    def left_out(self) -> Mapping[str, Mapping[str, str]]:
        """Why a detector of a model does not run."""
        return self._left_out

    # -- what comes back ---------------------------------------------------------------------------------------------

    def heard(self, message: Any) -> None:
        """A message of the judge."""
        kind = message[0]
        if kind == "alert":
            self._alerted(alert_of(message[1]))
        elif kind == "status":
            self._states = {name: [DetectorState(*one) for one in states] for name, states in message[1].items()}
            self.shared = message[2]
            self._clients = {name: [ClientState(*one) for one in clients] for name, clients in message[3].items()}
            self._known = message[4]
        elif kind == "ready":
            self._left_out = message[1]
            if self._ready is not None and not self._ready.done():
                self._ready.set_result(None)
        elif kind == "failed":
            error = VioletError(str(message[1]), str(message[2]))
            if self._ready is not None and not self._ready.done():
                self._ready.set_exception(error)

    def lost(self, transport: asyncio.BaseTransport | None) -> None:
        """The judge at the other end of ``transport`` is gone. Of one that was ended here nothing is left to do."""
        if transport is not self._transport:
            return
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(VioletError("The judge beside the gateway ended before it was ready."))
            return
        if self._closing or self._loop is None:
            return
        self.deaths += 1
        self._end()
        _log.error("the judge beside the gateway ended; it is started again, and until then nothing is judged")
        task = self._loop.create_task(self._again())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _again(self) -> None:
        delay, most = AGAIN
        while not self._closing:
            await asyncio.sleep(delay)
            delay = min(2 * delay, most)
            try:
                await self.start()
                _log.warning("the judge beside the gateway judges again; what it knew of clients is lost")
                return
            except (VioletError, OSError) as error:
                _log.error("the judge beside the gateway could not be started: %s", error)


class _Link(asyncio.Protocol):
    def __init__(self, judge: BesideJudge) -> None:
        self._judge = judge
        self._unpacker = Unpacker()
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._unpacker.feed(data):
                self._judge.heard(message)
        except ValueError as error:
            _log.error("the judge beside the gateway says nonsense: %s", error)
            self._judge.lost(self._transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._judge.lost(self._transport)
