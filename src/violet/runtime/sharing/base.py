"""What sharing needs of a guard, and of the place where its workers meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.domain.alert import Ruling

    Array = NDArray[Any]

CLIENT_CHARACTERS = 512
"""The longest name of a client that is exchanged."""


def quoted(guard: str) -> str:
    """The name of a guard as part of a key or path: different for different names, of at most 120 plain characters."""
    plain = quote(guard.encode("utf-8", "surrogatepass"), safe="")
    if 0 < len(plain) <= 120 and not plain.startswith("."):
        return plain
    return f"~{blake2b(plain.encode(), digest_size=16).hexdigest()}"


class BoardError(Exception):
    """The board cannot be reached, or does not do what it is asked. The message is one sentence."""


class Sketches(Protocol):
    """What is known of clients in one process, as sums: ``violet.runtime.pipeline.Pipeline`` is one."""

    def changed(self) -> list[str]:
        """Clients whose sketches changed since this was last asked."""
        ...

    def delta(self, client: str) -> Mapping[str, Array]:
        """What was added since last asked, float32, by detector. What was absorbed is no part of it."""
        ...

    def absorb(self, client: str, values: Mapping[str, Array]) -> None:
        """Add what others saw of the client."""
        ...


class Rulings(Protocol):
    """What is being done with whom; the later of two rulings on one client is the one that holds."""

    def export(self) -> Sequence[Ruling]: ...

    def merge(self, rulings: Sequence[Ruling]) -> object: ...


@dataclass(frozen=True, slots=True)
class Post:
    """All that one worker has seen of one client: ``version`` increases with every post of the worker."""

    client: str
    version: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """What another worker posted. ``version`` is up to where this hears it; ``rulings`` is ``None`` where they are not
    known."""

    worker: str
    posts: tuple[Post, ...]
    version: int
    rulings: bytes | None = None


class Board(Protocol):
    """Where posts hang. It may lose them at any time: ``post`` says so, and its worker posts everything again. Every
    method raises ``BoardError``; whether a ``post`` that raised was done is not known, and makes no difference."""

    address: str
    """For people: without passwords."""
    guard: str
    """Who shares: what was posted for one guard means nothing to another."""

    async def post(self, worker: str, posts: Sequence[Post], retired: Sequence[str], rulings: bytes | None) -> bool:
        """Put these in the place of what hangs there for these clients, and take the retired down. ``rulings``
        ``None``: as before. Called every round, with nothing new, too: it keeps the worker's posts from expiring.
        False: what the worker posted before this is gone."""
        ...

    async def hear(self, worker: str, behind: Mapping[str, int], most: int) -> list[Heard]:
        """What others than ``worker`` posted with a version greater than ``behind`` says, each worker's in order of
        version, at most about ``most`` posts in all. Workers that have nothing new are in it, too."""
        ...

    async def close(self) -> None: ...
