"""Fuzz entry: the guard's server answers any bytes or closes the connection, the head that it passes on is one head
however an upstream reads it, and copies of compressed bodies are bounded."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from violet.runtime.proxy.copies import UnreadableCodingError, decoded
from violet.runtime.proxy.headers import BadRequest, Forwarder
from violet.runtime.proxy.http_server import protocol
from violet.runtime.proxy.server_limits import ServerLimits

SERVER = protocol(ServerLimits(header_bytes=4096))
FORWARDER = Forwarder("violet", lambda address: False)


class Transport:
    """What was written, and whether it was closed."""

    def __init__(self) -> None:
        self.written = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    abort = write_eof = close

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str) -> Any:
        return ("10.0.0.7", 1) if name == "peername" else None

    def set_write_buffer_limits(self, high: int) -> None:
        assert high

    def pause_reading(self) -> None:
        return None

    resume_reading = pause_reading


async def _application(scope: Any, receive: Any, send: Any) -> None:
    headers = scope["headers"]
    lengths = [value for name, value in headers if name in (b"content-length", b"transfer-encoding")]
    assert len(lengths) <= 1
    assert sum(name == b"host" for name, _ in headers) <= 1
    target = scope["extensions"]["violet"].target
    assert target.startswith(b"/") or target == b"*"
    try:
        start = b"%s %s HTTP/1.1\r\n" % (scope["method"].encode(), target)
        head = FORWARDER.head(start, headers, scope["extensions"]["violet"].names, b"", "10.0.0.7", "http", b"")
    except BadRequest:
        head = b""
    assert head.count(b"\n") == head.count(b"\r\n") == head.count(b"\r")
    assert head.find(b"\r\n\r\n") in (-1, len(head) - 4)
    while True:
        message = await receive()
        if message["type"] != "http.request" or not message["more_body"]:
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


async def _serve(data: bytes) -> None:
    config = SimpleNamespace(loaded_app=_application, root_path="")
    state = SimpleNamespace(connections=set(), tasks=set(), total_requests=0, default_headers=[])
    loop = asyncio.get_running_loop()
    failures: list[Any] = []
    loop.set_exception_handler(lambda _, context: failures.append(context))
    connection, transport = SERVER(config, state, {}, loop), Transport()
    connection.connection_made(transport)
    for start in range(0, len(data), 700):
        piece = data[start : start + 700]
        connection.get_buffer(-1)[: len(piece)] = piece
        connection.buffer_updated(len(piece))
        await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)
    connection.connection_lost(None)
    state.violet_sweeper.cancel()
    await asyncio.gather(*state.tasks, return_exceptions=True)
    assert b"HTTP/1.1 500" not in transport.written, "an application broke on it"
    assert not failures, failures


def fuzz_one(data: bytes) -> None:
    asyncio.run(_serve(data))
    for coding in ("gzip", "deflate", "br", "zstd"):
        try:
            assert len(decoded(coding, data, 10_000)) <= 10_000
        except UnreadableCodingError:
            continue
