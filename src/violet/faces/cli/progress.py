"""A progress line on a terminal, for what takes over a second.

Written by hand: the rich one takes longer to load than most scans, and refreshes from a thread, with which
the process could not fork safely any more.
"""

from __future__ import annotations

import os
import sys
import time

SHOWN_AFTER = 1.0
INTERVAL = 0.1
BAR = 24


class Progress:
    """Callable as ``progress(done, total, path)``; ``close`` removes the line."""

    def __init__(self, wanted: bool) -> None:
        self._active = wanted and sys.stderr.isatty()
        self._next = time.monotonic() + SHOWN_AFTER
        self._shown = False

    def __call__(self, done: int, total: int, path: str) -> None:
        if not self._active:
            return
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + INTERVAL
        self._shown = True
        sys.stderr.write(f"\r\x1b[K{line(done, total, path, _width())}")
        sys.stderr.flush()

    def close(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False


def line(done: int, total: int, path: str, width: int) -> str:
    """The bar, the count and the end of the path, within ``width`` cells."""
    filled = BAR * done // max(total, 1)
    bar = "━" * filled + "─" * (BAR - filled)
    text = f"{bar} {done:,}/{total:,} "
    room = width - len(text) - 1
    name = "".join(c if c.isprintable() else "?" for c in path)
    if len(name) > room:
        name = "…" + name[-(room - 1) :] if room > 1 else ""
    return text + name


def _width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
