"""The round, about once a second: post what is new here, hear what is new there, and absorb it.

It runs on the guard's event loop, in steps of less than a millisecond, and awaits the board between them. Where the
board cannot be reached the guard goes on alone, says so once, and tries again with growing pauses; nothing is lost
meanwhile, for what is posted are sums.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain.guard_status import SharingStatus
from violet.runtime.sharing.base import CLIENT_CHARACTERS, Board, BoardError, Heard, Post, Rulings, Sketches
from violet.runtime.sharing.books import OwnBook, PeerBook
from violet.runtime.sharing.values import (
    RefusedError,
    pack_rulings,
    sealed,
    unpack,
    unpack_rulings,
    unsealed,
)

if TYPE_CHECKING:
    from violet.domain.alert import Ruling
    from violet.runtime.sharing.base import Array

_STEP = 0.0005
"""Seconds of work between two looks at the event loop's other business."""


def new_worker() -> str:
    """A name that no worker had before: who is restarted begins at nothing, and is somebody else."""
    host = re.sub(r"[^A-Za-z0-9.-]+", "_", socket.gethostname())[:32] or "host"
    return f"{host}-{os.getpid()}-{secrets.token_hex(6)}"


class NoSketches:
    """For a process that shares rulings alone, because its detectors are elsewhere."""

    def changed(self) -> list[str]:
        return []

    def delta(self, client: str) -> Mapping[str, Array]:
        return {}

    def absorb(self, client: str, values: Mapping[str, Array]) -> None:
        return None


@dataclass(frozen=True, slots=True)
class SharingOptions:
    """``interval`` between rounds and ``timeout`` of one, in seconds; ``most`` posts a round, each way; ``clients``
    whose sums are kept, here and of each other worker (they are what memory goes into: a client's sketches each);
    ``workers`` that are remembered. ``longest_pause`` between tries where the board is lost."""

    interval: float = 1.0
    timeout: float = 5.0
    most: int = 200
    clients: int = 2_000
    workers: int = 64
    memory: int = 64 << 20
    longest_pause: float = 30.0
    secret: bytes = b""


