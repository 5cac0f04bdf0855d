"""The pool under everything a worker can do to it: each test kills, starves or confuses real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engine.hostile import misbehave
from violet.engine.forked import fork
from violet.engine.sandbox import Death, Job, Limits, run
from violet.engine.worker import serve_early

METHODS = ("fork", "spawn")
ROOT = Path(__file__).parents[2]


def results(payloads: list[Any], method: str, workers: int = 2, **limits: Any) -> dict[int, Any]:
    jobs = [Job(payload, seconds=1.0) for payload in payloads]
    return dict(run(misbehave, jobs, workers=workers, limits=Limits(**limits), method=method))


@pytest.mark.parametrize("method", METHODS)
def test_every_job_is_answered_once(method: str) -> None:
    jobs = [Job(["echo", number], size=number % 7 * 400_000) for number in range(500)]
    seen = list(run(misbehave, jobs, workers=3, method=method))
    assert sorted(index for index, _ in seen) == list(range(500))
    assert all(answer == index for index, answer in seen)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("payload", "cause"),
    [
        (["allocate", 8 << 30], "memory"),
        (["burn", 0], "time"),
        (["handler", 0], "time"),
        (["sleep", 0], "time"),
        (["kill", signal.SIGKILL], "signal"),
        (["kill", signal.SIGSEGV], "signal"),
        (["abort", 0], "signal"),
        (["exit", 0], "signal"),
        (["raise", "boom"], "error"),
        (["garbage", 0], "protocol"),
        (["huge", 0], "protocol"),
        (["mute", 0], "protocol"),
    ],
)
def test_a_death_is_known_by_its_job_and_the_rest_goes_on(method: str, payload: Any, cause: str) -> None:
    answers = results([["echo", "before"], payload, *(["echo", number] for number in range(20))], method)
    assert isinstance(answers[1], Death)
    assert answers[1].cause == cause
    assert answers[0] == "before"
    assert [answers[2 + number] for number in range(20)] == list(range(20))


def test_processor_time_is_limited_by_the_kernel() -> None:
    """With all the wall-clock time in the world, a loop still ends: the limit is in the worker, not the
    parent."""
    script = (
        "from tests.engine.hostile import misbehave\n"
        "from violet.engine.worker import _allow_processor_time, restrict, Limits\n"
        "restrict(Limits())\n"
        "_allow_processor_time(0.5, 0)\n"
        "misbehave(['burn', 0])\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=60, check=False)
    assert ended.returncode == -signal.SIGXCPU


@pytest.mark.parametrize("method", METHODS)
def test_limits_are_in_force_inside(method: str) -> None:
    (limits,) = results([["limits", 0]], method, memory=1 << 28, descriptors=64, spill=1 << 20).values()
    assert limits["RLIMIT_CORE"] == 0
    assert limits["RLIMIT_NOFILE"] == 64
    assert limits["RLIMIT_FSIZE"] == 1 << 20
    own = int(Path("/proc/self/statm").read_text().split()[0]) * 4096
    assert 1 << 28 <= limits["RLIMIT_AS"] < max(4 << 30, own + (1 << 30)), "a fork begins with what its parent has"


def test_forked_workers_inherit_no_descriptors(tmp_path: Path) -> None:
    with open(tmp_path / "secret", "w") as _held:
        (descriptors,) = results([["descriptors", 0]], "fork").values()
    assert len(descriptors) <= 6  # three standard streams to nowhere, two pipes, and the listing itself


@pytest.mark.parametrize("method", METHODS)
def test_text_of_any_kind_comes_through(method: str) -> None:
    text = "\udcff\x00\u2028 é \U0001f600 \ud800"
    assert results([["echo", text]], method) == {0: text}


@pytest.mark.parametrize("method", METHODS)
def test_leaving_early_ends_the_workers(method: str, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    jobs = [Job(["pid", str(note)]), *[Job(["sleep", 0], size=-1) for _ in range(3)]]
    iterator = run(misbehave, jobs, workers=1, method=method)
    _, pid = next(iterator)
    os.kill(pid, 0)
    iterator.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    """A parent that is killed cannot clean up: its workers see the pipe close, and end by themselves."""
    note = tmp_path / "pid"
    script = (
        "import os, signal\n"
        "from tests.engine.hostile import misbehave\n"
        "from violet.engine.sandbox import Job, run\n"
        f"for _ in run(misbehave, [Job(['pid', {str(note)!r}]), Job(['echo', 1])], workers=1, method='fork'):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    # The worker holds no stream of ours, so a pipe whose last holder is the worker tells when it has gone.
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, pass_fds=[writer])
    os.close(writer)
    assert parent.wait(60) == -signal.SIGKILL
    assert os.read(reader, 1) == b""  # blocks for as long as anybody lives
    os.close(reader)
    pid = int(note.read_text(encoding="ascii"))
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    """Whether the process runs. An orphan that has ended may still wait for its new parent to notice."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    if state in "ZX":
        return False
    # It got end of file, or will as soon as it runs: give the scheduler the chance by waiting on the process itself.
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return False
    import select

    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    ended = bool(poll.poll(20_000))
    os.close(descriptor)
    return not ended


