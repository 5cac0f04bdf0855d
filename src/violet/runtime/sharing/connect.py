"""A board by its address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from violet.runtime.sharing.base import Board

SCHEMES = ("redis", "rediss", "valkey", "valkeys", "unix")


def connect(address: str, guard: str, *, keep: float = 3_600.0, timeout: float = 2.0) -> Board:
    """``redis://HOST:PORT/DB`` and its kin for workers and replicas on many machines, a directory for workers on one.
    ``guard`` names who shares. Does not reach out yet. Raises ``ConfigurationError`` for what is no address."""
    if not guard:
        raise ConfigurationError("A guard that shares has a name.", "Give all of one fleet the same.")
    scheme, colon, _ = address.partition("://")
    if colon and scheme in SCHEMES:
        from violet.runtime.sharing.redis_board import RedisBoard

        return RedisBoard(address, guard, keep=keep, timeout=timeout)
    if colon or not address:
        raise ConfigurationError(
            f"{scheme or address!r} is no way to share state.",
            f"Give a directory, or an address that begins with {', '.join(f'{one}://' for one in SCHEMES)}.",
        )
    from violet.runtime.sharing.directory_board import DirectoryBoard

    return DirectoryBoard(address, guard, keep=keep)
