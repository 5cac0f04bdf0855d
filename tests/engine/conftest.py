"""A real cluster: a scheduler and three workers under their nannies, on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKERS = 3


class Programs:
    """Processes in sessions of their own, all ended at the end."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        with open(self.directory / f"log-{len(self.started)}.txt", "wb") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self.directory,
                env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            )
        self.started.append(process)
        return process

    def scheduler(self) -> str:
        """Start a scheduler on a free port; its address."""
        file = self.directory / f"scheduler-{len(self.started)}.json"
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        self.start("-m", "distributed.cli.dask_scheduler", *options)
        await_that(lambda: file.exists() and file.read_text(encoding="utf-8").rstrip().endswith("}"), 60)
        return str(json.loads(file.read_text(encoding="utf-8"))["address"])

    def worker(self, address: str, *options: str) -> subprocess.Popen[bytes]:
        directory = self.directory / f"worker-{len(self.started)}"
        always = ("--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard", "--local-directory", str(directory))
        return self.start("-m", "distributed.cli.dask_worker", address, *always, *options)

    def end(self) -> None:
        for process in self.started:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        for process in self.started:
            process.wait()


def await_that(holds: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something holds."""
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit, "this did not come about in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether the process runs: neither gone nor waiting to be fetched."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with three workers of one thread each."""
    distributed = pytest.importorskip("distributed")
    programs = Programs(tmp_path_factory.mktemp("cluster"))
    try:
        address = programs.scheduler()
        for _ in range(WORKERS):
            programs.worker(address)
        with distributed.Client(address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(WORKERS, timeout=60)
        yield address
    finally:
        programs.end()


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    started = Programs(tmp_path)
    yield started
    started.end()
