"""A model server for tests: it speaks every protocol, and fails when it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

FEATURES = ["f0", "f1", "f2", "f3"]


def probabilities(rows: Any) -> list[list[float]]:
    """Three classes, from the first two numbers of each row."""
    x = np.asarray(rows, dtype=np.float64).reshape(len(rows), -1)
    logits = np.stack([3 * x[:, 0], 3 * x[:, 1], np.full(len(x), 1.5)], axis=1)
    raised = np.exp(logits)
    return (raised / raised.sum(axis=1, keepdims=True)).tolist()


@dataclass
class Served:
    """``failures`` are given one after the other instead of answers: a status, or a function that writes what it likes.
    ``change`` alters each answer."""

    url: str = ""
    failures: list[Any] = field(default_factory=list)
    change: Callable[[Any], Any] = lambda answer: answer
    requests: list[tuple[str, str, Any, dict[str, str]]] = field(default_factory=list)
    metadata: Any = None
    most_rows: int = 10**9
    release: threading.Event = field(default_factory=threading.Event)
    """Set when a server that hangs may go on."""

    @property
    def posts(self) -> list[tuple[str, Any]]:
        return [(path, body) for method, path, body, _ in self.requests if method == "POST"]


def answer(path: str, body: Any) -> Any:
    """What a server of the protocol of this path says."""
    if path.endswith("/infer"):
        first = body["inputs"][0]
        if first["datatype"] == "BYTES":
            labels = [int("good" in text) for text in first["data"]]
            return {"outputs": [{"name": "label", "shape": [len(labels)], "datatype": "INT64", "data": labels}]}
        if len(body["inputs"]) > 1:
            rows = np.array([one["data"] for one in body["inputs"]]).T.tolist()
        else:
            rows = np.array(first["data"]).reshape(first["shape"]).tolist()
        scores = probabilities(rows)
        labels = np.argmax(scores, axis=1).tolist()
        outputs = [
            {"name": "label", "shape": [len(labels)], "datatype": "INT64", "data": labels},
            {"name": "proba", "shape": [len(labels), 3], "datatype": "FP32", "data": np.ravel(scores).tolist()},
        ]
        wanted = [one["name"] for one in body.get("outputs", [])]
        return {"outputs": [one for one in outputs if not wanted or one["name"] in wanted]}
    if path.endswith("/invocations"):
        if "dataframe_split" in body:
            split = body["dataframe_split"]
            order = [split["columns"].index(name) for name in FEATURES]
            rows = [[row[place] for place in order] for row in split["data"]]
        else:
            rows = body["inputs"]
        return {"predictions": probabilities(rows)}
    if path.endswith(":predict"):
        rows = [row["x"] if isinstance(row, dict) else row for row in body["instances"]]
        return {"predictions": probabilities(rows)}
    if path == "/named":
        return {"result": [dict(zip(("cat", "dog", "eel"), row, strict=True)) for row in probabilities(body["rows"])]}
    if path == "/one":
        row = probabilities([list(body["features"].values())])[0]
        return {"best": {"label": ("cat", "dog", "eel")[int(np.argmax(row))], "all": row}}
    raise LookupError(path)


@contextmanager
def serving() -> Iterator[Served]:
    """A server on a free port of this machine."""
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            served.requests.append(("GET", self.path, None, dict(self.headers)))
            if served.metadata is None:
                return self.say(404, {"error": "no metadata"})
            return self.say(200, served.metadata)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            served.requests.append(("POST", self.path, body, dict(self.headers)))
            if served.failures:
                failure = served.failures.pop(0)
                if callable(failure):
                    return failure(self)
                status, headers = failure if isinstance(failure, tuple) else (failure, {})
                return self.say(status, {"error": f"status {status}"}, headers)
            try:
                found = answer(self.path.partition("?")[0], body)
            except LookupError:
                return self.say(404, {"error": "no such model"})
            if len(json.dumps(found)) > served.most_rows * 80:
                return self.say(413, {"error": "too large"})
            return self.say(200, served.change(found))

        def say(self, status: int, document: Any, headers: Any = ()) -> None:
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            for name, value in dict(headers).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield served
    finally:
        served.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
