"""The directory of a spool: segments by name, repair after a crash, room within the bound, and what readers have read.

    <start in ms>-<stream>-<sequence>.open     being written; its writer holds a lock (flock) on it
    <start in ms>-<stream>-<sequence>.seg      sealed
    <start in ms>-<stream>-<sequence>.seg.gz   sealed and compressed
    readers/<name>.json                        how far a reader has come
    .lock                                      held while segments are begun and removed

Several writers share a directory. A bound holds for all of them together: every segment that is open counts with the
size that it may come to, and once more for the copy that compressing it makes.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from violet.domain.whole_file import owned, whole_file
from violet.runtime.spool.frames import DamagedError, FrameScanner, read_header

OPEN, SEALED, COMPRESSED = ".open", ".seg", ".seg.gz"
_TEMPORARY = f"{COMPRESSED}.tmp"
_NAME = re.compile(
    r"(?P<start>\d{13})-(?P<stream>[A-Za-z0-9._-]{1,80})-(?P<sequence>\d{8})(?P<end>\.open|\.seg|\.seg\.gz)"
)
_READER = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LARGEST_CURSOR = 4 << 20
_LARGEST_SEGMENT = 4 << 30
"""Bytes that are read of a compressed segment, however much more it claims to hold."""
_INFLATED = 4 << 10
"""Compressed bytes that are inflated at a time: what comes of them is lost where they are damaged."""
_STREAMS_REMEMBERED = 4_096


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """One file. ``start`` in milliseconds since 1970."""

    start: int
    stream: str
    sequence: int
    end: str
    directory: str
    bytes: int = 0

    @property
    def stem(self) -> str:
        return f"{self.start:013d}-{self.stream}-{self.sequence:08d}"

    @property
    def path(self) -> str:
        return os.path.join(self.directory, self.stem + self.end)


@dataclass(frozen=True, slots=True)
class Place:
    """How far a stream was read: ``offset`` in (uncompressed) segment ``sequence``, and the number of the last
    record."""

    sequence: int = 0
    offset: int = 0
    number: int = 0


def make(directory: str) -> None:
    """The directory, for its owner alone."""
    os.makedirs(directory, mode=0o700, exist_ok=True)
    os.makedirs(os.path.join(directory, "readers"), mode=0o700, exist_ok=True)


def segments(directory: str) -> list[Segment]:
    """All segments, the oldest first; of one that is there twice (its writer died while it compressed) only the
    uncompressed one."""
    found: dict[tuple[str, int], Segment] = {}
    with os.scandir(directory) as entries:
        for entry in entries:
            match = _NAME.fullmatch(entry.name)
            if match is None:
                continue
            try:
                size = entry.stat(follow_symlinks=False).st_size
            except OSError:  # removed meanwhile
                continue
            one = Segment(int(match["start"]), match["stream"], int(match["sequence"]), match["end"], directory, size)
            key = (one.stream, one.sequence)
            if key not in found or one.end != COMPRESSED:
                found[key] = one
    return sorted(found.values())


def used(directory: str, open_size: int = 0) -> int:
    """Bytes of everything in it; an open segment counts with ``open_size`` where that is more."""
    total = 0
    with os.scandir(directory) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.is_file(follow_symlinks=False):
                    size = entry.stat(follow_symlinks=False).st_size
                    total += max(size, open_size) if entry.name.endswith(OPEN) else size
    return total


@contextlib.contextmanager
def locked(directory: str) -> Iterator[None]:
    """While segments are begun or removed: one process at a time."""
    handle = os.open(os.path.join(directory, ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def sync_directory(directory: str) -> None:
    """Make names in it durable."""
    handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_segment(segment: Segment) -> IO[bytes]:
    """The uncompressed bytes. Raises ``FileNotFoundError`` where neither it nor what it became is there."""
    for end in dict.fromkeys((segment.end, SEALED, COMPRESSED)):
        path = os.path.join(segment.directory, segment.stem + end)
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue
        file = os.fdopen(handle, "rb", buffering=0)
        if end == COMPRESSED:
            return _Inflated(file)  # type: ignore[return-value]
        return file
    raise FileNotFoundError(segment.path)


class _Inflated:
    """A compressed segment, read from its beginning; damage ends it early."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._given = 0

    def read(self, size: int = -1) -> bytes:
        size = size if size >= 0 else 1 << 20
        parts: list[bytes] = []
        left = min(size, _LARGEST_SEGMENT - self._given)
        while left > 0 and not self._inflate.eof:
            data = self._inflate.unconsumed_tail or self._file.read(_INFLATED)
            if not data:
                break
            try:
                part = self._inflate.decompress(data, left)
            except zlib.error:
                self._given = _LARGEST_SEGMENT
                break
            parts.append(part)
            left -= len(part)
            self._given += len(part)
        return b"".join(parts)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> _Inflated:
        return self

    def __exit__(self, *ended: object) -> None:
        self.close()


