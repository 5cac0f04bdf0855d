"""A pool of expendable processes for work on untrusted files.

The standard pools do not fit: they unpickle what a worker sends (a worker that was taken over would own its
parent), they lose their queue when one worker dies, they cannot say which file killed it, and importing
them takes longer than a small scan. Here the parent forks workers, sends them small lists of jobs, and gets
one JSON answer a job, in order; so the job on which a worker dies or falls silent is always known, becomes
a ``Death``, and everything else goes on in a new worker.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from violet.domain import UsageError, VioletError
from violet.engine.forked import OUT_OF_MEMORY, Forked, fork, safe
from violet.engine.worker import LENGTH, LONGEST_FRAME, LONGEST_WAIT, Limits, encode, serve, write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from violet.engine.worker import Position, Work

__all__ = ["Death", "Job", "Limits", "run"]

SMALL = 1 << 20
"""Bytes up to which files travel in chunks."""
MOST_IN_CHUNK = 64
LARGEST_CHUNK = 48 << 10
"""Bytes of one request, below what a pipe holds, so that sending never waits for a worker that died."""


class Job:
    """One piece of work: ``payload`` is anything JSON can say, ``size`` (bytes) decides the order,
    ``seconds`` is its limit of processor and wall-clock time (0: the pool's)."""

    __slots__ = ("payload", "seconds", "size")

    def __init__(self, payload: Any, size: int = 0, seconds: float = 0.0) -> None:
        self.payload = payload
        self.size = size
        self.seconds = seconds


class Death:
    """The worker did not survive the job, or its answer made no sense.

    ``cause`` is ``memory``, ``time``, ``signal``, ``error`` or ``protocol``; ``reason`` says it in words.
    """

    __slots__ = ("cause", "reason")

    def __init__(self, cause: str, reason: str) -> None:
        self.cause = cause
        self.reason = reason


class _Worker:
    """A live worker as the parent sees it."""

    __slots__ = ("answers", "buffer", "chunk", "deadline", "done", "killed", "pid", "position", "requests")

    def __init__(self, pid: int, requests: int, answers: int, position: Position | None) -> None:
        self.pid = pid
        self.requests = requests
        self.answers = answers
        self.position = position
        self.buffer = bytearray()
        self.chunk: list[int] = []
        self.done = 0
        self.deadline = float("inf")
        self.killed: Death | None = None

    @property
    def busy(self) -> bool:
        """Whether answers are outstanding."""
        return self.done < len(self.chunk)

    @property
    def at(self) -> int:
        """The place in the chunk of the job being worked on. The worker says so in shared memory, which it may
        have scribbled over: only places whose answers are outstanding count."""
        if self.position is None:
            return self.done
        said: int = LENGTH.unpack_from(self.position, 0)[0]
        return min(max(said, self.done), len(self.chunk) - 1)

    def wait(self, seconds: float) -> Death:
        """How it ended. It has closed its pipe, so it is dead or about to be, unless it was taken over."""
        for _ in range(500):
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # somebody else's handler has fetched the status
                break
            if pid:
                self.pid = 0
                return _cause(status, seconds)
            time.sleep(0.001)
        return Death("protocol", "stopped answering")

    def stop(self, why: Death | None = None) -> None:
        """End it, if it has not ended by itself."""
        self.killed = self.killed or why
        os.close(self.requests)
        os.close(self.answers)
        self.requests = self.answers = -1
        if self.pid:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
            self.pid = 0


def run(
    work: Work,
    jobs: Sequence[Job],
    *,
    workers: int = 1,
    limits: Limits | None = None,
    method: str = "",
    meanwhile: Callable[[], None] | None = None,
    spare: Forked | None = None,
) -> Iterator[tuple[int, Any | Death]]:
    """Do ``work(job.payload)`` for every job; yields ``(index, answer)`` as they come, each index once.

    ``work`` is a function at the top of its module; it and what it needs should be imported already, so
    that forked workers share it. ``method`` is ``fork`` or ``spawn`` (default: fork where that is safe).
    ``meanwhile`` is called once, when the first jobs are under way. ``spare`` is a worker for the same ``work``
    that ``serve_early`` has begun; the pool owns it from here on. Leaving the iterator early, by an
    exception too, ends every worker.
    """
    pool = _Pool(work, jobs, workers, limits or Limits(), method or ("fork" if safe() else "spawn"), spare)
    try:
        yield from pool.results(meanwhile)
    finally:
        pool.close()


def _chunks(jobs: Sequence[Job], workers: int) -> deque[list[int]]:
    """Big jobs first and alone, small ones together: the last to finish is then a short one."""
    order = sorted(range(len(jobs)), key=lambda i: (-jobs[i].size, i))
    small = sum(1 for job in jobs if job.size <= SMALL)
    length = max(1, min(MOST_IN_CHUNK, small // (workers * 4)))
    chunks: deque[list[int]] = deque()
    chunk: list[int] = []
    budget = LARGEST_CHUNK
    for index in order:
        if jobs[index].size > SMALL:
            chunks.append([index])
            continue
        cost = _length(jobs[index].payload) * 2 + 32
        if chunk and (len(chunk) >= length or cost > budget):
            chunks.append(chunk)
            chunk, budget = [], LARGEST_CHUNK
        chunk.append(index)
        budget -= cost
    if chunk:
        chunks.append(chunk)
    return chunks


def _length(payload: Any) -> int:
    """About how many characters a payload takes in a request."""
    if type(payload) is list:
        return sum(len(part) + 4 if type(part) is str else len(str(part)) + 2 for part in payload)
    return len(str(payload))


class _Pool:
    def __init__(
        self, work: Work, jobs: Sequence[Job], workers: int, limits: Limits, method: str, spare: Forked | None
    ) -> None:
        import select

        if not hasattr(select, "poll"):
            raise UsageError("Scanning needs a POSIX system.", "On Windows, run Violet inside WSL.")
        self.work = work
        self.jobs = jobs
        self.limits = limits
        self.method = method
        self.queue = _chunks(jobs, max(1, workers))
        self.most = max(1, min(workers, len(self.queue)))
        self.workers: dict[int, _Worker] = {}
        self.spare = spare
        self.poll = select.poll()
        self.frozen = False
        self.readable = select.POLLIN | select.POLLHUP | select.POLLERR

    def results(self, meanwhile: Callable[[], None] | None = None) -> Iterator[tuple[int, Any | Death]]:
        if self.method == "fork" and self.jobs:
            import gc

            gc.freeze()  # so that collections in the children do not copy the parent's pages
            self.frozen = True
        while self.queue or any(w.busy for w in self.workers.values()):
            self._feed()
            if meanwhile is not None:
                meanwhile()
                meanwhile = None
            for worker in self._ready():
                yield from self._receive(worker)
                if worker.answers < 0:
                    yield from self._bury(worker)

    def _feed(self) -> None:
        """Give every idle worker something to do; start workers while there are fewer than allowed."""
        idle = [worker for worker in self.workers.values() if not worker.busy]
        while self.queue:
            if idle:
                worker = idle.pop()
            elif len(self.workers) < self.most:
                try:
                    worker = self._start()
                except OSError as error:
                    if self.workers:
                        return
                    raise VioletError(f"No worker process could be started: {error}.") from error
            else:
                return
            chunk = self.queue.popleft()
            worker.chunk, worker.done = chunk, 0
            if worker.position is not None:
                LENGTH.pack_into(worker.position, 0, 0)
            worker.deadline = self._deadline(chunk[0])
            request = [[i, self._seconds(i), self.jobs[i].payload] for i in chunk]
            try:
                write_all(worker.requests, encode(request))
            except BrokenPipeError:  # died while idle: none of this chunk was begun
                worker.chunk = []
                self.queue.appendleft(chunk)
                self._remove(worker)
                worker.stop()

    def _deadline(self, index: int) -> float:
        return time.monotonic() + self._seconds(index) + LONGEST_WAIT

    def _seconds(self, index: int) -> float:
        return self.jobs[index].seconds or self.limits.seconds

    def _ready(self) -> list[_Worker]:
        """Wait for answers, and kill what is over its time (which then is readable, too)."""
        now = time.monotonic()
        soonest = min((w.deadline for w in self.workers.values() if w.busy), default=now)
        events = self.poll.poll(min(max(0.0, soonest - now), 3600.0) * 1000 + 1)
        ready = [self.workers[descriptor] for descriptor, _ in events]
        now = time.monotonic()
        for worker in self.workers.values():
            if worker.busy and worker.deadline <= now and worker not in ready:
                seconds = self._seconds(worker.chunk[worker.at])
                worker.killed = Death("time", f"gave no answer within {seconds:g} s")
                os.kill(worker.pid, signal.SIGKILL)
                worker.deadline = float("inf")
        return ready

    def _receive(self, worker: _Worker) -> Iterator[tuple[int, Any | Death]]:
        """Every whole answer that has come. On end of file the worker's pipes are closed."""
        import json

        data = os.read(worker.answers, 1 << 18)
        if not data:
            self._end(worker)
            return
        buffer = worker.buffer
        buffer += data
        start = 0
        while len(buffer) - start >= LENGTH.size:
            length = LENGTH.unpack_from(buffer, start)[0]
            if length > LONGEST_FRAME:
                self._end(worker, Death("protocol", "sent more than an answer may hold"))
                return
            end = start + LENGTH.size + length
            if end > len(buffer):
                break
            body = bytes(buffer[start + LENGTH.size : end])
            start = end
            try:
                index, status, answer = json.loads(body)
            except (ValueError, TypeError, RecursionError):
                index = status = answer = None
            if not worker.busy or index != worker.chunk[worker.done] or status not in ("ok", "error"):
                self._end(worker, Death("protocol", "sent something that is no answer"))
                return
            worker.done += 1
            if worker.busy:
                worker.deadline = self._deadline(worker.chunk[worker.done])
            yield index, answer if status == "ok" else Death("error", f"stopped on an error: {answer}")
        del buffer[:start]

    def _end(self, worker: _Worker, why: Death | None = None) -> None:
        """Take a worker out of service: it has closed its pipe, or is not to be believed any more."""
        self._remove(worker)
        if why is None and worker.killed is None:
            why = worker.wait(self._seconds(worker.chunk[worker.at]) if worker.busy else 0.0)
        worker.stop(why)

    def _remove(self, worker: _Worker) -> None:
        self.poll.unregister(worker.answers)
        del self.workers[worker.answers]

    def _bury(self, worker: _Worker) -> Iterator[tuple[int, Death]]:
        """The job it died on gets the death; those behind it, and those before it whose answers it took
        along, go back into the queue."""
        if not worker.busy:
            return
        at = worker.at
        for rest in (worker.chunk[at + 1 :], worker.chunk[worker.done : at]):
            if rest:
                self.queue.appendleft(rest)
        yield worker.chunk[at], worker.killed or Death("signal", "ended without an answer")

    def _start(self) -> _Worker:
        spare, self.spare = self.spare, None
        if spare is not None:
            try:
                worker = self._adopt(spare)
            except BrokenPipeError:
                spare.stop()
                return self._start()
        else:
            worker = self._fork() if self.method == "fork" else self._spawn()
        self.workers[worker.answers] = worker
        self.poll.register(worker.answers, self.readable)
        return worker

    def _fork(self) -> _Worker:
        limits, work = self.limits, self.work
        forked = fork(lambda requests, answers, position: serve(work, requests, answers, limits, position))
        return _Worker(forked.pid, forked.requests, forked.answers, forked.position)

    def _adopt(self, spare: Forked) -> _Worker:
        """A worker that was forked before the limits were known: the first thing it reads."""
        limits = self.limits
        write_all(spare.requests, encode([limits.memory, limits.seconds, limits.spill, limits.descriptors]))
        return _Worker(spare.pid, spare.requests, spare.answers, spare.position)

    def _spawn(self) -> _Worker:
        import subprocess

        limits = self.limits
        numbers = (limits.memory, limits.seconds, limits.spill, limits.descriptors)
        environment = dict(os.environ)
        # Empty entries would mean the working directory, which may be the one under examination.
        environment["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry)
        name = f"{self.work.__module__}:{self.work.__qualname__}"
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "violet.engine.worker", name, *map(str, numbers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        worker = _Worker(process.pid, os.dup(process.stdin.fileno()), os.dup(process.stdout.fileno()), None)
        process.stdin.close()
        process.stdout.close()
        process.returncode = 0  # we wait for it ourselves
        return worker

    def close(self) -> None:
        for worker in self.workers.values():
            worker.stop()
        self.workers.clear()
        if self.spare is not None:
            self.spare.stop()
        if self.frozen:
            import gc

            gc.unfreeze()


def _cause(status: int, seconds: float) -> Death:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU:
            return Death("time", f"used more than {seconds:g} s of processor time")
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = "unknown"
        hint = ", perhaps because the system is short of memory" if number == signal.SIGKILL else ""
        return Death("signal", f"was ended by signal {number} ({name}){hint}")
    code = os.WEXITSTATUS(status)
    if code == OUT_OF_MEMORY:
        return Death("memory", "ran out of the memory it may use")
    return Death("signal", f"ended with exit code {code} and gave no answer")
