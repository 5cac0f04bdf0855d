"""Where tasks run: in this process, in processes of this machine (loky), or on a Dask cluster.

Each is a ``concurrent.futures.Executor`` with what the standard interface leaves out: how wide it is, whether an
error means that a worker died, and how to end it with whatever it is doing.

Dask's scheduler and workers exchange pickles: whoever holds the scheduler holds this process. Use a cluster of your
own, on a network of your own, or with TLS (``tls://...``; Dask's own configuration names the certificates).
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections import deque
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

from violet.domain import MissingExtraError, UsageError, VioletError
from violet.engine import work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCHEMES = ("tcp://", "tls://")
_CONNECT_SECONDS = 15.0
_LOOK_SECONDS = 2.0
_WITHOUT_WORKERS_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Death:
    """A worker died over a task: ``reason`` in words, ``times`` how often (a cluster tries again by itself)."""

    reason: str
    times: int = 1


class Engine(Protocol):
    """An executor, and what has to be known about it."""

    executor: Executor
    depth: int
    """Tasks under way at a time, those that wait for a worker included."""
    perform: Callable[..., work.Answer]
    """What a worker calls."""
    sure: bool
    """Whether a death is the doing of the task that reports it, and not of one that shared its worker."""

    def death(self, error: BaseException) -> Death | None:
        """The death behind an error of a future, if there is one."""

    def check(self) -> None:
        """Asked while nothing happens. Raises ``VioletError`` where nothing ever will."""

    def lost(self) -> VioletError:
        """Why a future was cancelled that nobody here cancelled."""

    def abandon(self) -> None:
        """Forget what is under way, and end it where that can be done. The engine can be used again."""

    def close(self, *, kill: bool) -> None:
        """End it; with ``kill``, whatever is under way."""


@contextlib.contextmanager
def open_executor(engine: str = "", jobs: int = 0, retries: int = 3) -> Iterator[Engine]:
    """The engine of this name: a scheduler's address, or empty for this machine with ``jobs`` processes (0: one a
    processor; 1: none but this). It is ended on leaving, killed where that is by an exception.

    Raises ``UsageError``, ``MissingExtraError``, and ``VioletError`` where no scheduler answers.
    """
    opened = _open(engine.strip(), jobs, retries)
    try:
        yield opened
    except BaseException:
        opened.close(kill=True)
        raise
    opened.close(kill=False)


def _open(engine: str, jobs: int, retries: int) -> Engine:
    if jobs < 0:
        raise UsageError(f"{jobs} jobs cannot be.", "Give a number from 0 (one a processor) up.")
    if engine:
        if not engine.startswith(SCHEMES):
            raise UsageError(
                f"{engine!r} is not the address of an engine.",
                "Name a Dask scheduler, like tcp://scheduler:8786, or leave it out to work on this machine.",
            )
        return Cluster(engine, jobs, retries)
    width = jobs or processors()
    return InProcess() if width == 1 else Processes(width)


def processors() -> int:
    """Processors that this process may use, with the quota of its container where loky can tell."""
    with contextlib.suppress(ImportError):
        import loky

        return max(1, int(loky.cpu_count()))
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


class _Inline(Executor):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class _ThisMachine:
    sure = True

    def check(self) -> None:
        """Nothing can be lost here."""

    def lost(self) -> VioletError:
        return VioletError("Work was cancelled from outside.")


class InProcess(_ThisMachine):
    """One task after the other, here."""

    depth = 1
    perform = staticmethod(work.perform_here)

    def __init__(self) -> None:
        self.executor: Executor = _Inline()

    def death(self, error: BaseException) -> Death | None:
        return None

    def abandon(self) -> None:
        """Nothing is under way."""

    def close(self, *, kill: bool) -> None:
        """There is nothing to end."""


class Processes(_ThisMachine):
    """Processes of this machine. Two tasks for each are under way, so that none waits for the caller."""

    perform = staticmethod(work.perform)

    def __init__(self, width: int) -> None:
        self.depth = 2 * width
        self._fleet = Fleet(width)
        self.executor: Executor = self._fleet

    def death(self, error: BaseException) -> Death | None:
        return Death(_cause(str(error))) if isinstance(error, BrokenProcessPool) else None

    def abandon(self) -> None:
        self._fleet.abandon()

    def close(self, *, kill: bool) -> None:
        self._fleet.end(kill=kill)


def _cause(text: str) -> str:
    """What loky says of the ends of its workers, in fewer words."""
    if "un-serialize" in text:
        return "what goes to or comes from the worker cannot be pickled"
    found = re.search(r"\{([^}]*)\}\s*$", text, re.MULTILINE)
    codes = found[1] if found else ""
    if "SIGKILL" in codes:
        return "its process was killed (SIGKILL); where nobody did that, memory ran out"
    return f"its process ended with {codes}" if codes else "its process ended"


@dataclass(frozen=True, slots=True)
class _Call:
    future: Future[Any]
    fn: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Fleet(Executor):
    """Pools of one process each. A process that dies takes its own task with it and no other, so that the blame is
    certain; the pool is then replaced.

    One thread owns everything: submissions, results and the end come to it through a queue. It blocks SIGINT, and the
    processes inherit that until they ignore it by themselves.
    """

    def __init__(self, width: int) -> None:
        import threading
        import warnings

        try:
            import loky
        except ImportError:
            raise MissingExtraError("Work in several processes", "test") from None
        # A process that has grown too large is renewed by loky, which is no news to the user.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs", category=UserWarning)
        self._make: Callable[..., Executor] = loky.ProcessPoolExecutor
        self._width = width
        self._events: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self._ended = False
        self._thread = threading.Thread(target=self._attend, name="violet-fleet", daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self._ended:
            raise RuntimeError("this executor has ended")
        future: Future[Any] = Future()
        self._events.put(("submitted", _Call(future, fn, args, kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.end(kill=cancel_futures)

    def abandon(self) -> None:
        """End the processes that work, and with them what they and others were to do; those that are idle stay."""
        self._events.put(("abandoned", None))

    def end(self, *, kill: bool) -> None:
        """Let the processes end; with ``kill``, or where they still work, end them. Waits until they are gone."""
        if not self._ended:
            self._ended = True
            self._events.put(("ended", kill))
            self._thread.join()

    def _attend(self) -> None:
        import signal

        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        waiting: deque[_Call] = deque()
        idle: list[Any] = []
        busy: dict[Any, Future[Any]] = {}
        while True:
            event, about = self._events.get()
            if event == "ended":
                self._dismiss(idle, list(busy), kill=about)
                return
            if event == "submitted":
                waiting.append(about)
            elif event == "abandoned":
                waiting.clear()
                while busy:
                    busy.popitem()[0].shutdown(wait=True, kill_workers=True)
            elif about[0] in busy:  # else it was abandoned meanwhile
                pool, inner = about
                outer = busy.pop(pool)
                if isinstance(inner.exception(), BrokenProcessPool):
                    pool.shutdown(wait=False, kill_workers=True)
                else:
                    idle.append(pool)
                _pass_on(inner, outer)
            while waiting and (idle or len(busy) < self._width):
                call = waiting.popleft()
                if call.future.set_running_or_notify_cancel():
                    self._give(call, idle, busy)

    def _give(self, call: _Call, idle: list[Any], busy: dict[Any, Future[Any]]) -> None:
        """Let an idle process do it, or a new one; an idle one may have died meanwhile."""
        while True:
            fresh = not idle
            try:
                pool = self._pool() if fresh else idle.pop()
                inner = pool.submit(call.fn, *call.args, **call.kwargs)
            except Exception as error:
                if not fresh and isinstance(error, BrokenProcessPool):
                    continue
                call.future.set_exception(VioletError(f"No worker process could be started: {error}."))
                return
            busy[pool] = call.future
            inner.add_done_callback(partial(self._report, pool))
            return

    def _report(self, pool: Any, inner: Future[Any]) -> None:
        self._events.put(("done", (pool, inner)))

    def _pool(self) -> Any:
        return self._make(
            max_workers=1,
            initializer=work.prepare,
            initargs=(os.getpid(),),
            env=dict(work.ONE_THREAD),
        )

    def _dismiss(self, idle: list[Any], busy: list[Any], *, kill: bool) -> None:
        for pool in busy:
            pool.shutdown(wait=True, kill_workers=True)
        for pool in idle:
            pool.shutdown(wait=True, kill_workers=kill)


def _pass_on(inner: Future[Any], outer: Future[Any]) -> None:
    error = inner.exception()
    if error is None:
        outer.set_result(inner.result())
    else:
        outer.set_exception(error)


class Cluster:
    """A Dask cluster. A dead worker takes all its tasks with it, and the scheduler starts them elsewhere; it gives
    up on those that were on several workers that died, guilty or not, so the blame is not certain."""

    sure = False
    perform = staticmethod(work.perform)

    def __init__(self, address: str, jobs: int, retries: int) -> None:
        try:
            import distributed
        except ImportError:
            raise MissingExtraError(f"The engine {address}", "scale") from None
        self.address = address
        self._jobs = jobs
        self._retries = retries
        _hush()
        untyped: Any = distributed
        try:
            self._client: Any = untyped.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False, name="violet")
        except Exception as error:
            raise VioletError(
                f"No Dask scheduler answers at {address} ({type(error).__name__}).",
                "Is it running, and can this machine reach it?",
            ) from error
        try:
            self._greet()
            self.executor: Executor = self._client.get_executor(retries=retries, pure=False)
        except BaseException:
            self._client.close()
            raise
        self._looked = self._seen = time.monotonic()

    def _greet(self) -> None:
        """Wait for a worker, and see that all have this version of Violet."""
        try:
            self._client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
        except Exception as error:
            raise VioletError(
                f"The scheduler at {self.address} has no workers.", f"Start some: dask worker {self.address}"
            ) from error
        ours = work.version()
        for worker, theirs in self._client.run(work.version, on_error="return").items():
            if theirs != ours:
                said = f"has Violet {theirs}" if isinstance(theirs, str) else f"cannot load Violet ({theirs})"
                raise VioletError(
                    f"The worker {worker} {said}; this is {ours}.", "Install the same version on every worker."
                )
        self.depth = 2 * (self._jobs or self._threads())

    def _threads(self) -> int:
        return max(1, int(sum(self._client.nthreads().values())))

    def death(self, error: BaseException) -> Death | None:
        from distributed import KilledWorker

        if not isinstance(error, KilledWorker):
            return None
        return Death("each time, the worker that had it died", int(error.allowed_failures) + 1)

    def check(self) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS:
            return
        try:
            threads = sum(self._client.nthreads().values())
        except Exception as error:
            raise self.lost() from error
        self._looked = time.monotonic()
        if threads:
            self._seen = self._looked
            self.depth = 2 * (self._jobs or threads)  # clusters grow and shrink
        elif self._looked - self._seen > _WITHOUT_WORKERS_SECONDS:
            raise VioletError(
                f"The scheduler at {self.address} has had no workers for {_WITHOUT_WORKERS_SECONDS:.0f} seconds.",
                "Start some, and run this again.",
            )

    def lost(self) -> VioletError:
        return VioletError(
            f"The connection to the scheduler at {self.address} was lost.",
            "Finished work is kept where it was saved; run this again once the scheduler is back.",
        )

    def abandon(self) -> None:
        """What runs on the workers runs to its end there; what waits for one is taken back."""
        with contextlib.suppress(Exception):
            self.executor.shutdown(wait=False)
        self.executor = self._client.get_executor(retries=self._retries, pure=False)

    def close(self, *, kill: bool) -> None:
        with contextlib.suppress(Exception):
            self.executor.shutdown(wait=False)
        with contextlib.suppress(Exception):
            self._client.close(timeout=5)


def _hush() -> None:
    """Dask logs what it survives as errors. What matters reaches the user through this module."""
    import logging

    for name in ("distributed", "tornado.application", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
