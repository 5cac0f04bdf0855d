"""One request on its way to an upstream, and its answer back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from violet.runtime.proxy.answers import Refused, answer_too_large, busy, guard_broken, reply, too_large
from violet.runtime.proxy.headers import BadRequest, answer_headers
from violet.runtime.proxy.hooking import HooksBrokenError, SafeHooks
from violet.runtime.proxy.incoming import collect, for_hooks
from violet.runtime.proxy.tunnel import Tunnel
from violet.runtime.proxy.upstream import Connection, Pool, UpstreamError
from violet.runtime.proxy.watching import Seen, rewritten

if TYPE_CHECKING:
    from violet.runtime.hooks import Ticket
    from violet.runtime.proxy.app import Proxy
    from violet.runtime.proxy.http_extension import Extension

Message = dict[str, Any]
BODILESS = frozenset(("GET", "HEAD", "DELETE", "OPTIONS", "TRACE"))
"""They rarely have a body; where a server does not say whether there is one, none is assumed."""
IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"))
"""RFC 9110, section 9.2.2."""


class Exchange:
    """One request on its way to an upstream, and its answer back."""

    __slots__ = (
        "_body",
        "_complete",
        "_extension",
        "_proxy",
        "_receive",
        "_scope",
        "_seen",
        "_send",
        "_target",
        "started",
    )

    def __init__(self, proxy: Proxy, scope: Message, receive: Any, send: Any) -> None:
        self._proxy = proxy
        self._scope = scope
        self._receive = receive
        self._send = send
        self._extension: Extension | None = scope.get("extensions", {}).get("violet")
        self._body = b""
        self._complete = False
        self._seen: Seen | None = None
        self.started = False

    # with a ticket

    async def watched(self, ticket: Ticket, hooks: SafeHooks) -> None:
        proxy = self._proxy
        seen = self._seen = Seen(ticket, hooks, proxy.room)
        held = 0
        try:
            if ticket.reply is None and ticket.body_limit > 0:
                self._body = await collect(self._scope, self._receive, ticket.body_limit, proxy.room)
                held = len(self._body)
                self._complete = True
                try:
                    hooks.asked(ticket, for_hooks(self._scope, self._body, ticket.body_limit))
                except HooksBrokenError:
                    raise guard_broken() from None
            if ticket.reply is None and ticket.delay > 0:
                await self._wait(ticket.delay)
            if ticket.reply is not None:
                proxy.counts["replied"] += 1
                self.started = True
                await reply(self._send, ticket.reply)
                return
            await self.run(ticket)
        finally:
            proxy.held -= held + seen.kept
            seen.finish()

    async def _wait(self, seconds: float) -> None:
        proxy = self._proxy
        if proxy.delayed >= proxy.options.limits.delayed:
            raise busy()
        proxy.delayed += 1
        try:
            await asyncio.sleep(min(seconds, proxy.options.limits.delay))
        finally:
            proxy.delayed -= 1

    # to the upstream

    def _framing(self) -> tuple[int | None, bool, bool]:
        """The body's length as the client said it, whether it comes in chunks, and whether the client waits to be told
        to go on."""
        own = self._extension
        if own is not None:
            return own.length, own.chunked, own.expects
        names = dict(self._scope["headers"])
        length = names.get(b"content-length")
        if length is not None:
            return int(length), False, False
        return None, b"transfer-encoding" in names or self._scope["method"] not in BODILESS, False

    async def run(self, ticket: Ticket | None) -> None:
        """Ask, and pass the answer on. Raises ``Refused``."""
        proxy, scope = self._proxy, self._scope
        length, chunked, expects = self._framing()
        limit = proxy.options.limits.body
        if length is not None and length > limit:
            raise too_large(limit)
        if self._complete:
            expects = False
        elif length is None and not chunked:
            self._complete = True
        elif not expects:
            message = await self._receive()
            if message["type"] != "http.request":
                return
            self._body = message["body"]
            self._complete = not message["more_body"]
            if len(self._body) > limit:
                raise too_large(limit)
        try:
            pool = proxy.pool(proxy.route(scope["raw_path"], ticket))
            head = self._head(pool, ticket, length, chunked, expects)
        except BadRequest as error:
            raise Refused(400, "bad-request", str(error)) from None
        if self._seen is not None:
            self._seen.asked_at = time.perf_counter()
        try:
            connection = pool.ready() or await pool.get()
            if self._complete:
                connection = await self._replayed(connection, pool, head + self._body, ticket is not None)
                await self._answer(connection)
            else:
                await self._stream(connection, head, chunked, expects)
        except UpstreamError as error:
            proxy.counts["upstream-errors"] += 1
            raise Refused(error.status, error.reason, str(error)) from None

    async def _replayed(self, connection: Connection, pool: Pool, data: bytes, prediction: bool) -> Connection:
        """Ask; on a new connection once more where the resting one turned out to be dead, and asking twice is no harm.
        Gives the connection that has the head of an answer."""
        while True:
            try:
                await self._ask(connection, data)
                return connection
            except UpstreamError as error:
                connection.release()
                harmless = prediction or self._scope["method"] in IDEMPOTENT
                if not error.unheard or not harmless:
                    raise
                self._proxy.counts["replayed"] += 1
                connection = await pool.get(fresh=True)
            except BaseException:
                connection.release()
                raise

    def _head(self, pool: Pool, ticket: Ticket | None, length: int | None, chunked: bool, expects: bool) -> bytes:
        scope, own = self._scope, self._extension
        if own is not None:
            target, names = own.target, own.names
        else:
            target, names = scope["raw_path"], None
            if scope["query_string"]:
                target += b"?" + scope["query_string"]
        start = b"%s %s%s HTTP/1.1\r\n" % (scope["method"].encode(), pool.prefix, target)
        extra = b""
        if self._complete:
            if length is not None or chunked:
                extra = b"content-length: %d\r\n" % len(self._body)
        elif chunked:
            extra = b"transfer-encoding: chunked\r\n"
        else:
            extra = b"content-length: %d\r\n" % (length or 0)
        if expects:
            extra += b"expect: 100-continue\r\n"
        if own is not None and own.upgrade and own.upgrade.decode("latin-1") in self._proxy.options.upgrades:
            extra += b"connection: upgrade\r\nupgrade: %s\r\n" % own.upgrade
        headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        if ticket is not None and ticket.hold:
            headers = [pair for pair in headers if pair[0] != b"accept-encoding"]
            extra += b"accept-encoding: identity\r\n"
            names = None
        if ticket is not None and ticket.headers:
            own_names = {name.lower().encode() for name, _ in ticket.headers}
            headers = [pair for pair in headers if pair[0] not in own_names]
            extra += b"".join(b"%s: %s\r\n" % (name.encode(), value.encode()) for name, value in ticket.headers)
            names = None
        client = scope["client"]
        return self._proxy.forwarder.head(
            start, headers, names, pool.host, client[0] if client else "", scope["scheme"], extra
        )

    async def _ask(self, connection: Connection, data: bytes) -> None:
        """Send it all, and wait for the head of the answer. Raises ``UpstreamError``."""
        connection.ask(data, self._scope["method"] == "HEAD")
        while not connection.status:
            await connection.wait()
            if connection.hints:
                await self._hint(connection)

    async def _hint(self, connection: Connection) -> None:
        links = [value for name, value in connection.hints if name.lower() == b"link"]
        connection.hints = []
        if self._extension is not None and links and (self._seen is None or not self._seen.ticket.hold):
            await self._send({"type": "http.response.early_hint", "links": links})

    async def _stream(self, connection: Connection, head: bytes, chunked: bool, expects: bool) -> None:
        """A request whose body is still coming: both ways at once."""
        upload: asyncio.Task[None] | None = None
        answering = False
        try:
            connection.ask(head, self._scope["method"] == "HEAD")
            if expects:
                await self._continues(connection)
            if not connection.status:
                upload = asyncio.get_running_loop().create_task(self._upload(connection, chunked))
            while not connection.status:
                await connection.wait()
                if connection.hints:
                    await self._hint(connection)
            answering = True
            await self._answer(connection, upload, whole=upload is not None)
        except UpstreamError:
            if upload is not None and upload.done() and not upload.cancelled():
                why = upload.exception()
                if why is not None:
                    raise why from None
            raise
        finally:
            if upload is not None:
                upload.cancel()
            if not answering:
                connection.close()

    async def _continues(self, connection: Connection) -> None:
        """Wait until the upstream wants the body, answers without, or has thought long enough."""
        try:
            async with asyncio.timeout(self._proxy.options.timeouts.continues):
                while not connection.status and not connection.continues:
                    await connection.wait()
        except TimeoutError:
            pass

    async def _upload(self, connection: Connection, chunked: bool) -> None:
        limit = self._proxy.options.limits.body
        size = 0
        body = self._body
        more = True
        try:
            while True:
                size += len(body)
                if size > limit:
                    raise too_large(limit)
                if body:
                    connection.write(b"%x\r\n%s\r\n" % (len(body), body) if chunked else body)
                if not more:
                    break
                await connection.drain()
                if connection.closed:
                    return
                message = await self._receive()
                if message["type"] != "http.request":
                    connection.close()
                    return
                body, more = message["body"], message["more_body"]
            if chunked:
                connection.write(b"0\r\n\r\n")
        except Refused:
            connection.close()
            raise

    # back to the client

    async def _answer(
        self, connection: Connection, upload: asyncio.Task[None] | None = None, *, whole: bool = True
    ) -> None:
        """``whole``: the request has been, or is being, sent to its end."""
        proxy, send, seen = self._proxy, self._send, self._seen
        released = False
        try:
            if connection.status == 101:
                await self._tunnel(connection)
                return
            headers = answer_headers(connection.headers, proxy.forwarder.via)
            body: bytes | None = None
            if seen is not None:
                seen.begin(connection.status, headers)
                if seen.ticket.hold and self._scope["method"] != "HEAD":
                    body = await self._held(connection, seen)
            start: Message = {"type": "http.response.start", "status": connection.status, "headers": headers}
            if body is None and connection.complete and upload is None and not connection.trailers:
                body = connection.take()
                if seen is not None:
                    seen.take(body)
                    seen.end()
            elif body is not None and seen is not None:
                body, start["headers"] = self._rewritten(seen, headers, body)
            if body is not None:
                if upload is None and whole:
                    connection.release()
                    released = True
                self.started = True
                await send(start)
                await send({"type": "http.response.body", "body": body})
                return
            trailers = self._wants_trailers(connection)
            if trailers:
                start["trailers"] = True
            self.started = True
            await send(start)
            await self._pass(connection, seen)
            if trailers:
                kept = answer_headers(connection.trailers, b"")[:-1]
                await send({"type": "http.response.trailers", "headers": kept, "more_trailers": False})
        finally:
            if not released:
                if whole and (upload is None or (upload.done() and not upload.cancelled() and not upload.exception())):
                    connection.release()
                else:
                    connection.close()

    async def _pass(self, connection: Connection, seen: Seen | None) -> None:
        """The body, as it comes."""
        head = True
        while True:
            body = connection.take()
            done = connection.complete
            if seen is not None:
                seen.take(body)
                if done:
                    seen.end()
            if body or done or head:
                head = False
                await self._send({"type": "http.response.body", "body": body, "more_body": not done})
            if done:
                return
            if not connection.pieces and not connection.complete:
                await connection.wait()

    def _wants_trailers(self, connection: Connection) -> bool:
        if self._extension is None or self._scope["http_version"] != "1.1":
            return False
        if not any(name == b"te" and b"trailers" in value.lower() for name, value in self._scope["headers"]):
            return False
        return bool(connection.trailers) or any(name.lower() == b"trailer" for name, _ in connection.headers)

    async def _held(self, connection: Connection, seen: Seen) -> bytes | None:
        """The whole answer; ``None`` where it is longer than the ticket allows, and the guard fails open: then it is
        passed on as it comes. Raises ``Refused`` where it fails closed."""
        limit = seen.ticket.answer_limit
        pieces: list[bytes] = []
        size = 0
        while True:
            body = connection.take()
            size += len(body)
            pieces.append(body)
            if size > limit:
                self._proxy.counts["answer-not-held"] += 1
                if not self._proxy.options.fail_open:
                    raise answer_too_large()
                connection.pieces = [b"".join(pieces)]
                return None
            seen.take(body)
            if connection.complete:
                seen.end()
                return b"".join(pieces)
            if not connection.pieces:
                await connection.wait()

    def _rewritten(self, seen: Seen, headers: list[tuple[bytes, bytes]], body: bytes) -> tuple[bytes, Any]:
        try:
            return rewritten(seen.ticket, seen.hooks, seen.status, headers, body)
        except HooksBrokenError:
            raise guard_broken() from None

    async def _tunnel(self, connection: Connection) -> None:
        own = self._extension
        upgrade = b""
        for name, value in connection.headers:
            if name.lower() == b"upgrade":
                upgrade = value.strip().lower()
        if own is None or not own.upgrade or upgrade != own.upgrade:
            raise UpstreamError("upstream-protocol", "The model's server changed to a protocol nobody asked for.")
        tunnel = Tunnel(connection, self._proxy.options.timeouts.tunnel)
        early = connection.take()
        head = answer_headers(connection.headers, self._proxy.forwarder.via)
        head += [(b"connection", b"upgrade"), (b"upgrade", upgrade)]
        self.started = True
        connection.become_tunnel(tunnel)
        tunnel.begin(own.tunnel(head, tunnel), early)
        self._proxy.counts["tunnels"] += 1
        await tunnel.ended
        if self._seen is not None:
            self._seen.begin(101, head)
