"""What a proxy must pass on as it is, what it must not, and what it adds."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from tests.faces.test_admission import write_certificate
from tests.runtime.proxy.harness import Client, Guard, Model, Received, Serving, answer, to, until
from violet.domain.errors import ConfigurationError
from violet.runtime.proxy import Proxy, ProxyOptions, Upstream

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


async def echo(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
    writer.write(answer(request.raw + request.body, b"200 OK", b"X-Model: a", b"x-model: b"))


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    with Model(echo) as running:
        yield running


@pytest.fixture(scope="module")
def guard(model: Model) -> Iterator[Guard]:
    with Guard(to(model)) as running:
        yield running


def seen(guard: Guard, model: Model, data: bytes) -> Received:
    found = guard.ask(data)
    assert found.status == 200
    return model.received[-1]


def test_target_and_header_names_and_body_are_passed_as_they_are(guard: Guard, model: Model) -> None:
    target = b'/v2//models/%6D%2Fx/../y;a=b/infer?a=%20&&b=?&c="<>'
    data = b"POST %s HTTP/1.1\r\nHost: m.example\r\nX-CamelCase: v\xe9 \r\nContent-Length: 3\r\n\r\n\0\xff\n" % target
    got = seen(guard, model, data)
    assert got.start == b"POST " + target + b" HTTP/1.1"
    assert (b"X-CamelCase", b"v\xe9") in got.headers
    assert got.body == b"\0\xff\n"
    assert got.values("host") == [b"m.example"]
    assert got.values("content-length") == [b"3"]


@pytest.mark.parametrize("target", [b"/?", b"/", b"/a?b", b"/a?", b"/%", b"/%zz", b"/a%00b"])
def test_every_target_arrives(guard: Guard, model: Model, target: bytes) -> None:
    assert seen(guard, model, b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % target).target == target


def test_asterisk_form_arrives(guard: Guard, model: Model) -> None:
    assert seen(guard, model, b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").target == b"*"


def test_headers_of_the_connection_stay_behind_both_ways(guard: Guard, model: Model) -> None:
    data = (
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Mine, keep-alive\r\nX-Mine: 1\r\nKeep-Alive: 3\r\n"
        b"Proxy-Connection: x\r\nProxy-Authorization: secret\r\nTE: gzip\r\n"
        b"Trailer: x\r\nUpgrade: foo\r\nX-Yours: 2\r\n\r\n"
    )
    got = seen(guard, model, data)
    names = {name.lower() for name, _ in got.headers}
    assert not names & {
        b"connection", b"x-mine", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te",
        b"trailer", b"upgrade",
    }  # fmt: skip
    assert got.values("x-yours") == [b"2"]


def test_headers_of_the_upstreams_connection_stay_behind() -> None:
    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        lines = (
            b"Connection: X-Mine, Content-Type",
            b"X-Mine: 1",
            b"Keep-Alive: timeout=5",
            b"Content-Type: a/b",
            b"X-A: 1",
        )
        writer.write(answer(b"ok", b"200 OK", *lines, b"Proxy-Authenticate: x", b"Set-Cookie: a", b"Set-Cookie: b"))

    with Model(handler) as model, Guard(to(model)) as guard:
        found = guard.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        names = {name.lower() for name, _ in found.getheaders()}
        assert not names & {"connection", "x-mine", "keep-alive", "proxy-authenticate"}
        assert found.getheader("content-type") == "a/b"  # nobody takes away what a body is by naming it
        assert found.headers.get_all("set-cookie") == ["a", "b"]
        assert found.getheader("via") == "1.1 violet"


@pytest.mark.parametrize("name", [b"Host", b"content-length", b"Authorization", b"X-Forwarded-For", b"cookie"])
def test_a_connection_header_takes_nothing_from_the_request_after_it_was_judged(guard: Guard, name: bytes) -> None:
    found = guard.ask(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close, " + name + b"\r\nAuthorization: x\r\n\r\n")
    assert found.status == 400


def test_who_asked_is_added_and_not_believed(guard: Guard, model: Model) -> None:
    data = (
        b"GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 1.2.3.4\r\n"
        b"Forwarded: for=1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\n"
        b"X_Forwarded_For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nVia: 1.0 other\r\n\r\n"
    )
    got = seen(guard, model, data)
    assert got.values("x-forwarded-for") == [b"127.0.0.1"]
    assert got.values("x-forwarded-proto") == [b"http"]
    assert got.values("x-forwarded-host") == [b"a.example"]
    assert got.values("via") == [b"1.0 other", b"1.1 violet"]
    assert b"1.2.3.4" not in got.raw


def test_a_trusted_proxy_is_believed(model: Model) -> None:
    with Guard(to(model, trusted=("127.0.0.0/8",))) as guard:
        data = (
            b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6, 1.2.3.4\r\nX-Forwarded-For: 127.0.0.9\r\n"
            b"X-Forwarded-Proto: https\r\nForwarded: for=1.2.3.4\r\nX-Forwarded-Host: h\r\n\r\n"
        )
        got = seen(guard, model, data)
        assert got.values("x-forwarded-for") == [b"6.6.6.6, 1.2.3.4, 127.0.0.9, 127.0.0.1"]
        assert got.values("x-forwarded-proto") == [b"https"]
        assert got.values("x-forwarded-host") == [b"h"]
        assert got.values("forwarded") == [b"for=1.2.3.4, for=127.0.0.1;proto=http"]


def test_chunks_arrive_whatever_their_size(guard: Guard, model: Model) -> None:
    body = b"1;x=y\r\na\r\n10\r\n0123456789abcdef\r\n0\r\nX-Trailer: 1\r\n\r\n"
    got = seen(guard, model, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n" + body)
    assert got.body == b"a0123456789abcdef"
    assert b"X-Trailer" not in got.raw


def test_a_body_in_pieces_streams_with_its_length(guard: Guard, model: Model) -> None:
    before = len(model.received)
    with guard.connect() as client:
        client.say(b"PUT /big HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n")
        client.say(b"x" * 150_000)
        client.say(b"y" * 150_000)
        assert client.read().status == 200
        client.say(b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.read().status == 200
    assert [one.target for one in model.received[before:]] == [b"/big", b"/next"]
    assert model.received[before].body == b"x" * 150_000 + b"y" * 150_000
    assert model.received[before].values("content-length") == [b"300000"]


def test_pipelined_requests_are_answered_in_order(guard: Guard, model: Model) -> None:
    with guard.connect() as client:
        client.say(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(10)))
        for number in range(10):
            assert client.read().content.startswith(b"GET /%d HTTP" % number)


def test_too_many_pipelined_requests_are_refused_after_those_before(guard: Guard) -> None:
    with guard.connect() as client:
        client.say(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(40)))
        data = client.rest()
    assert data.count(b"HTTP/1.1 200") >= 16
    assert data.count(b"HTTP/1.1 400") == 1


def test_head_204_304_have_no_body_and_the_connection_lives_on() -> None:
    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        if request.start.startswith(b"HEAD"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
        elif request.target == b"/204":
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        elif request.target == b"/304":
            writer.write(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 500\r\netag: x\r\n\r\n")
        else:
            writer.write(answer(b"here"))

    with Model(handler) as model, Guard(to(model)) as guard, guard.connect() as client:
        for _ in range(2):
            client.say(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            head = client.read("HEAD")
            assert (head.status, head.getheader("content-length")) == (200, "1000000")
            client.say(b"GET /204 HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.read().status == 204
            client.say(b"GET /304 HTTP/1.1\r\nHost: a\r\n\r\n")
            found = client.read()
            assert (found.status, found.getheader("content-length")) == (304, "500")
            client.say(b"GET /200 HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.read().content == b"here"
        assert model.accepted == 1


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_an_answer_without_a_length_ends_with_the_connection(version: bytes) -> None:
    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        await writer.drain()
        writer.close()

    with Model(handler) as model, Guard(to(model)) as guard:
        found = guard.ask(b"GET / HTTP/%s\r\nHost: a\r\n\r\n" % version)
        assert found.content == b"all of it"


def test_interim_answers_pass_and_count_for_nothing() -> None:
    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n")
        await writer.drain()
        writer.write(answer(b"final"))

    with Model(handler) as model, Guard(to(model)) as guard, guard.connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        data = client.rest()
    assert data.startswith(b"HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert data.endswith(b"\r\n\r\nfinal")


def test_trailers_pass_to_those_who_want_them() -> None:
    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n"
        )

    with Model(handler) as model, Guard(to(model)) as guard:
        for wants, expected in ((b"TE: trailers\r\n", b"0\r\nX-Sum: 7\r\n\r\n"), (b"", b"ok")):
            with guard.connect() as client:
                client.say(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n" % wants)
                assert client.rest().endswith(expected)
        assert model.received[0].values("te") == [b"trailers"]


def test_expectation_is_asked_of_the_upstream() -> None:
    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        if request.target == b"/no":
            writer.write(b"HTTP/1.1 417 Expectation Failed\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            writer.close()
            return
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.body = await model.body(request, reader)
        writer.write(answer(request.body))

    with Model(handler, reads=False) as model, Guard(to(model)) as guard:
        with guard.connect() as client:
            client.say(b"POST /yes HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            assert client.file.readline() == b"HTTP/1.1 100 Continue\r\n"
            assert client.file.readline() == b"\r\n"
            client.say(b"hello")
            assert client.read().content == b"hello"
        with guard.connect() as client:
            client.say(b"POST /no HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            assert client.read().status == 417
            assert client.ended()
        assert guard.ask(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 42\r\nContent-Length: 1\r\n\r\nx").status == 417


def test_expectation_of_a_silent_upstream_is_answered_after_a_while(guard: Guard, model: Model) -> None:
    with guard.connect() as client:
        client.say(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert client.file.readline() == b"HTTP/1.1 100 Continue\r\n"
        client.file.readline()
        client.say(b"2\r\nhi\r\n0\r\n\r\n")
        assert client.read().status == 200
    assert model.received[-1].body == b"hi"


def test_connections_are_used_again(guard: Guard, model: Model) -> None:
    before = model.accepted
    for _ in range(20):
        assert guard.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 200
    assert model.accepted <= before + 1


def test_upgrade_to_another_protocol_is_answered_as_plain_http(guard: Guard, model: Model) -> None:
    """Java's client asks for h2c in its first request, with a body or without."""
    ask = b"Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAA\r\nUpgrade: h2c\r\n"
    before = len(model.received)
    with guard.connect() as client:
        client.say(b"POST /1 HTTP/1.1\r\nHost: a\r\n" + ask + b"Content-Length: 4\r\n\r\nbo")
        client.say(
            b"dyPOST /2 HTTP/1.1\r\nHost: a\r\n" + ask + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
        )
        client.say(b"GET /3 HTTP/1.1\r\nHost: a\r\n" + ask + b"\r\nGET /4 HTTP/1.1\r\nHost: a\r\n\r\n")
        for _ in range(4):
            assert client.read().status == 200
    got = model.received[before:]
    assert [(one.target, one.body) for one in got] == [(b"/1", b"body"), (b"/2", b"hi"), (b"/3", b""), (b"/4", b"")]
    assert not any(one.values("upgrade") or one.values("http2-settings") for one in got)