def test_random_kills_lose_nothing(tmp_path: Path) -> None:
    """Workers are killed from outside while they work. Every job still has exactly one answer."""
    note = tmp_path / "pid"
    jobs = [Job(["pid", str(note)] if number % 10 == 0 else ["echo", number]) for number in range(200)]
    answers: dict[int, Any] = {}
    killed = 0
    for index, answer in run(misbehave, jobs, workers=2, method="fork"):
        assert index not in answers
        answers[index] = answer
        if index % 10 == 0 and isinstance(answer, int) and killed < 8:
            try:
                os.kill(answer, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                pass
    assert sorted(answers) == list(range(200))
    deaths = [answer for answer in answers.values() if isinstance(answer, Death)]
    assert killed
    assert len(deaths) <= killed
    assert all("signal 9" in death.reason for death in deaths)


@pytest.mark.parametrize("lie", [0, 1, 7, 40, 0xFFFFFFFF])
def test_a_worker_that_lies_about_its_place_takes_nothing_along(lie: int) -> None:
    """It may blame another job, but every job is answered once and its own death is not hidden."""
    payloads = [["echo", number] for number in range(30)]
    payloads[11] = ["scribble", lie]
    answers = results(payloads, "fork", workers=1)
    assert sorted(answers) == list(range(30))
    assert any(isinstance(answer, Death) for answer in answers.values())
    assert all(answer == index for index, answer in answers.items() if not isinstance(answer, Death))


def test_no_more_workers_than_work() -> None:
    pids = {answer for _, answer in run(misbehave, [Job(["echo", 0])], workers=8, method="fork")}
    assert pids == {0}


def test_no_jobs_no_workers() -> None:
    assert list(run(misbehave, [], workers=4)) == []


def test_meanwhile_is_called_once_while_work_is_under_way() -> None:
    calls: list[int] = []
    jobs = [Job(["echo", number]) for number in range(50)]
    assert len(list(run(misbehave, jobs, workers=2, meanwhile=lambda: calls.append(1)))) == 50
    assert calls == [1]


def test_a_worker_that_was_forked_early_obeys_the_limits_that_come_later() -> None:
    spare = fork(lambda requests, answers, position: serve_early(misbehave, requests, answers, position))
    jobs = [Job(["echo", "first"]), Job(["allocate", 8 << 30]), Job(["echo", "last"])]
    answers = dict(run(misbehave, jobs, limits=Limits(memory=64 << 20), spare=spare))
    assert answers[0] == "first"
    assert isinstance(answers[1], Death)
    assert answers[1].cause == "memory"
    assert answers[2] == "last"


def test_a_worker_that_was_forked_early_and_died_is_replaced() -> None:
    spare = fork(lambda requests, answers, position: os._exit(1))
    os.waitid(os.P_PID, spare.pid, os.WEXITED | os.WNOWAIT)
    assert dict(run(misbehave, [Job(["echo", 1])], spare=spare)) == {0: 1}


def test_a_worker_that_is_not_needed_is_ended() -> None:
    spare = fork(lambda requests, answers, position: serve_early(misbehave, requests, answers, position))
    assert dict(run(misbehave, [], spare=spare)) == {}
    with pytest.raises(ProcessLookupError):
        os.kill(spare.pid, 0)
