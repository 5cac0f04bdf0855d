"""MLServer (KServe's and Seldon's server of the Open Inference Protocol) behind the proxy, where it is installed.

It wants an environment of its own: ``pip install mlserver mlserver-sklearn`` there, and name its program in
``VIOLET_MLSERVER`` or have it on the path. Version 1.7.1 does not serve the extension for tensors as bytes.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.runtime.proxy.harness import Guard, until
from tests.runtime.servers.decoding import Decoding, js, post
from tests.runtime.wire.forms import tensor
from violet.domain.alert import Response
from violet.runtime.proxy.options import ProxyOptions, Upstream

PROGRAM = os.environ.get("VIOLET_MLSERVER") or shutil.which("mlserver") or ""
pytestmark = pytest.mark.skipif(not PROGRAM, reason="mlserver is not installed: name its program in VIOLET_MLSERVER")
PATIENCE = 90.0
TRAIN = """
import sys, joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
x, y = load_iris(return_X_y=True)
joblib.dump(LogisticRegression(max_iter=500).fit(x, y), sys.argv[1])
"""
X = np.array([[5.1, 3.5, 1.4, 0.2], [6.0, 3.0, 5.0, 2.0], [5.9, 3.0, 4.2, 1.5]])


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of the server, with a model that its own scikit-learn has trained."""
    directory = tmp_path_factory.mktemp("mlserver")
    (directory / "iris").mkdir()
    python = str(Path(PROGRAM).with_name("python"))
    subprocess.run([python, "-c", TRAIN, str(directory / "iris" / "model.joblib")], check=True)
    settings = {"name": "iris", "implementation": "mlserver_sklearn.SKLearnModel"}
    (directory / "iris" / "model-settings.json").write_bytes(js({**settings, "parameters": {"uri": "./model.joblib"}}))
    ports = _free_ports(3)
    names = ("http_port", "grpc_port", "metrics_port")
    (directory / "settings.json").write_bytes(
        js({**dict(zip(names, ports, strict=True)), "host": "127.0.0.1", "parallel_workers": 0, "debug": False})
    )
    with open(directory / "log", "wb") as log:
        process = subprocess.Popen([PROGRAM, "start", str(directory)], stdout=log, stderr=log, cwd=directory)
    try:
        found = f"http://127.0.0.1:{ports[0]}"
        until_ready(f"{found}/v2/models/iris/ready", process, directory / "log")
        yield found
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        assert time.monotonic() < deadline, log.read_text(errors="replace")[-2000:]
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)


@pytest.fixture
def hooks() -> Decoding:
    return Decoding()


@pytest.fixture
def guarded(url: str, hooks: Decoding) -> Iterator[str]:
    with Guard(ProxyOptions((Upstream(url),)), hooks) as guard:
        yield f"http://127.0.0.1:{guard.port}"


BOTH = [{"name": "predict"}, {"name": "predict_proba"}]
INFER = "/v2/models/iris/infer"


def outputs(body: bytes) -> dict[str, Any]:
    return {one["name"]: one for one in json.loads(body)["outputs"]}


@pytest.mark.parametrize("datatype", ["FP64", "FP32"])
@pytest.mark.parametrize("nested", [False, True])
def test_json(datatype: str, nested: bool, guarded: str, hooks: Decoding) -> None:
    data = X.tolist() if nested else X.reshape(-1).tolist()
    body = js({"id": "7", "inputs": [tensor("x", datatype, X.shape, data)], "outputs": BOTH})
    status, answer, _ = post(guarded + INFER, body)
    assert status == 200
    until(lambda: bool(hooks.seen) or bool(hooks.errors))
    assert not hooks.errors
    ((wire, question, said),) = hooks.seen
    assert (wire, question.model) == ("v2", "iris")
    assert np.allclose(np.asarray(question.rows), X)
    assert np.asarray(said.scores).reshape(-1).tolist() == outputs(answer)["predict_proba"]["data"]
    assert list(said.labels) == outputs(answer)["predict"]["data"]


def test_columns(guarded: str, hooks: Decoding) -> None:
    names = ("a", "b", "c", "d")
    inputs = [tensor(name, "FP64", (3, 1), X[:, at].tolist()) for at, name in enumerate(names)]
    body = js({"parameters": {"content_type": "pd"}, "inputs": inputs, "outputs": BOTH})
    assert post(guarded + INFER, body)[0] == 200
    until(lambda: bool(hooks.seen))
    (_, question, said) = hooks.seen[0]
    assert question.names == names
    assert np.array_equal(np.asarray(question.rows), X)
    assert np.shape(said.scores) == (3, 3)


def test_labels_alone(guarded: str, hooks: Decoding) -> None:
    body = js({"inputs": [tensor("x", "FP64", X.shape, X.tolist())], "outputs": BOTH})
    exact = outputs(post(guarded + INFER, body)[1])
    hooks.response = Response.LABEL
    found = outputs(post(guarded + INFER, body)[1])
    best = np.reshape(exact["predict_proba"]["data"], (3, 3)).argmax(axis=1)
    assert np.array_equal(np.reshape(found["predict_proba"]["data"], (3, 3)), np.eye(3)[best])
    assert found["predict"] == exact["predict"]
    assert {key: value for key, value in found["predict_proba"].items() if key != "data"} == {
        key: value for key, value in exact["predict_proba"].items() if key != "data"
    }


@pytest.mark.parametrize("path", ["/v2/models/iris/inf%65r", "/v2/m%6Fdels/iris/infer"])
def test_paths_that_the_server_takes_are_watched(path: str, guarded: str, hooks: Decoding) -> None:
    body = js({"inputs": [tensor("x", "FP64", X.shape, X.tolist())]})
    assert post(guarded + path, body)[0] == 200
    until(lambda: bool(hooks.seen))


def test_complaints_pass(guarded: str, url: str, hooks: Decoding) -> None:
    body = js({"inputs": [tensor("x", "FP64", (1, 3), [1, 2, 3])]})
    assert post(guarded + INFER, body)[0] == post(url + INFER, body)[0] >= 400
    assert not hooks.errors