def test_websocket_is_a_tunnel() -> None:
    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        if request.target == b"/no":
            writer.write(answer(b"no", b"403 Forbidden"))
            return
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nX-A: 1\r\n\r\nfirst"
        )
        while data := await reader.read(65_536):
            writer.write(data.upper())
            await writer.drain()
        writer.close()

    ask = b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n"
    with Model(handler) as model, Guard(to(model)) as guard:
        with guard.connect() as client:
            client.say(ask % b"/yes")
            head = b""
            while not head.endswith(b"first"):
                head += client.socket.recv(1)
            assert b"101 Switching" in head
            assert b"upgrade: websocket" in head
            assert b"X-A: 1" in head
            client.say(b"abc")
            assert client.socket.recv(3) == b"ABC"
            payload = b"x" * 3_000_000
            client.socket.setblocking(True)
            import threading

            threading.Thread(target=client.say, args=(payload,)).start()
            left = len(payload)
            while left:
                left -= len(client.socket.recv(65_536))
        assert model.received[-1].values("sec-websocket-key") == [b"x"]
        until(lambda: model.open == 0, "the tunnel did not end with the client")
        found = guard.ask(ask % b"/no")
        assert (found.status, found.content) == (403, b"no")
        with guard.connect() as client:
            client.say(ask % b"/yes" + b"early")
            assert client.read().status == 400


