"""Work spread over a Dask cluster: a scheduler and workers that are real, some of which die."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import WORKERS, Programs, alive
from violet.domain import VioletError
from violet.engine import executors
from violet.engine.tasks import Engine, Task, open_executor, run_tasks

pytest.importorskip("distributed")

CHORES = "tests.engine.chores"


def task(name: str, *arguments: Any, key: str = "") -> Task:
    return Task(key or name, f"{CHORES}:{name}", arguments)


def outcomes(tasks: list[Task], engine: str | Engine, **options: Any) -> dict[str, Any]:
    return {done.key: result for done, result in run_tasks(tasks, engine=engine, **options)}


def test_all_workers_of_a_cluster_work(cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIOLET_ENGINE", cluster)
    names = [f"n{number}" for number in range(12)]
    found = {
        done.key: result for done, result in run_tasks([task("slow", str(tmp_path), n, 0.05, key=n) for n in names])
    }
    assert found == {name: name for name in names}
    pids = {path.name.split("-")[1] for path in tmp_path.iterdir()}
    assert len(pids) == WORKERS
    assert str(os.getpid()) not in pids


def test_errors_come_over_as_words(cluster: str, tmp_path: Path) -> None:
    found = outcomes(
        [
            task("refuse", str(tmp_path)),
            task("refuse_with_another_shape"),
            task("stumble", str(tmp_path)),
            task("leave"),
        ],
        cluster,
    )
    assert (found["refuse"].cause, found["refuse"].hint) == ("refused", "Ask for something else.")
    assert found["refuse_with_another_shape"].hint == "Run: pip install 'violet-mlsecops[wings]'"
    assert (found["stumble"].error, found["stumble"].attempts) == ("KeyError: 'nothing here'", 1)
    assert found["leave"].error == "SystemExit: 3"


def test_threads_are_limited_on_workers(cluster: str) -> None:
    assert outcomes([task("threads")], cluster)["threads"]["pools"] == [1]


def test_a_worker_killed_in_the_middle_costs_nothing(cluster: str, tmp_path: Path) -> None:
    """As on a machine that goes down: SIGKILL, while it works and holds work."""
    go = tmp_path / "go"
    tasks = [task("wait_for", str(go), str(tmp_path), f"n{number}", key=f"n{number}") for number in range(9)]
    killed: list[int] = []

    def kill_one() -> bool:
        begun = list(tmp_path.glob("n*-*"))
        if not killed and len(begun) >= WORKERS:
            killed.append(int(begun[0].name.split("-")[1]))
            os.kill(killed[0], signal.SIGKILL)
            go.touch()
        return False

    found = outcomes(tasks, cluster, stopped=kill_one)
    assert found == {f"n{number}": f"n{number}" for number in range(9)}
    assert len(killed) == 1
    assert not alive(killed[0])


def test_poison_ends_in_a_clear_error_and_the_rest_in_results(cluster: str, tmp_path: Path) -> None:
    others = [task("slow", str(tmp_path), f"calm{number}", 0.1, key=f"calm{number}") for number in range(6)]
    begun = time.monotonic()
    found = outcomes([task("poison", key="poison"), *others], cluster)
    failure = found.pop("poison")
    assert failure.cause == "died"
    assert failure.error == "poison was begun 8 times and never ended: each time, the worker that had it died."
    assert found == {f"calm{number}": f"calm{number}" for number in range(6)}
    assert time.monotonic() - begun < 120


def test_stopping_leaves_the_cluster_usable(cluster: str, tmp_path: Path) -> None:
    go = tmp_path / "go"
    stuck = [task("wait_for", str(go), str(tmp_path), f"n{number}", key=f"n{number}") for number in range(WORKERS)]
    assert not outcomes(stuck, cluster, stopped=lambda: len(list(tmp_path.glob("n*-*"))) >= 1)
    go.touch()
    assert outcomes([task("square", 5)], cluster) == {"square": 25}


def test_an_open_engine_serves_several_calls(cluster: str, tmp_path: Path) -> None:
    go = tmp_path / "go"
    stuck = [task("wait_for", str(go), str(tmp_path), f"n{number}", key=f"n{number}") for number in range(WORKERS)]
    with open_executor(cluster) as engine:
        assert outcomes([task("square", 4)], engine) == {"square": 16}
        assert not outcomes(stuck, engine, stopped=lambda: len(list(tmp_path.glob("n*-*"))) >= 1)
        go.touch()
        assert outcomes([task("square", 5)], engine) == {"square": 25}


def test_no_scheduler_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "_CONNECT_SECONDS", 0.5)
    with pytest.raises(VioletError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        outcomes([task("square", 5)], "tcp://127.0.0.1:1")


def test_a_scheduler_without_workers_is_one_clear_error(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    address = programs.scheduler()
    monkeypatch.setattr(executors, "_CONNECT_SECONDS", 1.0)
    with pytest.raises(VioletError, match="has no workers") as caught:
        outcomes([task("square", 5)], address)
    assert caught.value.hint == f"Start some: dask worker {address}"


def test_workers_without_violet_are_named(programs: Programs, tmp_path: Path) -> None:
    shadow = tmp_path / "shadow" / "violet"
    shadow.mkdir(parents=True)
    (shadow / "__init__.py").write_text("raise ImportError('this machine has none')", encoding="utf-8")
    address = programs.scheduler()
    worker = "distributed.cli.dask_worker"
    options = ("--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard", "--no-nanny")
    programs.start("-m", worker, address, *options, PYTHONPATH=str(shadow.parent))
    with pytest.raises(VioletError, match="cannot load Violet") as caught:
        outcomes([task("square", 5)], address)
    assert caught.value.hint == "Install the same version on every worker."


def test_a_cluster_whose_last_worker_died_is_given_up(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(executors, "_LOOK_SECONDS", 0.1)
    monkeypatch.setattr(executors, "_WITHOUT_WORKERS_SECONDS", 1.0)
    address = programs.scheduler()
    programs.worker(address, "--no-nanny")
    with pytest.raises(VioletError, match="has had no workers for 1 seconds"):
        outcomes([task("poison", str(tmp_path))], address)


def test_a_scheduler_that_dies_is_one_clear_error(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(executors, "_LOOK_SECONDS", 0.1)
    address = programs.scheduler()
    programs.worker(address)

    def kill_the_scheduler() -> bool:
        if list(tmp_path.glob("stuck-*")):
            programs.started[0].kill()
        return False

    stuck = task("wait_for", str(tmp_path / "never"), str(tmp_path), "stuck")
    with pytest.raises(VioletError, match=r"connection to the scheduler at .* was lost"):
        outcomes([stuck], address, stopped=kill_the_scheduler)
