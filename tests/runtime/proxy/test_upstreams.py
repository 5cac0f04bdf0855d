"""Model servers that are down, slow, break off, or say what nobody asked for; clients that go away or do not read."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any

import pytest

from tests.runtime.proxy.harness import Guard, Model, Received, answer, ok, to, until
from violet.runtime.proxy import Limits, ServerLimits, Timeouts, Upstream
from violet.runtime.proxy.options import ProxyOptions
from violet.runtime.proxy.upstream import Pool

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def reason(found: Any) -> tuple[int, str]:
    return found.status, json.loads(found.content)["reason"]


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def reset(writer: Writer) -> None:
    """Close with RST."""
    one = writer.get_extra_info("socket")
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def test_an_upstream_that_is_down() -> None:
    with Guard(ProxyOptions((Upstream(f"http://127.0.0.1:{closed_port()}"),))) as guard, guard.connect() as client:
        for _ in range(3):
            client.say(GET)
            assert reason(client.read()) == (502, "upstream-unreachable")
        until(lambda: guard.proxy.running == 0)


def test_an_upstream_that_does_not_accept() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(full.getsockname())
            fillers.append(one)
        options = ProxyOptions((Upstream(f"http://127.0.0.1:{full.getsockname()[1]}"),), timeouts=Timeouts(connect=0.3))
        with Guard(options) as guard:
            assert reason(guard.ask(GET)) == (504, "upstream-timeout")
        for one in fillers:
            one.close()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"", (502, "upstream-closed")),
        (b"HTTP/1.1 200 OK\r\nX-", (502, "upstream-reset")),
        (b"garbage\r\n\r\n", (502, "upstream-protocol")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", (502, "upstream-protocol")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nhello", (502, "upstream-protocol")),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", (502, "upstream-protocol")),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            (502, "upstream-protocol"),
        ),
        (b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", (502, "upstream-protocol")),
        (b"HTTP/1.1 101 Switch\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", (502, "upstream-protocol")),
        (b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 1000 + b"\r\n", (502, "upstream-protocol")),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000, (502, "upstream-protocol")),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000, (502, "upstream-protocol")),
    ],
    ids=[
        "nothing", "half-head", "garbage", "two-lengths", "odd-length", "odd-coding", "length-and-coding",
        "folded", "switch", "many-headers", "large-head", "endless-interim",
    ],
)  # fmt: skip
def test_answers_that_are_none(said: bytes, expected: tuple[int, str]) -> None:
    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        writer.write(said)
        writer.close()

    with Model(handler) as model, Guard(to(model)) as guard:
        assert reason(guard.ask(GET)) == expected
        until(lambda: guard.proxy.running == 0)
        model.handler = ok
        assert guard.ask(GET).status == 200


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
    ],
    ids=["length", "chunked", "malformed"],
)
@pytest.mark.parametrize("how", ["close", "reset"])
def test_half_an_answer_is_not_taken_for_a_whole(said: bytes, how: str) -> None:
    passed = asyncio.Event()

    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        writer.write(said)
        await writer.drain()
        await passed.wait()
        if how == "reset":
            reset(writer)
        else:
            writer.close()

    with Model(handler) as model, Guard(to(model)) as guard, guard.connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        if b"zz" not in said:
            assert client.socket.recv(15).startswith(b"HTTP/1.1 200 OK")
        model.loop.call_soon_threadsafe(passed.set)
        data = client.rest()
        assert not data.endswith(b"0\r\n\r\n")
        until(lambda: guard.proxy.running == 0)


def test_a_resting_connection_that_died_is_replaced_once() -> None:
    """The model's server closes connections after one answer without saying so, as one that restarts does."""

    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        if request.target == b"/die":
            reset(writer)
            return
        writer.write(answer())

    with Model(handler) as model, Guard(to(model)) as guard:
        assert guard.ask(GET).status == 200
        # an idempotent request is sent again, on a new connection, and no more than once
        assert reason(guard.ask(b"GET /die HTTP/1.1\r\nHost: a\r\n\r\n")) == (502, "upstream-closed")
        assert [one.target for one in model.received] == [b"/", b"/die", b"/die"]
        assert guard.proxy.counts["replayed"] == 1
        # on a new connection it is not
        assert reason(guard.ask(b"GET /die HTTP/1.1\r\nHost: a\r\n\r\n")) == (502, "upstream-closed")
        assert len(model.received) == 4
        # an unwatched POST is not, whatever the connection
        assert guard.ask(GET).status == 200
        found = guard.ask(b"POST /die HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
        assert reason(found) == (502, "upstream-closed")
        assert [one.target for one in model.received].count(b"/die") == 4


def test_connections_that_rest_are_closed_before_the_upstream_does() -> None:
    with Model() as model, Guard(to(model, timeouts=Timeouts(rest=0.2))) as guard:
        assert guard.ask(GET).status == 200
        assert model.open == 1
        until(lambda: model.open == 0)
        assert guard.ask(GET).status == 200
        assert model.accepted == 2


@pytest.mark.parametrize("extra", [b"x", answer(b"poison")])
def test_what_follows_an_answer_is_nobodys(extra: bytes) -> None:
    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        writer.write(answer(request.target) + extra)

    with Model(handler) as model, Guard(to(model)) as guard:
        for target in (b"/1", b"/2", b"/3"):
            found = guard.ask(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % target)
            assert found.content == target
        assert model.accepted == 3


def test_a_late_answer_is_nobodys() -> None:
    late = asyncio.Event()

    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        writer.write(answer(request.target))
        if request.target == b"/1":
            await writer.drain()
            await late.wait()
            writer.write(answer(b"poison"))

    with Model(handler) as model, Guard(to(model, timeouts=Timeouts(rest=60.0))) as guard:
        assert guard.ask(b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n").content == b"/1"
        assert model.open == 1
        model.loop.call_soon_threadsafe(late.set)
        until(lambda: model.open == 0)
        assert guard.ask(b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n").content == b"/2"


@pytest.mark.parametrize(
    ("said", "times"),
    [
        (b"", Timeouts(first_byte=0.3)),
        (b"HTTP/1.1 100 Continue\r\n\r\n", Timeouts(first_byte=0.3)),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx", Timeouts(idle=0.3)),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx", Timeouts(total=0.3)),
    ],
    ids=["first-byte", "interim", "idle", "total"],
)
def test_an_upstream_that_stops(said: bytes, times: Timeouts) -> None:
    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        writer.write(said)
        await writer.drain()
        await reader.read()

    with Model(handler) as model, Guard(to(model, timeouts=times)) as guard, guard.connect() as client:
        client.say(GET)
        data = client.file.read(12)
        if b"200" in said:
            assert data == b"HTTP/1.1 200"
            client.ended()
        else:
            assert data == b"HTTP/1.1 504"
        until(lambda: model.open == 0 and guard.proxy.running == 0)


def test_a_client_that_goes_away_ends_the_question() -> None:
    with Model(stuck) as model, Guard(to(model)) as guard:
        for data in (GET, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"):
            with guard.connect() as client:
                client.say(data)
                until(lambda: len(model.received) > 0)
                assert model.open == 1
            until(lambda: model.open == 0 and guard.proxy.running == 0)
            model.received.clear()


async def stuck(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
    await reader.read()
    writer.close()


def test_a_client_that_goes_away_in_the_middle_of_its_body() -> None:
    with Model() as model, Guard(to(model)) as guard:
        with guard.connect() as client:
            client.say(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            until(lambda: model.open == 1)
        until(lambda: model.open == 0 and guard.proxy.running == 0)
        assert model.cut == 1
        assert not model.received


def test_an_answer_before_the_body_has_been_sent() -> None:
    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        writer.write(answer(b"no", b"403 Forbidden"))
        await reader.read()
        writer.close()

    with Model(handler, reads=False) as model, Guard(to(model)) as guard, guard.connect() as client:
        client.say(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 70_000)
        found = client.read()
        assert (found.status, found.content) == (403, b"no")
        assert client.ended()
        until(lambda: model.open == 0)


def test_events_come_one_by_one() -> None:
    go = asyncio.Semaphore(0)

    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        await writer.drain()
        for number in range(3):
            await go.acquire()
            event = b"data: %d\n\n" % number
            writer.write(b"%x\r\n%s\r\n" % (len(event), event))
            await writer.drain()
        await go.acquire()
        writer.write(b"0\r\n\r\n")

    with Model(handler) as model, Guard(to(model)) as guard, guard.connect() as client:
        client.say(GET)
        found = client.head()  # before the first event
        assert found.getheader("content-type") == "text/event-stream"
        for number in range(3):
            model.loop.call_soon_threadsafe(go.release)
            assert found.read1(100) == b"data: %d\n\n" % number
        model.loop.call_soon_threadsafe(go.release)
        assert found.read() == b""
        client.say(GET)
        assert client.head().status == 200


def test_a_client_that_does_not_read_holds_the_upstream_back() -> None:
    sent = 0
    total = 1000 * 65_536

    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % total)
        for _ in range(1000):
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    with Model(handler) as model, Guard(to(model)) as guard, guard.connect(receive_buffer=4096) as client:
        client.say(GET)
        client.socket.recv(1)
        settled = -1
        for _ in range(400):  # until nothing has moved for a while
            if sent == settled:
                break
            settled = sent
            guard_turns(guard, 20)
        assert 0 < sent < total / 2, "it was all taken, though nobody read it"
        client.socket.settimeout(20)
        left = total
        while left > 0:
            left -= len(client.socket.recv(1 << 20))
        assert sent == total


def guard_turns(guard: Guard, count: int) -> None:
    """Let the guard's loop go round, each time some milliseconds later."""

    async def turn() -> None:
        for _ in range(count):
            await asyncio.sleep(0.002)

    asyncio.run_coroutine_threadsafe(turn(), guard.loop).result(20)


@pytest.mark.parametrize("side", ["client", "upstream"])
def test_a_tunnel_holds_back_whoever_is_faster(side: str) -> None:
    sent = 0
    total = 1000 * 65_536
    go = asyncio.Event()

    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 101 Switch\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")
        if side == "upstream":
            await writer.drain()
            await go.wait()
            while await reader.read(1 << 20):
                pass
            return
        for _ in range(1000):
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    with Model(handler) as model, Guard(to(model)) as guard, guard.connect(receive_buffer=4096) as client:
        client.say(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        client.socket.recv(1)
        if side == "client":
            settled = -1
            while sent != settled:
                settled = sent
                guard_turns(guard, 20)
            assert 0 < sent < total / 2, "it was all taken, though nobody read it"
            return
        client.socket.settimeout(0.5)
        try:
            while sent < total:
                sent += client.socket.send(b"x" * 65_536)
        except TimeoutError:
            pass
        assert sent < total / 2, "it was all taken, though nobody read it"
        model.loop.call_soon_threadsafe(go.set)


def test_an_upstream_that_does_not_read_holds_the_client_back() -> None:
    go = asyncio.Event()

    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        await go.wait()
        request.body = await model.body(request, reader)
        writer.write(answer())

    total = 64 << 20
    with Model(handler, reads=False) as model, Guard(to(model)) as guard, guard.connect() as client:
        client.say(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % total)
        client.socket.settimeout(0.5)
        sent = 0
        try:
            while sent < total:
                sent += client.socket.send(b"x" * min(1 << 20, total - sent))
        except TimeoutError:
            pass
        assert sent < total / 2, "it was all taken, though nobody read it"
        model.loop.call_soon_threadsafe(go.set)
        client.socket.settimeout(20)
        while sent < total:
            sent += client.socket.send(b"x" * min(1 << 20, total - sent))
        assert client.read().status == 200
        assert len(model.received[-1].body) == total


def test_a_client_that_never_reads_loses_its_connection() -> None:
    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        writer.write(answer(b"x" * (30 << 20)))

    limits = ServerLimits(write_seconds=0.4)
    with Model(handler) as model, Guard(to(model), limits=limits) as guard, guard.connect(4096) as client:
        client.say(GET)
        until(lambda: model.accepted == 1)
        until(lambda: guard.connections == 0 and model.open == 0 and guard.proxy.running == 0)


def test_connections_to_an_upstream_have_a_number_and_requests_wait_for_them() -> None:
    go = asyncio.Event()

    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        await go.wait()
        writer.write(answer())

    with Model(handler) as model, Guard(to(model, limits=Limits(connections=2, waiting=3))) as guard:
        clients = [guard.connect() for _ in range(5)]
        for client in clients:
            client.say(GET)
        until(lambda: guard.proxy.running == 5 and len(model.received) == 2)
        assert reason(guard.ask(GET)) == (503, "upstream-busy")
        clients.pop().close()  # one that waits goes away
        until(lambda: guard.proxy.running == 4)
        model.loop.call_soon_threadsafe(go.set)
        for client in clients:
            assert client.read().status == 200
            client.close()
        assert model.accepted == 2


def test_waiting_for_a_connection_ends() -> None:
    options = {"limits": Limits(connections=1), "timeouts": Timeouts(connect=0.3)}
    with Model(stuck) as model, Guard(to(model, **options)) as guard, guard.connect() as client:
        client.say(GET)
        until(lambda: len(model.received) == 1)
        assert reason(guard.ask(GET)) == (503, "upstream-busy")
        client.close()
        until(lambda: model.open == 0)
        model.handler = ok
        assert guard.ask(GET).status == 200


def test_requests_at_once_have_a_number() -> None:
    with Model(stuck) as model, Guard(to(model, limits=Limits(requests=2))) as guard:
        clients = [guard.connect() for _ in range(2)]
        for client in clients:
            client.say(GET)
        until(lambda: guard.proxy.running == 2)
        found = guard.ask(GET)
        assert reason(found) == (503, "busy")
        assert found.getheader("retry-after") == "1"
        for client in clients:
            client.close()
        until(lambda: guard.proxy.running == 0)
        model.handler = ok
        assert guard.ask(GET).status == 200


@pytest.mark.parametrize("how", ["closed", "free"])
def test_whoever_leaves_the_queue_passes_on_what_it_was_given(how: str) -> None:
    async def main(url: str) -> None:
        pool = Pool(Upstream(url), Timeouts(), Limits(connections=1), None)
        held = await pool.get()
        first, second = (asyncio.create_task(pool.get()) for _ in range(2))
        await asyncio.sleep(0)
        if how == "closed":
            held.close()
        else:
            pool.rest(held)
        first.cancel()  # it has been given a place, or a connection, and has not run since
        found = await asyncio.wait_for(second, 10)
        assert (found is held) == (how == "free")
        pool.close()

    with Model() as model:
        asyncio.run(main(model.url))
