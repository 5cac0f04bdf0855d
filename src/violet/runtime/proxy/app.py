"""The reverse proxy: a raw ASGI application that passes requests on over pooled connections, and obeys tickets.

Requests that no hook cares for stream through both ways. Those with a ticket are collected as far as it says. What a
model's server answers passes untouched but for the headers that belong to one connection, unless the ticket holds it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from violet.runtime.hooks import Request, Ticket
from violet.runtime.networks import trusted
from violet.runtime.proxy.answers import BrokenOff, Refused, busy, guard_broken, refuse
from violet.runtime.proxy.exchange import Exchange
from violet.runtime.proxy.headers import Forwarder, HeaderMap
from violet.runtime.proxy.hooking import HooksBrokenError, SafeHooks
from violet.runtime.proxy.incoming import ClientGoneError
from violet.runtime.proxy.options import ProxyOptions, client_context
from violet.runtime.proxy.upstream import Pool

if TYPE_CHECKING:
    from violet.runtime.hooks import Hooks
    from violet.runtime.proxy.options import Upstream

Message = dict[str, Any]
SWEEP = 0.25


class Proxy:
    """``counts`` holds what a status page wants: requests, and by ``reason`` what was answered here. Pools belong to
    the event loop of the first request. Raises ``ConfigurationError`` for certificates that cannot be used."""

    def __init__(self, options: ProxyOptions, hooks: Hooks | None = None) -> None:
        self.options = options
        self.counts: Counter[str] = Counter()
        self.hooks = SafeHooks(hooks, options.fail_open) if hooks is not None else None
        self.running = 0
        self.delayed = 0
        self.held = 0
        """Bytes of bodies held for the guard."""
        self._times = options.timeouts
        self._limits = options.limits
        self.forwarder = Forwarder(options.via, trusted(options.trusted))
        self._prefixed = sorted((one for one in options.upstreams if one.prefix), key=lambda one: -len(one.prefix))
        self._modelled = {one.model: one for one in options.upstreams if one.model}
        self._default = options.default
        self._decoys = {one.name: one for one in options.decoys}
        self._tls = {one: client_context(one) for one in (*options.upstreams, *options.decoys) if one.place.tls}
        self._pools: dict[Upstream, Pool] = {}
        self._sweeper: asyncio.TimerHandle | None = None
        self._sweeping: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        kind = scope["type"]
        if kind == "http":
            await self._http(scope, receive, send)
        elif kind == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1011})

    async def _lifespan(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self.close()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    def close(self) -> None:
        """Close all connections to upstreams."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = self._sweeping = None

    @property
    def failures(self) -> Mapping[str, int]:
        """How often hooks broke, by name."""
        return {} if self.hooks is None else self.hooks.failures

    def connections(self) -> Mapping[str, tuple[int, int]]:
        """By upstream: how many connections are open, how many of them rest."""
        return {one.url: (pool.connections, pool.idle) for one, pool in self._pools.items()}

    # one request

    async def _http(self, scope: Message, receive: Any, send: Any) -> None:
        counts = self.counts
        counts["requests"] += 1
        if self.running >= self._limits.requests:
            await self._refuse(send, busy())
            return
        self.running += 1
        exchange = Exchange(self, scope, receive, send)
        try:
            hooks = self.hooks
            if hooks is None:
                await exchange.run(None)
                return
            try:
                ticket = hooks.opened(self._request(scope))
            except HooksBrokenError:
                raise guard_broken() from None
            if ticket is None:
                await exchange.run(None)
            else:
                await exchange.watched(ticket, hooks)
        except ClientGoneError:
            counts["client-gone"] += 1
        except Refused as refused:
            if not exchange.started:
                await self._refuse(send, refused)
            else:
                counts[refused.reason] += 1
                raise BrokenOff(str(refused)) from None
        finally:
            self.running -= 1

    def _request(self, scope: Message) -> Request:
        client = scope["client"]
        peer = client[0] if client else ""
        tls = scope.get("extensions", {}).get("tls") if scope["scheme"] == "https" else None
        headers = scope["headers"]
        return Request(
            scope["method"],
            scope["raw_path"].decode("latin-1"),
            scope["query_string"],
            HeaderMap(headers),
            peer,
            (tls and tls.get("client_cert_name")) or "",
            self.forwarder.client(peer, headers) if self.options.trusted else peer,
        )

    def route(self, path: bytes, ticket: Ticket | None) -> Upstream:
        """Where a request goes. Raises ``Refused`` for a decoy that is not known, where the guard fails closed."""
        if ticket is not None:
            if ticket.decoy:
                decoy = self._decoys.get(ticket.decoy)
                if decoy is not None:
                    return decoy
                self.counts["unknown-decoy"] += 1
                if not self.options.fail_open:
                    raise guard_broken()
            if ticket.model and self._modelled and (found := self._modelled.get(ticket.model)) is not None:
                return found
        if self._prefixed:
            text = path.decode("latin-1")
            for one in self._prefixed:
                if text == one.prefix or text.startswith(one.prefix.rstrip("/") + "/"):
                    return one
        return self._default

    def pool(self, upstream: Upstream) -> Pool:
        pool = self._pools.get(upstream)
        if pool is None or pool.loop is not asyncio.get_running_loop():
            pool = self._pools[upstream] = Pool(upstream, self._times, self._limits, self._tls.get(upstream))
            if self._sweeping is not pool.loop:
                self._sweeping = pool.loop
                self._sweeper = pool.loop.call_later(SWEEP, self._sweep, pool.loop)
        return pool

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._sweeping is not loop:
            return
        now = loop.time()
        for pool in self._pools.values():
            if pool.loop is loop:
                pool.check(now)
        self._sweeper = loop.call_later(SWEEP, self._sweep, loop)

    async def _refuse(self, send: Any, refused: Refused) -> None:
        self.counts[refused.reason] += 1
        await refuse(send, refused)

    def room(self, count: int) -> bool:
        """Account for bytes of a body, if so many may be held."""
        if self.held + count > self._limits.memory:
            return False
        self.held += count
        return True
