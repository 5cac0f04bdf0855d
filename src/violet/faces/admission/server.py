"""Serve the webhook over HTTPS, with certificates that may be renewed while it runs."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.domain import MissingExtraError, UsageError
from violet.faces.tls import renew, server_context

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 20.0
"""Seconds in which a caller must have begun a request, and after which a connection that rests is closed: whoever
holds many open and says nothing, or a byte now and then, would keep the cluster out."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """``certificate`` and ``key`` are PEM files; ``clients`` a PEM file of authorities, one of which must have
    signed the caller's certificate (``""``: callers are not asked for one)."""

    host: str
    port: int
    certificate: str
    key: str
    clients: str = ""


def serve(application: Any, options: ServerOptions, started: Callable[[str], None]) -> None:
    """Answer until interrupted. ``started`` is called with the address that is listened on. Raises ``UsageError``
    for certificates that cannot be used, and for an address that is taken."""
    try:
        import uvicorn
    except ImportError as error:
        raise MissingExtraError("The admission webhook", "admission") from error
    context = server_context(options.certificate, options.key, options.clients)
    config = uvicorn.Config(
        application,
        host=options.host,
        port=options.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        limit_concurrency=256,
    )
    config.load()
    config.ssl = context
    config.http_protocol_class = bounded(config.http_protocol_class)
    try:
        asyncio.run(_run(uvicorn.Server(config), context, options, started))
    except SystemExit as error:  # how it says that it could not begin
        raise UsageError(f"{options.host}:{options.port} cannot be listened on.", "Is it taken?") from error


def bounded(protocol: Any) -> Any:
    """A protocol of the server's that closes connections on which no request comes."""

    class Bounded(protocol):  # type: ignore[misc]
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._last = self.cycle
            self._watch = self.loop.call_later(PATIENCE, self._look)

        def connection_lost(self, exc: Exception | None) -> None:
            self._watch.cancel()
            super().connection_lost(exc)

        def _look(self) -> None:
            resting = self.cycle is None or self.cycle.response_complete
            if resting and self.cycle is self._last:
                self.transport.abort()
                return
            self._last = self.cycle
            self._watch = self.loop.call_later(PATIENCE, self._look)

    return Bounded


async def _run(server: Any, context: ssl.SSLContext, options: ServerOptions, started: Callable[[str], None]) -> None:
    tasks = [
        asyncio.create_task(_announce(server, options, started)),
        asyncio.create_task(renew(context, options.certificate, options.key)),
    ]
    try:
        await server.serve()
    finally:
        for task in tasks:
            task.cancel()


async def _announce(server: Any, options: ServerOptions, started: Callable[[str], None]) -> None:
    while not server.started:
        await asyncio.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    started(f"https://{options.host}:{port}/validate")
