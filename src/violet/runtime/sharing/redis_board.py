"""A board in Redis, Valkey, or what speaks their protocol: plain commands, no scripts.

    violet:{GUARD}:workers          set of workers
    violet:{GUARD}:posts:WORKER     hash: "c:CLIENT" -> value, "mark" -> a random word, new every round
    violet:{GUARD}:order:WORKER     sorted set: "c:CLIENT" by version; "mark WORD" by 0
    violet:{GUARD}:rulings:WORKER   string

Every key expires unless its worker renews it every round. The braces keep all keys of a guard in one slot of a cluster.
The mark tells a worker whether what it posted is still there: a server that was restarted empty, failed over to a
replica that lags, or evicted the key, has another one or none.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from violet.domain.errors import ConfigurationError, MissingExtraError
from violet.runtime.sharing.base import CLIENT_CHARACTERS, BoardError, Heard, Post, quoted
from violet.runtime.sharing.values import LARGEST_RULINGS, LARGEST_VALUE

if TYPE_CHECKING:
    from redis.asyncio import Redis

_MARK = b"mark"
_MOST_WORKERS = 256
_LATEST = 2**53
"""A greater version is none: scores are doubles."""
_LARGEST_NAME = 2 + 4 * CLIENT_CHARACTERS
T = TypeVar("T")


class RedisBoard:
    """``address`` is ``redis://``, ``rediss://`` (TLS) or ``unix://``, as redis-py takes it; ``valkey://`` and
    ``valkeys://`` are the same. ``guard`` names who shares: one guard's workers and replicas, for one model.
    ``keep`` is for how many seconds posts outlive their worker."""

    def __init__(self, address: str, guard: str, *, keep: float = 3_600.0, timeout: float = 2.0) -> None:
        try:
            from redis import asyncio as redis
            from redis import exceptions
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
        except ImportError:
            raise MissingExtraError("Sharing by Redis or Valkey", "guard") from None
        known = {"valkey": "redis", "valkeys": "rediss"}
        scheme, colon, rest = address.partition(":")
        url = f"{known.get(scheme, scheme)}{colon}{rest}"
        try:
            self._redis: Redis = redis.Redis.from_url(
                url,
                socket_timeout=timeout,
                socket_connect_timeout=timeout,
                retry=Retry(NoBackoff(), 0),
                decode_responses=False,
                max_connections=4,
            )
        except ValueError as error:
            raise ConfigurationError(f"{_shown(address)} is no address of Redis: {error}.") from None
        self.address = _shown(address)
        self.guard = guard
        self._errors: tuple[type[Exception], ...] = (exceptions.RedisError, OSError)
        self._prefix = f"violet:{{{quoted(guard)}}}:"
        self._keep = max(1, int(keep * 1000))
        self._marks: dict[str, set[bytes]] = {}
        self._ruled: set[str] = set()
        """Workers that posted rulings."""

    async def post(self, worker: str, posts: Sequence[Post], retired: Sequence[str], rulings: bytes | None) -> bool:
        mark = secrets.token_hex(8).encode()
        expected, ruled = self._marks.get(worker), worker in self._ruled
        hash_key, order_key, rulings_key = (self._key(kind, worker) for kind in ("posts", "order", "rulings"))
        batch = self._redis.pipeline(transaction=True)
        batch.hget(hash_key, "mark")
        batch.zrangebyscore(order_key, 0, 0)
        batch.zremrangebyscore(order_key, 0, 0)
        values: dict[Any, Any] = {_field(post.client): post.value for post in posts}
        batch.hset(hash_key, mapping={**values, _MARK: mark})
        batch.zadd(order_key, {**{_field(post.client): post.version for post in posts}, _MARK + b" " + mark: 0})
        if retired:
            names = [_field(client) for client in retired]
            batch.hdel(hash_key, *names)
            batch.zrem(order_key, *names)
        batch.exists(rulings_key)
        if rulings is not None:
            batch.set(rulings_key, rulings)
            self._ruled.add(worker)
        for key in (hash_key, order_key, rulings_key):
            batch.pexpire(key, self._keep)
        batch.sadd(self._prefix + "workers", worker)
        batch.pexpire(self._prefix + "workers", self._keep)
        # Should the answer be lost, the mark may be this one or the one before.
        self._marks[worker] = {*(expected or ()), mark}
        done = await self._do(batch.execute)
        before, ordered = done[0], done[1]
        there = done[5 + 2 * bool(retired)]
        self._marks[worker] = {mark}
        if expected is None:
            return True
        return bool(before in expected and ordered == [_MARK + b" " + before] and (there or not ruled))

    async def hear(self, worker: str, behind: Mapping[str, int], most: int) -> list[Heard]:
        names = await self._do(lambda: self._redis.srandmember(self._prefix + "workers", _MOST_WORKERS))
        others = sorted({name.decode(errors="replace") for name in names or () if len(name) < 200} - {worker})
        if not others:
            return []
        each = max(8, most // len(others))
        batch = self._redis.pipeline(transaction=False)
        for name in others:
            batch.exists(self._key("posts", name))
            after = f"({behind.get(name, 0)}"
            batch.zrangebyscore(self._key("order", name), after, _LATEST, start=0, num=each, withscores=True)
            batch.strlen(self._key("rulings", name))
        first = await self._do(batch.execute)
        present: list[tuple[str, list[tuple[bytes, float]], int]] = []
        gone: list[str] = []
        for at, name in enumerate(others):
            there, ordered, length = first[3 * at : 3 * at + 3]
            if there:
                present.append((name, [(field, score) for field, score in ordered], length))
            else:
                gone.append(name)
        # What does not fit is not even fetched.
        batch = self._redis.pipeline(transaction=False)
        if gone:
            batch.srem(self._prefix + "workers", *gone)
        for name, ordered, _ in present:
            for field, _ in ordered:
                batch.hstrlen(self._key("posts", name), field)
        lengths = (await self._do(batch.execute))[bool(gone) :]
        batch = self._redis.pipeline(transaction=False)
        wanted: list[list[tuple[bytes, int]]] = []
        place = 0
        for name, ordered, length in present:
            sizes = lengths[place : place + len(ordered)]
            place += len(ordered)
            fit = [
                (field, int(score))
                for (field, score), size in zip(ordered, sizes, strict=True)
                if field.startswith(b"c:") and len(field) <= _LARGEST_NAME and 0 < size <= LARGEST_VALUE + 64
            ]
            wanted.append(fit)
            if fit:
                batch.hmget(self._key("posts", name), [field for field, _ in fit])
            if 0 < length <= LARGEST_RULINGS + 64:
                batch.getrange(self._key("rulings", name), 0, LARGEST_RULINGS + 64)
        answers = iter(await self._do(batch.execute))
        heard: list[Heard] = []
        for (name, ordered, length), fit in zip(present, wanted, strict=True):
            values = next(answers) if fit else []
            rulings = next(answers) if 0 < length <= LARGEST_RULINGS + 64 else None
            posts = tuple(
                Post(field[2:].decode(errors="replace"), version, value)
                for (field, version), value in zip(fit, values, strict=True)
                if value is not None
            )
            version = max((int(score) for _, score in ordered), default=behind.get(name, 0))
            heard.append(Heard(name, posts, version, rulings))
        return heard

    async def close(self) -> None:
        try:
            await self._redis.aclose()
        except self._errors:
            return

    async def _do(self, ask: Callable[[], Any]) -> Any:
        try:
            return await cast("Awaitable[Any]", ask())
        except self._errors as error:
            raise BoardError(f"{' '.join(str(error).split())[:200] or type(error).__name__}.") from None

    def _key(self, kind: str, worker: str) -> str:
        return f"{self._prefix}{kind}:{worker}"


def _field(client: str) -> bytes:
    return b"c:" + client.encode("utf-8", "replace")


def _shown(address: str) -> str:
    """An address without its password."""
    try:
        parts = urlsplit(address)
        place = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return address.partition(":")[0]
    return f"{parts.scheme}://{place}{port}{parts.path}"
