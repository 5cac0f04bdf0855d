"""Hooks that do what a test says, and remember what they were told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from violet.runtime.hooks import Request, Ticket


@dataclass
class Done:
    ticket: Ticket
    status: int
    headers: dict[str, str]
    body: bytes
    complete: bool
    seconds: float


@dataclass
class Tickets:
    """A hook that is not given does nothing. ``ticket`` holds the fields of every ticket (``None``: nothing is
    watched)."""

    ticket: dict[str, Any] | None = field(default_factory=dict)
    on_opened: Callable[[Request, Ticket], Any] | None = None
    on_asked: Callable[[Ticket, bytes], Any] | None = None
    on_answered: Callable[[Ticket, int, Mapping[str, str], bytes], Any] | None = None
    on_done: Callable[[], Any] | None = None
    requests: list[Request] = field(default_factory=list)
    asked_bodies: list[bytes] = field(default_factory=list)
    finished: list[Done] = field(default_factory=list)
    order: list[str] = field(default_factory=list)

    def opened(self, request: Request) -> Ticket | None:
        self.order.append("opened")
        self.requests.append(request)
        if self.ticket is None:
            return None
        ticket = Ticket(request, 0.0, **self.ticket)
        if self.on_opened is not None:
            self.on_opened(request, ticket)
        return ticket

    def asked(self, ticket: Ticket, body: bytes) -> None:
        self.order.append("asked")
        self.asked_bodies.append(body)
        if self.on_asked is not None:
            self.on_asked(ticket, body)

    def answered(
        self, ticket: Ticket, status: int, headers: Mapping[str, str], body: bytes
    ) -> tuple[bytes, Mapping[str, str]] | None:
        self.order.append("answered")
        if self.on_answered is None:
            return None
        found: tuple[bytes, Mapping[str, str]] | None = self.on_answered(ticket, status, headers, body)
        return found

    def done(
        self, ticket: Ticket, status: int, headers: Mapping[str, str], body: bytes, complete: bool, seconds: float
    ) -> None:
        self.order.append("done")
        if self.on_done is not None:
            self.on_done()
        self.finished.append(Done(ticket, status, dict(headers), body, complete, seconds))


def fail(*_: Any) -> None:
    raise ZeroDivisionError("a hook that breaks")
