"""The server's side of HTTP/1.1 for ASGI applications under uvicorn: strict, bounded, and with what a proxy needs.

uvicorn's server makes one ``ServerProtocol`` a connection (``Config(http=protocol(limits))``). It differs from
uvicorn's own in this: what RFC 9112 calls an error is answered with 400 and the connection is closed; heads, bodies and
answers have time-outs and bounds; a request's task is cancelled when its client goes away; and the scope has
extensions: ``tls`` (ASGI's, with ``client_cert_name``), ``http.response.trailers`` and ``http.response.early_hint``
(ASGI's), and ``violet``, an ``Extension``.

httptools (llhttp) refuses by itself: Content-Length with Transfer-Encoding, repeated or malformed Content-Length,
folded headers, bare CR and LF, control characters, malformed chunks, a space before the colon, data after ``Connection:
close``. What it lets through and this refuses: absolute-form, other transfer codings, Transfer-Encoding in HTTP/1.0,
HTTP/0.9 and 2.0, no or several Host headers, fragments, CONNECT.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import unquote

import httptools

from violet.runtime.proxy.certificates import certificate_subject
from violet.runtime.proxy.http_cycle import STATUS, Cycle
from violet.runtime.proxy.http_extension import Extension
from violet.runtime.proxy.http_head import Refusal, judged
from violet.runtime.proxy.server_limits import ServerLimits

NEVER = float("inf")
SWEEP = 0.25
"""Seconds between looks at the clock."""
AT_ONCE, PAUSE = 500, 0.005
"""So many connections are looked at before others have a turn, for so many seconds."""
HIGH_WATER = 65_536
"""Bytes of a request's body that wait for the application, and of an answer that wait for the client."""
READ = 65_536
"""Bytes that are taken from a socket at once."""
LINGER = 2.0
"""Seconds in which what a refused client still sends is thrown away, so that it can read why it was refused: a socket
that is closed with unread data resets the connection (RFC 9112, section 9.6)."""
PIPELINE = 16
"""Requests that may wait behind one on the same connection."""
Application = Callable[[Any, Any, Any], Awaitable[None]]


def protocol(limits: ServerLimits) -> type[ServerProtocol]:
    """For uvicorn's ``Config(http=...)``."""
    return type("LimitedServerProtocol", (ServerProtocol,), {"limits": limits})


ASGI = {"version": "3.0", "spec_version": "2.4"}
EXTENSIONS: dict[str, Any] = {"http.response.trailers": {}, "http.response.early_hint": {}}
NO_BUFFER = memoryview(bytearray(1))


