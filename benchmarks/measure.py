"""Run a command as a whole process and keep what the operating system says of it."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """One finished process: seconds on the clock and of CPU (its children included), peak resident MiB of
    the largest single process, exit code."""

    wall: float
    cpu: float
    memory: float
    code: int


@dataclass(frozen=True, slots=True)
class Timing:
    """The medians of several runs, or ``None`` figures where the command did not end in time."""

    wall: float | None
    cpu: float | None
    memory: float | None
    runs: int
    code: int | None


def once(command: Sequence[str], timeout: float, cwd: Path | None = None) -> Run | None:
    """Run ``command`` with its output thrown away. ``None`` where it does not end within ``timeout`` seconds."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=cwd,
        start_new_session=True,
    )
    deadline = started + timeout
    pause = 0.0005
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if time.perf_counter() > deadline:
            os.killpg(process.pid, 9)
            os.wait4(process.pid, 0)
            process.returncode = -9
            return None
        time.sleep(pause)
        pause = min(pause * 1.2, 0.01)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode)


def alternate(
    commands: dict[str, Callable[[], Sequence[str]]], repeats: int, timeout: float, cwd: Path | None = None
) -> dict[str, Timing]:
    """Time several commands in turns (A B C A B C ...) after one warm-up each, so that a machine whose speed
    drifts is fair to all. A command that runs out of time once is not run again."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    out: set[str] = set()
    for turn in range(repeats + 1):
        for name, command in commands.items():
            if name in out:
                continue
            result = once(command(), timeout, cwd)
            if result is None:
                out.add(name)
            elif turn:
                runs[name].append(result)
            elif result.wall > timeout / 4:
                runs[name].append(result)  # long enough for one run to be its figure
                out.add(name)
    return {name: _median(found) for name, found in runs.items()}


def _median(found: list[Run]) -> Timing:
    if not found:
        return Timing(None, None, None, 0, None)
    return Timing(
        statistics.median(run.wall for run in found),
        statistics.median(run.cpu for run in found),
        statistics.median(run.memory for run in found),
        len(found),
        found[-1].code,
    )
