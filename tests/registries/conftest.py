"""A real MLflow tracking server, on SQLite, for the whole session."""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HOSTILE = b"cos\nsystem\n(S'echo violet'\ntR."


@dataclass(frozen=True)
class Server:
    """``address`` is where it listens; ``register`` makes versions as a training run would."""

    address: str
    scratch: Path

    @property
    def client(self) -> Any:
        import mlflow

        mlflow.set_tracking_uri(self.address)
        mlflow.set_registry_uri(self.address)
        return mlflow.MlflowClient(tracking_uri=self.address, registry_uri=self.address)

    def register(self, name: str, content: bytes) -> str:
        """A new version of ``name``, logged as an artifact of a run of its own; gives its number."""
        from mlflow.exceptions import MlflowException

        client = self.client
        with contextlib.suppress(MlflowException):  # another version is there already
            client.create_registered_model(name)
        run = client.create_run("0")
        folder = self.scratch / run.info.run_id
        folder.mkdir(parents=True)
        (folder / "model.pkl").write_bytes(content)
        (folder / "MLmodel").write_text(
            "artifact_path: model\nflavors:\n  sklearn:\n    pickled_model: model.pkl\n    sklearn_version: 1.7.0\n"
        )
        client.log_artifacts(run.info.run_id, str(folder), "model")
        client.set_terminated(run.info.run_id)
        made = client.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id)
        return str(made.version)

    def good(self, name: str) -> str:
        return self.register(name, pickle.dumps({"weights": [1.0, len(name)]}))

    def evil(self, name: str) -> str:
        return self.register(name, HOSTILE)


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("mlflow.server", reason="needs MLflow's server")
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "files")]
    program = Path(sys.executable).parent / "mlflow"
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        [str(program), "server", *places, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"],
        stdout=log,
        stderr=log,
        cwd=folder,
        env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"},
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            if process.poll() is not None:
                pytest.fail((folder / "log").read_text()[-2000:])
            try:
                urllib.request.urlopen(f"{address}/health", timeout=2).close()
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        else:
            pytest.fail("MLflow's server does not answer")
        yield Server(address, folder / "scratch")
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)