class ServerProtocol(asyncio.BufferedProtocol):
    limits = ServerLimits()

    def __init__(self, config: Any, server_state: Any, app_state: dict[str, Any], _loop: Any = None) -> None:
        self._app: Application = config.loaded_app
        self._root = config.root_path
        self._state = server_state
        self._app_state = app_state
        self._buffer: memoryview = NO_BUFFER
        self.loop = _loop or asyncio.get_event_loop()
        self.transport: Any = None
        self._parser = httptools.HttpRequestParser(self)
        self._cycle: Cycle | None = None
        self._queue: deque[Cycle] = deque()
        self._receiving: Cycle | None = None
        self._refusal: Refusal | None = None
        self._address = ""
        self._client: tuple[str, int] | None = None
        self._server: tuple[str, int | None] | None = None
        self._scheme = "http"
        self._extensions: dict[str, Any] = EXTENSIONS
        self.read_deadline = NEVER
        self.write_deadline = NEVER
        self._paused = False
        self._paused_at = 0.0
        self._full: asyncio.Future[None] | None = None
        self._lingering = False
        self._draining = False
        self._tunnel: Any = None
        self._muted = False
        self._upgrading = False
        self._reset_head()

    def _reset_head(self) -> None:
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._names: list[bytes] = []
        self._size = 0
        self._in_head = False
        self._fed = 0

    # the transport

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        limits, state = self.limits, self._state
        peer = transport.get_extra_info("peername")
        if isinstance(peer, tuple) and len(peer) >= 2:
            address = str(peer[0])
            if address.startswith("::ffff:") and "." in address:  # IPv4 on a socket for both: the caller is the same
                address = address[7:]
            self._client = (address, int(peer[1]))
            self._address = address
        name = transport.get_extra_info("sockname")
        if isinstance(name, tuple):
            self._server = (str(name[0]), int(name[1]))
        elif isinstance(name, str):
            self._server = (name, None)
        if "violet_buffer" not in state.__dict__:
            state.violet_buffer = memoryview(bytearray(READ))
        self._buffer = state.violet_buffer
        counts = state.__dict__.setdefault("violet_addresses", {})
        count = counts[self._address] = counts.get(self._address, 0) + 1
        state.connections.add(self)
        if len(state.connections) > limits.connections or (limits.per_address and count > limits.per_address):
            transport.abort()
            return
        if transport.get_extra_info("sslcontext"):
            self._scheme = "https"
            certificate = transport.get_extra_info("peercert")
            subject = certificate_subject(certificate) if certificate else None
            self._extensions = {
                "tls": {"client_cert_name": subject, "client_cert_chain": [], "client_cert_error": None}
            }
        transport.set_write_buffer_limits(high=HIGH_WATER)
        self.read_deadline = self.loop.time() + limits.head_seconds
        if "violet_sweeper" not in state.__dict__:
            state.violet_sweeper = self.loop.call_later(SWEEP, _sweep, self.loop, state)

    def connection_lost(self, exc: Exception | None) -> None:
        self._state.connections.discard(self)
        counts = self._state.__dict__.get("violet_addresses", {})
        left = counts.get(self._address, 1) - 1
        if left > 0:
            counts[self._address] = left
        else:
            counts.pop(self._address, None)
        self.read_deadline = self.write_deadline = NEVER
        self.resume_writing()
        if self._tunnel is not None:
            self._tunnel.client_ended()
        for cycle in (self._cycle, *self._queue):
            if cycle is not None:
                cycle.gone()
        self._queue.clear()

    def eof_received(self) -> None:
        if self._tunnel is not None:
            self._tunnel.client_ended()

    def get_buffer(self, sizehint: int) -> memoryview:
        """One for all connections: what is in it is used up before another is read. It is what bounds a read."""
        return self._buffer

    def buffer_updated(self, count: int) -> None:
        self._received(self._buffer[:count])

    def _received(self, data: memoryview | bytes) -> None:
        if self._tunnel is not None:
            self._tunnel.client_said(bytes(data))
            return
        if self._lingering or self._refusal is not None:
            return
        if self._upgrading:
            self.transport.abort()
            return
        if self._in_head or self._receiving is None:
            if not self._fed:
                self.read_deadline = self.loop.time() + self.limits.head_seconds
            self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgraded(bytes(data[upgrade.args[0] :]))
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause if isinstance(cause, Refusal) else Refusal(400, f"malformed request: {error}"))
        else:
            if self._fed > self.limits.header_bytes and (self._in_head or self._receiving is None):
                self._refuse(Refusal(431, "the head of the request is too large"))

    def pause_writing(self) -> None:
        if self._full is None:
            self._full = self.loop.create_future()
            self.write_deadline = self.loop.time() + self.limits.write_seconds
        if self._tunnel is not None:
            self._tunnel.client_full(True)

    def resume_writing(self) -> None:
        if self._full is not None:
            if not self._full.done():
                self._full.set_result(None)
            self._full = None
            self.write_deadline = NEVER
        if self._tunnel is not None:
            self._tunnel.client_full(False)

    @property
    def full(self) -> bool:
        return self._full is not None

    async def drain(self) -> None:
        if self._full is not None:
            await asyncio.shield(self._full)

    def pause_reading(self) -> None:
        if not self._paused and not self.transport.is_closing():
            self._paused = True
            self._paused_at = self.loop.time()
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if self._paused:
            self._paused = False
            self.read_deadline += self.loop.time() - self._paused_at
            if not self.transport.is_closing():
                self.transport.resume_reading()

    def shutdown(self) -> None:
        """uvicorn's word for: finish what is under way, take no more."""
        self._draining = True
        if self._tunnel is not None or self._lingering or self._cycle is None:
            self.transport.close()
        else:
            self._cycle.keep_alive = False

    def check(self, now: float) -> None:
        """Look at the clock."""
        if now > self.write_deadline:
            self.transport.abort()
        elif now > self.read_deadline and not self._paused:
            self.read_deadline = NEVER
            if self._lingering or self._tunnel is not None:
                self.transport.abort()
            elif self._cycle is None and not self._fed:
                self._close()
            elif self._cycle is None or self._receiving is not None:
                self._refuse(Refusal(408, "the request did not come in time"))

    # the parser

    def on_message_begin(self) -> None:
        if self._muted:
            return
        if len(self._queue) >= PIPELINE:
            raise Refusal(400, "too many requests at once on one connection")
        size = self._fed
        self._reset_head()
        self._fed = size
        self._in_head = True

    def on_url(self, url: bytes) -> None:
        if not self._muted:
            self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            self._headers.append((name.lower(), value))
            self._names.append(name)
        elif not self._muted:  # trailers are dropped (RFC 9110, section 6.5.1)
            self._size += len(name) + len(value) + 4
            if self._size > self.limits.header_bytes:
                raise Refusal(431, "the trailers of the request are too large")

    def on_headers_complete(self) -> None:
        if self._muted:
            return
        parser = self._parser
        version = parser.get_http_version()
        method = parser.get_method()
        self._in_head = False
        self._fed = 0
        url, headers, limits = self._url, self._headers, self.limits
        if len(headers) > limits.headers:
            raise Refusal(431, "the request has too many headers")
        found = judged(method, version, url, headers, limits.upgrades, limits.header_bytes)
        raw, _, query = url.partition(b"?")
        path = raw.decode("ascii")
        cycle = Cycle(self)
        cycle.head_only = method == b"HEAD"
        cycle.expect = found.expect
        cycle.keep_alive = version == "1.1" and not self._draining and not found.close
        cycle.old = version == "1.0"
        extensions = {**self._extensions, "violet": Extension(self, url, self._names, found)}
        cycle.scope = {
            "type": "http",
            "asgi": ASGI,
            "http_version": version,
            "server": self._server,
            "client": self._client,
            "scheme": self._scheme,
            "root_path": self._root,
            "method": method.decode("ascii"),
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw,
            "query_string": query,
            "headers": headers,
            "state": self._app_state,
            "extensions": extensions,
        }
        cycle.chunked_body = found.chunked
        cycle.length = found.length
        self._receiving = cycle
        if self._cycle is None:
            self._start(cycle)
        else:
            self._queue.append(cycle)
            self.pause_reading()

    def on_body(self, body: bytes) -> None:
        cycle = self._receiving
        if cycle is None or cycle.complete:
            return
        cycle.pieces.append(body)
        cycle.size += len(body)
        limits = self.limits
        if limits.body_rate:
            self.read_deadline = min(
                self.read_deadline + len(body) / limits.body_rate, self.loop.time() + limits.body_seconds
            )
        if cycle.size > HIGH_WATER:
            self.pause_reading()
        cycle.wake()

    def on_message_complete(self) -> None:
        if self._parser.should_upgrade():
            return
        cycle, self._receiving = self._receiving, None
        if cycle is not None:
            cycle.more = False
            if cycle is self._cycle:
                self.read_deadline = NEVER
            cycle.wake()

    # requests

    def _start(self, cycle: Cycle) -> None:
        self._cycle = cycle
        self.read_deadline = self.loop.time() + self.limits.body_seconds
        task = cycle.task = self.loop.create_task(cycle.run(self._app))
        self._state.tasks.add(task)

    def _upgraded(self, rest: bytes) -> None:
        """The parser takes what follows a head with Upgrade for the other protocol. Where that is not spoken here, or
        the request has a body, it is still HTTP: a new parser goes on, behind a head that says how long the body is."""
        cycle = self._receiving
        if cycle is None:
            self._refuse(Refusal(400, "malformed request"))
        elif cycle.scope["extensions"]["violet"].upgrade:
            if rest:  # nothing may be said before the other side agreed (RFC 9110, section 7.8)
                self._refuse(Refusal(400, "data came before the upgrade was agreed"))
                return
            self._receiving = None
            self._upgrading = True
            self.read_deadline = NEVER
            cycle.keep_alive = cycle.more = False
            cycle.wake()
        else:
            self._parser = httptools.HttpRequestParser(self)
            if cycle.chunked_body or cycle.length:
                framing = b"Content-Length: %d" % cycle.length if cycle.length else b"Transfer-Encoding: chunked"
                self._muted = True
                self._parser.feed_data(b"POST / HTTP/1.1\r\n%s\r\n\r\n" % framing)
                self._muted = False
            else:
                self.on_message_complete()
            if rest:
                self._received(rest)

    def become_tunnel(self, head: Sequence[tuple[bytes, bytes]], tunnel: Any) -> ServerProtocol:
        lines = [b"HTTP/1.1 101 Switching Protocols\r\n"]
        for name, value in head:
            lines += (name, b": ", value, b"\r\n")
        self.transport.write(b"".join(lines) + b"\r\n")
        self._upgrading = False
        self._tunnel = tunnel
        if self._cycle is not None:
            self._cycle.started = self._cycle.complete = True
        self.read_deadline = NEVER
        return self

    def over(self, cycle: Cycle) -> None:
        """The application has returned. (A callback of the task would cost a turn of the loop.)"""
        self._state.tasks.discard(cycle.task)

    def finished(self, cycle: Cycle) -> None:
        """The answer has been written."""
        self._state.total_requests += 1
        if self._tunnel is not None or self.transport.is_closing():
            return
        if cycle is self._receiving or not cycle.keep_alive:
            self.end(unread=cycle is self._receiving)
            return
        self._cycle = None
        if self._queue:
            self._start(self._queue.popleft())
            if self._cycle is not self._receiving:  # its body is here already
                self.read_deadline = NEVER
            return
        if self._refusal is not None:
            self._write_refusal()
            return
        self.read_deadline = self.loop.time() + (self.limits.head_seconds if self._fed else self.limits.keep_alive)
        self.resume_reading()

    def end(self, unread: bool = True) -> None:
        """Close after what was written; where the client may still be sending, listen on for a while."""
        if self.transport.is_closing():
            return
        if not unread or self._scheme == "https":
            self._close()
            return
        self._lingering = True
        self._paused = False
        self.read_deadline = self.loop.time() + LINGER
        try:
            self.transport.write_eof()
            self.transport.resume_reading()
        except (OSError, RuntimeError, NotImplementedError):
            self.transport.close()

    def _close(self) -> None:
        self.write_deadline = self.loop.time() + self.limits.write_seconds
        self.transport.close()

    def _refuse(self, refusal: Refusal) -> None:
        self._refusal = refusal
        cycle = self._cycle
        if cycle is None:
            self._write_refusal()
        elif cycle is self._receiving:  # the body of what is being answered is malformed or late
            if cycle.started:
                self.transport.abort()
            else:
                self._write_refusal()
                cycle.gone()

    def _write_refusal(self) -> None:
        assert self._refusal is not None
        status, text = self._refusal.status, str(self._refusal)
        body = b'{"error":"%s","reason":"http-%d"}' % (re.sub(r"[^ -!#-\[\]-~]", "?", text).encode(), status)
        self.transport.write(
            STATUS[status]
            + b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
            + body
        )
        self.end()


def _sweep(loop: asyncio.AbstractEventLoop, state: Any) -> None:
    """Look at all connections, so many at a time: ten thousand at once would hold up everybody for milliseconds."""
    now = loop.time()
    left: list[ServerProtocol] = state.__dict__.get("violet_swept") or list(state.connections)
    for connection in left[-AT_ONCE:]:
        connection.check(now)
    del left[-AT_ONCE:]
    state.violet_swept = left
    if state.connections:
        state.violet_sweeper = loop.call_later(PAUSE if left else SWEEP, _sweep, loop, state)
    else:
        state.violet_swept = []
        del state.violet_sweeper
