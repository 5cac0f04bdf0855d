"""Answers that the transport gives itself."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

from violet.runtime.hooks import Reply, refusal
from violet.runtime.proxy.http_cycle import BrokenAnswer


class Refused(Exception):
    """Answer the client so, and ask nobody."""

    def __init__(self, status: int, reason: str, message: str, *headers: tuple[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.headers = headers


class BrokenOff(BrokenAnswer):
    """The answer ended in the middle; the server closes the connection, so that nobody takes it for a whole one."""


async def reply(send: Any, answer: Reply) -> None:
    """Send an answer of the guard's own."""
    body = answer.body
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    headers = [pair for pair in headers if pair[0].lower() not in (b"content-length", b"transfer-encoding")]
    headers.append((b"content-length", b"%d" % len(body)))
    headers.append((b"date", formatdate(usegmt=True).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Any, refused: Refused) -> None:
    """Tell the client so."""
    await reply(send, refusal(refused.status, refused.reason, str(refused), *refused.headers))


def too_large(limit: int) -> Refused:
    return Refused(413, "body-too-large", f"A body of more than {limit} bytes is not taken here.")


def busy() -> Refused:
    return Refused(503, "busy", "Too much is being done at once.", ("retry-after", "1"))


def guard_broken() -> Refused:
    return Refused(503, "guard-broken", "The guard cannot judge requests at present.")


def answer_too_large() -> Refused:
    return Refused(502, "answer-too-large", "The answer is too large for the guard to look at.")