def test_prefixes_lead_to_other_upstreams(model: Model) -> None:
    with Model() as other:
        options = ProxyOptions((Upstream(model.url), Upstream(other.url + "/base/", prefix="/v2/models/fraud")))
        with Guard(options) as guard:
            guard.ask(b"GET /v2/models/fraud/infer?x HTTP/1.1\r\nHost: a\r\n\r\n")
            assert other.received[-1].target == b"/base/v2/models/fraud/infer?x"
            guard.ask(b"GET /v2/models/fraudulent HTTP/1.1\r\nHost: a\r\n\r\n")
            assert len(other.received) == 1
            assert model.received[-1].target == b"/v2/models/fraudulent"


def test_an_upstream_over_tls_is_verified(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Model(tls=context) as model:
        with Guard(ProxyOptions((Upstream(model.url, authorities=str(certificate)),))) as guard:
            assert guard.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 200
            assert model.received[-1].values("host") == [f"127.0.0.1:{model.port}".encode()]
        with Guard(ProxyOptions((Upstream(model.url),))) as guard:
            found = guard.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert found.status == 502
            assert b"upstream-unreachable" in found.content


def test_an_upstream_on_a_unix_socket(tmp_path: Path, model: Model) -> None:
    path = str(tmp_path / "model.sock")

    async def listen() -> Any:
        return await asyncio.start_unix_server(model._serve, path)

    server = model.call(listen())
    with Guard(ProxyOptions((Upstream(f"unix://{path}"),))) as guard:
        assert guard.ask(b"GET /here HTTP/1.1\r\nHost: a\r\n\r\n").status == 200
        assert model.received[-1].target == b"/here"
    model.loop.call_soon_threadsafe(server.close)


@pytest.mark.parametrize(
    ("upstreams", "words"),
    [
        ((Upstream, {"url": "model:8080"}), "is no URL of a server"),
        ((Upstream, {"url": "http://a:b"}), "is no URL"),
        ((Upstream, {"url": "http://user@a"}), "more than a host"),
        ((Upstream, {"url": "http://a", "certificate": "x"}), "without a key"),
        ((Upstream, {"url": "http://a", "prefix": "x"}), "is no path"),
        ((ProxyOptions, {"upstreams": ()}), "No upstream"),
        ((ProxyOptions, {"upstreams": (Upstream("http://a"), Upstream("http://b"))}), "Two upstreams"),
        (
            (ProxyOptions, {"upstreams": (Upstream("http://a"),), "decoys": (Upstream("http://b"),)}),
            "Decoys need a name",
        ),
        ((ProxyOptions, {"upstreams": (Upstream("http://a"),), "trusted": ("x",)}), "no address or network"),
    ],
)
def test_options_that_cannot_be_are_refused(upstreams: tuple[Any, dict[str, Any]], words: str) -> None:
    kind, values = upstreams
    with pytest.raises(ConfigurationError, match=words):
        kind(**values)


def test_it_runs_under_any_asgi_server(model: Model) -> None:
    """uvicorn's own protocol tells less, and what a proxy passes on is the same but for the case of names."""
    config = uvicorn.Config(Proxy(to(model)), port=0, http="httptools", log_config=None, proxy_headers=False)
    with Serving(config) as serving, Client(serving.port) as client:
        for data, body in (
            (b"GET /a%20b?c=%20 HTTP/1.1\r\nHost: a\r\n\r\n", b""),
            (b"POST /a%20b?c=%20 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
            (b"POST /a%20b?c=%20 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", b"hi"),
        ):
            client.say(data)
            assert client.read().status == 200
            assert model.received[-1].target == b"/a%20b?c=%20"
            assert model.received[-1].body == body
