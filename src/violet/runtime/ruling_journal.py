"""Rulings on the disk: one small file a process, to which lines are added; together they are the state of all.

A line is the CRC-32 of its JSON in hexadecimal, a space, and the JSON. What a crash has torn does not have its CRC and
is passed over, also in the middle. A line that was written survives the death of the process at once, and that of the
machine after ``sync``. A file that has grown is written anew beside itself and put in its place.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from violet.domain.alert import Response, Ruling
from violet.domain.errors import VioletError
from violet.domain.whole_file import sync_directory, whole_file, write_all

HEAD = "violet-rulings 1\n"
SUFFIX = ".rulings"
LARGEST = 256 << 20
"""Bytes of one file that are read."""
GROWN = 1 << 20
"""Bytes after which a file is written anew, where most of it is of no use any more."""
LINE = 32 << 10
"""Bytes of a line; texts are cut to fit."""
CHUNK = 1 << 20
WORD = 512
FILES = 256
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Journal:
    """Of the process ``worker``, in ``directory``, which exists; nobody else writes to its file, and all read all. A
    disk that cannot be written to is said once in ``problem``, and tried again."""

    def __init__(self, directory: str, worker: str = "0") -> None:
        if not _NAME.fullmatch(worker):
            raise VioletError(f"{worker[:80]!r} is no name for a worker's file of rulings.")
        self.directory = directory
        self.path = os.path.join(directory, worker + SUFFIX)
        self.problem = ""
        self.torn = 0
        """Lines without their CRC."""
        self._handle = -1
        self._size = 0
        self._kept = 0
        """Bytes after the last writing anew."""
        self._offsets: dict[str, tuple[int, int]] = {}
        """Inode and bytes read, of the others' files."""
        self._dirty = False

    def read(self) -> list[Ruling]:
        """All rulings of all processes, in no order that matters."""
        found: list[Ruling] = []
        for path in self._files():
            found.extend(self._new_lines(path))
        return found

    def follow(self) -> list[Ruling]:
        """What the others have added."""
        return [ruling for path in self._files() if path != self.path for ruling in self._new_lines(path)]

    def write(self, rulings: Sequence[Ruling], whole: Callable[[], Sequence[Ruling]]) -> None:
        """Add lines; ``whole`` gives all that is still of use. Never raises: without a disk rulings hold as long as the
        process does."""
        content = "".join(map(line_of, rulings)).encode()
        try:
            if self._handle < 0:
                self._open()
            if self._size + len(content) > max(GROWN, 4 * self._kept):
                self._renew(whole())
            else:
                write_all(self._handle, content)
                self._size += len(content)
            self._dirty = True
            self.problem = ""
        except OSError as error:
            self.problem = f"Rulings cannot be kept in {self.path}: {error.strerror}."
            self._shut()

    def sync(self) -> None:
        if self._dirty and self._handle >= 0:
            self._dirty = False
            try:
                os.fsync(self._handle)
            except OSError as error:
                self.problem = f"Rulings cannot be kept in {self.path}: {error.strerror}."

    def close(self) -> None:
        self.sync()
        self._shut()

    def _shut(self) -> None:
        if self._handle >= 0:
            with contextlib.suppress(OSError):
                os.close(self._handle)
        self._handle = -1

    def _open(self) -> None:
        self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._handle).st_size
        if not self._size:
            write_all(self._handle, HEAD.encode())
            sync_directory(self.directory)
        elif os.pread(self._handle, 1, self._size - 1) != b"\n":
            write_all(self._handle, b"\n")  # what a crash has torn stays a line of its own
        self._size = os.fstat(self._handle).st_size

    def _renew(self, rulings: Sequence[Ruling]) -> None:
        content = (HEAD + "".join(map(line_of, rulings))).encode()
        with whole_file(self.path, private=True) as file:
            file.write(content)
        self._shut()
        self._open()
        self._kept = self._size

    def _files(self) -> list[str]:
        try:
            names = sorted(name for name in os.listdir(self.directory) if name.endswith(SUFFIX))
        except OSError as error:
            self.problem = f"Rulings cannot be read in {self.directory}: {error.strerror}."
            return []
        return [os.path.join(self.directory, name) for name in names[:FILES]]

    def _new_lines(self, path: str) -> Iterator[Ruling]:
        """Of one file, from where it was last read; from its beginning, where it is another file now."""
        try:
            with open(path, "rb") as file:
                stat = os.fstat(file.fileno())
                inode, offset = self._offsets.get(path, (stat.st_ino, 0))
                if inode != stat.st_ino or stat.st_size < offset:
                    offset = 0
                file.seek(offset)
                rest = b""
                while offset < LARGEST and (part := file.read(CHUNK)):
                    lines = (rest + part).split(b"\n")
                    rest = lines.pop()  # one that is being written is read when it is whole
                    yield from self._rulings(lines)
                    offset += len(part)
                    rest = rest if len(rest) <= LINE else b"-"
                self._offsets[path] = (stat.st_ino, offset - len(rest))
        except OSError:
            return

    def _rulings(self, lines: Sequence[bytes]) -> Iterator[Ruling]:
        for line in lines:
            if not line or line + b"\n" == HEAD.encode():
                continue
            found = ruling_of(line)
            if found is None:
                self.torn += 1
            else:
                yield found


def line_of(ruling: Ruling) -> str:
    """A line of the journal. ``until`` is ``null`` for ever."""
    said = {
        "client": ruling.client[:WORD],
        "response": ruling.response.value,
        "until": None if math.isinf(ruling.until) else ruling.until,
        "reason": ruling.reason[:WORD],
        "by": ruling.by[:WORD],
        "at": ruling.at,
        "model": ruling.model[:WORD],
    }
    text = json.dumps(said, separators=(",", ":"))
    return f"{zlib.crc32(text.encode()):08x} {text}\n"


def ruling_of(line: bytes) -> Ruling | None:
    """What a line says; ``None`` for one that is not whole, or says what it cannot."""
    if len(line) > LINE or line[8:9] != b" ":
        return None
    try:
        if int(line[:8], 16) != zlib.crc32(line[9:]):
            return None
        said: Any = json.loads(line[9:])
        until = math.inf if said["until"] is None else float(said["until"])
        words = (said["client"], said["reason"], said["by"], said["model"])
        at = float(said["at"])
        if not all(isinstance(word, str) and len(word) <= WORD for word in words) or not math.isfinite(at):
            return None
        if math.isnan(until):
            return None
        return Ruling(words[0], Response(said["response"]), until, words[1], words[2], at, words[3])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
