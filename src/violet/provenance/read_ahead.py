"""Reading a file in order with two threads, so that whoever consumes it never waits for copies.

SHA-256 of one file is a chain that one processor walks; copying from the page cache takes that processor another
sixth of the time. A second thread, on a processor that has nothing to do, copies the next pieces meanwhile. The
consumer does not depend on it: a piece that nobody has begun to read it reads itself. So a busy machine, on which
the second thread seldom runs, loses nothing.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

PIECE = 1 << 20
"""Bytes read at once: handing a piece over takes some 20 microseconds of both threads, hashing it 600."""

AHEAD = 4
"""Pieces that are read and not yet consumed. They must all fit the cache that the processors share."""


class TruncatedError(Exception):
    """The file ended before its size."""


class ReadAhead:
    """The bytes of ``descriptor`` from ``start`` on, ``size`` of them. A context manager: on leaving, its thread has
    ended."""

    def __init__(self, descriptor: int, start: int, size: int) -> None:
        self._descriptor = descriptor
        self._start = start
        self._size = size
        self._pieces = -(-size // PIECE)
        self._buffers = [memoryview(bytearray(min(PIECE, size))) for _ in range(min(AHEAD, self._pieces))]
        self._claimed = 0  # pieces that somebody reads or has read
        self._consumed = 0
        self._read = [-1] * len(self._buffers)  # the piece that each buffer holds
        self._error: OSError | TruncatedError | None = None
        self._closed = False
        self._changed = threading.Condition(threading.Lock())
        self._thread = threading.Thread(target=self._run, name="read-ahead", daemon=True)
        self.helped = 0
        """Pieces that the second thread read."""

    def __enter__(self) -> ReadAhead:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def pieces(self) -> Iterator[memoryview]:
        """Each piece in order; one is valid until the next is asked for. Raises ``OSError`` for what cannot be read,
        and ``TruncatedError``."""
        for piece in range(self._pieces):
            slot = piece % len(self._buffers)
            with self._changed:
                mine = self._claimed == piece
                if mine:
                    self._claimed = piece + 1
                while not mine and self._read[slot] != piece and self._error is None:
                    self._changed.wait()
                if self._error is not None:
                    raise self._error
            yield self._fill(piece, slot) if mine else self._buffers[slot][: self._length(piece)]
            with self._changed:
                self._consumed = piece + 1
                self._changed.notify_all()

    def _run(self) -> None:
        while (piece := self._next()) >= 0:
            slot = piece % len(self._buffers)
            try:
                self._fill(piece, slot)
            except (OSError, TruncatedError) as error:
                with self._changed:
                    self._error = error
                    self._changed.notify_all()
                return
            with self._changed:
                self._read[slot] = piece
                self.helped += 1
                self._changed.notify_all()

    def _next(self) -> int:
        """The piece to read now, or -1 where there is none any more."""
        with self._changed:
            while not self._closed and self._claimed < self._pieces:
                if self._claimed - self._consumed < len(self._buffers):
                    self._claimed += 1
                    return self._claimed - 1
                self._changed.wait()
            return -1

    def _length(self, piece: int) -> int:
        return min(PIECE, self._size - piece * PIECE)

    def _fill(self, piece: int, slot: int) -> memoryview:
        length = self._length(piece)
        content = self._buffers[slot][:length]
        position, done = self._start + piece * PIECE, 0
        while done < length:
            count = os.preadv(self._descriptor, [content[done:]], position + done)
            if not count:
                raise TruncatedError
            done += count
        return content
