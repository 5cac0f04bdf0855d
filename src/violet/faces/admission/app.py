"""The webhook as an ASGI application: ``POST /validate``, and ``GET`` of ``/healthz`` and ``/metrics``."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from violet.domain.admission import AdmissionResponse
from violet.services.admission.review import ReviewError, answer, encode, parse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from violet.domain.admission import AdmissionRequest
    from violet.services.admission.judge import Judge

    Message = dict[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

LARGEST_BODY = 8 << 20
"""Bytes of a review: an object may have 1.5 MiB, and an update holds it twice."""
BODY_SECONDS = 20.0


class Application:
    """``judge`` is asked in threads, so one slow model does not hold up the others. ``demand`` denies objects that
    name no model; ``log`` writes a JSON line to standard output for each decision."""

    def __init__(self, judge: Judge, *, demand: bool = False, log: bool = True) -> None:
        self._judge = judge
        self._demand = demand
        self._log = log
        self._counts: Counter[str] = Counter()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        method, path = scope["method"], scope["path"]
        if method == "GET" and path in ("/healthz", "/readyz", "/livez"):
            await _reply(send, 200, b"ok\n", "text/plain")
        elif method == "GET" and path == "/metrics":
            await _reply(send, 200, self._metrics(), "text/plain; version=0.0.4")
        elif path != "/validate":
            await _reply(send, 404, b"violet: POST /validate\n", "text/plain")
        elif method != "POST":
            await _reply(send, 405, b"violet: POST an AdmissionReview\n", "text/plain")
        else:
            await self._validate(receive, send)

    async def _validate(self, receive: Receive, send: Send) -> None:
        started = time.monotonic()
        try:
            body = await asyncio.wait_for(_body(receive), BODY_SECONDS)
        except TimeoutError:
            await _reply(send, 408, b"violet: the review did not come\n", "text/plain")
            return
        if body is None:
            await _reply(send, 413, b"violet: the review is too large\n", "text/plain")
            return
        try:
            request = parse(body)
        except ReviewError as error:
            self._counts["malformed"] += 1
            await _reply(send, 400, f"violet: {error}\n".encode(), "text/plain")
            return
        try:
            response = await asyncio.to_thread(answer, request, self._judge, demand=self._demand)
        except Exception as error:  # whatever breaks here must not let a model through
            message = f"violet: internal error: {type(error).__name__}"
            response = AdmissionResponse(request.uid, False, message, code=500)
        self._counts["allowed" if response.allowed else "denied"] += 1
        if self._log:
            _write_log(request, response, time.monotonic() - started)
        await _reply(send, 200, encode(response), "application/json")

    def _metrics(self) -> bytes:
        lines = [
            "# HELP violet_admission_reviews_total Admission reviews, by what was answered.",
            "# TYPE violet_admission_reviews_total counter",
            *(
                f'violet_admission_reviews_total{{answer="{name}"}} {self._counts[name]}'
                for name in ("allowed", "denied", "malformed")
            ),
        ]
        return ("\n".join(lines) + "\n").encode()


def _write_log(request: AdmissionRequest, response: AdmissionResponse, seconds: float) -> None:
    line = {
        "uid": request.uid,
        "operation": request.operation,
        "kind": request.kind,
        "namespace": request.namespace,
        "name": request.name,
        "user": request.user,
        "allowed": response.allowed,
        "message": response.message,
        "models": dict(response.annotations),
        "seconds": round(seconds, 3),
    }
    print(json.dumps(line), file=sys.stdout, flush=True)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _body(receive: Receive) -> bytes | None:
    """The request's body, ``None`` where it is too large."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _reply(send: Send, status: int, body: bytes, kind: str) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
