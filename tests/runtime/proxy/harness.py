"""A model's server that misbehaves on demand, a guard in front of it, and a client that says any bytes it likes."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

import uvicorn
import uvloop

from violet.runtime.proxy import Proxy, ProxyOptions, ServerLimits, Upstream, protocol

PATIENCE = 20.0
"""Seconds after which a test gives up."""


@dataclass
class Received:
    """A request as the model's server got it: the head's bytes, and the body without chunks."""

    start: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes
    raw: bytes = b""

    @property
    def target(self) -> bytes:
        return self.start.split(b" ")[1]

    def values(self, name: str) -> list[bytes]:
        return [value for key, value in self.headers if key.lower() == name.encode()]


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Handler = Callable[["Model", Received, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Any]]


def answer(body: bytes = b"ok", status: bytes = b"200 OK", *headers: bytes) -> bytes:
    lines = b"".join(line + b"\r\n" for line in headers)
    return b"HTTP/1.1 %s\r\n%scontent-length: %d\r\n\r\n%s" % (status, lines, len(body), body)


async def ok(model: Model, request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(answer())


class Model:
    """``handler`` is called with the head read and, if ``reads``, the body. It may close the writer. ``received`` grows
    by one for each request that was understood, ``garbage`` by what was none."""

    def __init__(self, handler: Handler = ok, *, reads: bool = True, tls: Any = None) -> None:
        self.handler = handler
        self.reads = reads
        self.received: list[Received] = []
        self.garbage: list[bytes] = []
        self.accepted = 0
        self.open = 0
        self.cut = 0
        self.heads = 0
        """Requests that ended before their body did, or connections lost while an answer was being written."""
        self.scheme = "https" if tls else "http"
        self._tls = tls

    def __enter__(self) -> Model:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.port = self.call(self._begin())
        return self

    def call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    async def _begin(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        return int(self._server.sockets[0].getsockname()[1])

    def __exit__(self, *args: object) -> None:
        async def end() -> None:
            self._server.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.call(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self.open += 1
        try:
            while True:
                try:
                    raw = await reader.readuntil(b"\r\n\r\n")
                except asyncio.IncompleteReadError as error:
                    if error.partial:
                        self.garbage.append(error.partial)
                    return
                self.heads += 1
                start, *lines = raw[:-4].split(b"\r\n")
                pairs = [(line.partition(b":")[0], line.partition(b":")[2].strip()) for line in lines]
                request = Received(start, pairs, b"", raw)
                if self.reads:
                    try:
                        request.body = await self.body(request, reader)
                    except asyncio.IncompleteReadError:
                        self.cut += 1
                        return
                self.received.append(request)
                await self.handler(self, request, reader, writer)
                if writer.is_closing():
                    return
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            self.cut += 1
        finally:
            self.open -= 1
            writer.close()

    @staticmethod
    async def body(request: Received, reader: asyncio.StreamReader) -> bytes:
        if request.values("transfer-encoding"):
            body = b""
            while True:
                size = int((await reader.readuntil(b"\r\n"))[:-2], 16)
                piece = await reader.readexactly(size)
                assert await reader.readexactly(2) == b"\r\n"
                body += piece
                if not size:
                    return body
        lengths = request.values("content-length")
        return await reader.readexactly(int(lengths[0])) if lengths else b""


class Serving:
    """uvicorn in a thread."""

    def __init__(self, config: uvicorn.Config) -> None:
        self.server = uvicorn.Server(config)

    def __enter__(self) -> Serving:
        ready = threading.Event()

        async def main() -> None:
            task = asyncio.create_task(self.server.serve())
            while not self.server.started:
                await asyncio.sleep(0.005)
            self.loop = asyncio.get_running_loop()
            self.port = self.server.servers[0].sockets[0].getsockname()[1]
            ready.set()
            await task

        self._thread = threading.Thread(target=lambda: uvloop.run(main()), daemon=True)
        self._thread.start()
        assert ready.wait(PATIENCE)
        return self

    def __exit__(self, *args: object) -> None:
        self.server.should_exit = True
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


class Guard:
    """A proxy, served."""

    def __init__(self, options: ProxyOptions, hooks: Any = None, limits: ServerLimits | None = None) -> None:
        self.proxy = Proxy(options, hooks)
        config = uvicorn.Config(
            self.proxy,
            host="127.0.0.1",
            port=0,
            http=protocol(limits or ServerLimits()),
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            date_header=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._serving = Serving(config)

    def __enter__(self) -> Guard:
        self._serving.__enter__()
        self.port = self._serving.port
        self.loop = self._serving.loop
        return self

    def __exit__(self, *args: object) -> None:
        self._serving.__exit__()

    @property
    def connections(self) -> int:
        return len(self._serving.server.server_state.connections)

    def connect(self, receive_buffer: int = 0) -> Client:
        return Client(self.port, receive_buffer)

    def ask(self, data: bytes, method: str = "GET") -> Answered:
        """One request on a connection of its own; the answer, read."""
        with self.connect() as client:
            client.say(data)
            return client.read(method)


class Answered(HTTPResponse):
    """``content`` is its body, once that was read."""

    content = b""


class Client:
    def __init__(self, port: int, receive_buffer: int = 0) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def say(self, data: bytes) -> None:
        self.socket.sendall(data)

    def head(self, method: str = "GET") -> Answered:
        """The head of the next answer."""

        class Held:
            def makefile(held, mode: str) -> Any:  # noqa: N805
                return _Unclosed(self.file)

        held: Any = Held()
        found = Answered(held, method=method)
        found.begin()
        return found

    def read(self, method: str = "GET") -> Answered:
        """The next answer, its body in ``content``."""
        found = self.head(method)
        found.content = found.read()
        return found

    def rest(self) -> bytes:
        """Everything until the connection ends, however it does."""
        data = b""
        try:
            while piece := self.socket.recv(65_536):
                data += piece
        except ConnectionResetError:
            pass
        return data

    def ended(self) -> bool:
        """Whether the other side closes now (it may still have said something)."""
        try:
            while self.file.read1(65_536):
                pass
        except ConnectionResetError:
            pass
        return True


class _Unclosed:
    """A file that several answers are read from."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def close(self) -> None:
        pass


def until(condition: Callable[[], bool], what: str = "") -> None:
    """Poll under a deadline."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what or "it did not come to pass"
        time.sleep(0.005)


def to(model: Model, **options: Any) -> ProxyOptions:
    return ProxyOptions((Upstream(model.url),), **options)
