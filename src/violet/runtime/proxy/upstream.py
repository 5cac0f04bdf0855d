"""Pooled HTTP/1.1 connections to one upstream, one request at a time on each."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Any

import httptools

if TYPE_CHECKING:
    import ssl

    from violet.runtime.proxy.options import Limits, Timeouts, Upstream

NEVER = float("inf")
READ = 65_536
"""Bytes that are taken from a socket at once."""
BODILESS = frozenset((204, 304))


class UpstreamError(Exception):
    """``reason`` is for programs, ``status`` what a client is told; ``unheard``: not a byte of an answer came on a
    connection that had served before, so that the upstream most likely never saw the request."""

    def __init__(self, reason: str, message: str, status: int = 502, *, unheard: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.unheard = unheard


class Connection(asyncio.BufferedProtocol):
    """One connection. After ``ask`` the fields hold what is known of the answer so far: ``status`` (0: no head yet),
    ``headers`` as they came, ``pieces`` of the body not yet taken, ``complete``; ``wait`` returns when more is."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._loop = pool.loop
        self._limits = pool.limits
        self._times = pool.timeouts
        self._parser = httptools.HttpResponseParser(self)
        self.transport: asyncio.Transport = None  # type: ignore[assignment]
        self.closed = False
        self.served = 0
        self.rests_until = NEVER
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._full = False
        self._reading = True
        self._busy = False
        self.tunnel: Any = None
        self._clear()

    def _clear(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.trailers: list[tuple[bytes, bytes]] = []
        self.pieces: list[bytes] = []
        self.size = 0
        self.complete = False
        self.continues = False
        self.hints: list[tuple[bytes, bytes]] = []
        self.error: UpstreamError | None = None
        self._heard = False
        self._interim = False
        self._until_close = False
        self._keep = False
        self._bodiless = False
        self._head = 0
        self._deadline = NEVER
        self._latest = NEVER

    # what the proxy does

    def ask(self, data: bytes, bodiless: bool) -> None:
        """Send the beginning (or all) of a request. ``bodiless``: its answer has no body whatever its head says."""
        self._clear()
        self._busy = True
        self._bodiless = bodiless
        now = self._loop.time()
        if self._times.total:
            self._latest = now + self._times.total
        if self._times.first_byte:
            self._deadline = now + self._times.first_byte
        if self.closed:
            self._unheard()
        else:
            self.transport.write(data)

    def write(self, data: bytes) -> None:
        """More of the request."""
        if self._times.first_byte and not self.status:
            self._deadline = self._loop.time() + self._times.first_byte
        self.transport.write(data)

    async def drain(self) -> None:
        """Wait until the upstream has taken what was written. Returns at once where the connection is gone."""
        if self._full and not self.closed:
            self._drained = self._drained or self._loop.create_future()
            await asyncio.shield(self._drained)

    async def wait(self) -> None:
        """Until something changed. Raises ``UpstreamError``."""
        if self.error is None:
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self.error is not None:
            raise self.error

    def take(self) -> bytes:
        """The pieces of the body that came."""
        pieces = self.pieces
        if not pieces:
            return b""
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self.pieces = []
        self.size = 0
        if not self._reading and not self.closed:
            self._reading = True
            if self._times.idle:
                self._deadline = self._loop.time() + self._times.idle
            self.transport.resume_reading()
        return data

    def become_tunnel(self, tunnel: Any) -> None:
        """Give everything that comes from now on to ``tunnel``, for as long as it takes."""
        self.tunnel = tunnel
        self._deadline = self._latest = NEVER

    def release(self) -> None:
        """The request is over: rest in the pool, or close."""
        self._busy = False
        self._deadline = self._latest = NEVER
        if self.complete and self._keep and not self.closed and self.error is None and not self._until_close:
            self.served += 1
            if self._bodiless:  # the parser still waits for the body that a HEAD's answer announces
                self._parser = httptools.HttpResponseParser(self)
            self._pool.rest(self)
        else:
            self.close()

    def close(self) -> None:
        if not self.closed:
            self.transport.abort()
            self._gone()

    def check(self, now: float) -> None:
        """Look at the clock."""
        if now > self._deadline or now > self._latest:
            what = "has not answered in time" if not self.status else "has stopped in the middle of its answer"
            self._fail(UpstreamError("upstream-timeout", f"The model's server {what}.", 504))
            self.close()

    # what the transport says

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.set_write_buffer_limits(high=self._limits.window)

    def get_buffer(self, sizehint: int) -> memoryview:
        """One for all connections of a pool: what is in it is used up before another is read."""
        return self._pool.buffer

    def buffer_updated(self, count: int) -> None:
        data = self._pool.buffer[:count]
        if self.tunnel is not None:
            self.tunnel.upstream_said(bytes(data))
            return
        if not self._busy or self.complete:  # an answer that nobody asked for would be taken for the next one's
            self._keep = False
            self.close()
            return
        self._heard = True
        if not self.status:
            self._head += count
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.pieces = [bytes(data[upgrade.args[0] :])]
            self._keep = False
        except httptools.HttpParserError:
            self._broken(
                self.error or UpstreamError("upstream-protocol", "The model's server does not speak HTTP/1.1.")
            )
            return
        if self.status:
            self._deadline = self._loop.time() + self._times.idle if self._times.idle else NEVER
        elif self._head > self._limits.header_bytes:
            self._broken(UpstreamError("upstream-protocol", "The head of the model's answer is too large."))
            return
        if self.size > self._limits.window and self._reading and not self.complete:
            self._reading = False
            self._deadline = NEVER
            self.transport.pause_reading()
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def eof_received(self) -> None:
        if self.tunnel is not None:
            self.tunnel.upstream_ended()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.tunnel is not None:
            self.tunnel.upstream_ended()
        if self._busy and not self.complete:
            if self._until_close and exc is None and self.status and self.error is None:
                self.complete = True
                self._wake()
            elif not self._heard:
                self._unheard()
            else:
                self._fail(UpstreamError("upstream-reset", "The model's server broke off in the middle of its answer."))
        self._gone()

    def pause_writing(self) -> None:
        self._full = True
        if self.tunnel is not None:
            self.tunnel.upstream_full(True)

    def resume_writing(self) -> None:
        self._full = False
        if self.tunnel is not None:
            self.tunnel.upstream_full(False)
        self._release_writer()

    # what the parser says

    def on_message_begin(self) -> None:
        if self.complete:
            self._keep = False
            raise ValueError("a second answer")
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status:
            self.trailers.append((name, value))
            headers = self.trailers
        else:
            self.headers.append((name, value))
            headers = self.headers
        if len(headers) > self._limits.headers:
            self.error = UpstreamError("upstream-protocol", "The model's answer has too many headers.")
            raise ValueError("too many headers")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200 and status != 101:
            self._interim = True
            self.continues = self.continues or status == 100
            if status == 103:
                self.hints = self.headers
            return
        self._keep = self._parser.should_keep_alive()
        self._until_close = status not in BODILESS and not self._bodiless
        for name, value in self.headers:
            kind = name.lower()
            if kind == b"content-length":
                self._until_close = False
            elif kind == b"transfer-encoding":
                if value.strip().lower() != b"chunked":
                    self.error = UpstreamError(
                        "upstream-protocol", "The model's answer has an unknown transfer coding."
                    )
                    raise ValueError("transfer coding")
                self._until_close = False
        self.status = status
        if self._bodiless:
            self.complete = True

    def on_body(self, body: bytes) -> None:
        if self._bodiless:
            self._keep = False
            return
        self.pieces.append(body)
        self.size += len(body)

    def on_message_complete(self) -> None:
        if self._interim:
            self._interim = False
            self.headers = []
        else:
            self.complete = True

    # inside

    def _broken(self, error: UpstreamError) -> None:
        if self.complete:  # the answer is good, what follows it is not
            self._keep = False
            self._wake()
            return
        self._fail(error)
        self.close()

    def _fail(self, error: UpstreamError) -> None:
        if self.error is None:
            self.error = error
        self._wake()

    def _unheard(self) -> None:
        text = "The model's server closed the connection without an answer."
        self._fail(UpstreamError("upstream-closed", text, unheard=self.served > 0))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _release_writer(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    def _gone(self) -> None:
        self._release_writer()
        if not self.closed:
            self.closed = True
            self._pool.left(self)


class Pool:
    """Connections to one upstream. Made in, and belongs to, one event loop."""

    def __init__(self, upstream: Upstream, timeouts: Timeouts, limits: Limits, tls: ssl.SSLContext | None) -> None:
        self.upstream = upstream
        self.timeouts = timeouts
        self.limits = limits
        self.loop = asyncio.get_running_loop()
        self.prefix = upstream.place.path.encode()
        self.host = upstream.host.encode()
        self._place = upstream.place
        self._tls = tls
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._pending = 0
        self.buffer = memoryview(bytearray(READ))
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._closing = False
        self.connects = 0

    @property
    def idle(self) -> int:
        return len(self._idle)

    @property
    def connections(self) -> int:
        return len(self._open) + self._pending

    def ready(self) -> Connection | None:
        """A connection that rests, the one used last first."""
        idle = self._idle
        while idle:
            connection = idle.pop()
            if not connection.closed and not connection.transport.is_closing():
                return connection
        return None

    async def get(self, *, fresh: bool = False) -> Connection:
        """A connection, new where none rests, or where a ``fresh`` one is asked for. Raises ``UpstreamError``."""
        found = self.ready()
        if found is not None:
            if not fresh:
                return found
            found.close()
        if self.connections < self.limits.connections:
            return await self._connect()
        if len(self._waiting) >= self.limits.waiting:
            raise UpstreamError("upstream-busy", "Too many requests wait for the model.", 503)
        future: asyncio.Future[Connection | None] = self.loop.create_future()
        self._waiting.append(future)
        try:
            async with asyncio.timeout(self.timeouts.connect or None):
                given = await future
        except TimeoutError:
            given = self._handed(future)
            if given is None:
                raise UpstreamError("upstream-busy", "All connections to the model are in use.", 503) from None
        except asyncio.CancelledError:
            given = self._handed(future)
            if given is not None:
                self.rest(given)
            elif future.done() and not future.cancelled():
                self._vacant()
            raise
        return given if given is not None else await self._connect()

    def _handed(self, future: asyncio.Future[Connection | None]) -> Connection | None:
        """What the future was given although nobody waits for it any more."""
        with contextlib.suppress(ValueError):
            self._waiting.remove(future)
        return future.result() if future.done() and not future.cancelled() else None

    async def _connect(self) -> Connection:
        place = self._place
        made: list[Connection] = []

        def make() -> Connection:
            made.append(Connection(self))
            return made[-1]

        self._pending += 1
        self.connects += 1
        try:
            async with asyncio.timeout(self.timeouts.connect or None):
                if place.socket:
                    _, connection = await self.loop.create_unix_connection(make, place.socket)
                else:
                    _, connection = await self.loop.create_connection(make, place.host, place.port, ssl=self._tls)
            if connection.closed:
                raise OSError("closed at once")
            self._open.add(connection)
            return connection
        except BaseException as error:
            for one in made:
                if one.transport is not None:
                    one.transport.abort()
            self._vacant()
            if isinstance(error, TimeoutError):
                raise UpstreamError("upstream-timeout", "The model's server cannot be reached in time.", 504) from None
            if isinstance(error, OSError):  # also ssl.SSLError
                raise UpstreamError("upstream-unreachable", "The model's server cannot be reached.", 502) from None
            raise
        finally:
            self._pending -= 1

    def rest(self, connection: Connection) -> None:
        """Keep it for the next."""
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(connection)
                return
        if self._closing or connection.closed:
            connection.close()
            return
        connection.rests_until = self.loop.time() + self.timeouts.rest
        self._idle.append(connection)

    def left(self, connection: Connection) -> None:
        """It is closed."""
        self._open.discard(connection)
        with contextlib.suppress(ValueError):
            self._idle.remove(connection)
        self._vacant()

    def _vacant(self) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                return

    def check(self, now: float) -> None:
        """Look at the clock: late answers end, connections that rested long are closed."""
        while self._idle and self._idle[0].rests_until < now:
            self._idle[0].close()
        for connection in list(self._open):
            connection.check(now)

    def close(self) -> None:
        self._closing = True
        for connection in list(self._open):
            connection.close()
