"""A model as a service: what it says of itself, answers, and refuses."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from violet.services.testing.model_server import ModelServer
from violet.services.testing.options import DataSource


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> ModelServer:
    made = tmp_path_factory.mktemp("served")
    rows = np.random.default_rng(0).normal(size=(80, 3)).astype(np.float32)
    labels = (rows.sum(axis=1) > 0).astype(int)
    skops.io.dump(LogisticRegression().fit(rows, labels), made / "m.skops")
    np.savez(made / "held.npz", x=rows, y=labels)
    return ModelServer("risk", str(made / "m.skops"), DataSource(str(made / "held.npz")))


def ask(server: ModelServer, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    pieces = [content[:7], content[7:]]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(server({"type": "http", "method": method, "path": path}, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


def test_it_answers_as_the_protocol_says(server: ModelServer) -> None:
    tensor = {"name": "input-0", "datatype": "FP32", "shape": [2, 3], "data": [5, 5, 5, -5, -5, -5]}
    status, said = ask(server, "POST", "/v2/models/risk/infer", {"inputs": [tensor]})
    assert status == 200
    label, chance = said["outputs"]
    assert label["data"] == [1, 0]
    assert chance["shape"] == [2, 2]
    assert np.array(chance["data"]).reshape(2, 2).sum(axis=1) == pytest.approx(1.0)
    assert ask(server, "GET", "/v2/health/ready") == (200, {"ready": True})
    assert ask(server, "GET", "/v2/models/risk")[1]["inputs"][0]["shape"] == [-1, 3]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v2/models/other/infer", {}, 404),
        ("/v2/models/risk/infer", b"{", 400),
        ("/v2/models/risk/infer", {"inputs": []}, 400),
        ("/v2/models/risk/infer", {"inputs": [{"data": [1, 2], "shape": [1, 2]}]}, 400),
        ("/v2/models/risk/infer", {"inputs": [{"data": ["a", "b", "c"]}]}, 400),
    ],
)
def test_what_is_no_request_is_said(server: ModelServer, path: str, body: Any, status: int) -> None:
    assert ask(server, "POST", path, body)[0] == status
