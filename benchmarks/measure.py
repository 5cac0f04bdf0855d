"""Run a command as a whole process and keep what the operating system says of it."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
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


LAUNCHER = """
import json, os, sys, time
started = time.perf_counter()
pid = os.fork()
if pid == 0:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - started
code = os.waitstatus_to_exitcode(status)
print(json.dumps([wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, code]))
"""
"""Run by a bare interpreter: a process counts the memory of the one it was forked from, and this one's is large."""


def once(command: Sequence[str], timeout: float, cwd: Path | None = None) -> Run | None:
    """Run ``command`` with its output thrown away. ``None`` where it does not end within ``timeout`` seconds."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", LAUNCHER, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        cwd=cwd,
        start_new_session=True,
    )
    try:
        answer, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None
    wall, cpu, memory, code = json.loads(answer)
    return Run(wall, cpu, memory, code)


def alternate(
    commands: dict[str, Callable[[], Sequence[str]]],
    repeats: int,
    timeout: float,
    cwd: Path | None = None,
    within: float = float("inf"),
) -> dict[str, Timing]:
    """Time several commands in turns (A B C A B C ...) after one warm-up each, so that a machine whose speed
    drifts is fair to all. A command that runs out of time once is not run again. No turn but the first two begins
    that would, as long as the last one, not end ``within`` so many seconds."""
    begun = time.monotonic()
    longest = 0.0
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    out: set[str] = set()
    for turn in range(repeats + 1):
        started = time.monotonic()
        if turn > 1 and started - begun + longest > within:
            break
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
        longest = time.monotonic() - started
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
