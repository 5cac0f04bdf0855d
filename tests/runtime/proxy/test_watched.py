"""Tickets: what the transport does for the guard, and what it does when the guard breaks."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.proxy.harness import Guard, Model, Received, answer, ok, to, until
from tests.runtime.proxy.test_upstreams import reset, stuck
from tests.runtime.proxy.tickets import Tickets, fail
from violet.runtime.hooks import Reply
from violet.runtime.proxy import Limits, ProxyOptions, Upstream
from violet.runtime.proxy.copies import TooLargeError, UnreadableCodingError, decoded

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
WATCH = {"body_limit": 1 << 20, "answer_limit": 1 << 20}
REFUSAL = Reply(403, b'{"error":"refused"}', (("content-type", "application/json"), ("x-reason", "r1")))


def post(body: bytes = b"hello", *lines: bytes, path: bytes = b"/infer?a") -> bytes:
    head = b"".join(line + b"\r\n" for line in lines)
    return b"POST %s HTTP/1.1\r\nHost: a\r\n%sContent-Length: %d\r\n\r\n%s" % (path, head, len(body), body)


async def echo(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
    writer.write(answer(request.body, b"200 OK", b"Content-Type: text/plain", b"ETag: x"))


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    with Model(echo) as running:
        yield running


def finished(hooks: Tickets, count: int = 1) -> Any:
    until(lambda: len(hooks.finished) == count)
    return hooks.finished[-1]


def test_hooks_are_called_in_order_with_what_went_by(model: Model) -> None:
    hooks = Tickets(WATCH)
    with Guard(to(model), hooks) as guard:
        found = guard.ask(post(b"hello", b"X-A: 1", b"x-a: 2", b"Authorization: \xe9"))
        assert found.content == b"hello"
        done = finished(hooks)
    request = hooks.requests[0]
    assert (request.method, request.path, request.query) == ("POST", "/infer", b"a")
    assert (request.peer, request.client, request.certificate) == ("127.0.0.1", "127.0.0.1", "")
    assert request.headers["x-a"] == "1, 2"
    assert request.headers.get("authorization") == "é"
    assert "X-A" not in request.headers
    assert set(request.headers) == {"host", "x-a", "authorization", "content-length"}
    assert hooks.asked_bodies == [b"hello"]
    assert hooks.order == ["opened", "asked", "done"]
    assert (done.status, done.body, done.complete) == (200, b"hello", True)
    assert done.headers["content-type"] == "text/plain"
    assert done.seconds > 0
    assert guard.proxy.held == 0


def test_nothing_is_asked_where_there_is_no_ticket(model: Model) -> None:
    hooks = Tickets(None)
    with Guard(to(model), hooks) as guard:
        assert guard.ask(post()).status == 200
    assert hooks.order == ["opened"]


def test_a_ticket_without_limits_streams(model: Model) -> None:
    hooks = Tickets({})
    with Guard(to(model), hooks) as guard, guard.connect() as client:
        client.say(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n")
        client.say(b"x" * 300_000)
        assert len(client.read().content) == 300_000
        done = finished(hooks)
    assert hooks.order == ["opened", "done"]
    assert (done.status, done.body, done.complete) == (200, b"", False)


def test_a_body_in_pieces_is_collected(model: Model) -> None:
    hooks = Tickets(WATCH)
    body = bytes(range(256)) * 1000
    with Guard(to(model), hooks) as guard, guard.connect() as client:
        client.say(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(body), 50_000):
            piece = body[start : start + 50_000]
            client.say(b"%x\r\n%s\r\n" % (len(piece), piece))
        client.say(b"0\r\n\r\n")
        assert client.read().content == body
        assert finished(hooks).body == body
    assert hooks.asked_bodies == [body]
    assert model.received[-1].values("content-length") == [b"%d" % len(body)]
    assert guard.proxy.held == 0


@pytest.mark.parametrize("when", ["opened", "asked"])
def test_a_reply_is_sent_and_nobody_is_asked(model: Model, when: str) -> None:
    before = len(model.received)
    hooks = Tickets(WATCH)

    def refuse(*values: Any) -> None:
        (values[1] if when == "opened" else values[0]).reply = REFUSAL

    setattr(hooks, f"on_{when}", refuse)
    with Guard(to(model), hooks) as guard, guard.connect() as client:
        for count in (1, 2):
            client.say(post())
            found = client.read()
            assert (found.status, found.content) == (403, REFUSAL.body)
            assert found.getheader("x-reason") == "r1"
            assert found.getheader("date")
            assert finished(hooks, count).status == 0
        client.say(post().replace(b"POST", b"HEAD", 1))
        assert client.read("HEAD").status == 403
    assert len(model.received) == before


def test_a_body_beyond_the_limit_is_refused(model: Model) -> None:
    before = len(model.received)
    hooks = Tickets({"body_limit": 10})
    with Guard(to(model), hooks) as guard:
        assert guard.ask(post(b"x" * 10)).status == 200
        found = guard.ask(post(b"x" * 11))
        assert (found.status, json.loads(found.content)["reason"]) == (413, "body-too-large")
        with guard.connect() as client:
            client.say(
                b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nxxxxxx\r\n6\r\nxxxxxx\r\n"
            )
            assert client.read().status == 413
            assert client.ended()
        until(lambda: len(hooks.finished) == 3)
    assert [done.status for done in hooks.finished] == [200, 0, 0]
    assert len(model.received) == before + 1
    assert guard.proxy.held == 0


def test_a_delay_is_waited_out_before_the_model_is_asked(model: Model) -> None:
    hooks = Tickets({**WATCH, "delay": 0.3})
    with Guard(to(model, limits=Limits(delayed=1)), hooks) as guard, guard.connect() as client:
        before = len(model.received)
        client.say(post())
        until(lambda: guard.proxy.delayed == 1)
        assert len(model.received) == before
        assert guard.ask(post()).status == 503  # as many as may be are waiting
        assert client.read().status == 200
        assert guard.proxy.delayed == 0
        client.say(post())
        until(lambda: guard.proxy.delayed == 1)
        client.close()
        until(lambda: guard.proxy.delayed == 0 and guard.proxy.running == 0)
        assert len(model.received) == before + 1


def test_a_delay_has_an_end(model: Model) -> None:
    hooks = Tickets({"delay": 1e9})
    with Guard(to(model, limits=Limits(delay=0.05)), hooks) as guard:
        assert guard.ask(post()).status == 200


def test_a_decoy_is_asked_instead(model: Model) -> None:
    with Model() as decoy:
        before = len(model.received)
        options = ProxyOptions((Upstream(model.url),), decoys=(Upstream(decoy.url, name="honey"),))
        hooks = Tickets({**WATCH, "decoy": "honey"})
        with Guard(options, hooks) as guard:
            assert guard.ask(post()).content == b"ok"
            assert finished(hooks).body == b"ok"
        assert len(decoy.received) == 1
        assert len(model.received) == before


@pytest.mark.parametrize(("fail_open", "status"), [(True, 200), (False, 503)])
def test_a_decoy_that_is_not_known(model: Model, fail_open: bool, status: int) -> None:
    with Guard(to(model, fail_open=fail_open), Tickets({"decoy": "nobody"})) as guard:
        assert guard.ask(post()).status == status
        assert guard.proxy.counts["unknown-decoy"] == 1


def test_models_lead_to_their_upstreams(model: Model) -> None:
    with Model() as other:
        options = ProxyOptions((Upstream(model.url), Upstream(other.url, model="fraud")))
        hooks = Tickets(WATCH, on_asked=lambda ticket, body: setattr(ticket, "model", body.decode()))
        with Guard(options, hooks) as guard:
            assert guard.ask(post(b"fraud")).content == b"ok"
            assert guard.ask(post(b"credit")).content == b"credit"


def test_a_held_answer_is_sent_as_the_guard_wants(model: Model) -> None:
    hooks = Tickets({**WATCH, "hold": True})
    told = []

    def rewrite(ticket: Any, status: int, headers: Any, body: bytes) -> Any:
        told.append((status, headers["content-type"], body))
        return b"other words", {"X-Guard": "rounded", "Content-Type": "text/html", "Content-Length": "999"}

    hooks.on_answered = rewrite
    with Guard(to(model), hooks) as guard, guard.connect() as client:
        for _ in range(2):
            client.say(post(b"hello", b"Accept-Encoding: br"))
            found = client.read()
            assert found.content == b"other words"
            assert found.headers.get_all("content-length") == ["11"]
            assert found.headers.get_all("content-type") == ["text/html"]
            assert found.getheader("x-guard") == "rounded"
            assert found.getheader("etag") is None
        done = finished(hooks, 2)
    assert told[0] == (200, "text/plain", b"hello")
    assert (done.body, done.complete) == (b"hello", True)  # what the model said, not what was sent
    assert hooks.order[:4] == ["opened", "asked", "answered", "done"]
    assert model.received[-1].values("accept-encoding") == [b"identity"]


def test_a_held_answer_that_is_left_alone_is_untouched(model: Model) -> None:
    with Guard(to(model), Tickets({**WATCH, "hold": True})) as guard:
        found = guard.ask(post())
        assert (found.content, found.getheader("etag")) == (b"hello", "x")


def test_a_held_stream_comes_at_once() -> None:
    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(3):
            writer.write(b"9\r\ndata: a\n\n\r\n")
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    hooks = Tickets({**WATCH, "hold": True}, on_answered=lambda *values: (values[3].upper(), {}))
    with Model(handler) as streaming, Guard(to(streaming), hooks) as guard:
        assert guard.ask(post()).content == b"DATA: A\n\n" * 3


@pytest.mark.parametrize(("fail_open", "status"), [(True, 200), (False, 502)])
def test_a_held_answer_that_is_too_large(model: Model, fail_open: bool, status: int) -> None:
    hooks = Tickets({"body_limit": 1 << 20, "answer_limit": 10, "hold": True}, on_answered=fail)
    with Guard(to(model, fail_open=fail_open), hooks) as guard:
        found = guard.ask(post(b"x" * 300_000))
        assert found.status == status
        if fail_open:
            assert found.content == b"x" * 300_000
        assert guard.proxy.counts["answer-not-held"] == 1
        assert not finished(hooks).complete
        assert guard.ask(post(b"x")).status == (200 if fail_open else 503)


def test_a_copy_beyond_its_limit_is_not_whole(model: Model) -> None:
    hooks = Tickets({"answer_limit": 10})
    with Guard(to(model), hooks) as guard:
        assert guard.ask(post(b"x" * 11)).content == b"x" * 11
        done = finished(hooks)
        assert (done.body, done.complete) == (b"", False)
        guard.ask(post(b"x" * 10))
        assert finished(hooks, 2).complete


def test_copies_have_room_or_are_not_made(model: Model) -> None:
    hooks = Tickets(WATCH)
    with Guard(to(model, limits=Limits(memory=1000)), hooks) as guard:
        assert guard.ask(post(b"x" * 400)).status == 200
        assert finished(hooks).complete
        assert guard.ask(post(b"x" * 700)).content == b"x" * 700
        assert not finished(hooks, 2).complete
        found = guard.ask(post(b"x" * 1001))
        assert (found.status, json.loads(found.content)["reason"]) == (503, "busy")
        until(lambda: guard.proxy.held == 0)


@pytest.mark.parametrize("hook", ["opened", "asked", "answered", "done"])
@pytest.mark.parametrize("fail_open", [True, False])
def test_hooks_that_break(model: Model, hook: str, fail_open: bool) -> None:
    hooks = Tickets({**WATCH, "hold": True}, **{f"on_{hook}": fail})
    with Guard(to(model, fail_open=fail_open), hooks) as guard, guard.connect() as client:
        for count in (1, 2):
            client.say(post())
            found = client.read()
            if fail_open or hook == "done":
                assert found.content == b"hello"
            else:
                assert (found.status, json.loads(found.content)["reason"]) == (503, "guard-broken")
            until(lambda count=count: guard.proxy.failures[hook] == count)  # type: ignore[misc]
        until(lambda: guard.proxy.running == guard.proxy.held == 0)


def test_what_a_broken_hook_has_half_said_is_not_done(model: Model) -> None:
    def half(ticket: Any, body: bytes) -> None:
        ticket.delay = 1e6
        ticket.reply = REFUSAL
        raise ValueError

    with Guard(to(model), Tickets(WATCH, on_asked=half)) as guard:
        assert guard.ask(post()).status == 200


def test_done_is_told_of_what_broke() -> None:
    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        if request.target == b"/half":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
            await writer.drain()
        reset(writer)

    hooks = Tickets(WATCH)
    with Model(handler) as breaking, Guard(to(breaking), hooks) as guard:
        assert guard.ask(post(path=b"/none")).status == 502
        assert (finished(hooks).status, finished(hooks).complete) == (0, False)
        with guard.connect() as client:
            client.say(post(path=b"/half"))
            client.rest()
        done = finished(hooks, 2)
        assert (done.status, done.complete) == (200, False)


def test_done_is_told_when_the_client_goes_away() -> None:
    hooks = Tickets(WATCH)
    with Model(stuck) as slow, Guard(to(slow), hooks) as guard:
        with guard.connect() as client:
            client.say(post())
            until(lambda: len(slow.received) == 1)
        assert finished(hooks).status == 0
        with guard.connect() as client:
            client.say(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
            until(lambda: guard.proxy.held == 4)
        finished(hooks, 2)
        until(lambda: guard.proxy.held == 0 and guard.proxy.running == 0)


def test_a_watched_post_is_sent_again_where_a_resting_connection_died() -> None:
    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        if len(model.received) == 2:
            reset(writer)
        else:
            writer.write(answer(request.body))

    hooks = Tickets(WATCH)
    with Model(handler) as dying, Guard(to(dying), hooks) as guard:
        assert guard.ask(post(b"1")).content == b"1"
        assert guard.ask(post(b"2")).content == b"2"
        assert [one.body for one in dying.received] == [b"1", b"2", b"2"]
        assert len(hooks.finished) == 2 or finished(hooks, 2)


CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "identity": bytes,
    "gzip, br": lambda data: brotli.compress(gzip.compress(data)),
}


def bare(data: bytes) -> bytes:
    one = zlib.compressobj(wbits=-15)
    return one.compress(data) + one.flush()


@pytest.mark.parametrize("coding", list(CODINGS))
def test_compressed_bodies_pass_untouched_and_are_read(coding: str) -> None:
    plain = b'{"inputs": [1, 2, 3]}' * 20
    packed = CODINGS[coding](plain)

    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        writer.write(answer(request.body, b"200 OK", b"Content-Encoding: " + coding.encode()))

    hooks = Tickets(WATCH)
    with Model(handler) as packing, Guard(to(packing), hooks) as guard:
        found = guard.ask(post(packed, b"Content-Encoding: " + coding.encode()))
        assert found.content == packed
        assert found.getheader("content-encoding") == coding
        done = finished(hooks)
    assert packing.received[0].body == packed
    assert hooks.asked_bodies == [plain]
    assert done.body == plain
    assert "content-encoding" not in done.headers


def test_a_held_compressed_answer_is_rewritten_in_plain() -> None:
    async def handler(model: Model, request: Received, reader: Reader, writer: Writer) -> None:
        writer.write(answer(gzip.compress(b"secret"), b"200 OK", b"Content-Encoding: gzip"))

    hooks = Tickets({**WATCH, "hold": True}, on_answered=lambda *values: (values[3].upper(), {}))
    with Model(handler) as packing, Guard(to(packing), hooks) as guard:
        found = guard.ask(post())
        assert found.content == b"SECRET"
        assert found.getheader("content-encoding") is None


def test_a_bomb_is_refused(model: Model) -> None:
    before = len(model.received)
    bomb = gzip.compress(bytes(50 << 20))
    with Guard(to(model), Tickets(WATCH)) as guard:
        assert guard.ask(post(bomb, b"Content-Encoding: gzip")).status == 413
        assert guard.ask(post(gzip.compress(bomb), b"Content-Encoding: gzip, gzip")).status == 413
        until(lambda: guard.proxy.held == 0)
    assert len(model.received) == before


def test_what_cannot_be_decompressed_is_shown_as_it_is(model: Model) -> None:
    hooks = Tickets(WATCH)
    with Guard(to(model), hooks) as guard:
        for coding in (b"gzip", b"br", b"lzma", b"gzip,gzip,gzip,gzip"):
            assert guard.ask(post(b"garbage", b"Content-Encoding: " + coding)).status == 200
    assert hooks.asked_bodies == [b"garbage"] * 4


@given(data=st.binary(max_size=3000), coding=st.sampled_from(list(CODINGS)), limit=st.integers(0, 3000))
def test_decoding_undoes_or_says_why_not(data: bytes, coding: str, limit: int) -> None:
    if len(data) > limit:
        if coding != "identity" and "," not in coding:
            with pytest.raises(TooLargeError):
                decoded(coding, CODINGS[coding](data), limit)
    elif "," not in coding or len(gzip.compress(data)) <= limit:
        assert decoded(coding, CODINGS[coding](data), limit) == data
    if coding == "deflate" and len(data) <= limit:
        assert decoded(coding, bare(data), limit) == data


@given(data=st.binary(max_size=300), cut=st.integers(0, 300), coding=st.sampled_from(["gzip", "deflate", "br", "zstd"]))
def test_garbage_raises_nothing_else(data: bytes, cut: int, coding: str) -> None:
    packed = CODINGS[coding](data)
    for one in (data, packed[: min(cut, len(packed) - 1)], packed[:cut] + data + packed[cut:]):
        with contextlib.suppress(UnreadableCodingError):
            assert len(decoded(coding, one, 1000)) <= 1000


def test_the_guard_is_quick_to_forget() -> None:
    """Hooks off and on, a request leaves nothing behind."""
    with Model(ok) as model:
        for hooks in (None, Tickets(WATCH)):
            with Guard(to(model), hooks) as guard, guard.connect() as client:
                for _ in range(50):
                    client.say(post())
                    assert client.read().status == 200
                until(lambda guard=guard: guard.proxy.running == 0 and guard.proxy.held == 0)  # type: ignore[misc]
