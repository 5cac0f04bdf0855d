"""The guard inside an ASGI application, as a model server has it."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
import uvicorn

from tests.runtime.proxy.harness import Serving
from tests.runtime.proxy.tickets import Tickets, fail
from violet.domain.errors import ConfigurationError
from violet.runtime import GuardMiddleware
from violet.runtime.hooks import Reply

fastapi = pytest.importorskip("fastapi")  # comes with mlflow
FastRequest = fastapi.Request
WATCH = {"body_limit": 1 << 20, "answer_limit": 1 << 20}


def server() -> Any:
    app = fastapi.FastAPI()
    app.state.asked = 0

    @app.post("/v2/models/{name}/infer")
    async def infer(name: str, request: FastRequest) -> dict[str, Any]:
        app.state.asked += 1
        document = await request.json()
        return {"model_name": name, "sum": sum(document["data"])}

    @app.post("/stream")
    async def stream(request: FastRequest) -> Any:
        body = await request.body()

        async def pieces() -> Any:
            for start in range(0, len(body), 1000):
                yield body[start : start + 1000]

        return fastapi.responses.StreamingResponse(pieces(), media_type="text/event-stream")

    @app.post("/error")
    async def error() -> None:
        raise ZeroDivisionError

    return app


class Caller:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.session = requests.Session()

    def post(self, path: str, content: Any = b"", **headers: str) -> requests.Response:
        return self.session.post(self.url + path, data=content, headers=headers, timeout=20)


@contextmanager
def serving(application: Any) -> Iterator[Caller]:
    """Under uvicorn as it comes."""
    config = uvicorn.Config(application, port=0, log_config=None, http="httptools", timeout_graceful_shutdown=1)
    with Serving(config) as running:
        caller = Caller(running.port)
        with caller.session:
            yield caller


@contextmanager
def guarded(hooks: Tickets, **options: Any) -> Iterator[tuple[Any, GuardMiddleware, Caller]]:
    app = server()
    guard = GuardMiddleware(app, hooks, **options)
    with serving(guard) as caller:
        yield app, guard, caller
    assert guard.held == guard.delayed == 0


def infer(caller: Caller) -> requests.Response:
    headers = {"X-A": "1", "Content-Type": "application/json"}
    return caller.post("/v2/models/credit%20risk/infer?x=%20", b'{"data":[1,2]}', **headers)


def test_it_is_loaded_when_it_is_used() -> None:
    code = (
        "import sys, violet.runtime; assert 'violet.runtime.middleware' not in sys.modules; "
        "violet.runtime.GuardMiddleware"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_it_needs_hooks() -> None:
    with pytest.raises(ConfigurationError, match="nothing to go by"):
        GuardMiddleware(server())


def test_starlette_takes_it() -> None:
    app, hooks = server(), Tickets(WATCH)
    app.add_middleware(GuardMiddleware, hooks=hooks)
    with serving(app) as caller:
        assert infer(caller).json()["sum"] == 3
    assert hooks.order == ["opened", "asked", "done"]


def test_hooks_see_what_went_by() -> None:
    hooks = Tickets(WATCH)
    with guarded(hooks) as (app, _, caller):
        answer = infer(caller)
    assert answer.json() == {"model_name": "credit risk", "sum": 3}
    request, done = hooks.requests[0], hooks.finished[0]
    assert (request.method, request.path, request.query) == ("POST", "/v2/models/credit%20risk/infer", b"x=%20")
    assert request.headers["x-a"] == "1"
    assert request.peer == "127.0.0.1"
    assert hooks.asked_bodies == [b'{"data":[1,2]}']
    assert (done.status, done.body, done.complete) == (200, answer.content, True)
    assert done.seconds > 0
    assert app.state.asked == 1


def test_no_ticket_no_touch() -> None:
    hooks = Tickets(None)
    with guarded(hooks) as (_, _, caller):
        assert infer(caller).status_code == 200
    assert hooks.order == ["opened"]


def test_other_scopes_pass_through() -> None:
    hooks = Tickets(WATCH)
    events: list[Any] = []

    async def app(*values: Any) -> None:
        events.append(values)

    for kind in ("lifespan", "websocket"):
        asyncio.run(GuardMiddleware(app, hooks)({"type": kind}, len, print))
    assert events == [({"type": "lifespan"}, len, print), ({"type": "websocket"}, len, print)]
    assert hooks.order == []


@pytest.mark.parametrize("when", ["opened", "asked"])
def test_a_reply_keeps_the_application_out_of_it(when: str) -> None:
    hooks = Tickets(WATCH)
    answer = Reply(403, b"no", (("X-Reason", "r1"),))
    setattr(hooks, f"on_{when}", lambda *values: setattr(values[1] if when == "opened" else values[0], "reply", answer))
    with guarded(hooks) as (app, _, client):
        found = infer(client)
    assert (found.status_code, found.content, found.headers["x-reason"]) == (403, b"no", "r1")
    assert app.state.asked == 0
    assert hooks.finished[0].status == 0


def test_bodies_have_a_size_and_bombs_are_refused() -> None:
    hooks = Tickets({"body_limit": 1000})
    with guarded(hooks) as (_, _, client):
        assert client.post("/stream", b"x" * 1000).status_code == 200
        assert client.post("/stream", b"x" * 1001).status_code == 413
        assert client.post("/stream", iter([b"x" * 600] * 2)).status_code == 413
        packed = gzip.compress(b"x" * 1001)
        assert client.post("/stream", packed, **{"Content-Encoding": "gzip"}).status_code == 413
    assert len(hooks.finished) == 4


def test_bodies_together_have_a_size() -> None:
    hooks = Tickets(WATCH)
    with guarded(hooks, memory=1500) as (_, _, client):
        assert client.post("/stream", b"x" * 1000).content == b"x" * 1000
        assert client.post("/stream", b"x" * 1501).status_code == 503
    assert not hooks.finished[0].complete  # there was no room for the copy


def test_a_stream_passes_as_it_comes() -> None:
    hooks = Tickets(WATCH)
    sent: list[dict[str, Any]] = []
    app = server()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * 3000, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(GuardMiddleware(app, hooks)(scope("/stream"), _once(receive), send))
    assert [len(message.get("body", b"")) for message in sent] == [0, 1000, 1000, 1000, 0]
    assert hooks.finished[0].body == b"x" * 3000


def _once(receive: Callable[[], Awaitable[dict[str, Any]]]) -> Any:
    """The body once, and then nothing for ever, as a server has it."""
    given = False

    async def again() -> dict[str, Any]:
        nonlocal given
        if given:
            await asyncio.Event().wait()
        given = True
        return await receive()

    return again


def scope(path: str) -> dict[str, Any]:
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "POST",
        "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [(b"host", b"a")], "scheme": "http",
        "client": None, "server": None, "root_path": "",
    }  # fmt: skip


def test_a_held_answer_is_rewritten() -> None:
    hooks = Tickets({**WATCH, "hold": True}, on_answered=lambda *values: (values[3].upper(), {"X-Guard": "on"}))
    with guarded(hooks) as (_, _, client):
        found = client.post("/stream", b"abc" * 1000)
        assert infer(client).content == b'{"MODEL_NAME":"CREDIT RISK","SUM":3}'
    assert found.content == b"ABC" * 1000
    assert found.headers["content-length"] == "3000"
    assert found.headers["x-guard"] == "on"
    assert b"abc" * 1000 in [ticket.body for ticket in hooks.finished], "whichever of the two was done first"


@pytest.mark.parametrize("fail_open", [True, False])
def test_a_held_answer_that_is_too_large(fail_open: bool) -> None:
    hooks = Tickets({"body_limit": 1 << 20, "answer_limit": 1500, "hold": True})
    with guarded(hooks, fail_open=fail_open) as (_, _, client):
        found = client.post("/stream", b"x" * 3000)
    if fail_open:
        assert found.content == b"x" * 3000
    else:
        assert (found.status_code, found.json()["reason"]) == (502, "answer-too-large")
    assert not hooks.finished[0].complete


@pytest.mark.parametrize("hook", ["opened", "asked", "answered", "done"])
@pytest.mark.parametrize("fail_open", [True, False])
def test_hooks_that_break(hook: str, fail_open: bool) -> None:
    hooks = Tickets({**WATCH, "hold": True}, **{f"on_{hook}": fail})
    with guarded(hooks, fail_open=fail_open) as (_, guard, client):
        found = infer(client)
    assert found.status_code == (200 if fail_open or hook == "done" else 503)
    assert guard.failures[hook] == 1


def test_a_decoy_is_another_application() -> None:
    decoy = server()
    hooks = Tickets({"decoy": "honey"})
    with guarded(hooks, decoys={"honey": decoy}) as (app, _, client):
        assert infer(client).status_code == 200
    assert (app.state.asked, decoy.state.asked) == (0, 1)


@pytest.mark.parametrize(("fail_open", "status"), [(True, 200), (False, 503)])
def test_a_decoy_that_is_not_known(fail_open: bool, status: int) -> None:
    with guarded(Tickets({"decoy": "nobody"}), fail_open=fail_open) as (_, guard, client):
        assert infer(client).status_code == status
    assert guard.counts["unknown-decoy"] == 1


def test_a_delay_is_waited_out() -> None:
    order: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        order.append("asked the model")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    async def main() -> None:
        guard = GuardMiddleware(app, Tickets({"delay": 0.1}), delayed=1)

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        statuses: list[int] = []

        async def send(message: Any) -> None:
            if "status" in message:
                statuses.append(message["status"])

        first = asyncio.create_task(guard(scope("/"), receive, send))
        await asyncio.sleep(0)
        assert guard.delayed == 1
        assert order == []
        await guard(scope("/"), receive, send)
        assert statuses == [503]
        await first
        assert statuses == [503, 200]
        assert order == ["asked the model"]

    asyncio.run(main())


def test_an_application_that_breaks_is_told_of() -> None:
    hooks = Tickets(WATCH)
    with guarded(hooks) as (_, _, client):
        assert client.post("/error").status_code == 500
    assert hooks.finished[0].status == 500
