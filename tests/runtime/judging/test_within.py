"""The guard inside an ASGI application: it begins and ends with it, sees a thief, and rules on him."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from violet.domain import ConfigurationError, UsageError
from violet.domain.alert import Response
from violet.domain.guarding import GuardPolicy, Mode, Reaction, ResponsePolicy
from violet.runtime import GuardMiddleware

PATH = "/v2/models/m/infer"


class Application:
    """A model server of its own, with a life span."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.asked = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                self.events.append(message["type"])
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        self.asked += 1
        rows = np.array(json.loads((await receive())["body"])["inputs"][0]["data"]).reshape(-1, 3)
        chance = 1 / (1 + np.exp(-rows.sum(axis=1)))
        scores = np.stack([1 - chance, chance], axis=1)
        output = {"name": "p", "shape": list(scores.shape), "datatype": "FP64", "data": scores.ravel().tolist()}
        content = json.dumps({"outputs": [output]}).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": content})


async def ask(app: Any, row: Any, key: str) -> tuple[int, bytes]:
    tensor = {"name": "x", "shape": [1, 3], "datatype": "FP64", "data": list(map(float, row))}
    body = json.dumps({"inputs": [tensor]}).encode()
    headers = [(b"content-type", b"application/json"), (b"x-api-key", key.encode())]
    scope = {"type": "http", "method": "POST", "path": PATH, "raw_path": PATH.encode(), "query_string": b"",
             "headers": headers, "client": ("10.0.0.1", 1), "scheme": "http", "http_version": "1.1"}  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(one.get("body", b"") for one in sent)


async def until(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("beside", [True, False])
@pytest.mark.parametrize("lifespan", [True, False])
def test_it_lives_with_the_application(profile: str, beside: bool, lifespan: bool) -> None:
    refuse = ResponsePolicy(otherwise=Reaction(Response.REFUSE, 60.0))
    policy = replace(GuardPolicy(), mode=Mode.ENFORCE, responses=refuse)
    inner = Application()
    app = GuardMiddleware(inner, policy=policy, model="m", profile=profile, beside=beside)

    async def live() -> None:
        messages: asyncio.Queue[Any] = asyncio.Queue()
        told: list[str] = []

        async def send(message: Any) -> None:
            told.append(message["type"])

        running = None
        if lifespan:
            running = asyncio.create_task(app({"type": "lifespan"}, messages.get, send))
            await messages.put({"type": "lifespan.startup"})
            await until(lambda: told == ["lifespan.startup.complete"])
            assert app.station is not None
            assert app.station.begun
        drawn = np.random.default_rng(3)
        for row in drawn.normal(size=(40, 3)):
            assert (await ask(app, row, "honest"))[0] == 200
        for row in drawn.uniform(-60, 60, size=(300, 3)):
            status, body = await ask(app, row, "thief")
            if status != 200:
                break
            await asyncio.sleep(0)
        await until(lambda: app.station is not None and app.station.alerts)
        status, body = await ask(app, [0.0, 0.0, 0.0], "thief")
        assert status == 403
        assert json.loads(body)["reason"]
        before = inner.asked
        assert (await ask(app, [0.0, 0.0, 0.0], "thief"))[0] == 403
        assert inner.asked == before
        assert (await ask(app, [0.0, 0.0, 0.0], "honest"))[0] == 200
        assert app.station is not None
        assert len({alert.client for alert in app.station.alerts if alert.client}) == 1
        if running is not None:
            await messages.put({"type": "lifespan.shutdown"})
            await running
            assert inner.events == ["lifespan.startup", "lifespan.shutdown"]
        else:
            await app.station.stop()

    asyncio.run(live())


@pytest.mark.parametrize("beside", [True, False])
def test_its_status_counts_all_clients_and_every_row(profile: str, beside: bool) -> None:
    """More clients than are shown one by one."""
    app = GuardMiddleware(Application(), policy=GuardPolicy(), model="m", profile=profile, beside=beside)

    async def live() -> None:
        for number, row in enumerate(np.random.default_rng(3).normal(size=(90, 3))):
            assert (await ask(app, row, f"key {number}"))[0] == 200
        station = app.station
        assert station is not None
        try:
            await until(lambda: station.status().known_clients == 90)
            status = station.status()
            assert len(status.clients) < 90
            assert {one.rows for one in status.clients} == {1}
            running = [one for one in status.detectors if one.rows]
            assert {one.rows for one in running} == {90}
            assert all(one.microseconds > 0 for one in running)
            values = station.metrics.values()
            assert values["clients"] == {(): 90}
            assert values["detector_rows_total"][(running[0].id,)] == 90
        finally:
            await station.stop()

    asyncio.run(live())


def test_files_are_looked_at_before_anybody_asks(tmp_path: Any) -> None:
    with pytest.raises(ConfigurationError, match="nothing to go by"):
        GuardMiddleware(Application())
    with pytest.raises(UsageError, match=r"none\.profile cannot be read"):
        GuardMiddleware(Application(), profile=str(tmp_path / "none.profile"))
