"""A model of four numbers, honest traffic to it, and a guard before it: what the tests of the command share."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.targets.serving import FEATURES, probabilities
from violet.domain.traffic import Exchange
from violet.engine.background import Background, free_port
from violet.runtime.trace import write_trace

MODEL = "risk"


def rows(count: int, seed: int) -> Any:
    """Honest ones: correlated, with two digits."""
    drawn = np.random.default_rng(seed)
    base = drawn.normal(size=(count, 1))
    return np.round(0.7 * base + 0.7 * drawn.normal(size=(count, 4)), 2)


def honest(path: Path, count: int, clients: int, seed: int = 0, begin: float = 1_790_000_000.0) -> None:
    """Traffic of a week."""
    x = rows(count, seed)
    scores = probabilities(x)
    drawn = np.random.default_rng(seed + 1)
    times = np.sort(begin + drawn.uniform(0, 7 * 86_400, count))
    whose = drawn.integers(clients, size=count)
    write_trace(
        str(path),
        (
            Exchange(
                id=f"h{number}",
                at=float(times[number]),
                client=f"key:honest-{whose[number]}",
                model=MODEL,
                rows=(tuple(x[number].tolist()),),
                names=tuple(FEATURES),
                scores=(tuple(scores[number]),),
                seconds=0.001,
                request_bytes=120,
                truth="benign:honest",
            )
            for number in range(count)
        ),
    )


def thief(count: int, seed: int = 5) -> Any:
    """Queries all over the box, which nobody honest sends."""
    return np.random.default_rng(seed).uniform(-6, 6, size=(count, 4))


@dataclass(frozen=True)
class Asking:
    """A connection of a caller to the guard."""

    port: int

    def ask(self, x: Any, key: str, path: str = f"/v2/models/{MODEL}/infer") -> tuple[int, Any, dict[str, str]]:
        found = self.raw("POST", path, json.dumps(document(x)).encode(), {"x-api-key": key})
        return found[0], json.loads(found[1] or b"null"), found[2]

    def raw(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {"content-type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()


def document(x: Any) -> dict[str, Any]:
    x = np.atleast_2d(x)
    return {"inputs": [{"name": "input-0", "shape": list(x.shape), "datatype": "FP64", "data": x.ravel().tolist()}]}


@contextmanager
def guard(upstream: str, *arguments: str) -> Iterator[tuple[Asking, Background]]:
    port = free_port()
    with Background(
        ("guard", "--upstream", upstream, "--listen", f"127.0.0.1:{port}", "--isolated", "--model", MODEL, *arguments),
        r"guarding .* on (\S+)",
    ) as running:
        yield Asking(port), running
