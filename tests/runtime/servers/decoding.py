"""Hooks that read all that passes with the wires, and change answers as they are told."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from violet.domain.alert import Response, Ruling
from violet.domain.guarding import ResponsePolicy
from violet.runtime.hooks import Request, Ticket
from violet.runtime.responses import Responder
from violet.runtime.wire.base import Answer, Question
from violet.runtime.wire.known import wire_of

JSON = "application/json"


class Decoding:
    """``seen`` are question and answer of each prediction, ``errors`` what could not be read. ``response`` is what is
    done to everybody."""

    def __init__(self) -> None:
        self.response = Response.ALLOW
        self.seen: list[tuple[str, Question, Answer]] = []
        self.errors: list[Exception] = []
        self._responder = Responder(ResponsePolicy(), b"0" * 32)

    def opened(self, request: Request) -> Ticket | None:
        wire = wire_of(request.method, request.path)
        if wire is None:
            return None
        ticket = Ticket(request, 0.0, wire=wire, body_limit=1 << 20, answer_limit=1 << 20)
        ruling = Ruling("all", self.response, 1e9, "why", "test", 0.0)
        ticket.rulings = (ruling,)
        self._responder.obey(ticket, ruling)
        return ticket

    def asked(self, ticket: Ticket, body: bytes) -> None:
        assert ticket.wire is not None
        try:
            ticket.question = ticket.wire.question(ticket.request.path, ticket.request.headers, body)
        except Exception as error:
            self.errors.append(error)

    def answered(
        self, ticket: Ticket, status: int, headers: Mapping[str, str], body: bytes
    ) -> tuple[bytes, Mapping[str, str]] | None:
        return self._responder.rewrite(ticket, headers, body) if status == 200 else None

    def done(
        self, ticket: Ticket, status: int, headers: Mapping[str, str], body: bytes, complete: bool, seconds: float
    ) -> None:
        if ticket.wire is None or ticket.question is None or status != 200 or not complete:
            return
        try:
            self.seen.append((ticket.wire.name, ticket.question, ticket.wire.answer(ticket.question, headers, body)))
        except Exception as error:
            self.errors.append(error)


def post(url: str, body: bytes, kind: str = JSON, **headers: str) -> tuple[int, bytes, Any]:
    """Status, body and headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, {"content-type": kind, **named}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def js(value: Any) -> bytes:
    return json.dumps(value).encode()
