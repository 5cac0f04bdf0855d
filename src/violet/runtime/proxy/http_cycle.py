"""One request and its answer on a connection of the server: ASGI's ``receive`` and ``send``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from violet.runtime.proxy.http_server import ServerProtocol

Message = dict[str, Any]
log = logging.getLogger("violet.guard")

STATUS = {code: b"HTTP/1.1 %d \r\n" % code for code in range(100, 1000)}
STATUS.update({int(known): b"HTTP/1.1 %d %s\r\n" % (int(known), known.phrase.encode()) for known in HTTPStatus})
JOINED = 32_768
"""Bodies up to this many bytes are copied behind their head and written at once."""


class Cycle:
    __slots__ = (
        "chunked",
        "chunked_body",
        "complete",
        "connection",
        "disconnected",
        "ended",
        "expect",
        "head",
        "head_only",
        "keep_alive",
        "left",
        "length",
        "more",
        "old",
        "pieces",
        "scope",
        "size",
        "started",
        "task",
        "trailers",
        "waiter",
    )

    def __init__(self, connection: ServerProtocol) -> None:
        self.connection = connection
        self.scope: Message = {}
        self.task: asyncio.Task[None] | None = None
        self.pieces: list[bytes] = []
        self.size = 0
        self.more = True
        self.ended = False
        self.waiter: asyncio.Future[None] | None = None
        self.disconnected = False
        self.expect = False
        self.head_only = False
        self.keep_alive = True
        self.old = False
        self.chunked_body = False
        self.length: int | None = None
        self.started = False
        self.complete = False
        self.head: bytes | None = None
        self.chunked = False
        self.left: int | None = None
        self.trailers = False

    async def run(self, app: Callable[[Any, Any, Any], Awaitable[None]]) -> None:
        try:
            await app(self.scope, self.receive, self.send)
            if not self.complete and not self.disconnected:
                await self._broken()
        except asyncio.CancelledError:
            if not self.disconnected:
                self.connection.transport.abort()
            raise
        except Exception as error:
            if not isinstance(error, BrokenAnswer):
                log.error("The application broke on a request: %s", type(error).__name__, exc_info=error)
            if not self.complete and not self.disconnected:
                await self._broken()
        finally:
            self.connection.over(self)

    async def _broken(self) -> None:
        """The application has not answered, or not to the end."""
        if self.started and self.head is None:
            self.connection.transport.abort()  # whoever gets half an answer must not take it for a whole one
            return
        self.started = False
        body = b'{"error":"internal error","reason":"internal"}'
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        self.keep_alive = False
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def wake(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    def gone(self) -> None:
        """The client is no longer there."""
        if not self.disconnected:
            self.disconnected = True
            self.wake()
            if self.task is not None and not self.complete:
                self.task.cancel("the client went away")
                self.connection.over(self)  # one that has not begun ends without a word

    # ASGI

    async def receive(self) -> Message:
        if self.expect and not self.started:
            self.expect = False
            if self.more and not self.pieces:
                self.connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while True:
            if self.disconnected or self.complete:
                return {"type": "http.disconnect"}
            if self.pieces or (not self.more and not self.ended):
                pieces = self.pieces
                body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
                self.pieces = []
                self.size = 0
                self.ended = not self.more
                return {"type": "http.request", "body": body, "more_body": self.more}
            if self.more:
                self.connection.resume_reading()
            self.waiter = self.connection.loop.create_future()
            await self.waiter

    async def send(self, message: Message) -> None:
        connection = self.connection
        if connection.full:
            await connection.drain()
        if self.disconnected:
            return
        kind = message["type"]
        if kind == "http.response.body" and self.started and not self.complete:
            self._body(message.get("body", b""), message.get("more_body", False))
        elif kind == "http.response.start" and not self.started:
            self.started = True
            self.expect = False
            self.trailers = bool(message.get("trailers"))
            self._start(message["status"], message.get("headers", ()))
        elif kind == "http.response.trailers" and self.started and not self.complete and self.trailers:
            self._end(message.get("headers", ()))
        elif kind == "http.response.early_hint" and not self.started:
            if not self.old and message["links"]:
                lines = b"".join(b"link: %s\r\n" % link for link in message["links"])
                connection.transport.write(b"HTTP/1.1 103 Early Hints\r\n%s\r\n" % lines)
        else:
            raise RuntimeError(f"{kind} does not fit here")

    # inside

    def _start(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        parts = [STATUS[status]]
        length: int | None = None
        for name, value in headers:
            kind = name.lower()
            if kind == b"transfer-encoding":
                continue
            if kind == b"content-length":
                length = int(value)
            elif kind == b"connection" and b"close" in value.lower():
                self.keep_alive = False
                continue
            parts += (name, b": ", value, b"\r\n")
        head = b"".join(parts)
        lines = len(parts) // 4 + 1
        if head.count(b"\n") != lines or head.count(b"\r") != lines or b"\0" in head:
            raise RuntimeError("a header of the answer has a line break in it")
        bodiless = self.head_only or status in (204, 304)
        self.left = 0 if bodiless else length
        self.trailers = self.trailers and not bodiless and not self.old and length is None
        self.head = head

    def _body(self, body: bytes, more: bool) -> None:
        transport = self.connection.transport
        head = self.head
        if head is not None:
            self.head = None
            if self.left is None:
                if not more and not self.trailers:
                    self.left = len(body)
                    head += b"content-length: %d\r\n" % len(body)
                elif self.old:
                    self.keep_alive = False
                else:
                    self.chunked = True
                    head += b"transfer-encoding: chunked\r\n"
            head += b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        else:
            head = b""
        if self.head_only or (self.left == 0 and not body):
            body = b""
        elif self.chunked:
            if body:
                head += b"%x\r\n" % len(body)
        elif self.left is not None:
            if len(body) > self.left:
                transport.abort()
                raise BrokenAnswer("the answer is longer than its Content-Length")
            self.left -= len(body)
        if len(body) <= JOINED:
            tail = b"\r\n" if self.chunked and body else b""
            if self.chunked and not more and not self.trailers:
                tail += b"0\r\n\r\n"
            if head or body or tail:
                transport.write(head + body + tail)
        else:
            if head:
                transport.write(head)
            transport.write(body)
            if self.chunked:
                transport.write(b"\r\n" if more or self.trailers else b"\r\n0\r\n\r\n")
        if not more and not self.trailers:
            if self.left and not self.head_only:
                transport.abort()
                raise BrokenAnswer("the answer is shorter than its Content-Length")
            self._done()

    def _end(self, trailers: Sequence[tuple[bytes, bytes]]) -> None:
        lines = b"".join(b"%s: %s\r\n" % (name, value) for name, value in trailers)
        if lines.count(b"\n") != len(trailers) or lines.count(b"\r") != len(trailers):
            lines = b""
        self.connection.transport.write(b"0\r\n%s\r\n" % lines)
        self._done()

    def _done(self) -> None:
        self.complete = True
        self.wake()
        self.connection.finished(self)


class BrokenAnswer(RuntimeError):
    """The connection has been dealt with."""