def compress(segment: Segment, stopped: Callable[[], bool]) -> None:
    """Put the compressed segment in the place of the sealed one. The new one is whole on the disk before the old one
    goes. Raises ``OSError``; then the old one stays."""
    temporary = os.path.join(segment.directory, segment.stem) + _TEMPORARY
    with open(segment.path, "rb") as source:
        fcntl.flock(source, fcntl.LOCK_EX | fcntl.LOCK_NB)  # another worker may have found it, too
        try:
            with open(temporary, "wb", opener=owned) as target:
                deflate = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16)
                while chunk := source.read(256 << 10):
                    if stopped():
                        raise InterruptedError
                    target.write(deflate.compress(chunk))
                target.write(deflate.flush())
                target.flush()
                os.fsync(target.fileno())
            os.replace(temporary, temporary.removesuffix(".tmp"))
        except OSError:
            _remove(temporary)
            raise
        sync_directory(segment.directory)
        os.unlink(segment.path)


def repair(directory: str) -> list[str]:
    """Seal what dead writers left open, without the torn record at its end, and remove half-made files. Gives a
    sentence for each that held something."""
    said: list[str] = []
    with locked(directory):
        present = segments(directory)
        whole = {one.stem for one in present if one.end == SEALED}
        for name in os.listdir(directory):
            path = os.path.join(directory, name)
            if name.endswith(COMPRESSED) and name.removesuffix(COMPRESSED) in whole:
                _remove(path)  # compressed, but the original was not removed any more
            elif name.endswith(_TEMPORARY) and name.removesuffix(_TEMPORARY) not in whole:
                _remove(path)  # of a segment that is gone
        for one in present:
            if one.end == OPEN and (sentence := _repair(one)):
                said.append(sentence)
    return said


def _repair(one: Segment) -> str:
    try:
        handle = os.open(one.path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return ""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # its writer lives
        os.close(handle)
        return ""
    with os.fdopen(handle, "r+b", buffering=0) as file:
        try:
            header, begin = read_header(file.read)
        except DamagedError:
            _remove(one.path)  # cut off before its first record
            return ""
        scanner = FrameScanner(file.read, header, begin, final=True)
        count = sum(1 for _ in scanner)
        size = os.fstat(file.fileno()).st_size
        torn = size - scanner.offset
        if torn:
            os.ftruncate(file.fileno(), scanner.offset)
        os.fsync(file.fileno())
        os.replace(one.path, one.path.removesuffix(OPEN) + SEALED)
        sync_directory(one.directory)
    return f"{one.stem}: {count} records of a writer that is gone" + (
        f", and {torn} torn bytes cut off" if torn else ""
    )


def make_room(directory: str, wanted: int, limit: int, open_size: int) -> tuple[int, int]:
    """Remove sealed segments until ``wanted`` bytes more stay within ``limit``: those every reader has read first, the
    oldest first. Gives how many were removed, and how many of them unread. Raises ``OSError`` (ENOSPC) where that does
    not make enough room. To be called ``locked``."""
    total = used(directory, open_size) + wanted
    if total <= limit:
        return 0, 0
    places = [places for _, places in readers(directory)]
    present = [one for one in segments(directory) if one.end != OPEN]
    read = [one for one in present if places and all(_behind(one, place) for place in places)]
    done = set(read)
    unread = [one for one in present if one not in done]
    removed = lost = 0
    for one in (*read, *unread):
        if total <= limit:
            break
        if not _remove(one.path):
            continue
        total -= one.bytes
        removed += 1
        lost += one not in done
    if total > limit:
        import errno

        raise OSError(errno.ENOSPC, f"the spool's own limit of {limit} bytes leaves no room")
    return removed, lost


def expire(directory: str, before: float) -> int:
    """Remove sealed segments that began and ended before this time (seconds since 1970); gives how many."""
    removed = 0
    for one in segments(directory):
        if one.start >= before * 1000:
            break
        if one.end == OPEN:
            continue
        with contextlib.suppress(OSError):
            if os.lstat(one.path).st_mtime < before:
                removed += _remove(one.path)
    return removed


def _behind(one: Segment, places: dict[str, Place]) -> bool:
    place = places.get(one.stream)
    return place is not None and one.sequence < place.sequence


def _remove(path: str) -> bool:
    try:
        os.unlink(path)
    except OSError:
        return False
    return True


def reader_path(directory: str, name: str) -> str:
    """Raises ``ValueError`` for a name that is none."""
    if not _READER.fullmatch(name) or name.startswith("."):
        raise ValueError(f"{name!r} is no name for a reader: use letters, digits, '.', '_' and '-'")
    return os.path.join(directory, "readers", f"{name}.json")


def readers(directory: str) -> list[tuple[str, dict[str, Place]]]:
    """Every registered reader, and how far it has come. What cannot be read has read nothing."""
    try:
        names = sorted(os.listdir(os.path.join(directory, "readers")))
    except FileNotFoundError:
        return []
    return [
        (name.removesuffix(".json"), load_places(os.path.join(directory, "readers", name)))
        for name in names
        if name.endswith(".json")
    ]


def load_places(path: str) -> dict[str, Place]:
    """Empty where there is none, or none that can be read."""
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW)) as file:
            fields = json.loads(file.read(_LARGEST_CURSOR))
        return {str(stream): Place(*map(int, place)) for stream, place in fields["streams"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def save_places(path: str, places: dict[str, Place]) -> None:
    """In one step, and durable: what a reader said it has read may be removed."""
    kept = dict(list(places.items())[-_STREAMS_REMEMBERED:])
    text = json.dumps({"streams": {stream: [p.sequence, p.offset, p.number] for stream, p in kept.items()}})
    with whole_file(path, private=True) as file:
        file.write(text.encode())
