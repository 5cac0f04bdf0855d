"""Serve the guard: one process or several on one port, over HTTP or HTTPS, with certificates that may be renewed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from violet.domain.errors import MissingExtraError, UsageError
from violet.faces.gateway.supervisor import Supervisor
from violet.faces.tls import renew, server_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.runtime.proxy.server_limits import ServerLimits


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """``certificate`` and ``key`` are PEM files (none: plain HTTP); ``clients`` a PEM file of authorities that sign
    callers' certificates: with ``demand`` every caller must show one, else those who do are known by it. ``workers``
    processes share the port; ``grace`` is how many seconds they may finish what is under way when told to stop;
    ``backlog`` how many connections wait to be accepted; ``limits`` as in ``ServerLimits`` (``None``: its defaults).
    ``socket`` is the path of a Unix socket to listen on instead."""

    host: str = "127.0.0.1"
    port: int = 8080
    certificate: str = ""
    key: str = ""
    clients: str = ""
    demand: bool = True
    workers: int = 1
    grace: float = 20.0
    backlog: int = 2048
    socket: str = ""
    limits: ServerLimits | None = None


def serve(make: Callable[[int], Any], options: GatewayOptions, started: Callable[[str], None]) -> None:
    """Answer until interrupted or told to stop (SIGTERM); what is under way is finished within ``grace`` seconds.

    ``make`` is called in each process with the number of the worker, from 0, and gives the ASGI application.
    ``started`` is called, once, with the address when all are ready. Raises ``UsageError`` for certificates that cannot
    be used, for an address that is taken, and where the application cannot be made.
    """
    try:
        import httptools  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("The guard", "guard") from error
    if options.workers < 1:
        raise UsageError("There must be a worker.", "Say --workers 1 or more.")
    _context(options)  # before anything listens
    more_files()
    sockets = listen(options)
    try:
        if options.workers == 1:
            _work(make, 0, sockets[0], options, lambda: started(address(options, sockets[0])), None)
            return

        def work(number: int, ready: Callable[[], None], parent: int) -> None:
            for other, one in enumerate(sockets):
                if other != number:
                    one.close()
            _work(make, number, sockets[number], options, ready, parent)

        Supervisor(work, options.workers, options.grace).run(lambda: started(address(options, sockets[0])))
    finally:
        for one in sockets:
            one.close()
        if options.socket:
            with contextlib.suppress(OSError):
                os.unlink(options.socket)


def listen(options: GatewayOptions) -> list[socket.socket]:
    """A listening socket for each worker, all on one port (SO_REUSEPORT): the kernel spreads connections over them.
    They belong to the parent, so that what waits on one outlives its worker."""
    if options.socket:
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            one.bind(options.socket)
            os.chmod(options.socket, 0o660)
            one.listen(options.backlog)
        except OSError as error:
            raise UsageError(f"{options.socket} cannot be listened on: {error.strerror}.", "Is it taken?") from error
        return [one, *(one.dup() for _ in range(options.workers - 1))]
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            options.host or None, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise UsageError(f"{options.host} is no address to listen on: {error.strerror}.", "Say --host.") from error
    sockets: list[socket.socket] = []
    shared = options.workers > 1
    try:
        # the first is not shared: it finds out whether the port is another's, who may share it too
        for number in range(options.workers + shared):
            one = socket.socket(family, kind, protocol)
            sockets.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared and number:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if options.host in ("", "::") else 1)
            one.bind(place)
            place = (place[0], one.getsockname()[1], *place[2:])
            if shared and not number:
                sockets.remove(one)
                one.close()
        for one in sockets:
            one.listen(options.backlog)
            one.setblocking(False)
    except OSError as error:
        for one in sockets:
            one.close()
        raise UsageError(
            f"{options.host}:{options.port} cannot be listened on: {error.strerror}.", "Is it taken?"
        ) from error
    return sockets


def address(options: GatewayOptions, one: socket.socket) -> str:
    if options.socket:
        return f"unix://{options.socket}"
    scheme = "https" if options.certificate else "http"
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"{scheme}://{host}:{one.getsockname()[1]}"


def more_files() -> None:
    """Every connection is a file: allow as many as the system does."""
    try:
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (ImportError, OSError, ValueError):
        pass


def _work(
    make: Callable[[int], Any],
    number: int,
    one: socket.socket,
    options: GatewayOptions,
    ready: Callable[[], None],
    parent: int | None,
) -> None:
    """Serve on this socket until told to stop. ``parent`` is a pipe that ends with the supervisor."""
    import uvicorn

    from violet.runtime.proxy.http_server import protocol
    from violet.runtime.proxy.server_limits import ServerLimits

    application = make(number)
    context = _context(options)
    limits = options.limits or ServerLimits()
    config = uvicorn.Config(
        application,
        http=cast("Any", protocol(limits)),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=options.backlog,
        timeout_graceful_shutdown=max(1, round(options.grace)),
    )
    config.load()
    config.ssl = context
    server = _server(config, limits.head_seconds, ready)
    before = {which: signal.signal(which, lambda *_: None) for which in (signal.SIGTERM, signal.SIGINT)}
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_run(server, one, context, options, parent))
    except SystemExit as error:  # how it says that the application did not start
        raise UsageError("The guard did not start.", "What it said stands above.") from error
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)


def _server(config: Any, handshake: float, ready: Callable[[], None]) -> Any:
    """uvicorn's server, which says when it is ready, and ends TLS handshakes that take longer than so many seconds; by
    itself it has 60."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await self.lifespan.startup()
            if self.lifespan.should_exit:
                raise SystemExit(1)
            loop = asyncio.get_running_loop()
            patience = None if config.ssl is None else handshake

            def make() -> Any:
                return config.http_protocol_class(
                    config=config, server_state=self.server_state, app_state=self.lifespan.state, _loop=loop
                )

            self.servers = [
                await loop.create_server(
                    make,
                    sock=one,
                    ssl=config.ssl,
                    backlog=config.backlog,
                    ssl_handshake_timeout=patience,
                    ssl_shutdown_timeout=patience,
                )
                for one in sockets or []
            ]
            self.started = True
            ready()

    return Server(config)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _run(
    server: Any,
    one: socket.socket,
    context: ssl.SSLContext | None,
    options: GatewayOptions,
    parent: int | None,
) -> None:
    loop = asyncio.get_running_loop()
    renewal = asyncio.create_task(renew(context, options.certificate, options.key)) if context is not None else None
    if parent is not None:

        def orphaned() -> None:
            loop.remove_reader(parent)
            server.should_exit = True

        loop.add_reader(parent, orphaned)
    try:
        await server.serve(sockets=[one])
    finally:
        if renewal is not None:
            renewal.cancel()


def _context(options: GatewayOptions) -> ssl.SSLContext | None:
    if not options.certificate:
        if options.key or options.clients:
            raise UsageError("Callers' certificates need HTTPS, and no certificate is named.", "Name one, and its key.")
        return None
    return server_context(options.certificate, options.key, options.clients, demand=options.demand)
