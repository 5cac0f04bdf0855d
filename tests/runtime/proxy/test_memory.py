"""Nothing piles up: not over requests, nor for clients that do not read."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.proxy.harness import Client, Model, Received, answer

SERVE = """
import sys
from tests.runtime.proxy.tickets import Tickets
from violet.faces.gateway.server import GatewayOptions, serve
from violet.runtime.hooks import Ticket
from violet.runtime.proxy import Proxy, ProxyOptions, Upstream

class Hooks:
    def opened(self, request):
        if request.path == "/unwatched":
            return None
        return Ticket(request, 0.0, body_limit=1 << 21, answer_limit=1 << 21, hold=request.path == "/held")
    def asked(self, ticket, body): pass
    def answered(self, ticket, status, headers, body): return body, {}
    def done(self, *values): pass

make = lambda number: Proxy(ProxyOptions((Upstream(sys.argv[1]),)), Hooks())
serve(make, GatewayOptions(port=0), lambda address: print(address.rpartition(":")[2], flush=True))
"""
BIG = b"x" * 700_000


async def handler(model: Model, request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(BIG if request.target != b"/small" else b"ok"))
    model.received.clear()


@pytest.fixture
def guard() -> Iterator[tuple[int, int]]:
    """The port, and the process."""
    with Model(handler) as model:
        process = subprocess.Popen([sys.executable, "-c", SERVE, model.url], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        yield int(process.stdout.readline()), process.pid
        process.terminate()
        process.communicate(timeout=20)


def resident(pid: int) -> int:
    """Bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def test_memory_is_flat_over_thousands_of_requests(guard: tuple[int, int]) -> None:
    port, pid = guard

    def go(turns: int) -> None:
        client = Client(port)
        for turn in range(turns):
            path = (b"/small", b"/unwatched", b"/watched", b"/held")[turn % 4]
            body = b"" if turn % 3 else BIG
            client.say(b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (path, len(body), body))
            assert client.read().status == 200
            if turn % 50 == 49:  # every now and then somebody leaves in the middle
                client.say(b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\nhalf" % path)
                client.close()
                client = Client(port)
            for number in range(5):
                client.say(b"GET /small HTTP/1.1\r\nHost: a%d\r\n\r\n" % number)
                assert client.read().status == 200
        client.close()

    def together(turns: int) -> None:
        threads = [threading.Thread(target=go, args=(turns,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    together(40)
    before = resident(pid)
    together(160)  # 3,840 requests, about 700 MB of bodies
    assert resident(pid) - before < 16 << 20


def test_clients_that_do_not_read_cost_little_each(guard: tuple[int, int]) -> None:
    port, pid = guard
    with Client(port) as client:
        client.say(b"GET /unwatched HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.read().status == 200
    before = resident(pid)
    clients = [Client(port, receive_buffer=4096) for _ in range(60)]
    for client in clients:
        client.say(b"GET /unwatched HTTP/1.1\r\nHost: a\r\n\r\n" * 16)
        client.socket.recv(1)
    settled = 0
    seen = -1
    while settled < 3:  # until it has taken what it takes
        now = resident(pid)
        settled = settled + 1 if abs(now - seen) < 1 << 16 else 0
        seen = now
        with Client(port) as other:
            other.say(b"GET /small HTTP/1.1\r\nHost: a\r\n\r\n")
            assert other.read().status == 200
    assert resident(pid) - before < 60 * (1 << 20)  # 11 MB were asked for by each
    for client in clients:
        client.close()
