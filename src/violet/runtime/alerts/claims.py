"""Who of several machines tells of an incident, by Redis or Valkey: the first to say so, for an hour.

When Redis cannot be asked, every machine tells: the desk treats any failure here as "mine". A machine that dies after
it told of an incident leaves the others silent about the same one for the rest of the hour; what they saw is in their
incident files.
"""

from __future__ import annotations

import hashlib
from typing import Any

from violet.domain.errors import MissingExtraError

LASTS = 3600
PREFIX = "violet:guard:told:"


class RedisClaims:
    """``url`` as redis-py takes it (``redis://``, ``rediss://``, ``unix://``); ``machine`` is this machine's name,
    the same for all its workers and after a restart;
    ``patience`` the seconds that an answer may take."""

    def __init__(self, url: str, machine: str, lasts: int = LASTS, patience: float = 0.5) -> None:
        try:
            import redis.asyncio as client
        except ImportError as error:
            raise MissingExtraError("Sharing who tells of incidents", "guard") from error
        self._client: Any = client.from_url(url, socket_timeout=patience, socket_connect_timeout=patience)
        self._machine = machine.encode()
        self._lasts = lasts

    async def mine(self, key: str) -> bool:
        """Raises what redis-py raises."""
        name = PREFIX + hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=16).hexdigest()
        if await self._client.set(name, self._machine, nx=True, ex=self._lasts):
            return True
        return bool(await self._client.get(name) in (self._machine, None))

    async def close(self) -> None:
        await self._client.aclose()
