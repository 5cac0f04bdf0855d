"""The guard of one process: every request is told apart, weighed, passed on or not, and remembered.

What costs microseconds happens before a request is passed on: who calls, what was ruled, how much is left of a quota,
whether the body is what the protocol and the profile say. Detectors that look at rows run just after the answers have
gone out, some dozens of rows at a time, and affect the next request of the same caller.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from violet.domain.alert import Alert, Response, Ruling
from violet.runtime.batching import Observed
from violet.runtime.hooks import Request, Ticket, refusal, retry_after
from violet.runtime.wire.base import Ambiguous, Answer, Unreadable
from violet.runtime.wire.known import WireTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.reference import Reference
    from violet.domain.traffic import Caller
    from violet.runtime.judging.inline import Judge
    from violet.runtime.tracing import Tracing
    from violet.runtime.wire.base import Question, Wire

    Array = NDArray[Any]

BODY = 8 << 20
"""Bytes of a request to a model, and of an answer that is looked at."""


class Limits(Protocol):
    """Quotas, asked once a request. Seconds until the caller may try again; 0: it may go on."""

    def admit(self, client: str, model: str, rows: int, size: int) -> float: ...

    def done(self, client: str, model: str, tokens: int = 0) -> None:
        """One that was admitted has ended."""
        ...


class Table(Protocol):
    """Rulings in force."""

    def every(self, client: str, model: str, now: float) -> tuple[Ruling, ...]:
        """In force for this client and model, the strongest first."""
        ...


class Obeying(Protocol):
    """What rulings do to requests and answers."""

    def obey(self, ticket: Ticket, ruling: Ruling) -> None:
        """Before the request is passed on: set ``reply``, ``delay``, ``decoy`` or ``hold``."""
        ...

    def rewrite(
        self, ticket: Ticket, headers: Mapping[str, str], body: bytes
    ) -> tuple[bytes, Mapping[str, str]] | None:
        """An answer that was held. Raises ``Unreadable``."""
        ...


class Counters(Protocol):
    """What metrics are made of; plain additions."""

    def request(self, model: str, status: int, seconds: float, rows: int) -> None: ...

    def event(self, name: str, amount: int = 1) -> None: ...


@dataclass(slots=True, eq=False)
class Watched:
    """One model, and what its rows have to fit."""

    name: str
    reference: Reference | None = None
    unfit: int = 0
    last_unfit: str = ""


@dataclass(frozen=True, slots=True)
class GuardOptions:
    """``enforce`` False: rulings are made and shown, and nothing is done. ``closed``: what cannot be judged is refused
    (a body that is not what its protocol says, rows that do not fit the profile). ``refuse_unknown``: so are requests
    that are no predictions. ``keep_bodies``: the spool wants bodies as they came. ``decide`` gives what to do about an
    alert, and for how long."""

    decide: Callable[[Alert], tuple[Response, float]]
    enforce: bool = False
    closed: bool = False
    refuse_unknown: bool = False
    keep_bodies: bool = False
    largest: int = BODY
    worker: str = ""
    spared: frozenset[str] = frozenset()
    """Clients against whom nothing is ruled."""


class Guard:
    """Implements ``Hooks``. Everything in it runs in one event loop. ``take`` is where the judge's alerts go."""

    def __init__(
        self,
        options: GuardOptions,
        wires: Sequence[Wire],
        models: Mapping[str, Watched],
        parts: Parts,
    ) -> None:
        self.options = options
        self.models = dict(models)
        self.fallback = next(iter(self.models.values())) if len(self.models) == 1 else None
        self._wire_of = WireTable(wires).of
        self._parts = parts
        self._numbers = itertools.count(1)
        self._now = time.time

    # -- Hooks -------------------------------------------------------------------------------------------------------

    def opened(self, request: Request) -> Ticket | None:
        wire = self._wire_of(request.method, request.path)
        if wire is None:
            if not self.options.refuse_unknown:
                return None
            ticket = Ticket(request, self._now())
            ticket.reply = refusal(404, "unknown", "This guard passes on predictions only.")
            self._parts.counters.event("refused_unknown")
            return ticket
        now = self._now()
        caller = self._parts.identify(request)
        ticket = Ticket(request, now, caller=caller, wire=wire)
        tracing = self._parts.tracing
        if tracing is not None:
            trace = tracing.begin(request)
            if trace is not None:
                ticket.trace = trace
                ticket.headers = trace.headers()
        ticket.id = f"{self.options.worker}{next(self._numbers):x}"
        ticket.body_limit = ticket.answer_limit = self.options.largest
        for ruling in self._parts.rulings.every(caller.id, "", now):
            self._rule(ticket, ruling)
        return ticket

    def asked(self, ticket: Ticket, body: bytes) -> None:
        wire, caller, request = ticket.wire, ticket.caller, ticket.request
        ticket.size = len(body)
        if wire is None or caller is None:
            return
        try:
            question = wire.question(request.path, request.headers, body)
        except Unreadable as error:
            self._unfit(ticket, None, str(error), always=isinstance(error, Ambiguous))
            self._charge(ticket, 1, len(body))
            return
        ticket.question = question
        watched = self._watched(question)
        count = question.count
        if watched is None:
            ticket.model = question.model
        else:
            ticket.model = watched.name
            if watched.reference is not None and len(question.rows):
                try:
                    ticket.raw = fitted(watched.reference, question)
                except ValueError as error:
                    self._unfit(ticket, watched, str(error))
            elif count:
                ticket.raw = np.empty((count, 0))
        if ticket.reply is not None:
            return
        if not self._charge(ticket, count, len(body)):
            return
        for ruling in self._parts.rulings.every(caller.id, ticket.model, ticket.at):
            if ruling not in ticket.rulings:
                self._rule(ticket, ruling)
        if self.options.keep_bodies:
            ticket.body = body

    def answered(
        self, ticket: Ticket, status: int, headers: Mapping[str, str], body: bytes
    ) -> tuple[bytes, Mapping[str, str]] | None:
        if status != 200:
            return None
        try:
            return self._parts.obeying.rewrite(ticket, headers, body)
        except Unreadable as error:
            ticket.reasons.append(f"the answer could not be changed: {error}")
            self._parts.counters.event("unreadable_answers")
            if self.options.closed:
                withheld = refusal(status, ticket.id, "The answer is withheld.")
                return withheld.body, dict(withheld.headers)
            return None

    def done(
        self, ticket: Ticket, status: int, headers: Mapping[str, str], body: bytes, complete: bool, seconds: float
    ) -> None:
        question, wire = ticket.question, ticket.wire
        rows = question.count if question is not None else 0
        self._parts.counters.request(ticket.model, status, seconds, rows)
        events = self._parts.counters.event
        if ticket.reply is not None:
            events("refused")
        elif not status:
            events("upstream_errors")
        if ticket.delay:
            events("delayed")
        answer = _NO_ANSWER
        if question is not None and wire is not None and status == 200 and complete and body:
            try:
                answer = wire.answer(question, headers, body)
            except Unreadable:
                events("unreadable_answers")
        if ticket.trace is not None:
            told = status if ticket.reply is None else ticket.reply.status
            ticket.trace.finish(ticket, told, seconds, answer.tokens)
        if ticket.admitted and ticket.caller is not None:
            self._parts.limits.done(ticket.caller.id, ticket.model, answer.tokens)
        if question is None:
            return
        if ticket.reply is None:
            self._judge(ticket, question, answer, status, seconds)
        self._parts.keep(ticket, answer, status, body, seconds)

    # -- judging -----------------------------------------------------------------------------------------------------

    def _judge(self, ticket: Ticket, question: Question, answer: Answer, status: int, seconds: float) -> None:
        if ticket.raw is None or ticket.caller is None:
            return
        scores = None
        if len(answer.scores) == len(ticket.raw):
            found = np.asarray(answer.scores, np.float32)
            scores = found if found.ndim == 2 else None
        self._parts.judge.take(
            ticket.model,
            Observed(
                id=ticket.id,
                at=ticket.at,
                client=ticket.caller.id,
                raw=ticket.raw,
                scores=scores,
                labels=answer.labels,
                seconds=seconds,
                size=ticket.size,
                status=status,
                texts=question.texts,
                answers=answer.texts,
            ),
        )

    def take(self, alert: Alert) -> None:
        """An alert of a pipeline: rule on its client, and pass it on with what is done about it."""
        response, seconds = self.options.decide(alert)
        accused = tuple(name for name in (alert.client, *alert.evidence.others) if name)
        if not accused or alert.client in self.options.spared:
            response = Response.ALLOW
        told = replace(alert, response=response, enforced=self.options.enforce and response is not Response.ALLOW)
        if response is not Response.ALLOW:
            now = self._now()
            for client in accused:
                if client not in self.options.spared:
                    self._parts.ruled(
                        Ruling(client, response, now + seconds, alert.id, alert.detector, now, alert.model)
                    )
        self._parts.alerted(told)

    # -- parts -------------------------------------------------------------------------------------------------------

    def _rule(self, ticket: Ticket, ruling: Ruling) -> None:
        ticket.rulings = (*ticket.rulings, ruling)
        ticket.reasons.append(ruling.reason)
        if self.options.enforce:
            self._parts.obeying.obey(ticket, ruling)

    def _charge(self, ticket: Ticket, rows: int, size: int) -> bool:
        """Whether the caller's quota allows it, or nobody enforces it."""
        if ticket.caller is None or ticket.reply is not None:
            return False
        wait = self._parts.limits.admit(ticket.caller.id, ticket.model, rows, size)
        if wait <= 0:
            ticket.admitted = True
            return True
        self._parts.counters.event("over_quota")
        ticket.reasons.append("quota")
        if self.options.enforce:
            ticket.reply = refusal(429, "quota", "Too many requests.", retry_after(wait))
            return False
        return True

    def _unfit(self, ticket: Ticket, watched: Watched | None, why: str, *, always: bool = False) -> None:
        """The body is not what it should be. ``always``: no honest client sends such a one."""
        self._parts.counters.event("unreadable_requests")
        ticket.reasons.append(why)
        if watched is not None:
            watched.unfit += 1
            watched.last_unfit = why
        if self.options.enforce and (self.options.closed or always) and ticket.reply is None:
            ticket.reply = refusal(400, ticket.id, why)

    def _watched(self, question: Question) -> Watched | None:
        return self.models.get(question.model, self.fallback)


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What a guard is made of besides detectors."""

    judge: Judge
    identify: Callable[[Request], Caller]
    limits: Limits
    rulings: Table
    obeying: Obeying
    counters: Counters
    ruled: Callable[[Ruling], None]
    alerted: Callable[[Alert], None]
    keep: Callable[[Ticket, Answer, int, bytes, float], None]
    tracing: Tracing | None = None


_NO_ANSWER = Answer()


def fitted(reference: Reference, question: Question) -> Array:
    """The question's rows as the profile's columns, float64 ``(n, p)``. Columns that come by name are put in the
    profile's order. Raises ``ValueError`` where they do not fit."""
    rows = question.rows
    order = None
    if question.names and question.names != reference.names:
        order = order_of(question.names, reference.names)
    if isinstance(rows, np.ndarray):
        if rows.ndim != 2 or rows.shape[1] != reference.columns:
            raise ValueError(f"rows of shape {rows.shape}, where the profile has {reference.columns} columns")
        raw = rows.astype(np.float64, copy=False)
        return raw[:, order] if order is not None else raw
    if order is not None:
        rows = [[row[place] for place in order] for row in rows if len(row) == len(order)]
    return reference.raw(rows)


def order_of(sent: tuple[str, ...], known: tuple[str, ...]) -> list[int] | None:
    """Where each known column stands in what was sent; ``None`` where the names are others."""
    places = {name: place for place, name in enumerate(sent)}
    if len(places) != len(known) or any(name not in places for name in known):
        return None
    return [places[name] for name in known]
