"""The judge's own process: takes rows from the gateway, runs the detectors, sends alerts back.

It ends when the gateway closes the connection, however that ends. It yields the processor to the gateway: traffic goes
first.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import socket
import sys
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from violet.domain.errors import VioletError

if TYPE_CHECKING:
    from violet.domain.alert import Alert
    from violet.runtime.batching import Observed
    from violet.runtime.judging.aside import Aside
    from violet.runtime.pipeline import Pipeline

READ = 1 << 20
ROWS = 1024
"""Rows that are judged at once where so many wait."""
STATUS = 1.0
"""Seconds between reports."""
YIELDING = 5


def main() -> None:
    """``python -c ... FD``: the descriptor of a connected socket."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is the gateway's business
    with contextlib.suppress(OSError):
        os.nice(YIELDING)
    connection = socket.socket(fileno=int(sys.argv[1]))
    connection.setblocking(False)
    asyncio.run(_run(connection))


async def _run(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    judging = _Judging(connection, loop)
    try:
        while True:
            data = await loop.sock_recv(connection, READ)
            if not data or not await judging.feed(data):
                break
    except ConnectionError:
        pass
    finally:
        await judging.close()
        connection.close()


class _Judging:
    def __init__(self, connection: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        from violet.runtime.judging.frames import Unpacker

        self._connection = connection
        self._loop = loop
        self._unpacker = Unpacker()
        self._out = bytearray()
        self._sending = asyncio.Lock()
        self._pipelines: dict[str, Pipeline] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._sharing: Any = None
        self._aside: Aside | None = None

    async def feed(self, data: bytes) -> bool:
        """Whether to go on."""
        from violet.runtime.judging.frames import batch_of

        waiting: dict[str, list[Observed]] = {}
        rows = 0
        going = True
        for message in self._unpacker.feed(data):
            kind = message[0]
            if kind == "batch":
                model, batch = batch_of(message)
                waiting.setdefault(model, []).extend(batch)
                rows += sum(len(one.raw) for one in batch)
                if rows >= ROWS:
                    self._judge(waiting)
                    rows = 0
            elif kind == "begin":
                await self._begin(json.loads(message[1]), json.loads(message[2]))
            elif kind == "end":
                going = False
        self._judge(waiting)
        await self._send()
        return going

    def _judge(self, waiting: dict[str, list[Observed]]) -> None:
        for model, batch in waiting.items():
            pipeline = self._pipelines.get(model)
            if pipeline is not None and batch:
                pipeline.observe(batch)
            if self._aside is not None and batch:
                self._aside.offer(model, batch)
        waiting.clear()

    async def _begin(self, said: Any, sharing: Any) -> None:
        from violet.runtime.judging.frames import pack
        from violet.runtime.judging.spec import JudgeSpec, build

        try:
            spec = JudgeSpec.from_json(said)
            self._pipelines = build(spec, self._alert)
            if any(model.ask for model in spec.models):
                from violet.runtime.judging.aside import Aside

                self._aside = Aside(spec, self._alert_soon)
            if sharing:
                from violet.runtime.judging.company import join

                self._sharing = await join(sharing, self._pipelines)
        except VioletError as error:
            self._out += pack(["failed", error.what, error.hint])
            return
        gc.collect()
        gc.freeze()  # tables and references stay: looking through them for garbage takes a tenth of the time
        gc.set_threshold(50_000, 20, 20)
        left_out = {name: dict(pipeline.left_out) for name, pipeline in self._pipelines.items()}
        for model in spec.models:
            if model.ask and self._aside is not None:
                for name in self._aside.ids:
                    left_out[model.name].pop(name, None)
        self._out += pack(["ready", left_out])
        self._tasks.append(self._loop.create_task(self._report()))

    def _alert_soon(self, alert: Alert) -> None:
        """From another thread."""
        self._loop.call_soon_threadsafe(self._alert, alert)

    def _alert(self, alert: Alert) -> None:
        from violet.runtime.judging.frames import alert_message, pack

        self._out += pack(alert_message(alert))

    async def _report(self) -> None:
        from violet.runtime.judging.frames import pack

        while True:
            await asyncio.sleep(STATUS)
            aside = self._aside
            states = {
                name: [astuple(one) for one in (*line.states(), *(aside.states(name) if aside is not None else ()))]
                for name, line in self._pipelines.items()
            }
            clients = {name: [astuple(one) for one in line.clients()] for name, line in self._pipelines.items()}
            sharing = self._sharing.state() if self._sharing is not None else {}
            known = sum(len(line.slots) for line in self._pipelines.values())
            self._out += pack(["status", states, sharing, clients, known])
            await self._send()

    async def _send(self) -> None:
        async with self._sending:  # reports and answers come from two tasks, and a frame has to go out in one piece
            if self._out:
                out, self._out = bytes(self._out), bytearray()
                await self._loop.sock_sendall(self._connection, out)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._aside is not None:
            await asyncio.to_thread(self._aside.close)
        if self._sharing is not None:
            await self._sharing.close()
        with contextlib.suppress(OSError):
            await self._send()
