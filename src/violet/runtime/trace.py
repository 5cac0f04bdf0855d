"""Traces: exchanges as JSON Lines, one object a line, with the field names of ``violet.domain.traffic.Exchange``.

``id``, ``at`` (seconds since 1970), ``client`` and ``model`` must be there; names that are not known are passed over,
so that others can add their own. A line can also be a CloudEvent of KServe's payload logger, or a batch of them (see
``violet.runtime.cloud_events``). JSON knows no NaN and no infinity: in rows and scores both are written as ``null``.

What is read is hostile: lines are bounded in bytes, compressed ones as well, and each is judged by itself.
"""

from __future__ import annotations

import dataclasses
import gzip
import math
import os
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Protocol, cast

import msgspec

from violet.domain.errors import UsageError
from violet.domain.traffic import Exchange
from violet.runtime.plain_values import scalar, valid

if TYPE_CHECKING:
    from violet.runtime.cloud_events import Event, Joining

LINE = 1 << 24
"""Bytes of the longest line that is read."""
LATEST = 1e11
"""A time beyond this (the year 5138) is in milliseconds, or wrong."""
PAUSE = 0.2
"""Seconds between looks at a file that is followed."""
_GZIP = b"\x1f\x8b"

Complain = Callable[[int, str], None]
"""Takes the number of a line and what is wrong with it."""


class Readable(Protocol):
    def read1(self, size: int, /) -> bytes: ...


class Writable(Protocol):
    def write(self, data: bytes, /) -> Any: ...


class TraceError(UsageError):
    """A trace cannot be read: says which line of which file, and why."""


class _Loose(msgspec.Struct):
    """What others write: ``null`` scores, flags in rows, whole lists left out as ``null``."""

    id: str | int
    at: float
    client: str
    model: str
    rows: list[list[float | str | bool | None]] | None = None
    names: list[str] | None = None
    texts: list[str] | None = None
    scores: list[list[float | None]] | None = None
    labels: list[float | str | bool | None] | None = None
    answers: list[str] | None = None
    protocol: str | None = None
    status: int | None = None
    seconds: float | None = None
    request_bytes: int | None = None
    response_bytes: int | None = None
    address: str | None = None
    response: str | None = None
    reasons: list[str] | None = None
    truth: str | None = None
    extra: dict[str, str] | None = None


_strict = msgspec.json.Decoder(Exchange).decode
_loose = msgspec.json.Decoder(_Loose).decode
_DEFAULTS: dict[str, Any] = {
    field.name: field.default for field in dataclasses.fields(Exchange) if field.default is not dataclasses.MISSING
}


_encode = msgspec.json.Encoder(enc_hook=scalar).encode


def encode(exchange: Exchange) -> bytes:
    """As one line, without its end. What stands at its default is left out. Raises ``ValueError`` where ``at`` is no
    time."""
    if not 0 <= exchange.at < LATEST:
        raise ValueError(f"{exchange.at} is no time in seconds since 1970")
    said: dict[str, Any] = {
        field.name: value
        for field in dataclasses.fields(Exchange)
        if (value := getattr(exchange, field.name)) != _DEFAULTS.get(field.name, {})
    }
    try:
        return _encode(said)
    except UnicodeEncodeError:  # unpaired surrogates, which are no Unicode text
        return _encode(valid(said))


def decode(line: bytes) -> Exchange:
    """Raises ``ValueError`` with one sentence for what is no exchange."""
    try:
        try:
            found = _strict(line)
        except msgspec.ValidationError:
            found = _adopted(_loose(line))
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, OverflowError) as error:
        raise ValueError(str(error)) from None
    if not 0 <= found.at < LATEST:
        raise ValueError(f"at is {found.at:g}, and is to be in seconds since 1970")
    if found.seconds < 0 or not math.isfinite(found.seconds):
        raise ValueError(f"seconds is {found.seconds:g}")
    return found


def _adopted(said: _Loose) -> Exchange:
    nan = math.nan

    def cell(value: float | str | bool | None) -> float | str | None:
        return float(value) if isinstance(value, bool) else value

    taken: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name in _Loose.__struct_fields__
        if (value := getattr(said, name)) is not None
    }
    taken["id"] = str(said.id)
    taken["rows"] = tuple(tuple(map(cell, row)) for row in said.rows or ())
    taken["scores"] = tuple(tuple(nan if v is None else v for v in row) for row in said.scores or ())
    taken["labels"] = tuple("" if v is None else cell(v) for v in said.labels or ())
    return Exchange(**taken)


# -- writing ---------------------------------------------------------------------------------------------------------


def write_trace(path: str, exchanges: Iterable[Exchange]) -> int:
    """Write them to ``path`` (``-``: standard output; a name that ends in ``.gz`` is compressed), and say how many they
    were. Raises ``UsageError`` where the file cannot be written."""
    count = 0
    with _writable(path) as file:
        for exchange in exchanges:
            file.write(encode(exchange) + b"\n")
            count += 1
    return count


@contextmanager
def _writable(path: str) -> Iterator[Writable]:
    if path == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        with open(path, "wb") as plain:
            if path.endswith(".gz"):
                with gzip.GzipFile("", "wb", 6, plain, mtime=0) as packed:
                    yield packed
            else:
                yield plain
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}.", "Name a file that can be written.") from None


# -- reading ---------------------------------------------------------------------------------------------------------


