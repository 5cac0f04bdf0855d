"""Several worker processes, restarted when they die, stopped together."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain.errors import UsageError, VioletError

if TYPE_CHECKING:
    from collections.abc import Callable

FAILED_TO_START = 3
"""Exit code of a worker that never got ready."""
SOON = 5.0
"""A worker that dies within so many seconds is restarted later and later."""
LATEST = 10.0


@dataclass(slots=True)
class _Worker:
    number: int
    pid: int = 0
    pipe: int = -1
    """Readable when the worker is ready."""
    since: float = 0.0
    ready: bool = False
    deaths: int = 0
    """In a row, each soon after the start."""
    again: float = 0.0
    """When to start it anew; 0: it runs."""


class Supervisor:
    """``work`` is called in a child with its number, what to call when it is ready, and a pipe that ends when the
    supervisor does, however it does. Children are forked before anything heavy is imported or any thread is started."""

    def __init__(self, work: Callable[[int, Callable[[], None], int], None], count: int, grace: float) -> None:
        self._work = work
        self._workers = [_Worker(number) for number in range(count)]
        self._grace = grace
        self._stopping = False
        self._life, self._held = os.pipe()
        self._signal, self._told = os.pipe()
        os.set_blocking(self._signal, False)
        os.set_blocking(self._told, False)

    def run(self, started: Callable[[], None]) -> None:
        """Until SIGTERM or SIGINT. Raises ``UsageError`` where a worker cannot start."""
        handled = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
        before = {which: signal.signal(which, self._hear) for which in handled}
        wakeup = signal.set_wakeup_fd(self._told, warn_on_full_buffer=False)
        announced = False
        try:
            for worker in self._workers:
                self._start(worker)
            while not self._stopping:
                self._turn()
                if not announced and all(worker.ready for worker in self._workers):
                    announced = True
                    started()
        finally:
            self._stop()
            signal.set_wakeup_fd(wakeup)
            for which, handler in before.items():
                signal.signal(which, handler)
            for descriptor in (self._life, self._held, self._signal, self._told):
                os.close(descriptor)

    def _hear(self, number: int, frame: object) -> None:
        if number != signal.SIGCHLD:
            self._stopping = True

    def _start(self, worker: _Worker) -> None:
        there, here = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            os.close(there)
            self._be(worker.number, here)  # never returns
        os.close(here)
        worker.pid, worker.pipe = pid, there
        worker.since, worker.again, worker.ready = time.monotonic(), 0.0, False

    def _be(self, number: int, here: int) -> None:
        """The child's life. Never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for which in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(which, signal.SIG_DFL)
            os.close(self._held)
            ready = False

            def say() -> None:
                nonlocal ready
                ready = True
                os.write(here, b"1")

            self._work(number, say, self._life)
            code = 0
        except VioletError as error:
            print(f"violet: {error.diagnostics()}", file=sys.stderr)
            code = FAILED_TO_START
        except BaseException:
            traceback.print_exc()
            code = 1 if ready else FAILED_TO_START
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _turn(self) -> None:
        """Wait for something to happen, and deal with it."""
        now = time.monotonic()
        waits = [worker.again - now for worker in self._workers if worker.again]
        pipes = {worker.pipe: worker for worker in self._workers if worker.pipe >= 0}
        readable, _, _ = select.select([self._signal, *pipes], [], [], max(0.0, min(waits, default=60.0)))
        for descriptor in readable:
            if descriptor == self._signal:
                os.read(self._signal, 4096)
            else:
                worker = pipes[descriptor]
                worker.ready = bool(os.read(descriptor, 1))
                os.close(descriptor)
                worker.pipe = -1
        self._reap()
        now = time.monotonic()
        for worker in self._workers:
            if worker.again and worker.again <= now and not self._stopping:
                self._start(worker)

    def _reap(self) -> None:
        for worker in self._workers:
            if not worker.pid:
                continue
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid == 0:
                continue
            worker.pid = 0
            code = os.waitstatus_to_exitcode(status)
            if self._stopping:
                continue
            if code == FAILED_TO_START:
                self._stopping = True
                raise UsageError(f"Worker {worker.number} could not start.", "What it said stands above.")
            now = time.monotonic()
            worker.deaths = worker.deaths + 1 if now - worker.since < SOON else 0
            wait = min(LATEST, 0.1 * 2**worker.deaths) if worker.deaths else 0.0
            worker.again = now + wait
            how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
            print(f"violet: worker {worker.number} ended {how}; starting another", file=sys.stderr, flush=True)

    def _stop(self) -> None:
        """Tell all to finish; end those who do not within the grace."""
        self._stopping = True
        for worker in self._workers:
            if worker.pid:
                os.kill(worker.pid, signal.SIGTERM)
        deadline = time.monotonic() + self._grace + 2.0
        while any(worker.pid for worker in self._workers) and time.monotonic() < deadline:
            self._reap()
            select.select([self._signal], [], [], 0.05)
            with contextlib.suppress(BlockingIOError):
                os.read(self._signal, 4096)
        for worker in self._workers:
            if worker.pid:
                os.kill(worker.pid, signal.SIGKILL)
                os.waitpid(worker.pid, 0)
            if worker.pipe >= 0:
                os.close(worker.pipe)
