"""Takes exchanges from the event loop, and writes them from a thread of its own.

On the loop stands only ``append``: a draw, a sum, a queue. Redacting, encoding, writing and fsync happen in the
writer's thread, in small steps, so that Python's lock is never held for long. What is appended gets a position; when
``acknowledged`` has passed it, the record is on the disk and survives the end of the process (``kill -9``) and, as far
as the disk keeps what fsync told it to, of the machine. What finds no room is left out and counted: traffic never
waits.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING

from violet.domain.errors import ConfigurationError
from violet.domain.guard_status import SpoolStatus
from violet.domain.whole_file import write_all
from violet.runtime.spool import directory as files
from violet.runtime.spool.frames import OVERHEAD, Header, frame
from violet.runtime.spool.options import SpoolOptions
from violet.runtime.spool.record import encode, without_content

if TYPE_CHECKING:
    from violet.domain.traffic import Exchange
    from violet.runtime.spool.redaction import Redactor

_STEP_RECORDS = 32
_STEP_BYTES = 256 << 10
_STEP_SECONDS = 0.0002
"""What is encoded, and for how long, between two writes: writing lets go of Python's lock."""
_UNSYNCED_BYTES = 4 << 20
_PAUSE = 0.02
"""Seconds for which records gather in the queue while there is traffic."""
_GAPS = 1_000

if TYPE_CHECKING:
    Waiting = tuple[int, "Exchange", bytes, bytes, int]
    """Position, exchange, bodies, and the memory that they are charged with. (To make an object takes a
    microsecond.)"""
_PER_CELL, _PER_CHARACTER, _PER_RECORD = 40, 4, 1_024
"""Bytes of memory, at most, for a value of a row, a character, and an exchange."""


class _Segment:
    """The one that is being written."""

    def __init__(self, header: Header, path: str, handle: int, size: int) -> None:
        self.header = header
        self.path = path
        self.handle = handle
        self.size = size
        self.begun = time.monotonic()
        self.records = 0
        self.durable = 0
        """Of the records, those that an fsync has covered."""


