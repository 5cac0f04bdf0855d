"""Workers whose sketches just add up, and a board that loses what it is told to lose."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from violet.domain.alert import Response, Ruling
from violet.runtime.sharing.base import BoardError, Heard, Post


class Adding:
    """Sums by client and detector. Whole numbers, so that every order gives the same."""

    def __init__(self) -> None:
        self.total: dict[str, dict[str, Any]] = defaultdict(dict)
        self.seen: dict[str, dict[str, Any]] = defaultdict(dict)
        self._fresh: dict[str, dict[str, Any]] = {}

    def see(self, client: str, detector: str, values: Sequence[float]) -> None:
        array = np.asarray(values, np.float32)
        for sums in (self.total[client], self.seen[client], self._fresh.setdefault(client, {})):
            sums[detector] = sums[detector] + array if detector in sums else array

    def changed(self) -> list[str]:
        return list(self._fresh)

    def delta(self, client: str) -> Mapping[str, Any]:
        return self._fresh.pop(client, {})

    def absorb(self, client: str, values: Mapping[str, Any]) -> None:
        sums = self.total[client]
        for detector, array in values.items():
            sums[detector] = sums[detector] + array if detector in sums else array


def plain(sums: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, list[float]]]:
    return {
        client: {name: array.tolist() for name, array in by.items() if np.any(array)}
        for client, by in sums.items()
        if any(np.any(array) for array in by.values())
    }


def together(*sums: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, list[float]]]:
    added = Adding()
    for one in sums:
        for client, by in one.items():
            added.absorb(client, by)
    return plain(added.total)


class Table:
    """Rulings; the later one on a client holds."""

    def __init__(self) -> None:
        self.held: dict[str, Ruling] = {}

    def rule(self, client: str, at: float, response: Response = Response.SLOW) -> None:
        self.merge([Ruling(client, response, at + 60, "r-1", "test", at)])

    def export(self) -> Sequence[Ruling]:
        return list(self.held.values())

    def merge(self, rulings: Sequence[Ruling]) -> None:
        for one in rulings:
            if one.client not in self.held or self.held[one.client].at < one.at:
                self.held[one.client] = one


class MemoryBoard:
    """In this process. ``before`` and ``after`` say how often the next posts fail, with nothing done or all."""

    address = "memory"
    guard = "g"

    def __init__(self) -> None:
        self.posts: dict[str, dict[str, Post]] = {}
        self.rulings: dict[str, bytes] = {}
        self.posted: set[str] = set()
        self.before = self.after = self.deaf = 0

    def lose(self) -> None:
        self.posts.clear()
        self.rulings.clear()

    async def post(self, worker: str, posts: Sequence[Post], retired: Sequence[str], rulings: bytes | None) -> bool:
        if self.before:
            self.before -= 1
            raise BoardError("It is away.")
        whole = worker in self.posts or worker not in self.posted
        hanging = self.posts.setdefault(worker, {})
        self.posted.add(worker)
        for post in posts:
            hanging[post.client] = post
        for client in retired:
            hanging.pop(client, None)
        if rulings is not None:
            self.rulings[worker] = rulings
        if self.after:
            self.after -= 1
            raise BoardError("It went away.")
        return whole

    async def hear(self, worker: str, behind: Mapping[str, int], most: int) -> list[Heard]:
        if self.deaf:
            self.deaf -= 1
            raise BoardError("It is away.")
        heard = []
        for name, hanging in self.posts.items():
            if name != worker:
                new = sorted((p for p in hanging.values() if p.version > behind.get(name, 0)), key=lambda p: p.version)
                new = new[: max(1, most // max(1, len(self.posts) - 1))]
                version = new[-1].version if new else behind.get(name, 0)
                heard.append(Heard(name, tuple(new), version, self.rulings.get(name)))
        return heard

    async def close(self) -> None:
        return None


def redis_server() -> str:
    """The program, of Redis or Valkey; empty where there is none."""
    return shutil.which("redis-server") or shutil.which("valkey-server") or ""


class PrivateRedis:
    """A server of the test's own, on a socket in a directory, that keeps nothing."""

    def __init__(self, directory: Path) -> None:
        self.socket = str(directory / "r.sock")
        self.address = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.socket)
        command = [redis_server(), "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not os.path.exists(self.socket):
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def private_redis(directory: Path) -> Iterator[PrivateRedis]:
    server = PrivateRedis(directory)
    server.start()
    try:
        yield server
    finally:
        server.kill()
