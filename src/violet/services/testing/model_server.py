"""A model as a service, for demonstrations and drills: an ASGI application that speaks the Open Inference Protocol,
version 2, REST. It is no model server for production: one request after the other, no batching, no metrics."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from violet.services.testing.opening import examine, open_examined
from violet.services.testing.options import DataSource
from violet.services.testing.sources import load_source
from violet.targets.base import TargetSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.base import Target

    Array = NDArray[Any]

LARGEST = 8 << 20
"""Bytes of a request."""


class ModelServer:
    """Answers ``/v2/models/NAME/infer``: one tensor ``(n, features)`` of numbers in, labels and scores out. ``data``
    says what the model's inputs are. The model is scanned first; what runs code when loaded is refused."""

    def __init__(self, name: str, model: str, data: DataSource) -> None:
        held_out = load_source(data)
        spec = TargetSpec(model)
        self.name = name
        digest, _ = examine(spec)
        self.features = held_out.domain.shape[0]
        self._dtype = held_out.domain.dtype
        self._target: Target = open_examined(spec, digest, held_out.domain, held_out.classes)

    async def __call__(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        if scope["type"] != "http":
            return
        status, answer = self._answer(scope["method"], scope["path"], await _body(receive))
        content = json.dumps(answer).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def scores(self, rows: Array) -> Array:
        """Of rows ``(n, features)``: float64 ``(n, classes)``."""
        import numpy as np

        return np.asarray(self._target.scores(rows.astype(self._dtype)), dtype=np.float64)

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if method == "GET" and path in ("/v2/health/ready", "/v2/health/live"):
            return 200, {"ready": True}
        if method == "GET" and path == f"/v2/models/{self.name}":
            tensor = {"name": "input-0", "datatype": "FP64", "shape": [-1, self.features]}
            return 200, {"name": self.name, "platform": "violet", "inputs": [tensor]}
        if method != "POST" or path != f"/v2/models/{self.name}/infer":
            return 404, {"error": f"there is no {method} {path} here"}
        import numpy as np

        try:
            first = json.loads(body)["inputs"][0]
            rows = np.array(first["data"], dtype=self._dtype).reshape(-1, self.features)
        except (ValueError, KeyError, IndexError, TypeError) as error:
            return 400, {"error": f"that is no request: {type(error).__name__}"}
        scores = self.scores(rows)
        labels = scores.argmax(axis=1)
        return 200, {
            "model_name": self.name,
            "outputs": [
                {"name": "label", "shape": [len(rows)], "datatype": "INT64", "data": labels.tolist()},
                {"name": "proba", "shape": list(scores.shape), "datatype": "FP64", "data": scores.ravel().tolist()},
            ],
        }


async def _body(receive: Callable[[], Awaitable[Any]]) -> bytes:
    found: bytes = b""
    while True:
        message: Any = await receive()
        if message["type"] != "http.request":
            return found
        found += message.get("body", b"")
        if not message.get("more_body") or len(found) > LARGEST:
            return found
