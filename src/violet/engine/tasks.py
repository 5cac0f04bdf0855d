"""Work spread over processes or machines: written once, against ``concurrent.futures.Executor``.

A task is the name of a function and a few small values; large things go by path, so that a worker that dies takes
nothing with it. Tasks are idempotent: one may run more than once.
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from violet.domain import VioletError
from violet.engine import work
from violet.engine.executors import Engine, open_executor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = ["Engine", "Task", "TaskFailure", "open_executor", "run_tasks"]

ENGINE_VARIABLE = "VIOLET_ENGINE"
_POLL = 0.1
"""Seconds between two looks at whether to stop."""


@dataclass(frozen=True, slots=True)
class Task:
    """``function`` is ``module:function``; ``arguments`` a tuple, or a mapping of keywords, of small values that can be
    pickled. ``key`` names the task to people and to the caller."""

    key: str
    function: str
    arguments: tuple[Any, ...] | Mapping[str, Any] = ()


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """A task that did not give a result. ``error`` is a sentence, ``hint`` what to do about it, where the task said.

    ``cause`` is ``refused`` (the task raised a ``VioletError``), ``raised`` (any other error) or ``died`` (every
    process that worked on it died). ``attempts`` counts how often it was begun; ``trace`` is for the curious.
    """

    key: str
    error: str
    attempts: int
    cause: str = "raised"
    hint: str = ""
    trace: str = ""


def run_tasks(
    tasks: Iterable[Task | None],
    *,
    engine: str | Engine = "",
    jobs: int = 0,
    retries: int = 3,
    on_done: Callable[[Task, object], None] | None = None,
    stopped: Callable[[], bool] | None = None,
) -> Iterator[tuple[Task, Any]]:
    """Do the tasks; yields ``(task, result)`` as they end, or ``(task, TaskFailure)``.

    ``engine`` is the address of a Dask scheduler (``tcp://...``; default: the environment variable ``VIOLET_ENGINE``)
    or empty: then ``jobs`` processes of this machine work (0: one a processor), and with one job, this process.

    An engine that ``open_executor`` gave can be named instead. It stays open, so that its workers and what they have
    loaded serve for more than one call.

    ``tasks`` is asked for the next one only when it is wanted, with twice as many under way as there are workers, and
    after the caller has seen the results before: so it can decide by them. ``None`` from it means: ask again after the
    next result.

    A task that raises a ``VioletError`` is not tried again, nor one that raises another error, but for those of
    memory, files and connections. One whose worker dies is tried again ``retries`` times, on another worker.
    ``on_done`` is called with each task and its result (or failure) before they are yielded.

    ``stopped`` is asked ten times a second (in this process: between tasks); once it says so, what is done already
    is still yielded, what is under way is killed, and this ends. So it does, with everything killed, when the
    caller leaves it or is interrupted.

    Raises ``UsageError``, ``MissingExtraError`` (``test`` or ``scale``), and ``VioletError`` where the engine is lost.
    """
    with _opened(engine, jobs, retries) as opened:
        run = _Run(opened, iter(tasks), retries, stopped or _never)
        for task, result in run.results():
            if on_done is not None:
                on_done(task, result)
            yield task, result


@contextlib.contextmanager
def _opened(engine: str | Engine, jobs: int, retries: int) -> Iterator[Engine]:
    if isinstance(engine, str):
        with open_executor(engine or os.environ.get(ENGINE_VARIABLE, ""), jobs, retries) as opened:
            yield opened
        return
    try:
        yield engine
    except BaseException:
        engine.abandon()
        raise


def _never() -> bool:
    return False


@dataclass(slots=True)
class _Flight:
    """A task under way: how often it was begun, and the deaths over it."""

    task: Task
    begun: int = 0
    alone: bool = False


@dataclass(slots=True)
class _Run:
    engine: Engine
    tasks: Iterator[Task | None]
    retries: int
    stopped: Callable[[], bool]
    flying: dict[Future[Any], _Flight] = field(default_factory=dict)
    again: deque[_Flight] = field(default_factory=deque)
    suspects: deque[_Flight] = field(default_factory=deque)
    exhausted: bool = False

    def results(self) -> Iterator[tuple[Task, Any]]:
        while not self.stopped():
            self._fill()
            if not self.flying:
                return
            done, _ = wait(self.flying, timeout=_POLL, return_when=FIRST_COMPLETED)
            if not done:
                self.engine.check()
            yield from self._settled(done)
        yield from self._settled({future for future in self.flying if future.done()}, last=True)
        self.engine.abandon()

    def _settled(self, done: set[Future[Any]], last: bool = False) -> Iterator[tuple[Task, Any]]:
        for future in done:
            flight = self.flying.pop(future)
            settled = self._settle(flight, future)
            if settled is None:  # to be tried again
                continue
            yield flight.task, settled[0]
            if last:
                continue
            if self.stopped():
                return
            self._fill()

    def _fill(self) -> None:
        """Have as much under way as the engine takes. While there are suspects, one at a time is, alone."""
        while self.again and len(self.flying) < self.engine.depth:
            self._begin(self.again.popleft())
        if self.suspects:
            if not self.flying:
                suspect = self.suspects.popleft()
                suspect.alone = True
                self._begin(suspect)
            return
        if any(flight.alone for flight in self.flying.values()):
            return
        while not self.exhausted and len(self.flying) < self.engine.depth:
            try:
                task = next(self.tasks)
            except StopIteration:
                self.exhausted = True
                return
            if task is None:
                if not self.flying:
                    raise RuntimeError("no task is under way, and the next one waits for a result")
                return
            self._begin(_Flight(task))

    def _begin(self, flight: _Flight) -> None:
        flight.begun += 1
        task = flight.task
        self.flying[self.engine.executor.submit(self.engine.perform, task.function, task.arguments)] = flight

    def _settle(self, flight: _Flight, future: Future[Any]) -> tuple[Any] | None:
        """The result or the failure, in a tuple; ``None`` where the task is to be tried again."""
        try:
            answer: work.Answer = future.result()
        except CancelledError:
            raise self.engine.lost() from None
        except VioletError:
            raise
        except Exception as error:
            return self._broke(flight, error)
        if answer.ended is work.Ended.VALUE:
            return (answer.value,)
        if answer.ended is work.Ended.PASSING and flight.begun <= self.retries:
            self.again.append(flight)
            return None
        cause = "refused" if answer.ended is work.Ended.REFUSED else "raised"
        return (TaskFailure(flight.task.key, answer.error, flight.begun, cause, answer.hint, answer.trace),)

    def _broke(self, flight: _Flight, error: Exception) -> tuple[TaskFailure] | None:
        key = flight.task.key
        death = self.engine.death(error)
        if death is None:
            said = " ".join(str(error).split())
            return (TaskFailure(key, f"{type(error).__name__}: {said}", flight.begun),)
        flight.begun += death.times - 1
        if self.engine.sure:
            if flight.begun <= self.retries:
                self.again.append(flight)
                return None
        elif not flight.alone:
            self.suspects.append(flight)
            return None
        times = "once" if flight.begun == 1 else f"{flight.begun} times"
        said = f"{key} was begun {times} and never ended: {death.reason}."
        hint = "It crashes a library, or needs more memory than there is: try fewer jobs, or smaller ones."
        return (TaskFailure(key, said, flight.begun, "died", hint),)
