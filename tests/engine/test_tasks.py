"""Work spread over processes of this machine: nothing is lost, nothing is done for ever, nothing is left behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import Programs, alive, await_that
from violet.domain import MissingExtraError, UsageError, VioletError
from violet.engine.executors import processors
from violet.engine.tasks import Task, TaskFailure, open_executor, run_tasks

CHORES = "tests.engine.chores"
BOTH = pytest.mark.parametrize("jobs", [1, 2])


def task(name: str, *arguments: Any, key: str = "") -> Task:
    return Task(key or name, f"{CHORES}:{name}", arguments)


def squares(count: int) -> list[Task]:
    return [task("square", number, key=str(number)) for number in range(count)]


def outcomes(tasks: list[Task], jobs: int, **options: Any) -> dict[str, Any]:
    return {done.key: result for done, result in run_tasks(tasks, jobs=jobs, **options)}


@BOTH
def test_results_come_with_their_tasks(jobs: int) -> None:
    seen: list[tuple[str, object]] = []
    found = outcomes(squares(9), jobs, on_done=lambda done, result: seen.append((done.key, result)))
    assert found == {str(number): number * number for number in range(9)}
    assert dict(seen) == found


@BOTH
def test_arguments_go_by_name_too(jobs: int) -> None:
    assert outcomes([Task("named", f"{CHORES}:square", {"number": 7})], jobs) == {"named": 49}


def test_one_job_is_done_here_and_two_elsewhere() -> None:
    assert outcomes([task("whoami")], 1)["whoami"] == os.getpid()
    pids = {result for _, result in run_tasks([task("whoami")] * 8, jobs=2)}
    assert os.getpid() not in pids
    assert 1 <= len(pids) <= 2


@BOTH
def test_an_error_that_explains_itself_is_final(jobs: int, tmp_path: Path) -> None:
    found = outcomes([task("refuse", str(tmp_path))], jobs)["refuse"]
    assert (found.error, found.hint, found.cause) == ("This cannot be.", "Ask for something else.", "refused")
    assert found.attempts == len(list(tmp_path.iterdir())) == 1


@BOTH
def test_an_error_of_another_class_comes_over(jobs: int) -> None:
    found = outcomes([task("refuse_with_another_shape"), *squares(2)], jobs)
    assert found["refuse_with_another_shape"].hint == "Run: pip install 'violet-mlsecops[wings]'"
    assert found["1"] == 1


@BOTH
def test_a_mistake_in_a_task_is_its_failure(jobs: int, tmp_path: Path) -> None:
    found = outcomes([task("stumble", str(tmp_path)), task("leave"), task("nowhere"), *squares(2)], jobs)
    assert found["stumble"].error == "KeyError: 'nothing here'"
    assert 'raise KeyError("nothing here")' in found["stumble"].trace
    assert found["stumble"].attempts == len(list(tmp_path.iterdir())) == 1
    assert found["leave"].error == "SystemExit: 3"
    assert found["nowhere"].error.startswith("AttributeError")
    assert found["1"] == 1


def test_values_that_cannot_travel_are_failures() -> None:
    found = outcomes([task("unpicklable"), task("square", lambda: 1), *squares(3)], 2)
    assert "cannot pickle" in found["unpicklable"].error
    assert isinstance(found["square"], TaskFailure)
    assert found["2"] == 4


@BOTH
def test_errors_that_pass_are_tried_again(jobs: int, tmp_path: Path) -> None:
    assert outcomes([task("fail_twice", str(tmp_path))], jobs)["fail_twice"] == "third time lucky"
    again = outcomes([task("fail_twice", str(tmp_path / "missing"))], jobs, retries=1)["fail_twice"]
    assert (again.attempts, again.cause) == (2, "raised")
    assert "FileNotFoundError" in again.error


def test_a_death_is_survived(tmp_path: Path) -> None:
    found = outcomes([task("die_once", str(tmp_path)), *squares(6)], 2)
    assert found["die_once"] == "risen"
    assert found["5"] == 25


def test_poison_is_named_and_takes_nobody_with_it(tmp_path: Path) -> None:
    poison, calm = tmp_path / "poison", tmp_path / "calm"
    poison.mkdir()
    calm.mkdir()
    others = [task("slow", str(calm), f"calm{number}", 0.15, key=f"calm{number}") for number in range(6)]
    found = outcomes([task("poison", str(poison)), *others], 2, retries=2)
    failure = found.pop("poison")
    assert failure.error == "poison was begun 3 times and never ended: its process ended with EXIT(42)."
    assert (failure.attempts, failure.cause) == (3, "died")
    assert len(list(poison.iterdir())) == 3
    assert found == {f"calm{number}": f"calm{number}" for number in range(6)}
    assert len(list(calm.iterdir())) == 6, "none of the others was begun twice"


def test_a_killed_worker_is_told_from_one_that_crashed(tmp_path: Path) -> None:
    def tasks() -> Iterator[Task]:
        yield task("wait_for", str(tmp_path / "never"), str(tmp_path), "victim")

    def kill() -> bool:
        for path in tmp_path.glob("victim-*"):
            pid = int(path.name.split("-")[1])
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        return False

    ((_, failure),) = run_tasks(tasks(), jobs=2, retries=1, stopped=kill)
    assert failure.error == (
        "wait_for was begun 2 times and never ended: its process was killed (SIGKILL); where nobody did that,"
        " memory ran out."
    )


@BOTH
def test_tasks_are_asked_for_when_they_are_wanted(jobs: int) -> None:
    asked = 0

    def tasks() -> Iterator[Task]:
        nonlocal asked
        for number in range(40):
            asked += 1
            yield task("square", number, key=str(number))

    ahead = [asked - seen for seen, _ in enumerate(run_tasks(tasks(), jobs=jobs), start=1)]
    assert len(ahead) == 40
    assert max(ahead) <= 2 * jobs - 1


@BOTH
def test_the_next_task_may_wait_for_a_result(jobs: int) -> None:
    """Each task squares the result of the one before."""
    results: list[int] = []

    def tasks() -> Iterator[Task | None]:
        for number in range(4):
            while len(results) < number:
                yield None
            yield task("square", results[-1] if results else 3, key=str(number))

    for _, result in run_tasks(tasks(), jobs=jobs):
        results.append(result)
    assert results == [9, 81, 6561, 6561**2]


def test_waiting_for_nothing_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="waits for a result"):
        list(run_tasks([None], jobs=1))


@BOTH
def test_it_stops_when_it_is_told(jobs: int) -> None:
    seen: list[int] = []
    for _, result in run_tasks(squares(50), jobs=jobs, stopped=lambda: len(seen) >= 3):
        seen.append(result)
    assert 3 <= len(seen) <= 3 + 2 * jobs


def test_stopping_kills_what_is_under_way(tmp_path: Path) -> None:
    tasks = [task("wait_for", str(tmp_path / "never"), str(tmp_path), f"stuck{n}", key=str(n)) for n in range(2)]
    begun = time.monotonic()
    assert not list(run_tasks(tasks, jobs=2, stopped=lambda: len(list(tmp_path.glob("stuck*"))) == 2))
    assert time.monotonic() - begun < 15
    await_that(lambda: not any(alive(int(path.name.split("-")[1])) for path in tmp_path.glob("stuck*")))


def test_leaving_early_kills_the_workers(tmp_path: Path) -> None:
    stuck = task("wait_for", str(tmp_path / "never"), str(tmp_path), "stuck", key="stuck")
    for done, _ in run_tasks([stuck, *squares(1)], jobs=2):
        assert done.key == "0"
        await_that(lambda: list(tmp_path.glob("stuck*")))
        break
    (path,) = tmp_path.glob("stuck*")
    await_that(lambda: not alive(int(path.name.split("-")[1])))


def test_an_open_engine_serves_several_calls(tmp_path: Path) -> None:
    with open_executor("", 2) as engine:
        first = {result for _, result in run_tasks([task("whoami")] * 6, engine=engine)}
        second = {result for _, result in run_tasks([task("whoami")] * 6, engine=engine)}
        assert first & second
        stuck = [task("wait_for", str(tmp_path / "never"), str(tmp_path), f"stuck{n}", key=str(n)) for n in range(5)]
        assert not list(run_tasks(stuck, engine=engine, stopped=lambda: len(list(tmp_path.glob("stuck*"))) == 2))
        await_that(lambda: not any(alive(int(path.name.split("-")[1])) for path in tmp_path.glob("stuck*")))
        assert outcomes(squares(5), 0, engine=engine) == {str(n): n * n for n in range(5)}
        for _ in run_tasks(squares(9), engine=engine):
            break
        assert outcomes(squares(5), 0, engine=engine) == {str(n): n * n for n in range(5)}
        assert len(list(tmp_path.glob("stuck*"))) == 2, "what was abandoned is not begun again"
    assert not any(map(alive, first | second))


def test_workers_use_one_thread_and_ignore_interrupts() -> None:
    assert outcomes([task("threads")], 2)["threads"] == {
        "pools": [1],
        "variable": "1",
        "interrupt": True,
        "blocked": [],
    }


def test_this_process_gets_its_threads_back() -> None:
    import numpy as np
    import threadpoolctl

    np.ones((4, 4)) @ np.ones((4, 4))
    before = threadpoolctl.threadpool_info()
    variable = os.environ.get("OPENBLAS_NUM_THREADS")
    assert outcomes([task("threads")], 1)["threads"]["pools"] == [1]
    assert threadpoolctl.threadpool_info() == before
    assert os.environ.get("OPENBLAS_NUM_THREADS") == variable


@pytest.mark.torch
def test_torch_uses_one_thread() -> None:
    assert outcomes([task("torch_threads")], 2)["torch_threads"] == 1


def test_what_tasks_print_stays_out_of_the_output(capfd: pytest.CaptureFixture[str]) -> None:
    assert outcomes([task("shout", "hello")], 2)["shout"] == "hello"
    written = capfd.readouterr()
    assert written.out == ""
    assert "hello, straight" in written.err


def test_bad_wishes_are_usage_errors() -> None:
    with pytest.raises(UsageError, match="-1 jobs"):
        list(run_tasks([], jobs=-1))
    with pytest.raises(UsageError, match="not the address"):
        list(run_tasks([], engine="scheduler:8786"))
    assert processors() >= 1


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "loky", None)
    with pytest.raises(MissingExtraError) as caught:
        list(run_tasks(squares(1), jobs=2))
    assert "violet-mlsecops[test]" in caught.value.hint
    assert outcomes(squares(2), 1) == {"0": 0, "1": 1}
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setenv("VIOLET_ENGINE", "tcp://127.0.0.1:1")
    with pytest.raises(MissingExtraError) as caught:
        list(run_tasks(squares(1)))
    assert "violet-mlsecops[scale]" in caught.value.hint


def test_an_error_in_the_callers_own_tasks_is_the_callers() -> None:
    def tasks() -> Iterator[Task]:
        yield task("square", 2)
        raise VioletError("The plan is broken.")

    with pytest.raises(VioletError, match="The plan is broken"):
        list(run_tasks(tasks(), jobs=2))


PARENT = """
import sys
from violet.engine.tasks import Task, run_tasks

