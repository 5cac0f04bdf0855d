"""Work that takes minutes: a progress line with the time that is left, and Ctrl-C that leaves a report."""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

    from violet.faces.cli.progress import Progress


class Interruptible:
    """Ctrl-C once asks for an end with a report; twice ends at once."""

    def __init__(self) -> None:
        self.happened = False
        self._before: Any = None

    def __enter__(self) -> Interruptible:
        self._before = signal.signal(signal.SIGINT, self._take)
        return self

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.happened:
            raise KeyboardInterrupt
        self.happened = True
        print("\nviolet: ending; once more to end at once", file=sys.stderr)

    def __exit__(self, *ended: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def asked(self) -> bool:
        return self.happened


class Told:
    """A progress line with the time that is left, by what has been done so far."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._begun = time.monotonic()

    def __call__(self, done: int, total: int, what: str) -> None:
        used = time.monotonic() - self._begun
        left = f", about {_length(used / done * (total - done))} left" if done and used > 2 else ""
        self._progress(done, total, f"{what}{left}")


def _length(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
