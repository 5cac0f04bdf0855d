"""The guard inside an ASGI model server: the same tickets, around an application in the same process."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from violet.domain.errors import ConfigurationError
from violet.runtime.hooks import Request, Ticket
from violet.runtime.proxy.answers import Refused, answer_too_large, busy, guard_broken, refuse, reply
from violet.runtime.proxy.headers import HeaderMap
from violet.runtime.proxy.hooking import HooksBrokenError, SafeHooks
from violet.runtime.proxy.incoming import ClientGoneError, collect, for_hooks
from violet.runtime.proxy.watching import Seen, rewritten

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from violet.domain.guarding import GuardPolicy
    from violet.runtime.hooks import Hooks
    from violet.runtime.station import Station

    Application = Callable[[Any, Any, Any], Awaitable[None]]
    Message = dict[str, Any]


class GuardMiddleware:
    """With ``hooks`` it asks those; without, it has a guard of its own: ``profile``, ``calibration`` and ``schema`` are
    files about ``model``, ``state`` a directory for what is to outlive the process, ``policy`` what is to be done, and
    ``beside`` whether detectors run in a process of their own. That guard begins and ends with the application.

    ``app`` is asked where a ticket does not say otherwise. ``decoys`` are applications by the name that a ticket's
    ``decoy`` gives. ``fail_open``, ``memory`` (bytes of bodies held), ``delayed`` (requests at most that wait out a
    delay) and ``delay`` (seconds at most) as in the proxy's options. Scopes other than ``http`` pass through untouched.

    Raises ``ConfigurationError`` without anything to go by, and for files that cannot be used.
    """

    def __init__(
        self,
        app: Application,
        hooks: Hooks | None = None,
        *,
        policy: GuardPolicy | None = None,
        model: str = "model",
        profile: str = "",
        calibration: str = "",
        schema: str = "",
        state: str = "",
        beside: bool = True,
        decoys: Mapping[str, Application] | None = None,
        fail_open: bool = True,
        memory: int = 256 << 20,
        delayed: int = 512,
        delay: float = 60.0,
    ) -> None:
        self.station: Station | None = None
        if hooks is None:
            if not profile and policy is None:
                raise ConfigurationError("The middleware has nothing to go by.", "Give it a profile, or a policy.")
            from violet.runtime.station import Station, station_options

            self.station = Station(
                station_options(
                    policy,
                    model=model,
                    profile=profile,
                    calibration=calibration,
                    schema=schema,
                    state=state,
                    beside=beside,
                )
            )
            hooks = self.station.hooks
        self.app = app
        self.hooks = SafeHooks(hooks, fail_open)
        self.counts: Counter[str] = Counter()
        self.held = 0
        self.delayed = 0
        self._decoys = dict(decoys or {})
        self._memory = memory
        self._most_delayed = delayed
        self._longest = delay

    @property
    def failures(self) -> Mapping[str, int]:
        """How often hooks broke, by name."""
        return self.hooks.failures

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" and self.station is not None:
            from violet.runtime.station import Stationed

            await Stationed(self.app, self.station)(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self.station is not None and not self.station.begun:  # a server that tells nobody that it begins
            await self.station.start()
        self.counts["requests"] += 1
        try:
            ticket = self.hooks.opened(_request(scope))
        except HooksBrokenError:
            await self.refuse(send, guard_broken())
            return
        if ticket is None:
            await self.app(scope, receive, send)
            return
        seen = Seen(ticket, self.hooks, self._room)
        held = [0]
        try:
            await self._watched(scope, receive, send, ticket, seen, held)
        except Refused as refused:
            await self.refuse(send, refused)
        except ClientGoneError:
            pass
        finally:
            self.held -= held[0] + seen.kept
            seen.finish()

    def _room(self, count: int) -> bool:
        if self.held + count > self._memory:
            return False
        self.held += count
        return True

    async def refuse(self, send: Any, refused: Refused) -> None:
        self.counts[refused.reason] += 1
        await refuse(send, refused)

    async def _watched(
        self, scope: Message, receive: Any, send: Any, ticket: Ticket, seen: Seen, held: list[int]
    ) -> None:
        if ticket.reply is None and ticket.body_limit > 0:
            body = await collect(scope, receive, ticket.body_limit, self._room)
            held[0] = len(body)
            receive = _replay(body, receive)
            try:
                self.hooks.asked(ticket, for_hooks(scope, body, ticket.body_limit))
            except HooksBrokenError:
                raise guard_broken() from None
        if ticket.reply is None and ticket.delay > 0:
            if self.delayed >= self._most_delayed:
                raise busy()
            self.delayed += 1
            try:
                await asyncio.sleep(min(ticket.delay, self._longest))
            finally:
                self.delayed -= 1
        if ticket.reply is not None:
            self.counts["replied"] += 1
            await reply(send, ticket.reply)
            return
        app = self.app
        if ticket.decoy:
            decoy = self._decoys.get(ticket.decoy)
            if decoy is None:
                self.counts["unknown-decoy"] += 1
                if not self.hooks.fail_open:
                    raise guard_broken()
            else:
                app = decoy
        answer = _Answer(self, send, seen, scope["method"] == "HEAD")
        added = [(name.lower().encode(), value.encode()) for name, value in ticket.headers]
        if ticket.hold:
            added.append((b"accept-encoding", b"identity"))
        if added:
            drop = {name for name, _ in added}
            headers = [(name, value) for name, value in scope["headers"] if name not in drop]
            scope = {**scope, "headers": [*headers, *added]}
        seen.asked_at = time.perf_counter()
        await app(scope, receive, answer.send)


class _Answer:
    """Between the application and the server: takes the copy, or holds the answer until it is whole."""

    def __init__(self, guard: GuardMiddleware, send: Any, seen: Seen, bodiless: bool) -> None:
        self._guard = guard
        self._send = send
        self._seen = seen
        self._holds = seen.ticket.hold and not bodiless
        self._start: Message | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._refused = False

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if self._refused:
            return
        if kind == "http.response.start":
            self._seen.begin(message["status"], list(message.get("headers", ())))
            if self._holds:
                self._start = message
                return
        elif kind == "http.response.body":
            body, more = message.get("body", b""), message.get("more_body", False)
            if self._start is not None:
                await self._held(body, more)
                return
            self._seen.take(body)
            if not more:
                self._seen.end()
        await self._send(message)

    async def _held(self, body: bytes, more: bool) -> None:
        assert self._start is not None
        guard, seen = self._guard, self._seen
        self._size += len(body)
        self._pieces.append(body)
        seen.take(body)
        if self._size > seen.ticket.answer_limit:
            guard.counts["answer-not-held"] += 1
            start, self._start = self._start, None
            if not guard.hooks.fail_open:
                await self._refuse(answer_too_large())
                return
            await self._send(start)
            await self._send({"type": "http.response.body", "body": b"".join(self._pieces), "more_body": more})
            self._pieces = []
            if not more:
                seen.end()
        elif not more:
            seen.end()
            start, self._start = self._start, None
            headers: Sequence[tuple[bytes, bytes]] = list(start.get("headers", ()))
            try:
                data, headers = rewritten(seen.ticket, seen.hooks, start["status"], headers, b"".join(self._pieces))
            except HooksBrokenError:
                await self._refuse(guard_broken())
                return
            await self._send({**start, "headers": headers})
            await self._send({"type": "http.response.body", "body": data})

    async def _refuse(self, refused: Refused) -> None:
        """In place of what the application says, now and later. It is not told: it would answer that itself."""
        self._refused = True
        await self._guard.refuse(self._send, refused)


def _request(scope: Message) -> Request:
    client = scope.get("client")
    peer = client[0] if client else ""
    tls = scope.get("extensions", {}).get("tls") or {}
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return Request(
        scope["method"],
        raw.partition(b"?")[0].decode("latin-1"),
        scope.get("query_string", b""),
        HeaderMap(scope["headers"]),
        peer,
        tls.get("client_cert_name") or "",
        peer,
    )


def _replay(body: bytes, receive: Any) -> Any:
    """``receive`` for the application: the body first, then what the server says."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            message: Message = await receive()
            return message
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
