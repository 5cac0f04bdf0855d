"""A syslog server: UDP, or TCP and TLS with octet counting over a connection that is kept."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from urllib.parse import urlsplit

from violet.domain.incident_alert import Incident, Notice
from violet.runtime.alerts.delivery import SendError
from violet.runtime.alerts.formats import encode
from violet.runtime.alerts.routing import Route
from violet.runtime.alerts.sinks.http import tls_context
from violet.runtime.alerts.syslog import LONGEST, LONGEST_DATAGRAM, framed, message

PORTS = {"udp": 514, "tcp": 601, "tls": 6514}
"""RFC 5426, RFC 6587 and RFC 5425."""


class Syslog:
    each = True
    refresh_every = 0.0

    def __init__(self, route: Route, state: str) -> None:
        self._route = route
        self._state = state
        parts = urlsplit(route.url)
        self._transport = parts.scheme
        self._host = parts.hostname or ""
        self._port = parts.port or PORTS[parts.scheme]
        self._context = tls_context(route.ca) if parts.scheme == "tls" else None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, notice: Notice) -> None:
        content = encode(notice, self._route.format, self._state)[1].decode("utf-8", "replace")
        try:
            if self._transport == "udp":
                await self._datagram(message(notice, content, LONGEST_DATAGRAM))
            else:
                await self._stream(framed(message(notice, content, LONGEST)))
        except OSError as error:
            await self.close()
            raise SendError(f"{self._route.target}: {error.strerror or error}") from error

    async def refresh(self, incidents: tuple[Incident, ...]) -> None:
        return None

    async def close(self) -> None:
        writer, self._writer, self._reader = self._writer, None, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await writer.wait_closed()

    async def _datagram(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=(self._host, self._port), family=socket.AF_UNSPEC
        )
        try:
            transport.sendto(data)
        finally:
            transport.close()

    async def _stream(self, data: bytes) -> None:
        if self._reader is not None and self._reader.at_eof():  # the server has gone; a write would not tell at once
            await self.close()
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(
                self._host, self._port, ssl=self._context, server_hostname=self._host if self._context else None
            )
            await asyncio.sleep(0)
        self._writer.write(data)
        await self._writer.drain()
