# ruff: noqa: E501
"""Malformed and hostile HTTP: refused, the connection closed, and never two requests where one was sent."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fuzz.fuzz_http import Transport
from tests.runtime.proxy.harness import Guard, Model, Received, answer, to, until
from violet.runtime.proxy import Limits, ProxyOptions, ServerLimits, Upstream, protocol

CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
NEXT = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
REFUSED = {
    "content-length-and-chunked": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked-and-content-length": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two-lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "two-equal-lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    "list-of-lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx",
    "length-plus": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx",
    "length-negative": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nx",
    "length-hex": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\nx",
    "length-split": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 1\r\n\r\nx",
    "length-empty": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\nx",
    "length-overflow": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551617\r\n\r\nx",
    "length-underscore": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\nx",
    "coding-identity": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\nx",
    "coding-gzip-chunked": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "coding-chunked-gzip": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "coding-twice": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding-identity-chunked": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding-x": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "coding-quoted": b'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "coding-vertical-tab": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "coding-before-colon": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "coding-in-1.0": b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding-folded": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "folded": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
    "bare-lf": b"GET / HTTP/1.1\nHost: a\n\n",
    "bare-lf-in-head": b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
    "bare-lf-at-end": b"GET / HTTP/1.1\r\nHost: a\r\n\n",
    "bare-cr": b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
    "nul-in-value": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
    "nul-in-name": b"GET / HTTP/1.1\r\nHost: a\r\nX\0: a\r\n\r\n",
    "control-in-value": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n\r\n",
    "empty-name": b"GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n",
    "space-before-first": b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    "no-colon": b"GET / HTTP/1.1\r\nHost a\r\n\r\n",
    "absolute-form": b"GET http://other/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "authority-form": b"CONNECT other:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    "asterisk-of-get": b"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
    "no-slash": b"GET x HTTP/1.1\r\nHost: a\r\n\r\n",
    "fragment": b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
    "high-byte-in-path": b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    "control-in-path": b"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
    "nul-in-path": b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
    "space-in-path": b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
    "http-0.9": b"GET /\r\n\r\n",
    "http-2.0": b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    "http-1.2": b"GET / HTTP/1.2\r\nHost: a\r\n\r\n",
    "http-lower": b"GET / http/1.1\r\nHost: a\r\n\r\n",
    "http-2-preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "unknown-method": b"FOO / HTTP/1.1\r\nHost: a\r\n\r\n",
    "lower-method": b"get / HTTP/1.1\r\nHost: a\r\n\r\n",
    "icecast": b"SOURCE / ICE/1.0\r\nHost: a\r\n\r\n",
    "no-host": b"GET / HTTP/1.1\r\n\r\n",
    "two-hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "odd-host": b"GET / HTTP/1.1\r\nHost: a/b@c\r\n\r\n",
    "empty-host": b"GET / HTTP/1.1\r\nHost: \r\n\r\n",
    "two-authorizations": b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n",
    "two-content-types": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 1\r\n\r\nx",
    "chunk-word": CHUNKED + b"zz\r\n\r\n",
    "chunk-0x": CHUNKED + b"0x1\r\na\r\n0\r\n\r\n",
    "chunk-negative": CHUNKED + b"-1\r\na\r\n0\r\n\r\n",
    "chunk-overflow": CHUNKED + b"10000000000000001\r\na\r\n0\r\n\r\n",
    "chunk-bare-lf": CHUNKED + b"1\na\r\n0\r\n\r\n",
    "chunk-lf-after-data": CHUNKED + b"1\r\na\n0\r\n\r\n",
    "chunk-too-long": CHUNKED + b"1\r\nab\r\n0\r\n\r\n",
    "chunk-extension-lf": CHUNKED + b"1;a\nb\r\na\r\n0\r\n\r\n",
    "chunk-no-size": CHUNKED + b"\r\na\r\n0\r\n\r\n",
    "last-chunk-lf": CHUNKED + b"0\n\n",
    "trailer-of-length": CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n",
    "upgrade-with-two-lengths": b"POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}  # fmt: skip


async def count(model: Model, request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(b"model"))


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    with Model(count) as running:
        yield running


@pytest.fixture(scope="module")
def guard(model: Model) -> Iterator[Guard]:
    limits = ServerLimits(head_seconds=5.0, body_seconds=5.0)
    with Guard(to(model), limits=limits) as running:
        yield running


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_is_malformed_is_refused_and_ends_the_connection(guard: Guard, model: Model, name: str) -> None:
    before = [one.target for one in model.received]
    with guard.connect() as client:
        client.say(REFUSED[name] + NEXT)
        data = client.rest()
    status = int(data[9:12])
    assert status in (400, 417, 501, 505), data
    assert b"connection: close" in data
    assert data.count(b'"reason"') == 1
    assert [one.target for one in model.received] == before, "it reached the model"


def test_data_after_the_last_request_is_not_looked_at(guard: Guard, model: Model) -> None:
    before = len(model.received)
    with guard.connect() as client:
        client.say(b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + NEXT)
        data = client.rest()
    assert b"model" in data
    assert [one.target for one in model.received[before:]] == [b"/last"]


def test_a_header_in_a_trailer_is_no_header(guard: Guard, model: Model) -> None:
    with guard.connect() as client:
        client.say(CHUNKED + b"1\r\na\r\n0\r\nAuthorization: admin\r\nX-Forwarded-For: 1.1.1.1\r\nHost: b\r\n\r\n")
        assert client.read().status == 200
    assert b"admin" not in model.received[-1].raw
    assert model.received[-1].values("host") == [b"a"]


@pytest.mark.parametrize(
    "data",
    [
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X" * 70_000 + b": a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 300 + b"\r\n",
        b"\r\n" * 40_000,
        CHUNKED + b"0\r\n" + b"X: a\r\n" * 10_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 500_000,
    ],
    ids=["target", "value", "name", "count", "empty-lines", "trailers", "endless"],
)
def test_heads_have_a_size(guard: Guard, model: Model, data: bytes) -> None:
    before = len(model.received)
    with guard.connect() as client:
        client.say(data)
        assert client.rest().startswith(b"HTTP/1.1 431 ")
    assert len(model.received) == before


def test_bodies_have_a_size(model: Model) -> None:
    with Guard(ProxyOptions((Upstream(model.url),), limits=Limits(body=1000))) as guard:
        before = len(model.received)
        assert guard.ask(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n").status == 413
        with guard.connect() as client:
            client.say(CHUNKED + b"3e9\r\n" + b"x" * 1001 + b"\r\n")
            assert client.read().status == 413
            assert client.ended()
        assert len(model.received) == before
        assert guard.ask(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000).status == 200


@pytest.mark.parametrize(
    ("first", "status"),
    [
        (b"", b""),
        (b"GET / HT", b"HTTP/1.1 408"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx", b"HTTP/1.1 408"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTT", b"HTTP/1.1 200"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200"),
    ],
    ids=["nothing", "head", "body", "second-head", "resting"],
)
def test_slow_clients_lose_their_connection(model: Model, first: bytes, status: bytes) -> None:
    limits = ServerLimits(head_seconds=0.3, body_seconds=0.3, keep_alive=0.3)
    with Guard(to(model), limits=limits) as guard, guard.connect() as client:
        client.say(first)
        assert client.rest().startswith(status)
        until(lambda: guard.connections == 0)


def test_a_drip_of_bytes_does_not_keep_a_connection(model: Model) -> None:
    limits = ServerLimits(head_seconds=0.5, body_seconds=0.5, body_rate=1000)
    with Guard(to(model), limits=limits) as guard:
        for first in (
            b"GET / HTTP/1.1\r\nHost: a\r\nX: ",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n",
        ):
            with guard.connect() as client:
                client.say(first)
                client.socket.settimeout(0.02)
                data = b""
                ended = False
                while not ended:
                    try:
                        client.say(b"x")
                        piece = client.socket.recv(1000)
                        data += piece
                        ended = not piece
                    except TimeoutError:
                        continue
                    except OSError:
                        ended = True
                assert data.startswith(b"HTTP/1.1 408") or not data


def test_connections_have_a_number(model: Model) -> None:
    with Guard(to(model), limits=ServerLimits(connections=5)) as guard:
        clients = [guard.connect() for _ in range(5)]
        until(lambda: guard.connections == 5)
        with guard.connect() as one_more:
            assert one_more.rest() == b""
        for client in clients:
            client.say(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.read().status == 200
            client.close()


def test_connections_of_an_address_have_a_number(model: Model) -> None:
    with Guard(to(model), limits=ServerLimits(per_address=3)) as guard:
        clients = [guard.connect() for _ in range(3)]
        until(lambda: guard.connections == 3)
        with guard.connect() as one_more:
            assert one_more.rest() == b""
        for client in clients:
            client.close()
        until(lambda: guard.connections == 0)
        assert guard.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 200


TOKENS = st.sampled_from(
    [
        b"GET ", b"POST ", b"/", b"*", b"http://x/", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t",
        b"Host: a\r\n", b"Host: b\r\n", b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"Content-Length:5\r\n",
        b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding:\tchunked\r\n", b"transfer-encoding: identity\r\n",
        b"Connection: close\r\n", b"Connection: upgrade\r\n", b"Upgrade: websocket\r\n", b"Upgrade: h2c\r\n", b"Connection: host\r\n",
        b"Expect: 100-continue\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n", b"5;x\r\nhello\r\n", b"hello", b"FFFFFFFFFFFFFFFF\r\n", b": x\r\n",
        b"X: \xff\r\n", b"GET /inner HTTP/1.1\r\nHost: a\r\n\r\n", b"TE: trailers\r\n", b"X: " + b"y" * 9000 + b"\r\n",
    ]
)  # fmt: skip
WHOLE = st.builds(
    lambda method, target, version, headers, end, body: method + target + version + b"".join(headers) + end + body,
    st.sampled_from([b"GET ", b"POST ", b"HEAD ", b"PUT "]),
    st.sampled_from([b"/", b"/a?b", b"*", b"/\xff"]),
    st.sampled_from([b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b" HTTP/1.1\n"]),
    st.lists(TOKENS, max_size=6),
    st.sampled_from([b"\r\n", b"\r\n", b"\n", b""]),
    st.lists(TOKENS, max_size=4).map(b"".join),
)
HEAD = re.compile(rb"(?:GET|POST|HEAD|PUT) ")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.lists(TOKENS, max_size=12).map(b"".join),
        WHOLE,
        st.lists(WHOLE, max_size=3).map(b"".join),
    ),
    cuts=st.lists(st.integers(0, 400), max_size=3),
)
@example(data=REFUSED["content-length-and-chunked"] + NEXT, cuts=[80])
@example(data=CHUNKED + b"0\r\n\r\n" + NEXT, cuts=[])
def test_nothing_kills_it_and_nothing_is_doubled(guard: Guard, model: Model, data: bytes, cuts: list[int]) -> None:
    """However the bytes are, and however they are cut: what reaches the model was a request in them each, and the next
    good client is answered."""
    before = len(model.received)
    with guard.connect() as client:
        try:
            last = 0
            for cut in sorted(cuts):
                client.say(data[last:cut])
                last = max(last, cut)
            client.say(data[last:])
            client.socket.shutdown(1)
        except OSError:
            pass
        answers = client.rest()
    assert guard.ask(b"GET /good HTTP/1.1\r\nHost: good\r\n\r\n").content == b"model"
    got = [one for one in model.received[before:] if one.target != b"/good"]
    assert len(got) <= len(HEAD.findall(data))
    assert answers.count(b"HTTP/1.1 200") <= len(HEAD.findall(data))
    for one in got:
        assert one.start in data.replace(b" HTTP/1.0", b" HTTP/1.1") or one.start.replace(b"  ", b" ") in data
        assert len(one.values("content-length")) + len(one.values("transfer-encoding")) <= 1
        assert len(one.values("host")) <= 1
    assert not model.garbage, "half a request reached the model"


def test_clients_that_leave_at_once_leave_nothing_behind() -> None:
    """A request, and the end of its connection before the loop has gone round: its task is cancelled before it has
    begun."""

    async def application(*_: Any) -> None:
        raise AssertionError("nobody is there")

    async def main() -> None:
        state = SimpleNamespace(connections=set(), tasks=set(), total_requests=0)
        loop = asyncio.get_running_loop()
        config = SimpleNamespace(loaded_app=application, root_path="")
        connection = protocol(ServerLimits())(config, state, {}, loop)
        connection.connection_made(Transport())
        data = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        connection.get_buffer(-1)[: len(data)] = data
        connection.buffer_updated(len(data))
        assert len(state.tasks) == 1
        connection.connection_lost(None)
        await asyncio.sleep(0)
        assert not state.tasks
        assert not state.connections
        state.violet_sweeper.cancel()

    asyncio.run(main())
