"""A board in a directory, for workers on one machine: no server is needed.

    GUARD/WORKER.posts     a log: one header, then a frame for each post (``violet.runtime.spool.frames``), the version
                           as its number, [client, value] in MessagePack as its payload
    GUARD/WORKER.rulings   as they are, replaced in one step

A worker appends to its own log alone, and writes it anew where most of it is outdated. What has not been touched for
``keep`` seconds is removed by whoever sees it. Nothing is synced: a machine that stops takes the guard with it. A
directory in memory (``/dev/shm``) serves well.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from violet.domain.errors import ConfigurationError
from violet.domain.whole_file import owned, whole_file
from violet.runtime.sharing.base import BoardError, Heard, Post, quoted
from violet.runtime.sharing.values import LARGEST_RULINGS, LARGEST_VALUE
from violet.runtime.spool.frames import DamagedError, FrameScanner, Header, frame, read_header

_POSTS, _RULINGS = ".posts", ".rulings"
_NAME = re.compile(r"[A-Za-z0-9._-]{1,120}")
_SLACK = 1 << 20
"""Bytes of outdated posts that are not worth a new log."""
_MOST_WORKERS = 256
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(tuple[str, bytes])


@dataclass(slots=True)
class _Log:
    """This worker's own: what hangs there, and in how many bytes."""

    header: Header
    posts: dict[str, Post]
    inode: int = 0
    size: int = 0
    live: int = 0
    ruled: bool = False
    """It posted rulings."""


@dataclass(slots=True)
class _Read:
    """How far another worker's log was read: ``sequence`` tells a new log from the one before."""

    sequence: int = 0
    offset: int = 0


class DirectoryBoard:
    """For its owner alone. Raises ``ConfigurationError`` where it cannot be made."""

    def __init__(self, directory: str, guard: str, *, keep: float = 3_600.0) -> None:
        self.address = directory
        self.guard = guard
        self._directory = os.path.join(directory, quoted(guard))
        self._keep = keep
        self._own: dict[str, _Log] = {}
        self._reads: dict[str, _Read] = {}
        try:
            os.makedirs(directory, mode=0o700, exist_ok=True)
            os.makedirs(self._directory, mode=0o700, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"{directory} cannot be shared by workers: {error.strerror}.") from error

    async def post(self, worker: str, posts: Sequence[Post], retired: Sequence[str], rulings: bytes | None) -> bool:
        try:
            return await asyncio.to_thread(self._post, worker, posts, retired, rulings)
        except OSError as error:
            raise BoardError(f"{error.strerror}.") from None

    async def hear(self, worker: str, behind: Mapping[str, int], most: int) -> list[Heard]:
        try:
            return await asyncio.to_thread(self._hear, worker, behind, most)
        except OSError as error:
            raise BoardError(f"{error.strerror}.") from None

    async def close(self) -> None:
        return None

    def _post(self, worker: str, posts: Sequence[Post], retired: Sequence[str], rulings: bytes | None) -> bool:
        if not _NAME.fullmatch(worker):
            raise BoardError(f"{worker!r} cannot be the name of a worker.")
        log = self._own.get(worker)
        path = os.path.join(self._directory, worker)
        whole = True
        if log is None:
            log = self._own[worker] = _Log(Header.new(worker, 0, worker, "", time.time()), {})
        else:
            try:
                there = _there(path + _RULINGS) or not log.ruled
                whole = os.stat(path + _POSTS).st_ino == log.inode and there
            except FileNotFoundError:
                whole = False
        data = b""
        for post in posts:
            log.posts[post.client] = post
            data += self._frame(log, post.version, post.client, post.value)
        for client in retired:
            log.posts.pop(client, None)
        log.live = sum(len(post.value) + len(post.client) + 40 for post in log.posts.values())
        if not log.inode or not whole or log.size + len(data) > 2 * log.live + _SLACK:
            self._rewrite(log, path + _POSTS)
        else:
            with open(path + _POSTS, "ab", opener=owned) as file:
                file.write(data)
            log.size += len(data)
            os.utime(path + _POSTS)
        if rulings is not None:
            log.ruled = True
            _replace(path + _RULINGS, rulings)
        elif _there(path + _RULINGS):
            os.utime(path + _RULINGS)
        # All that hung there hangs there again: it was kept here. But for rulings, which were not.
        return whole

    @staticmethod
    def _frame(log: _Log, version: int, client: str, value: bytes) -> bytes:
        try:
            return frame(log.header, version, _ENCODER.encode((client, value)))
        except UnicodeEncodeError:
            return b""

    def _rewrite(self, log: _Log, path: str) -> None:
        log.header = Header.new(log.header.stream, log.header.sequence + 1, log.header.worker, "", time.time())
        kept = sorted(log.posts.values(), key=lambda post: post.version)
        data = log.header.encode() + b"".join(self._frame(log, p.version, p.client, p.value) for p in kept)
        _replace(path, data)
        log.size = len(data)
        log.inode = os.stat(path).st_ino

    def _hear(self, worker: str, behind: Mapping[str, int], most: int) -> list[Heard]:
        oldest = time.time() - self._keep
        names: list[str] = []
        with os.scandir(self._directory) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    if entry.stat(follow_symlinks=False).st_mtime < oldest and entry.name.endswith((_POSTS, _RULINGS)):
                        os.unlink(entry.path)
                    elif entry.name.endswith(_POSTS):
                        names.append(entry.name.removesuffix(_POSTS))
        others = sorted(name for name in names if name != worker and _NAME.fullmatch(name))[:_MOST_WORKERS]
        self._reads = {name: read for name, read in self._reads.items() if name in set(others)}
        each = max(8, most // max(1, len(others)))
        heard: list[Heard] = []
        for name in others:
            posts, version = self._read(name, behind.get(name, 0), each)
            rulings = _content(os.path.join(self._directory, name + _RULINGS), LARGEST_RULINGS + 64)
            heard.append(Heard(name, tuple(posts), version, rulings))
        return heard

    def _read(self, name: str, behind: int, most: int) -> tuple[list[Post], int]:
        read = self._reads.setdefault(name, _Read())
        posts: dict[str, Post] = {}
        version = behind
        try:
            handle = os.open(os.path.join(self._directory, name + _POSTS), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return [], behind
        with os.fdopen(handle, "rb", buffering=0) as file:
            try:
                header, begin = read_header(file.read)
            except DamagedError:
                return [], behind
            if header.sequence != read.sequence:
                read.sequence, read.offset = header.sequence, begin
            file.seek(max(begin, read.offset))
            scanner = FrameScanner(file.read, header, max(begin, read.offset), final=False)
            for found in scanner:
                read.offset = found.end
                if found.number <= behind or len(found.payload) > LARGEST_VALUE + 4_096:
                    continue
                try:
                    client, value = _DECODER.decode(found.payload)
                except (msgspec.MsgspecError, UnicodeDecodeError):
                    continue
                version = max(version, found.number)
                posts.pop(client, None)  # so that it stands where its version belongs
                posts[client] = Post(client, found.number, value)
                if len(posts) >= most:
                    break
        return list(posts.values()), version


def _replace(path: str, data: bytes) -> None:
    with whole_file(path, private=True, synced=False) as file:
        file.write(data)


def _there(path: str) -> bool:
    return os.path.lexists(path)


def _content(path: str, most: int) -> bytes | None:
    try:
        with open(path, "rb", opener=owned) as file:
            data = file.read(most + 1)
    except OSError:
        return None
    return data if len(data) <= most else None
