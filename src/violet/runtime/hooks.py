"""Where the judgement of requests meets their transport: the proxy and the middleware call these, and know no more."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.domain.alert import Ruling
    from violet.domain.traffic import Caller
    from violet.runtime.tracing import Trace
    from violet.runtime.wire.base import Question, Wire


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request. ``path`` as it stands on the wire, percent-encoded, without the query; header names
    lower-case, values of repeated headers joined by ``", "``; ``peer`` is the address that connected; ``certificate``
    the subject of the client's certificate where TLS asked for one (empty: none), as RFC 4514 writes it, or ``URI:...``
    or ``DNS:...`` where the subject is empty; ``client`` the address for which a trusted proxy speaks
    (X-Forwarded-For), equal to ``peer`` where there is none."""

    method: str
    path: str
    query: bytes
    headers: Mapping[str, str]
    peer: str
    certificate: str = ""
    client: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the guard's own."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)


def refusal(status: int, reason: str, what: str, *headers: tuple[str, str], **more: str) -> Reply:
    """In the form that the Open Inference Protocol has for errors, with a reason for programs, or the id that an
    operator finds it by; ``more`` is said beside them."""
    body = json.dumps({"error": what, "reason": reason, **more}).encode()
    return Reply(status, body, (("content-type", "application/json"), *headers))


def retry_after(seconds: float) -> tuple[str, str]:
    """The header that says so, in whole seconds."""
    return "retry-after", str(max(1, math.ceil(seconds - 0.001)))


@dataclass(slots=True)
class Ticket:
    """What is known of one request on its way. The transport obeys ``reply`` (send this, ask nobody), ``delay``
    (seconds to wait before the model is asked), ``decoy`` (ask that upstream instead), ``body_limit`` (the most bytes
    to collect of the request before ``asked`` is called; more is refused with 413), ``answer_limit`` (keep a copy of
    the answer up to so many bytes for ``done``; 0: none) and ``hold`` (collect the whole answer, up to
    ``answer_limit``, and send what ``answered`` makes of it), and ``headers`` (to ask the model with, instead of those
    of the same name)."""

    request: Request
    at: float
    caller: Caller | None = None
    wire: Wire | None = None
    question: Question | None = None
    model: str = ""
    id: str = ""
    """What evidence, the spool and a refused caller know this exchange by."""
    raw: NDArray[Any] | None = None
    """The rows as float64 ``(n, p)``, where they fit the model's profile."""
    size: int = 0
    """Bytes of the request's body."""
    body: bytes = b""
    """The request's body, where it is to be kept."""
    reply: Reply | None = None
    delay: float = 0.0
    decoy: str = ""
    body_limit: int = 0
    answer_limit: int = 0
    hold: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    trace: Trace | None = None
    """The span of a request that is traced."""
    admitted: bool = False
    """The caller's quota was charged for it."""
    rulings: tuple[Ruling, ...] = ()
    reasons: list[str] = field(default_factory=list)


class Hooks(Protocol):
    """In this order, for each request: ``opened``, then ``asked`` where ``opened`` gave a ticket with a ``body_limit``,
    then ``answered`` where ``hold`` is set, then ``done``, always, for every ticket. None of them may raise, block, or
    take more than some dozens of microseconds."""

    def opened(self, request: Request) -> Ticket | None:
        """By the head alone. ``None``: not a matter of the guard's, pass everything through untouched."""
        ...

    def asked(self, ticket: Ticket, body: bytes) -> None:
        """With the whole body."""
        ...

    def answered(
        self, ticket: Ticket, status: int, headers: Mapping[str, str], body: bytes
    ) -> tuple[bytes, Mapping[str, str]] | None:
        """What to send instead: a body and headers that replace those of the same name (``None``: send it as it is)."""
        ...

    def done(
        self, ticket: Ticket, status: int, headers: Mapping[str, str], body: bytes, complete: bool, seconds: float
    ) -> None:
        """After the answer has gone out. ``body`` is the copy, ``complete`` says whether it is all of it; ``status`` 0
        where nothing came back; ``seconds`` from asking the model to its last byte."""
        ...