class Sharer:
    """One worker's share of the company. ``say`` takes a sentence when the board is lost or found. Not to be shared
    between threads: its methods belong on the loop of the sketches."""

    def __init__(
        self,
        board: Board,
        sketches: Sketches,
        rulings: Rulings | None = None,
        options: SharingOptions | None = None,
        *,
        worker: str = "",
        say: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.worker = worker or new_worker()
        self.options = options or SharingOptions()
        self._board = board
        self._sketches = sketches
        self._rulings = rulings
        self._say = say
        self._own = OwnBook(self.options.clients)
        self._peers = PeerBook(self.options.clients, self.options.workers, self.options.memory)
        self._changed: dict[str, None] = {}
        """To be collected: what ``changed`` said once, it does not say again."""
        self._exported: Sequence[Ruling] | None = None
        self._rulings_packed = self._rulings_posted = b""
        self._why = ""
        self._since = time.time()
        self._together = False
        self._rounds = self._failures = self._failing = 0
        self._sent = self._received = self._refused = 0
        self._seconds = 0.0
        self._worked = 0.0

    def status(self) -> SharingStatus:
        return SharingStatus(
            state="together" if self._together else "alone",
            board=self._board.address,
            why=self._why or ("" if self._together else "it has just begun"),
            since=self._since,
            peers=len(self._peers) if self._together else 0,
            rounds=self._rounds,
            failures=self._failures,
            sent=self._sent,
            received=self._received,
            refused=self._refused,
            pending=self._own.pending,
            left_out=self._own.left_out + self._peers.left_out,
            seconds=self._seconds,
        )

    async def run(self) -> None:
        """Rounds until cancelled."""
        while True:
            await self.round()
            pause = self.options.interval
            if self._failing:
                pause = min(pause * 2.0 ** min(self._failing, 16), self.options.longest_pause)
            # Workers that were started together should not come together.
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))

    async def round(self) -> bool:
        """One. False: the board could not be reached. Raises nothing."""
        begun = time.monotonic()
        await self.collect()
        try:
            async with asyncio.timeout(self.options.timeout):
                await self._post()
                await self._hear()
        except BoardError as error:
            self._lost(str(error))
        except TimeoutError:
            self._lost(f"it did not answer within {self.options.timeout:g} s.")
        except Exception as error:  # a fault of ours must not end the company for good
            self._lost(f"{type(error).__name__}: {error}.")
        else:
            self._found()
        self._rounds += 1
        self._seconds = time.monotonic() - begun
        return not self._failing

    async def close(self) -> None:
        """Post what is left, if the board is there."""
        if self._together:
            await self.round()
        await self._board.close()

    async def collect(self) -> None:
        """Take over what was added to the sketches. Part of every round."""
        self._worked = time.monotonic()
        self._changed.update(dict.fromkeys(self._sketches.changed()))
        while self._changed:
            client = next(iter(self._changed))
            del self._changed[client]
            delta = self._sketches.delta(client)
            if delta and len(client) <= CLIENT_CHARACTERS:
                self._own.add(client, delta)
            await self._breathe()

    async def _post(self) -> None:
        taken = self._own.take(self.options.most)
        secret, worker, guard = self.options.secret, self.worker, self._board.guard
        posts = [
            Post(post.client, post.version, sealed(secret, post.value, guard, worker, post.client, str(post.version)))
            for post, _ in taken
        ]
        retired = self._own.retired()
        said = None
        if self._rulings is not None:
            exported = self._rulings.export()
            if exported is not self._exported:  # some tables give the same object until something changes
                self._exported, self._rulings_packed = exported, pack_rulings(exported)
            if self._rulings_packed != self._rulings_posted:
                said = sealed(secret, self._rulings_packed, guard, worker)
        whole = await self._board.post(worker, posts, retired, said)
        self._own.posted(taken)
        self._own.down(retired)
        self._sent += len(posts)
        self._rulings_posted = self._rulings_packed
        if not whole:
            # What hung there before is gone; what this call brought, is not: but it need not be told apart.
            self._own.again()
            self._rulings_posted = b""

    async def _hear(self) -> None:
        heard = await self._board.hear(self.worker, self._peers.behind(), self.options.most)
        self._peers.begin(one.worker for one in heard)
        for one in heard:
            for post in one.posts:
                self._absorb(one.worker, post)
                await self._breathe()
            self._peers.heard(one.worker, one.version)
            if one.rulings is not None and self._rulings is not None:
                self._merge(one, self._rulings)
        self._peers.end()

    def _absorb(self, worker: str, post: Post) -> None:
        try:
            if not 0 < len(post.client) <= CLIENT_CHARACTERS:
                raise RefusedError("A post is about nobody.")
            value = unsealed(self.options.secret, post.value, self._board.guard, worker, post.client, str(post.version))
            epoch, sums = unpack(value)
        except RefusedError:
            self._refused += 1
            return
        fresh = self._peers.new(worker, post, epoch, sums)
        if not fresh:
            return
        try:
            self._sketches.absorb(post.client, fresh)
        except Exception:  # what one client's sums do to a detector must not end the company
            self._refused += 1
        else:
            self._received += 1

    def _merge(self, heard: Heard, rulings: Rulings) -> None:
        data = heard.rulings or b""
        if not data or not self._peers.rulings_changed(heard.worker, data):
            return
        try:
            found = unpack_rulings(unsealed(self.options.secret, data, self._board.guard, heard.worker) or b"\x90")
        except RefusedError:
            self._refused += 1
            return
        rulings.merge(found)

    async def _breathe(self) -> None:
        if time.monotonic() - self._worked > _STEP:
            await asyncio.sleep(0)
            self._worked = time.monotonic()

    def _lost(self, why: str) -> None:
        self._failures += 1
        self._failing += 1
        if self._together or not self._why:
            self._since = time.time()
            self._say(f"Sharing by {self._board.address}: {why} This guard goes on alone, and tries again.")
        self._together = False
        self._why = why

    def _found(self) -> None:
        if self._failing:
            self._say(f"Sharing by {self._board.address}: it is there again.")
        if not self._together:
            self._since = time.time()
        self._together = True
        self._failing = 0
        self._why = ""