def read_trace(
    path: str,
    *,
    follow: bool = False,
    wait: Callable[[], bool] | None = None,
    complain: Complain | None = None,
    joining: Joining | None = None,
    longest: int = LINE,
) -> Iterator[Exchange]:
    """Exchanges of a file (``-``: standard input), as they are read; gzip is known by its first bytes.

    ``follow``: at the end, wait for more, also when the file is replaced or emptied (as ``tail -F`` does), until
    ``wait`` says False: it is called whenever there is nothing new, and by default sleeps ``PAUSE`` seconds. A line
    that cannot be read is told to ``complain`` and passed over; without ``complain`` it raises ``TraceError``.
    ``joining`` puts requests and responses of KServe's payload logger together. Raises ``UsageError`` for a file that
    cannot be opened."""
    from violet.runtime.cloud_events import Joining, is_event

    def wrong(number: int, why: str) -> None:
        if complain is None:
            raise TraceError(f"{path}, line {number}: {why.rstrip('.')}.", "Mend or leave out that line.")
        complain(number, why)

    join = Joining() if joining is None else joining
    told = join.unreadable
    for number, line, why in _lines(path, follow, wait or _pause, longest):
        if why:
            wrong(number, why)
            continue
        if not line or line.isspace():
            continue
        try:
            several = _events(line) if is_event(line) else None
            if several is not None:
                for event in several:
                    yield from join.take(event)
                if join.unreadable > told:
                    told = join.unreadable
                    wrong(number, join.last)
            else:
                yield decode(line)
        except ValueError as error:
            wrong(number, str(error))
    yield from join.flush()


def _events(line: bytes) -> list[Event] | None:
    """``None``: it is an exchange that speaks of events."""
    from violet.runtime.cloud_events import events

    try:
        return events(line)
    except ValueError:
        try:
            decode(line)
        except ValueError:
            pass
        else:
            return None
        raise


def _pause() -> bool:
    time.sleep(PAUSE)
    return True


Line = tuple[int, bytes, str]
"""Its number from 1, what it says, and what is wrong with it."""


def _lines(path: str, follow: bool, wait: Callable[[], bool], longest: int) -> Iterator[Line]:
    try:
        if path == "-":
            yield from _whole(cast("Readable", sys.stdin.buffer), longest)
            return
        if follow:
            yield from _followed(path, wait, longest)
            return
        with open(path, "rb") as file:
            packed = file.peek(2)[:2] == _GZIP
            with gzip.open(file) if packed else file as source:
                yield from _whole(source, longest)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}.", "Name a file that can be read.") from None


class _Cutter:
    """Cuts bytes into lines; of one that is too long, only that is kept."""

    __slots__ = ("_longest", "_parts", "_size", "number")

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._parts: list[bytes] = []
        self._size = 0
        self.number = 0

    def feed(self, data: bytes) -> Iterator[Line]:
        begin = 0
        while True:
            end = data.find(b"\n", begin)
            piece = data[begin:] if end < 0 else data[begin:end]
            self._size += len(piece)
            if self._size <= self._longest:
                self._parts.append(piece)
            else:
                self._parts.clear()
            if end < 0:
                return
            yield self._finished()
            begin = end + 1

    def end(self) -> Iterator[Line]:
        """The last line, where it has no end."""
        if self._size:
            yield self._finished()

    def _finished(self) -> Line:
        self.number += 1
        long = self._size > self._longest
        line = b"" if long else b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return self.number, line, f"it has more than {self._longest:,} bytes" if long else ""


_BLOCK = 1 << 18


def _whole(source: Readable, longest: int) -> Iterator[Line]:
    cutter = _Cutter(longest)
    try:
        while data := source.read1(_BLOCK):
            yield from cutter.feed(data)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield from cutter.end()
        yield cutter.number + 1, b"", f"the compressed file is broken here: {error}"
        return
    yield from cutter.end()


def _followed(path: str, wait: Callable[[], bool], longest: int) -> Iterator[Line]:
    opened: IO[bytes] | None = _unbuffered(path)
    while opened is not None:
        with opened as file:
            cutter = _Cutter(longest)
            replaced = False
            while True:
                data = file.read(_BLOCK)
                if data:
                    if not cutter.number and file.tell() == len(data) and data[:2] == _GZIP:
                        raise UsageError(f"{path} is compressed, and cannot be followed.", "Read it without --follow.")
                    yield from cutter.feed(data)
                elif replaced:
                    yield from cutter.end()
                    break
                else:
                    state = _state(path, file)
                    if state == "replaced":
                        replaced = True  # what was written to the old one meanwhile is read first
                    elif state == "emptied":
                        file.seek(0)
                        cutter = _Cutter(longest)
                    elif not wait():
                        return
        opened = _reopened(path, wait)


def _unbuffered(path: str) -> IO[bytes]:
    return open(path, "rb", buffering=0)


def _reopened(path: str, wait: Callable[[], bool]) -> IO[bytes] | None:
    while True:
        try:
            return _unbuffered(path)
        except FileNotFoundError:  # gone again
            if not wait():
                return None


def _state(path: str, file: IO[bytes]) -> str:
    own = os.fstat(file.fileno())
    if own.st_size < file.tell():
        return "emptied"
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return "gone"  # a new one may come
    return "same" if (there.st_dev, there.st_ino) == (own.st_dev, own.st_ino) else "replaced"
