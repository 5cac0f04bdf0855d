"""Serve the webhook over HTTPS, with certificates that may be renewed while it runs."""

from __future__ import annotations

import asyncio
import os
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.domain import MissingExtraError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

RENEWAL = 10.0
"""Seconds between looks at the certificate's files."""
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
    context = _context(options)
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
    tasks = [asyncio.create_task(_announce(server, options, started)), asyncio.create_task(_renew(context, options))]
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


async def _renew(context: ssl.SSLContext, options: ServerOptions) -> None:
    """Load the certificate again when its files change. A pair that does not fit is left for the next look."""
    last = _stamp(options)
    while True:
        await asyncio.sleep(RENEWAL)
        now = _stamp(options)
        if now == last:
            continue
        try:
            context.load_cert_chain(options.certificate, options.key)
        except (OSError, ssl.SSLError):
            continue
        last = now


def _stamp(options: ServerOptions) -> tuple[int, ...]:
    try:
        return tuple(os.stat(path).st_mtime_ns for path in (options.certificate, options.key))
    except OSError:
        return ()


def _context(options: ServerOptions) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(options.certificate, options.key)
        if options.clients:
            context.load_verify_locations(options.clients)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(
            f"The certificate {options.certificate} with the key {options.key} cannot be used: {why}.",
            "Both are PEM files, and the key has no passphrase.",
        ) from error
    return context
