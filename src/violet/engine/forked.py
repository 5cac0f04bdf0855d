"""Fork a worker process: pipes to it and back, and nothing else of its parent's.

Apart from the pool that uses it, and without dataclasses, so that a worker can be forked before most of Violet
is loaded.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from mmap import mmap

OUT_OF_MEMORY = 71
"""Exit code of a worker that could not get the memory a file asked for."""


class Forked:
    """The parent's side of a worker: its process, the pipe to it, the pipe from it, and the shared memory in
    which it says what it is working on."""

    __slots__ = ("answers", "pid", "position", "requests")

    def __init__(self, pid: int, requests: int, answers: int, position: mmap) -> None:
        self.pid = pid
        self.requests = requests
        self.answers = answers
        self.position = position

    def stop(self) -> None:
        """End it, whatever it does."""
        os.close(self.requests)
        os.close(self.answers)
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


def safe() -> bool:
    """Whether forking is possible and safe. Where other threads hold locks, a child can wait for ever."""
    if not hasattr(os, "fork"):
        return False
    threading = sys.modules.get("threading")
    return threading is None or threading.active_count() == 1


def fork(body: Callable[[int, int, mmap], None]) -> Forked:
    """Run ``body(requests, answers, position)`` in a new process that ends with it. Raises ``OSError``."""
    import mmap

    position = mmap.mmap(-1, mmap.PAGESIZE)  # shared with the child
    requests_out, requests_in = os.pipe()
    answers_out, answers_in = os.pipe()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    try:
        pid = os.fork()
    except OSError:
        for descriptor in (requests_out, requests_in, answers_out, answers_in):
            os.close(descriptor)
        raise
    if pid == 0:
        _child(body, requests_out, answers_in, position)
    os.close(requests_out)
    os.close(answers_in)
    return Forked(pid, requests_in, answers_out, position)


def _child(body: Callable[[int, int, mmap], None], requests: int, answers: int, position: mmap) -> None:
    """The forked worker. Never returns."""
    code = 70
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides; it closes the pipe
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        low, high = sorted((requests, answers))
        os.closerange(3, low)
        os.closerange(low + 1, high)
        os.closerange(high + 1, max(high + 2, _highest_descriptor()))
        import gc

        gc.set_threshold(50_000, 20, 20)
        body(requests, answers, position)
        code = 0
    except BrokenPipeError:
        code = 0
    except MemoryError:
        code = OUT_OF_MEMORY
    finally:
        os._exit(code)


def _highest_descriptor() -> int:
    try:
        return min(os.sysconf("SC_OPEN_MAX"), 1 << 16)
    except (ValueError, OSError):
        return 4096
