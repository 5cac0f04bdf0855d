"""Exchanges whose content follows from a number, so that whoever reads one can tell whether it was ever written."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from violet.domain.traffic import Exchange


def exchange(number: int, life: str = "", *, client: str = "key:a", columns: int = 5) -> Exchange:
    digest = hashlib.blake2b(f"{life}/{number}".encode(), digest_size=16).digest()
    row = tuple(digest[at % 16] / 7 for at in range(columns))
    return Exchange(id=f"{life}/{number}", at=1.8e9 + number / 100, client=client, model="credit", rows=(row,))


def true(found: Exchange) -> bool:
    life, _, number = found.id.partition("/")
    return found == exchange(int(number), life, client=found.client, columns=len(found.rows[0]))


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for what happens in another thread or process."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.001)
