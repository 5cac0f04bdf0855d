"""Bytes both ways after an upgrade (WebSocket): what they say is not looked at."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.runtime.proxy.http_server import ServerProtocol
    from violet.runtime.proxy.upstream import Connection

NEVER = float("inf")


class Tunnel:
    """Each side reads only as fast as the other one takes. Ends when either side does, or after ``idle`` seconds (0:
    never) without a byte either way."""

    def __init__(self, connection: Connection, idle: float) -> None:
        self._upstream = connection
        self._client: ServerProtocol | None = None
        self._idle = idle
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()

    def begin(self, client: ServerProtocol, early: bytes) -> None:
        """``early`` is what the upstream already said."""
        self._client = client
        if early:
            client.transport.write(early)
        self._touch()

    def _touch(self) -> None:
        if self._idle and self._client is not None:
            self._client.read_deadline = self._loop.time() + self._idle

    def client_said(self, data: bytes) -> None:
        self._touch()
        self._upstream.transport.write(data)

    def upstream_said(self, data: bytes) -> None:
        self._touch()
        if self._client is not None:
            self._client.transport.write(data)

    def client_full(self, full: bool) -> None:
        self._pace(self._upstream.transport, full)

    def upstream_full(self, full: bool) -> None:
        if self._client is not None:
            self._pace(self._client.transport, full)

    @staticmethod
    def _pace(transport: asyncio.Transport, full: bool) -> None:
        if transport.is_closing():
            return
        if full:
            transport.pause_reading()
        else:
            transport.resume_reading()

    def client_ended(self) -> None:
        self._upstream.transport.close()
        self._end()

    def upstream_ended(self) -> None:
        if self._client is not None:
            self._client.transport.close()
        self._end()

    def _end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)
