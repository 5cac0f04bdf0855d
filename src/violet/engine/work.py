"""A worker's side of spread work: do one task, and hand over what became of it as a value.

An exception that is sent between processes arrives as another one where its class cannot be made again from its
arguments (and takes the pool with it), so none is sent: every task ends in an ``Answer``.
"""

from __future__ import annotations

import contextlib
import enum
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.domain import VioletError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
"""What numeric libraries read when they are loaded. Workers take the processors of this machine by themselves: with
threads of their own on top, the same product of matrices took ten times as long."""

_TRACE_LINES = 12


class Ended(enum.StrEnum):
    """How a task ended. ``REFUSED``: with an error that it can explain; ``PASSING``: with one that may not come again
    (memory, files, connections); ``RAISED``: with any other."""

    VALUE = "value"
    REFUSED = "refused"
    PASSING = "passing"
    RAISED = "raised"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a task: its ``value``, or the error in words."""

    ended: Ended
    value: Any = None
    error: str = ""
    hint: str = ""
    trace: str = ""


def perform(function: str, arguments: tuple[Any, ...] | Mapping[str, Any]) -> Answer:
    """Call ``module:function`` with the arguments, on one thread. Only ``KeyboardInterrupt`` comes through."""
    _limit_threads()
    try:
        return Answer(Ended.VALUE, _call(function, arguments))
    except VioletError as error:
        return Answer(Ended.REFUSED, error=error.what, hint=error.hint, trace=_trace())
    except (OSError, MemoryError) as error:
        return Answer(Ended.PASSING, error=_in_words(error), trace=_trace())
    except (Exception, SystemExit) as error:
        return Answer(Ended.RAISED, error=_in_words(error), trace=_trace())


def perform_here(function: str, arguments: tuple[Any, ...] | Mapping[str, Any]) -> Answer:
    """``perform`` in the process of the caller, who gets threads, environment and output back as they were."""
    with _borrowed():
        return perform(function, arguments)


def resolve(function: str) -> Callable[..., Any]:
    """The function that ``module:function`` names. Raises ``ImportError``, ``AttributeError``, ``ValueError``."""
    from importlib import import_module

    module, colon, name = function.partition(":")
    if not (module and colon and name):
        raise ValueError(f"{function!r} is not of the form module:function")
    found = getattr(import_module(module), name)
    if not callable(found):
        raise TypeError(f"{function} is not a function")
    return found  # type: ignore[no-any-return]


def prepare(parent: int) -> None:
    """Make this process a worker of ``parent``: it ignores Ctrl-C (the parent decides), keeps out of what the parent
    writes to its standard output, and ends when the parent does."""
    import signal

    from violet.engine.orphans import end_with

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):  # blocked since before this process began: see executors.Fleet
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    end_with(parent)
    with contextlib.suppress(OSError):
        os.dup2(2, 1)


def version() -> str:
    """The version of Violet that a worker has."""
    import violet

    return violet.__version__


def _call(function: str, arguments: tuple[Any, ...] | Mapping[str, Any]) -> Any:
    call = resolve(function)
    return call(*arguments) if isinstance(arguments, tuple) else call(**arguments)


def _limit_threads() -> None:
    """One thread for the libraries that are loaded by now. OpenMP keeps this by calling thread, so it is said before
    each task."""
    with contextlib.suppress(ImportError):
        import threadpoolctl

        threadpoolctl.threadpool_limits(limits=1)
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "set_num_threads"):
        torch.set_num_threads(1)


@contextlib.contextmanager
def _borrowed() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch is not None and hasattr(torch, "get_num_threads") else 0
    limits: Any = contextlib.nullcontext()
    with contextlib.suppress(ImportError):
        import threadpoolctl

        limits = threadpoolctl.threadpool_limits(limits=1)
    os.environ.update(ONE_THREAD)
    try:
        with limits, contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if torch is not None and threads:
            torch.set_num_threads(threads)


def _in_words(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _trace() -> str:
    """The innermost lines of the traceback, for those who look into it."""
    import traceback

    return "\n".join(traceback.format_exc().splitlines()[-_TRACE_LINES:])