class Spool:
    """One worker's. ``append`` is for one thread, the event loop's; everything else for any. ``say`` is called from the
    writer's thread with one sentence whenever the spool stops, goes on, or found what a dead writer left."""

    def __init__(
        self,
        directory: str,
        options: SpoolOptions | None = None,
        *,
        worker: str = "guard",
        model: str = "",
        redactor: Redactor | None = None,
        say: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.directory = os.path.abspath(directory)
        self.options = options or SpoolOptions()
        self._redactor = redactor
        self._say = say
        self._worker = worker
        self._model = model
        safe = re.sub(r"[^A-Za-z0-9._-]+", "_", worker)[:40] or "guard"
        self.stream = f"{safe}-{secrets.token_hex(6)}"
        try:
            files.make(self.directory)
            with files.locked(self.directory):
                pass
        except OSError as error:
            raise ConfigurationError(
                f"The spool {directory} cannot be used: {error.strerror}.", "Give a directory that can be written to."
            ) from error
        self._largest = min(self.options.record_bytes, self.options.segment_bytes // 2)
        self._draw = int(self.options.share * 0x1_0000_0000)
        self._salt = int.from_bytes(secrets.token_bytes(4), "little")
        self._queue: deque[Waiting] = deque()
        self._charged = self._released = 0
        self._accepted = self._acknowledged = 0
        self._left_out = self._sampled_out = self._let_go = 0  # counted on the loop
        self._lost = self._cut = 0  # counted in the thread
        self._gaps: list[tuple[int, int]] = []
        self._unsynced: list[tuple[int, bytes | None]] = []  # None: lost
        self._unsynced_bytes = 0
        self._written = 0  # of the unsynced, in the present segment
        self._synced_at = time.monotonic()
        self._segment: _Segment | None = None
        self._sequence = 0
        self._trouble = ""
        self._retry_at = 0.0
        self._discarded = self._unread = self._bytes = self._segments = 0
        self._looked_at = 0.0
        self._expired_at = -1e9
        self._idle = True
        self._wake = threading.Event()
        self._told = threading.Condition()
        self._hurry = False
        self._closing = False
        self._given_up = False
        self._compressing: SimpleQueue[files.Segment | None] = SimpleQueue()
        self._hasten = False
        self._compressor: threading.Thread | None = None
        self._thread = threading.Thread(target=self._run, name="violet-spool", daemon=True)
        self._thread.start()

    # On the event loop.

    def append(self, exchange: Exchange, request: bytes = b"", response: bytes = b"", *, always: bool = False) -> int:
        """Keep it, if it is drawn (or ``always``) and there is room. Gives its position, from 1 on; 0: it is not kept.
        Does not block. Bodies are left out unless ``options.bodies``."""
        options = self.options
        if self._draw < 0x1_0000_0000 and not always:
            drawn_by = exchange.client if options.by_client else exchange.id
            if zlib.crc32(drawn_by.encode("utf-8", "surrogatepass"), self._salt) >= self._draw:
                self._sampled_out += 1
                return 0
        charge = _PER_RECORD
        if exchange.rows:
            charge += _PER_CELL * len(exchange.rows) * len(exchange.rows[0])
        for text in exchange.texts:
            charge += _PER_CHARACTER * len(text)
        for text in exchange.answers:
            charge += _PER_CHARACTER * len(text)
        if options.bodies:
            charge += len(request) + len(response)
        else:
            request = response = b""
        if charge > 8 * self._largest:  # it would be cut in any case: let go of it now
            exchange, request, response, charge = without_content(exchange), b"", b"", _PER_RECORD
            self._let_go += 1
        queued = self._charged - self._released
        if queued + charge > options.queue_bytes or len(self._queue) >= options.queue_records or self._closing:
            self._left_out += 1
            return 0
        self._accepted = position = self._accepted + 1
        self._charged += charge
        self._queue.append((position, exchange, request, response, charge))
        if self._idle:
            self._idle = False
            self._wake.set()
        return position

    def acknowledged(self) -> int:
        """Every record up to this position is on the disk, but those in ``gaps``."""
        return self._acknowledged

    def gaps(self) -> tuple[tuple[int, int], ...]:
        """Accepted positions, first and last, that were lost all the same: the disk did not take them before the spool
        was closed, or they could not be encoded. The latest 1,000."""
        return tuple(self._gaps)

    def status(self) -> SpoolStatus:
        state = "closed" if not self._thread.is_alive() else "stopped" if self._trouble else "writing"
        return SpoolStatus(
            directory=self.directory,
            state=state,
            why=self._trouble,
            accepted=self._accepted,
            acknowledged=self._acknowledged,
            left_out=self._left_out + self._lost + sum(last - first + 1 for first, last in self._gaps),
            sampled_out=self._sampled_out,
            cut=self._cut + self._let_go,
            queued=len(self._queue),
            queued_bytes=max(0, self._charged - self._released),
            bytes=self._bytes,
            limit=self.options.limit,
            segments=self._segments,
            discarded=self._discarded,
            unread=self._unread,
        )

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything accepted so far is on the disk. False: it was not within ``timeout`` seconds. Blocks:
        not for the event loop."""
        target = self._accepted
        with self._told:
            self._hurry = True
            self._wake.set()
            return self._told.wait_for(lambda: self._acknowledged >= target or not self._thread.is_alive(), timeout)

    def close(self, timeout: float = 10.0) -> bool:
        """Write what waits, seal the segment, and end. False: it is not all on the disk. Blocks."""
        self._closing = True
        self._wake.set()
        self._thread.join(timeout)
        if self._compressor is not None:
            self._compressing.put(None)
            self._compressor.join(timeout / 2)
            self._hasten = True
            self._compressor.join(timeout / 2)
        return not self._thread.is_alive() and not self._given_up and self._acknowledged >= self._accepted

    # In the writer's thread.

    def _run(self) -> None:
        try:
            self._begin()
            while True:
                closing = self._closing  # before the queue is looked at: what came earlier is in it
                busy = self._work()
                if closing and not (busy or self._queue or self._unsynced):
                    break
                if closing and self._trouble:
                    self._give_up()
                    break
                if not busy:
                    self._rest()
        except BaseException as error:  # a fault of ours must be seen, not end in silence
            self._trouble = f"{type(error).__name__}: {error}"
            self._give_up()
            self._say(f"The spool ended: {self._trouble}.")
        finally:
            self._seal()
            with self._told:
                self._told.notify_all()

    def _begin(self) -> None:
        try:
            for sentence in files.repair(self.directory):
                self._say(f"Spool: {sentence}.")
            if self.options.compress:
                for one in files.segments(self.directory):
                    if one.end == files.SEALED:
                        self._compress_later(one)
        except OSError as error:
            self._fail(error)
        self._look()

    def _rest(self) -> None:
        """Until there is work, or something is due."""
        self._wake.clear()
        unsynced = bool(self._unsynced)
        if self._trouble:
            wait = max(0.0, self._retry_at - time.monotonic())
        elif unsynced:
            wait = min(self.options.sync_seconds, _PAUSE)
        else:
            self._idle = True
            if self._queue:  # it came just before
                self._idle = False
                return
            wait = min(1.0, self.options.segment_seconds)
        if not (self._closing or (self._hurry and not self._trouble and (unsynced or self._queue))):
            self._wake.wait(max(wait, 0.001))
        self._idle = False

    def _work(self) -> bool:
        """One step. True: there may be more to do at once."""
        now = time.monotonic()
        if self._trouble and now < self._retry_at and not self._closing:
            return False
        try:
            if self._trouble and self._segment is None:
                self._segment = self._open()
            self._take()
            self._write()
            full = self._written >= self.options.sync_records or self._unsynced_bytes >= _UNSYNCED_BYTES
            hurry = (self._hurry or self._closing or self._trouble) and not self._queue
            if self._unsynced and (full or hurry or now - self._synced_at >= self.options.sync_seconds):
                self._sync()
            self._turn(now)
        except OSError as error:
            self._fail(error)
            return False
        if self._trouble:
            self._trouble = ""
            self._say("The spool writes again.")
        if now - self._looked_at > 1.0:
            self._look()
        if not self._queue and not self._unsynced:
            self._hurry = False
        return bool(self._queue)

    def _take(self) -> None:
        """Some records from the queue. While the disk takes nothing, what is encoded does not pile up: it is the queue
        that is bounded."""
        taken = size = 0
        until = time.monotonic() + _STEP_SECONDS
        while self._queue and taken < _STEP_RECORDS and size < _STEP_BYTES and not (self._trouble and self._unsynced):
            if taken and time.monotonic() > until:
                break
            position, exchange, request, response, charge = self._queue.popleft()
            self._released += charge
            payload = self._payload(position, exchange, request, response)
            self._unsynced.append((position, payload))
            taken += 1
            size += len(payload) if payload is not None else 0
        self._unsynced_bytes += size

    def _write(self) -> None:
        """What is not yet in the present segment, and as many new segments as that takes."""
        while self._written < len(self._unsynced):
            segment = self._segment = self._segment or self._open()
            room = self.options.segment_bytes - segment.size
            parts: list[bytes] = []
            ahead = self._written
            for position, payload in self._unsynced[ahead:]:
                if payload is not None:
                    room -= len(payload) + OVERHEAD
                    if room < 0 and (parts or segment.records):
                        break
                    parts.append(frame(segment.header, position, payload))
                ahead += 1
            data = b"".join(parts)
            write_all(segment.handle, data)
            segment.size += len(data)
            segment.records += len(parts)
            self._written = ahead
            if ahead < len(self._unsynced):  # it is full
                self._sync()
                self._seal()

    def _payload(self, position: int, exchange: Exchange, request: bytes, response: bytes) -> bytes | None:
        try:
            if self._redactor is not None:
                exchange, request, response = self._redactor(exchange, request, response)
            payload = encode(exchange, request, response)
            if len(payload) > self._largest:
                self._cut += 1
                payload = encode(without_content(exchange))
            if len(payload) <= self._largest:
                return payload
        except Exception as error:  # one record must not end the spool
            self._say(f"An exchange could not be kept: {type(error).__name__}: {error}.")
        self._lose(position, position)
        return None

    def _sync(self) -> None:
        """What is written is durable from here on."""
        segment = self._segment
        if segment is not None and any(payload is not None for _, payload in self._unsynced[: self._written]):
            os.fsync(segment.handle)
            segment.durable = segment.records
        self._synced_at = time.monotonic()
        done = self._unsynced[: self._written]
        del self._unsynced[: self._written]
        self._unsynced_bytes -= sum(len(payload) for _, payload in done if payload is not None)
        self._written = 0
        if done:
            with self._told:
                self._acknowledged = done[-1][0]
                self._told.notify_all()

    def _open(self) -> _Segment:
        """Begin a segment: its name and header are durable before a record is in it."""
        options = self.options
        now = time.time()
        self._sequence += 1
        header = Header.new(self.stream, self._sequence, self._worker[:200], self._model[:200], now)
        name = files.Segment(int(now * 1000), self.stream, self._sequence, files.OPEN, self.directory)
        each = options.segment_bytes * (2 if options.compress else 1)
        with files.locked(self.directory):
            removed, unread = files.make_room(self.directory, each, options.limit, each)
            self._discarded += removed
            self._unread += unread
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
            handle = os.open(name.path, flags, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BaseException:
                os.close(handle)
                raise
        data = header.encode()
        try:
            write_all(handle, data)
            os.fsync(handle)
            files.sync_directory(self.directory)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name.path)
            os.close(handle)
            raise
        return _Segment(header, name.path, handle, len(data))

    def _turn(self, now: float) -> None:
        """Seal the segment once it is old, and remove those that are too old to be kept."""
        segment = self._segment
        if segment is not None and segment.records and now - segment.begun >= self.options.segment_seconds:
            if self._unsynced:
                self._sync()
            self._seal()
        if self.options.keep_seconds and now - self._expired_at >= min(60.0, self.options.keep_seconds):
            self._expired_at = now
            with files.locked(self.directory):
                self._discarded += files.expire(self.directory, time.time() - self.options.keep_seconds)

    def _seal(self) -> None:
        segment, self._segment = self._segment, None
        if segment is None:
            return
        self._written = 0
        if not segment.durable:  # nothing in it was acknowledged: what there was is written again, or was given up
            with contextlib.suppress(OSError):
                os.unlink(segment.path)
            os.close(segment.handle)
            return
        sealed = segment.path.removesuffix(files.OPEN) + files.SEALED
        with contextlib.suppress(OSError):
            os.replace(segment.path, sealed)
            files.sync_directory(self.directory)
        with contextlib.suppress(OSError):
            os.close(segment.handle)  # and with it the lock, which compressing takes
        if self.options.compress and not self._trouble:
            header = segment.header
            start = int(os.path.basename(sealed)[:13])
            self._compress_later(files.Segment(start, header.stream, header.sequence, files.SEALED, self.directory))

    def _fail(self, error: OSError) -> None:
        """The disk does not take it. What is not yet acknowledged is written again, into a new segment: whether the
        kernel still has what a failed fsync was about, nobody can know."""
        self._retry_at = time.monotonic() + self.options.retry_seconds
        first = not self._trouble
        self._trouble = error.strerror or type(error).__name__
        self._seal()
        if first:
            self._say(
                f"The spool {self.directory} stopped: {self._trouble}. Traffic goes on; what finds no room in memory "
                f"is left out and counted. It tries again every {self.options.retry_seconds:g} s."
            )

    def _lose(self, first: int, last: int) -> None:
        if self._gaps and self._gaps[-1][1] + 1 == first:
            self._gaps[-1] = (self._gaps[-1][0], last)
        else:
            self._gaps.append((first, last))
            if len(self._gaps) > _GAPS:
                oldest = self._gaps.pop(0)
                self._lost += oldest[1] - oldest[0] + 1

    def _give_up(self) -> None:
        """Closed while the disk takes nothing."""
        self._given_up = True
        lost = [position for position, payload in self._unsynced if payload is not None]
        lost += [waiting[0] for waiting in list(self._queue)]
        self._unsynced.clear()
        self._queue.clear()
        self._released = self._charged
        if lost:
            self._lose(lost[0], lost[-1])

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        with contextlib.suppress(OSError):
            self._bytes = files.used(self.directory)
            self._segments = len(files.segments(self.directory))

    # In the compressor's thread.

    def _compress_later(self, one: files.Segment) -> None:
        if self._compressor is None:
            self._compressor = threading.Thread(target=self._compress, name="violet-spool-compress", daemon=True)
            self._compressor.start()
        self._compressing.put(one)

    def _compress(self) -> None:
        while (one := self._compressing.get()) is not None:
            # It stays as it is: removed meanwhile, compressed by another worker, no room for a copy, or no time left.
            with contextlib.suppress(OSError):
                files.compress(one, lambda: self._hasten)
