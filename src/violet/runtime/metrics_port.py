"""``GET /metrics`` on a port of its own: figures are for operators, and not for the model's callers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from violet.domain.errors import UsageError

LARGEST = 16 << 10
SECONDS = 10.0
AT_ONCE = 32

Expose = Callable[[str], tuple[str, bytes]]
"""From an Accept header to content type and body."""


class MetricsPort:
    """Answers on ``host``:``port`` (0: any that is free; then ``port`` says which). One request a connection."""

    def __init__(self, host: str, port: int, expose: Expose) -> None:
        self.host = host
        self.port = port
        self._expose = expose
        self._server: asyncio.Server | None = None
        self._busy = 0

    async def start(self) -> None:
        """Raises ``UsageError`` where the address is taken."""
        try:
            self._server = await asyncio.start_server(self._serve, self.host, self.port, limit=LARGEST)
        except OSError as error:
            raise UsageError(f"Metrics cannot be served on {self.host}:{self.port}: {error.strerror}.") from error
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._busy += 1
        try:
            if self._busy <= AT_ONCE:
                async with asyncio.timeout(SECONDS):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(self._answer(head))
                    await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._busy -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _answer(self, head: bytes) -> bytes:
        first, *lines = head.decode("latin-1").split("\r\n")
        method, _, rest = first.partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        if path not in ("/metrics", "/healthz"):
            return _response("404 Not Found", "text/plain", b"There is /metrics, and /healthz.\n")
        if method not in ("GET", "HEAD"):
            return _response("405 Method Not Allowed", "text/plain", b"Only GET.\n")
        if path == "/healthz":
            return _response("200 OK", "text/plain", b"ok\n", method == "HEAD")
        accept = next(
            (value.strip() for name, _, value in (line.partition(":") for line in lines) if name.lower() == "accept"),
            "",
        )
        kind, body = self._expose(accept)
        return _response("200 OK", kind, body, method == "HEAD")


def _response(status: str, kind: str, body: bytes, head: bool = False) -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + (b"" if head else body)
