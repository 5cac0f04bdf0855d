"""Reads a spool: while it is written, after its writers were killed, and around what is damaged.

Several readers do not disturb each other. One with a name leaves its place in the directory when it commits, goes on
from there in its next life, and what it has not read yet is removed last when room is short.
"""

from __future__ import annotations

import heapq
import json
import os
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from violet.domain.errors import UsageError
from violet.domain.traffic import Exchange
from violet.runtime.spool import directory as files
from violet.runtime.spool.directory import Place, Segment
from violet.runtime.spool.frames import DamagedError, FrameScanner, read_header
from violet.runtime.spool.record import decode

Cursor = dict[str, Place]
"""How far each stream was read."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One record. ``stream`` is one life of one worker, ``number`` the position that ``append`` gave it there."""

    exchange: Exchange
    request: bytes
    response: bytes
    stream: str
    number: int


@dataclass(slots=True)
class Losses:
    """What a reader could not give: ``damaged`` places and ``skipped`` bytes around them, ``torn`` ends of segments,
    ``undecodable`` records, ``unreadable`` segments, and ``missing`` numbers between records (damaged, or removed for
    want of room before they were read)."""

    damaged: int = 0
    skipped: int = 0
    torn: int = 0
    undecodable: int = 0
    unreadable: int = 0
    missing: int = 0


class SpoolReader:
    """Records of all workers, each worker's in order, all of them about by time. ``name`` registers the reader: its
    place is taken up, and ``commit`` keeps it. Without a name it begins at the oldest record. Raises ``UsageError``
    where there is no such directory."""

    def __init__(self, directory: str, name: str = "") -> None:
        if not os.path.isdir(directory):
            raise UsageError(f"{directory} is no directory of a spool.", "Give the one that the guard writes.")
        self.directory = directory
        self.name = name
        self.losses = Losses()
        self.cursor: Cursor = {}
        """Behind the last record given. Give it to ``read`` to go on from there."""
        try:
            self._path = files.reader_path(directory, name) if name else ""
        except ValueError as error:
            raise UsageError(f"{error}.") from None
        if self._path:
            self.cursor = files.load_places(self._path)

    def read(self, since: Cursor | None = None) -> Iterator[Kept]:
        """All that is there now, behind ``since`` (default: behind the last record given)."""
        if since is not None:
            self.cursor = dict(since)
        by_stream: dict[str, list[Segment]] = defaultdict(list)
        for segment in files.segments(self.directory):
            if segment.sequence >= self.cursor.get(segment.stream, Place()).sequence:
                by_stream[segment.stream].append(segment)
        for present in by_stream.values():
            present.sort(key=lambda segment: segment.sequence)
        waiting = deque(sorted(by_stream.values(), key=lambda present: present[0].start))
        heap: list[tuple[float, int, Kept, Place, Iterator[tuple[Kept, Place]]]] = []
        opened = 0
        try:
            while waiting or heap:
                # A stream is opened no earlier than it has to: there may be many more than files that can be open.
                while waiting and (not heap or waiting[0][0].start <= heap[0][0] * 1000):
                    records = self._stream(waiting.popleft())
                    opened += 1
                    if (first := next(records, None)) is not None:
                        heapq.heappush(heap, (_when(first[0]), opened, *first, records))
                if not heap:
                    continue
                _, number, kept, place, records = heap[0]
                self.cursor[kept.stream] = place
                yield kept
                following = next(records, None)
                if following is None:
                    heapq.heappop(heap)
                else:
                    heapq.heapreplace(heap, (_when(following[0]), number, *following, records))
        finally:
            for *_, records in heap:
                records.close()  # type: ignore[attr-defined]

    def follow(
        self, *, pause: float = 0.2, wait: Callable[[float], None] = time.sleep, until: Callable[[], bool] | None = None
    ) -> Iterator[Kept]:
        """All that is there, and what comes, until ``until`` says so (asked when there is nothing new)."""
        while True:
            some = False
            for kept in self.read():
                some = True
                yield kept
            if not some:
                if until is not None and until():
                    return
                wait(pause)

    def commit(self) -> None:
        """Remember the place durably: everything given so far has been dealt with. Only for readers with a name."""
        if not self._path:
            raise UsageError("A reader without a name has no place to commit.", "Give it a name.")
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        present = {segment.stream for segment in files.segments(self.directory)}
        self.cursor = {stream: place for stream, place in self.cursor.items() if stream in present}
        files.save_places(self._path, self.cursor)

    def _stream(self, present: list[Segment]) -> Iterator[tuple[Kept, Place]]:
        """Records of one stream behind the cursor. The place of a segment's last record is the next segment's
        beginning, once nothing more can come."""
        place = self.cursor.get(present[0].stream, Place())
        for segment, following in zip(present, [*present[1:], None], strict=True):
            final = segment.end != files.OPEN or following is not None
            offset = place.offset if segment.sequence == place.sequence else 0
            held: tuple[Kept, Place] | None = None
            for kept, end in self._segment(segment, offset, place.number, final=final):
                if held is not None:
                    yield held
                if kept.number > place.number + 1:
                    self.losses.missing += kept.number - place.number - 1
                place = Place(segment.sequence, end, kept.number)
                held = (kept, place)
            if final:
                place = Place(segment.sequence + 1, 0, place.number)
                if held is None:
                    self.cursor[segment.stream] = place
            if held is not None:
                yield held[0], place

    def _segment(self, segment: Segment, offset: int, number: int, *, final: bool) -> Iterator[tuple[Kept, int]]:
        """Records of one segment behind ``offset``, with the offset of their end. Those up to ``number`` were given
        before: a writer whose disk failed writes again what it could not acknowledge."""
        try:
            file = files.open_segment(segment)
        except FileNotFoundError:  # removed for want of room
            return
        except OSError:
            self.losses.unreadable += 1
            return
        with file:
            try:
                header, begin = read_header(lambda size: _exactly(file.read, size))
            except (DamagedError, OSError):
                self.losses.unreadable += final
                return
            begin = max(begin, self._skip(file.read, begin, offset))
            scanner = FrameScanner(file.read, header, begin, final=final)
            try:
                for found in scanner:
                    if found.number <= number:
                        continue
                    try:
                        record = decode(found.payload)
                    except ValueError:
                        self.losses.undecodable += 1
                        continue
                    number = found.number
                    yield Kept(record.exchange, record.request, record.response, segment.stream, number), found.end
            except OSError:  # a disk that cannot read it
                self.losses.unreadable += 1
            finally:
                self.losses.damaged += scanner.damaged
                self.losses.skipped += scanner.skipped
                self.losses.torn += scanner.torn

    @staticmethod
    def _skip(read: Callable[[int], bytes], begin: int, offset: int) -> int:
        """Go to ``offset``; gives where that led."""
        at = begin
        while at < offset and (part := read(min(offset - at, 1 << 20))):
            at += len(part)
        return at


def _when(kept: Kept) -> float:
    at = kept.exchange.at
    return at if at == at else 0.0


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def cursor_text(cursor: Cursor) -> str:
    """For keeping a cursor elsewhere."""
    return json.dumps({stream: [place.sequence, place.offset, place.number] for stream, place in cursor.items()})


def cursor_of(text: str) -> Cursor:
    """What ``cursor_text`` wrote. Raises ``ValueError``."""
    try:
        return {str(stream): Place(*map(int, place)) for stream, place in json.loads(text).items()}
    except (TypeError, AttributeError, KeyError, RecursionError) as error:
        raise ValueError(f"not a cursor: {error}") from None