directory = sys.argv[1]
tasks = [Task(f"t{n}", "tests.engine.chores:wait_for", (f"{directory}/never", directory, f"w{n}")) for n in range(2)]
try:
    for task, result in run_tasks(tasks, jobs=2):
        pass
except KeyboardInterrupt:
    sys.exit(130)
"""


def _parent_with_two_workers(programs: Programs, directory: Path) -> tuple[int, list[int]]:
    script = directory / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    parent = programs.start(str(script), str(directory))
    await_that(lambda: len(list(directory.glob("w[01]-*"))) == 2, 60)
    return parent.pid, [int(path.name.split("-")[1]) for path in directory.glob("w[01]-*")]


def test_workers_end_with_a_killed_parent(programs: Programs, tmp_path: Path) -> None:
    parent, workers = _parent_with_two_workers(programs, tmp_path)
    assert all(map(alive, workers))
    os.kill(parent, signal.SIGKILL)
    await_that(lambda: not any(map(alive, workers)))


def test_an_interrupt_reaches_the_parent_alone(programs: Programs, tmp_path: Path) -> None:
    parent, workers = _parent_with_two_workers(programs, tmp_path)
    for worker in workers:
        os.kill(worker, signal.SIGINT)
    os.killpg(parent, signal.SIGINT)
    assert programs.started[0].wait(timeout=30) == 130
    await_that(lambda: not any(map(alive, workers)))
    assert (tmp_path / "log-0.txt").read_text(encoding="utf-8") == ""
