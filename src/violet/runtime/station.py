"""Everything a guard is, in one process: who judges, who remembers, who tells, and how it all begins and ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from violet.domain.alert import Alert, Response, Ruling
from violet.domain.guarding import GuardPolicy, Mode, OnError, Unknown
from violet.domain.traffic import Exchange
from violet.runtime.alerts.correlate import CorrelationOptions
from violet.runtime.control import ControlServer
from violet.runtime.guard import Guard, GuardOptions, Parts, Watched
from violet.runtime.identity import Identifier, load_secret
from violet.runtime.judging.beside import BesideJudge
from violet.runtime.judging.inline import InlineJudge, Judge
from violet.runtime.judging.spec import JudgeSpec, ModelSpec, build, calibrated, constraints_of, reference_of
from violet.runtime.limits import Limits
from violet.runtime.metrics import Metrics
from violet.runtime.metrics_port import MetricsPort
from violet.runtime.orders import Orders
from violet.runtime.responses import Decider, Responder
from violet.runtime.ruling_journal import Journal
from violet.runtime.rulings import Rulings
from violet.runtime.state import StateDirectory
from violet.runtime.station_status import Rates, status_of
from violet.runtime.tracing import TracingOptions, open_tracing
from violet.runtime.wire._reading import USUAL, Bounds
from violet.runtime.wire.known import wires
from violet.runtime.wire.template import Places

if TYPE_CHECKING:
    from violet.domain.guard_status import GuardStatus
    from violet.runtime.alerts.desk import Claims, Desk
    from violet.runtime.alerts.routing import Route
    from violet.runtime.hooks import Ticket
    from violet.runtime.sharing.sharer import Sharer
    from violet.runtime.spool.writer import Spool
    from violet.runtime.wire.base import Answer

LATEST_ALERTS = 50
TURN = 1.0
"""Seconds between looks at the clock: rulings that end, figures that are saved."""
_log = logging.getLogger("violet.guard")


@dataclass(frozen=True, slots=True)
class StationOptions:
    """``judge`` names profiles and thresholds of each model. ``state`` is a directory (empty: nothing outlives the
    process, and alerts are only logged). ``beside``: detectors run in a process of their own. ``routes`` are where
    alerts go. ``decoys`` names, by model, the upstream that answers in its place (``""``: for all others)."""

    policy: GuardPolicy
    judge: JudgeSpec
    state: str = ""
    number: int = 0
    workers: int = 1
    """How many processes serve: each lets pass its part of a quota."""
    beside: bool = True
    routes: tuple[Route, ...] = ()
    correlation: CorrelationOptions = field(default_factory=CorrelationOptions)
    """When alerts belong together."""
    tracing: TracingOptions = field(default_factory=TracingOptions)
    metrics: tuple[str, int] | None = None
    """Host and port on which worker 0 answers ``/metrics``."""
    decoys: dict[str, str] = field(default_factory=dict)

    @property
    def worker(self) -> str:
        return f"w{self.number}"


class Station:
    """Make it in the process that serves, ``start`` it in the loop, give ``hooks`` to a proxy or a middleware, ``stop``
    it. Raises ``ConfigurationError`` where a part cannot be made."""

    def __init__(self, options: StationOptions) -> None:
        policy = options.policy
        self.options = options
        self.alerts: list[Alert] = []
        """The latest."""
        self.started = time.time()
        self.begun = False
        self._tasks: list[asyncio.Task[None]] = []
        self._state = StateDirectory(options.state) if options.state else None
        secret = self._key = self._secret()
        journal = Journal(self._state.path("rulings"), options.worker) if self._state is not None else None
        self.rulings = Rulings(journal, spared=policy.spare)
        self.metrics = Metrics(options.state, options.worker, status=self.status)
        self._control = ControlServer(self._state, options.worker, Orders(self.rulings)) if self._state else None
        self._port: MetricsPort | None = None
        self.rates = Rates()
        self.desk: Desk | None = None
        self.spool: Spool | None = None
        self.sharer: Sharer | None = None
        self.judge: Judge = self._judge()
        self.limits = Limits(policy.limits, workers=options.workers)
        self.tracing = open_tracing(replace(options.tracing, worker=options.worker), self.metrics)
        identify = Identifier(policy.identity, secret)
        self.metrics.counted |= {
            "limits_refused_total": lambda: self.limits.refused,
            "identity_failures_total": lambda: identify.failures,
        }
        models = {model.name: Watched(model.name, reference_of(model)) for model in options.judge.models}
        self.hooks = Guard(
            GuardOptions(
                enforce=policy.mode is Mode.ENFORCE,
                closed=policy.on_error is OnError.CLOSED,
                refuse_unknown=policy.unknown is Unknown.REFUSE,
                keep_bodies=policy.spool.bodies and bool(policy.spool.directory),
                largest=policy.body_bytes,
                worker=f"{options.worker}-{os.getpid():x}-",
                decide=Decider(policy.responses),
                spared=frozenset(policy.spare),
            ),
            wires(
                policy.protocols,
                tuple(Places(**_fields(one)) for one in policy.templates),
                Bounds(values=max(USUAL.values, policy.body_bytes // 4)),
            ),
            models,
            Parts(
                judge=self.judge,
                identify=identify,
                limits=self.limits,
                rulings=self.rulings,
                obeying=Responder(policy.responses, secret, decoy=options.decoys.get("", ""), decoys=options.decoys),
                counters=self.metrics,
                ruled=self._ruled,
                alerted=self._alerted,
                keep=self._keep,
                tracing=self.tracing,
            ),
        )
        self._fallback = next(iter(models), "")

    # -- life --------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Raises ``VioletError`` where the judge does not become ready. Once is enough."""
        if self.begun:
            return
        self.begun = True
        loop = asyncio.get_running_loop()
        policy = self.options.policy
        if self.options.state:
            from violet.runtime.alerts.desk import Desk, DeskOptions

            told = DeskOptions(self.options.correlation, worker=self.options.worker)
            self.desk = Desk(self.options.state, self.options.routes, told, claims=self._claims())
            self.metrics.desk = self.desk.state
            await self.desk.start()
        if policy.spool.directory:
            self.spool = self._make_spool()
        self.judge.begin(loop)
        if isinstance(self.judge, BesideJudge):
            await self.judge.start()
        if policy.sharing.address:
            self.sharer = self._share()
            self._tasks.append(loop.create_task(self.sharer.run()))
        if self._control is not None:
            await self._control.start()
        if self.options.metrics is not None and self.options.number == 0:
            self._port = MetricsPort(*self.options.metrics, self.metrics.expose)
            await self._port.start()
        self._tasks.append(loop.create_task(self._turns()))

    async def stop(self) -> None:
        """Judge what waits, tell what is to be told, and put everything on the disk."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._control is not None:
            await self._control.close()
        if self._port is not None:
            await self._port.close()
        await self.judge.close()
        if self.sharer is not None:
            await self.sharer.close()
        if self.desk is not None:
            await self.desk.stop()
        if self.spool is not None:
            await asyncio.to_thread(self.spool.close)
        if self.tracing is not None:
            await asyncio.to_thread(self.tracing.close)
        await asyncio.to_thread(self.rulings.sync)
        self.rulings.close()
        with contextlib.suppress(OSError):
            self.metrics.save()
            if self._state is not None:
                self._state.remove_status(self.options.worker)

    async def _turns(self) -> None:
        while True:
            await asyncio.sleep(TURN)
            try:
                self.rulings.follow()
                self.rulings.expire()
                await asyncio.to_thread(self.rulings.sync)
                self.metrics.save()
                if self._state is not None:
                    self._state.write_status(self.status())
            except OSError as error:
                _log.warning("the guard's state cannot be written: %s", error)

    def status(self) -> GuardStatus:
        """What this worker tells of itself."""
        return status_of(self)

    # -- what the guard does with what it finds ----------------------------------------------------------------------

    def take(self, alert: Alert) -> None:
        """An alert of the judge."""
        self.hooks.take(alert)

    def _ruled(self, ruling: Ruling) -> None:
        self.rulings.put(ruling)

    def _alerted(self, alert: Alert) -> None:
        self.alerts.append(alert)
        del self.alerts[:-LATEST_ALERTS]
        self.metrics.alert(alert)
        if self.desk is not None:
            self.desk.take(alert)
        _log.warning("%s", _said(alert))

    def _keep(self, ticket: Ticket, answer: Answer, status: int, body: bytes, seconds: float) -> None:
        """Into the spool, where there is one."""
        response = _strongest(ticket)
        if response is not Response.ALLOW:
            self.metrics.response(ticket.model, response.value)
        if self.spool is None or ticket.caller is None or ticket.question is None:
            return
        kept = exchange_of(ticket, answer, status, body, seconds, response)
        self.spool.append(kept, ticket.body, body, always=bool(ticket.rulings))

    # -- parts -------------------------------------------------------------------------------------------------------

    def _secret(self) -> bytes:
        path = self.options.policy.identity.secret
        if path:
            return load_secret(path)
        return self._state.key("callers") if self._state is not None else os.urandom(32)

    def _judge(self) -> Judge:
        # Where random tables have their cells is nobody else's business: whoever knew could aim between them.
        seed = self.options.judge.seed or int.from_bytes(self._key[:4], "big")
        spec = replace(self.options.judge, worker=f"{self.options.worker}-{os.getpid():x}", seed=seed)
        if not self.options.beside:
            return InlineJudge(build(spec, self.take))
        sharing = self.options.policy.sharing
        said = {}
        if sharing.address:
            said = {
                "address": sharing.address,
                "name": sharing.name,
                "every": sharing.every_seconds,
                "secret": self._shared_secret().hex(),
            }
        return BesideJudge(spec, self.take, said)

    def _claims(self) -> Claims | None:
        """Who of several machines tells of an incident, where they share a Redis."""
        address = self.options.policy.sharing.address
        if not address.partition("://")[1] or not self.options.routes:
            return None
        from violet.runtime.alerts.claims import RedisClaims

        return RedisClaims(address, socket.gethostname())

    def _shared_secret(self) -> bytes:
        """What postings on a board are sealed with: only where the fleet was given a secret of its own."""
        path = self.options.policy.identity.secret
        return load_secret(path) if path else b""

    def _share(self) -> Sharer:
        from violet.runtime.sharing.connect import connect
        from violet.runtime.sharing.sharer import NoSketches, Sharer, SharingOptions

        sharing = self.options.policy.sharing
        options = SharingOptions(interval=sharing.every_seconds, secret=self._shared_secret())
        board = connect(sharing.address, f"{sharing.name}/rulings")
        return Sharer(board, NoSketches(), self.rulings, options, say=_log.warning)

    def _make_spool(self) -> Spool:
        from violet.runtime.spool.configured import open_spool

        policy = self.options.policy
        if self._state is not None:
            self._state.remember_spool(policy.spool.directory)
        watched = self.hooks.models.get(self._fallback)
        order = watched.reference.names if watched is not None and watched.reference is not None else ()
        return open_spool(
            policy.spool,
            policy.redaction,
            worker=self.options.worker,
            model=self._fallback,
            order=order,
            key=self._key,
            say=_log.warning,
        )


def station_options(
    policy: GuardPolicy | None = None,
    *,
    model: str = "model",
    profile: str = "",
    calibration: str = "",
    schema: str = "",
    state: str = "",
    beside: bool = True,
) -> StationOptions:
    """For one model, from files. Raises ``UsageError`` and ``ConfigurationError`` for what cannot be used."""
    policy = policy or GuardPolicy()
    spec = ModelSpec(model, profile, schema)
    if calibration:
        spec, _ = calibrated(spec, calibration)
    constraints_of(spec, reference_of(spec))
    judge = JudgeSpec((spec,), policy.clients)
    return StationOptions(policy=policy, judge=judge, state=state, beside=beside)


class Stationed:
    """An ASGI application with its guard: started and stopped with the server."""

    def __init__(self, app: Callable[[Any, Any, Any], Any], station: Station) -> None:
        self.app = app
        self.station = station

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _lifespan(self, scope: Any, receive: Any, send: Any) -> None:
        """The guard is there before the application begins, and after it has ended."""

        async def before() -> Any:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.station.start()
            return message

        async def after(message: Any) -> None:
            if message["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
                await self.station.stop()
            await send(message)

        await self.app(scope, before, after)


def exchange_of(
    ticket: Ticket, answer: Answer, status: int, body: bytes, seconds: float, response: Response
) -> Exchange:
    """What the spool keeps of a request."""
    question, caller = ticket.question, ticket.caller
    assert question is not None
    assert caller is not None
    rows = question.rows
    return Exchange(
        id=ticket.id,
        at=ticket.at,
        client=caller.id,
        model=ticket.model,
        rows=tuple(tuple(row) for row in (rows.tolist() if hasattr(rows, "tolist") else rows)),
        names=question.names,
        texts=question.texts,
        scores=tuple(tuple(map(float, row)) for row in answer.scores),
        labels=tuple(answer.labels),
        answers=answer.texts,
        protocol=ticket.wire.name if ticket.wire is not None else "",
        status=status,
        seconds=seconds,
        request_bytes=ticket.size,
        response_bytes=len(body),
        address=caller.address,
        response=response.value,
        reasons=tuple(ticket.reasons),
    )


_ORDER = {response: place for place, response in enumerate(Response)}


def _strongest(ticket: Ticket) -> Response:
    found = Response.ALLOW
    for ruling in ticket.rulings:
        if _ORDER[ruling.response] > _ORDER[found]:
            found = ruling.response
    return found


def _said(alert: Alert) -> str:
    from violet.runtime.alerts.text import plain

    who = plain(alert.client) or "all traffic"
    return f"{alert.severity} {alert.detector} {who} after {alert.after:,} rows: {plain(alert.evidence.summary)}"


def _fields(one: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(one)
