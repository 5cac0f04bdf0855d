"""The boards themselves: Redis, really killed and restarted empty, and a directory."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.runtime.sharing.company import (
    Adding,
    MemoryBoard,
    PrivateRedis,
    Table,
    plain,
    private_redis,
    redis_server,
    together,
)
from violet.domain.errors import ConfigurationError
from violet.runtime.sharing.base import Board, BoardError, Post
from violet.runtime.sharing.connect import connect
from violet.runtime.sharing.directory_board import DirectoryBoard
from violet.runtime.sharing.redis_board import RedisBoard
from violet.runtime.sharing.sharer import Sharer, SharingOptions
from violet.runtime.sharing.values import LARGEST_VALUE, pack

OPTIONS = SharingOptions(secret=b"of the guard", most=300)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateRedis]:
    if not redis_server():
        pytest.skip("there is no redis-server or valkey-server on this machine")
    with private_redis(tmp_path_factory.mktemp("r")) as started:
        yield started


@pytest.fixture(params=["redis", "directory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Board]:
    """Makes boards of one guard, each with a connection of its own."""
    if request.param == "directory":
        return lambda: connect(str(tmp_path / "board"), "g")
    address, guard = request.getfixturevalue("server").address, secrets.token_hex(4)
    return lambda: connect(address, guard)


@asynccontextmanager
async def company(place: Callable[[], Board], count: int, tables: bool = False) -> AsyncIterator[list[Sharer]]:
    sharers = [
        Sharer(place(), Adding(), Table() if tables else None, OPTIONS, worker=f"w{number}") for number in range(count)
    ]
    try:
        yield sharers
    finally:
        for sharer in sharers:
            await sharer._board.close()


def totals(sharers: list[Sharer]) -> list[dict[str, dict[str, list[float]]]]:
    return [plain(sharer._sketches.total) for sharer in sharers]  # type: ignore[attr-defined]


def expected(sharers: list[Sharer]) -> dict[str, dict[str, list[float]]]:
    return together(*(sharer._sketches.seen for sharer in sharers))  # type: ignore[attr-defined]


def see(sharer: Sharer, client: str, values: list[float]) -> None:
    sharer._sketches.see(client, "d", values)  # type: ignore[attr-defined]


async def rounds(sharers: list[Sharer], times: int = 2) -> None:
    for _ in range(times):
        for sharer in sharers:
            assert await sharer.round(), sharer.status().why


def test_posts_are_heard_once_in_order_and_by_everybody(place: Callable[[], Board]) -> None:
    async def go() -> None:
        board, other = place(), place()
        posts = [Post(f"c{number}", number, pack(1, {})) for number in range(1, 31)]
        assert await board.post("a", posts, [], b"rules")
        assert await board.hear("a", {}, 100) == []
        (heard,) = await other.hear("b", {}, 10)
        assert [post.version for post in heard.posts] == list(range(1, 11))
        assert (heard.worker, heard.version, heard.rulings) == ("a", 10, b"rules")
        assert heard.posts[0] == posts[0]
        (heard,) = await other.hear("b", {"a": 10}, 100)
        assert [post.version for post in heard.posts] == list(range(11, 31))
        assert await board.post("a", [Post("c5", 31, pack(1, {})), Post("ünï\x00", 32, b"\x00\xff")], ["c7"], None)
        (heard,) = await other.hear("b", {"a": 30}, 100)
        assert [(post.client, post.version, post.value) for post in heard.posts][1] == ("ünï\x00", 32, b"\x00\xff")
        (heard,) = await other.hear("b", {"a": 32}, 100)
        assert (heard.posts, heard.version, heard.rulings) == ((), 32, b"rules")
        await board.close()
        await other.close()

    asyncio.run(go())


def test_all_have_the_same_total(place: Callable[[], Board]) -> None:
    async def go() -> None:
        async with company(place, 3, tables=True) as sharers:
            for number in range(120):
                see(sharers[number % 3], f"key:{number * 7 % 40}", [float(number), -1.0])
                if number % 30 == 0:
                    await rounds(sharers, 1)
            sharers[0]._rulings.rule("key:1", 5.0)  # type: ignore[union-attr]
            await rounds(sharers, 3)
            assert totals(sharers) == [expected(sharers)] * 3
            assert all([r.client for r in sharer._rulings.export()] == ["key:1"] for sharer in sharers)  # type: ignore[union-attr]
            assert [sharer.status().peers for sharer in sharers] == [2, 2, 2]

    asyncio.run(go())


@pytest.mark.parametrize("where", ["redis", "directory"])
def test_guards_of_different_names_do_not_mix(where: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Two models of one fleet have detectors of the same names; what a caller asked of one is nothing to the other."""
    address = str(tmp_path) if where == "directory" else request.getfixturevalue("server").address
    fleet = secrets.token_hex(4)
    names = [
        f"{fleet}/credit",
        f"{fleet}%2Fcredit",
        f"{fleet}/credit{{}}",
        f"{fleet}/" + "x" * 300,
        f"{fleet}/" + "x" * 301,
        "..",
        fleet,
    ]

    async def go() -> None:
        sharers = [Sharer(connect(address, name), Adding(), options=OPTIONS) for name in names]
        for number, sharer in enumerate(sharers):
            see(sharer, "key:a", [float(number + 1)])
        await rounds(sharers)
        assert [total["key:a"]["d"] for total in totals(sharers)] == [[float(n + 1)] for n in range(len(names))]
        assert [sharer.status().peers for sharer in sharers] == [0] * len(names)
        for sharer in sharers:
            await sharer.close()

    asyncio.run(go())
    assert where == "redis" or len(os.listdir(tmp_path)) == len(names)


def test_what_was_posted_for_one_guard_is_refused_by_another(tmp_path: Path) -> None:
    async def go() -> None:
        one = Sharer(connect(str(tmp_path), "one"), Adding(), options=OPTIONS, worker="w")
        see(one, "key:a", [1.0])
        await rounds([one])
        other = Sharer(connect(str(tmp_path), "other"), Adding(), options=OPTIONS)
        os.link(tmp_path / "one" / "w.posts", tmp_path / "other" / "w.posts")
        await rounds([other])
        assert totals([other]) == [{}]
        assert other.status().refused == 1

    asyncio.run(go())


def test_redis_that_is_killed_and_comes_back_empty(tmp_path: Path) -> None:
    if not redis_server():
        pytest.skip("there is no redis-server or valkey-server on this machine")
    said: list[str] = []

    async def go(server: PrivateRedis) -> None:
        async with company(lambda: connect(server.address, "g"), 3, tables=True) as sharers:
            for sharer in sharers:
                sharer._say = said.append
            sharers[0]._rulings.rule("key:r", 1.0)  # type: ignore[union-attr]
            for number in range(60):
                see(sharers[number % 3], f"c{number % 11}", [1.0, float(number)])
            await rounds(sharers)
            assert totals(sharers) == [expected(sharers)] * 3
            server.kill()
            for number in range(60):
                see(sharers[number % 3], f"c{number % 17}", [2.0, float(number)])
                if number % 20 == 0:
                    assert not await sharers[number % 3].round()
            assert [sharer.status().state for sharer in sharers] == ["alone"] * 3
            assert all(sharer.status().why for sharer in sharers)
            assert len(said) == 3  # one line each, not one a round
            assert not await sharers[0].round()
            assert len(said) == 3
            server.start()
            await rounds(sharers, 3)
            assert totals(sharers) == [expected(sharers)] * 3
            assert [sharer.status().state for sharer in sharers] == ["together"] * 3
            assert len(said) == 6
            late = Sharer(connect(server.address, "g"), Adding(), Table(), OPTIONS, worker="late")
            await rounds([late])
            assert totals([late]) == [expected(sharers)]
            assert [r.client for r in late._rulings.export()] == ["key:r"]  # type: ignore[union-attr]
            await late.close()

    with private_redis(tmp_path) as server:
        asyncio.run(go(server))


@pytest.mark.parametrize("what", ["all", "posts", "order", "rulings"])
def test_keys_that_redis_evicts_are_posted_again(server: PrivateRedis, what: str) -> None:
    """A server that is short of memory may evict any key by itself."""
    guard = secrets.token_hex(4)

    async def go() -> None:
        async with company(lambda: connect(server.address, guard), 2, tables=True) as sharers:
            see(sharers[0], "c", [1.0])
            sharers[0]._rulings.rule("key:r", 1.0)  # type: ignore[union-attr]
            await rounds(sharers)
            board = sharers[0]._board
            assert isinstance(board, RedisBoard)
            keys = await board._redis.keys(f"violet:{{{guard}}}:*")
            assert len(keys) == 7
            gone = [key for key in keys if what == "all" or key.endswith(f"{what}:w0".encode())]
            assert await board._redis.delete(*gone)
            see(sharers[1], "c", [2.0])
            await rounds(sharers, 3)
            assert await board._redis.exists(*keys) == 7
            late = Sharer(connect(server.address, guard), Adding(), Table(), OPTIONS, worker="late")
            await rounds([late])
            assert totals([*sharers, late]) == [{"c": {"d": [3.0]}}] * 3
            assert late._rulings.export()  # type: ignore[union-attr]
            await late.close()

    asyncio.run(go())


def test_every_key_of_redis_expires(server: PrivateRedis) -> None:
    guard = secrets.token_hex(4)

    async def go() -> None:
        async with company(lambda: connect(server.address, guard, keep=100), 1, tables=True) as sharers:
            see(sharers[0], "c", [1.0])
            await rounds(sharers)
            redis = sharers[0]._board._redis  # type: ignore[attr-defined]
            for key in await redis.keys(f"violet:{{{guard}}}:*"):
                assert 90 < await redis.ttl(key) <= 100
            # Somebody whose posts have expired is no company, and is struck off.
            await redis.sadd(f"violet:{{{guard}}}:workers", "gone")
            await rounds(sharers)
            assert sharers[0].status().peers == 0
            assert await redis.smembers(f"violet:{{{guard}}}:workers") == {b"w0"}

    asyncio.run(go())


def test_what_somebody_else_wrote_to_redis_is_refused(server: PrivateRedis) -> None:
    guard = secrets.token_hex(4)

    async def go() -> None:
        async with company(lambda: connect(server.address, guard), 2, tables=True) as sharers:
            see(sharers[0], "c", [1.0])
            sharers[0]._rulings.rule("key:r", 1.0)  # type: ignore[union-attr]
            await rounds(sharers)
            redis = sharers[0]._board._redis  # type: ignore[attr-defined]
            prefix = f"violet:{{{guard}}}:"
            honest = await redis.hget(f"{prefix}posts:w0", b"c:c")
            forged = {
                b"c:forged": pack(9, {"d": [1e6]}),  # type: ignore[dict-item]
                b"c:moved": honest,
                b"c:long": b"x" * (LARGEST_VALUE + 1_000),
                b"c:" + b"n" * 5_000: b"x",
                b"nobody": b"x",
                b"c:": honest,
                b"c:garbage": os.urandom(50),
                b"c:\xff\xfe": os.urandom(50),
            }
            await redis.hset(f"{prefix}posts:w0", mapping=forged)
            await redis.zadd(f"{prefix}order:w0", {name: 1_000 + n for n, name in enumerate(forged)})
            await redis.zadd(f"{prefix}order:w0", {b"c:missing": 2_000, b"c:far": float("inf"), b"c:fraction": 2_000.5})
            await redis.zadd(f"{prefix}order:w0", {b"c:c": 3_000})  # an old value under a new version
            await redis.set(f"{prefix}rulings:w0", os.urandom(200))
            await redis.sadd(f"{prefix}workers", *(f"x{n}" for n in range(1_000)), b"\xff" * 50, b"y" * 10_000)
            await redis.hset(f"{prefix}posts:mallory", mapping={b"c:victim": pack(1, {"d": [1e9]})})  # type: ignore[dict-item]
            await redis.zadd(f"{prefix}order:mallory", {b"c:victim": 1})
            await redis.set(f"{prefix}rulings:mallory", await redis.get(f"{prefix}rulings:w0"))
            await redis.delete(f"{prefix}workers")
            await redis.sadd(f"{prefix}workers", "w0", "w1", "mallory", b"\xff" * 50, b"y" * 10_000)
            await rounds(sharers[1:], 3)
            assert totals(sharers[1:]) == [{"c": {"d": [1.0]}}]
            assert sharers[1].status().refused >= 5
            assert [r.client for r in sharers[1]._rulings.export()] == ["key:r"]  # type: ignore[union-attr]

    asyncio.run(go())


def test_keys_of_another_type_are_a_failure_and_not_the_end(server: PrivateRedis) -> None:
    guard = secrets.token_hex(4)

    async def go() -> None:
        async with company(lambda: connect(server.address, guard), 2) as sharers:
            redis = sharers[0]._board._redis  # type: ignore[attr-defined]
            await redis.set(f"violet:{{{guard}}}:workers", "not a set")
            assert not await sharers[0].round()
            assert "wrong kind" in sharers[0].status().why
            await redis.delete(f"violet:{{{guard}}}:workers")
            await rounds(sharers)

    asyncio.run(go())


def test_a_board_that_never_answers_costs_its_timeout(tmp_path: Path) -> None:
    async def go() -> None:
        path = str(tmp_path / "s")
        held: list[asyncio.StreamWriter] = []
        server = await asyncio.start_unix_server(lambda reader, writer: held.append(writer), path)
        board = connect(f"unix://{path}", "g", timeout=0.05)
        sketches = Adding()
        sketches.see("c", "d", [1.0])
        sharer = Sharer(board, sketches, worker="w")
        assert not await sharer.round()
        assert sharer.status().pending == 1
        slow = Sharer(connect(f"unix://{path}", "g", timeout=60), Adding(), options=SharingOptions(timeout=0.05))
        assert not await slow.round()
        assert "0.05 s" in slow.status().why
        await board.close()
        await slow.close()
        server.close()
        for writer in held:
            writer.close()
            await writer.wait_closed()

    asyncio.run(go())


def test_directories_are_rewritten_when_most_is_old(tmp_path: Path) -> None:
    async def go() -> None:
        board, other = DirectoryBoard(str(tmp_path), "g"), DirectoryBoard(str(tmp_path), "g")
        behind: dict[str, int] = {}
        value = bytes(4_000)
        for version in range(1, 1_001):
            assert await board.post("a", [Post(f"c{version % 5}", version, value)], [], None)
            if version % 7 == 0:
                (heard,) = await other.hear("b", behind, 100)
                assert [post.version for post in heard.posts][-1] == version == heard.version
                behind["a"] = heard.version
        assert os.path.getsize(tmp_path / "g" / "a.posts") < 1_200_000
        (heard,) = await DirectoryBoard(str(tmp_path), "g").hear("c", {}, 100)
        assert {post.client for post in heard.posts} == {f"c{number}" for number in range(5)}

    asyncio.run(go())


def test_directories_are_tidied_and_damage_is_passed_over(tmp_path: Path) -> None:
    async def go() -> None:
        board, other = DirectoryBoard(str(tmp_path), "g"), DirectoryBoard(str(tmp_path), "g")
        assert await board.post("a", [Post("c", 1, b"x")], [], b"r")
        assert (tmp_path / "g" / "a.posts").stat().st_mode & 0o077 == 0
        (tmp_path / "g" / "old.posts").write_bytes(b"")
        os.utime(tmp_path / "g" / "old.posts", (1, 1))
        (tmp_path / "g" / "noise.posts").write_bytes(os.urandom(1_000))
        (tmp_path / "g" / "b d.posts").write_bytes(b"")
        (tmp_path / "g" / "other.txt").write_text("mine")
        os.utime(tmp_path / "g" / "other.txt", (1, 1))
        os.symlink("/etc/passwd", tmp_path / "g" / "link.posts")
        heard = {one.worker: one for one in await other.hear("b", {}, 100)}
        assert set(heard) == {"a", "noise", "link"}
        assert (heard["noise"].posts, heard["link"].posts) == ((), ())
        assert not (tmp_path / "g" / "old.posts").exists()
        assert (tmp_path / "g" / "other.txt").exists()
        os.unlink(tmp_path / "g" / "a.posts")
        assert not await board.post("a", [], [], None)
        os.unlink(tmp_path / "g" / "a.rulings")
        assert not await board.post("a", [], [], None)
        (tmp_path / "g" / "w.posts").mkdir()
        with pytest.raises(BoardError):
            await board.post("w", [Post("c", 1, b"x")], [], None)

    asyncio.run(go())


def test_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = connect("rediss://user:geheim@db.example:6380/2", "g").address
    assert shown == "rediss://db.example:6380/2"
    assert isinstance(connect("valkey://127.0.0.1", "g"), RedisBoard)
    for wrong in ("http://x", "", "redis://host:port", "redis://h/x/y?socket_timeout=zz"):
        with pytest.raises(ConfigurationError):
            connect(wrong, "g")
    for address in ("redis://h", str(tmp_path)):
        with pytest.raises(ConfigurationError, match="has a name"):
            connect(address, "")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be shared"):
        connect(str(tmp_path / "file"), "g")
    monkeypatch.setitem(sys.modules, "redis", None)
    from violet.domain.errors import MissingExtraError

    with pytest.raises(MissingExtraError):
        connect("redis://h", "g")


def test_the_loop_is_free_between_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of changed clients are collected, and absorbed, in steps: other tasks run between them. Here a step is
    one client."""
    monkeypatch.setattr("violet.runtime.sharing.sharer._STEP", -1.0)

    async def go() -> None:
        board = MemoryBoard()
        one, other = Adding(), Adding()
        sharers = [Sharer(board, sketches, options=SharingOptions(most=500)) for sketches in (one, other)]
        for number in range(500):
            one.see(f"c{number}", "d", [1.0] * 200)
        for sharer in sharers:
            turns = 0

            async def traffic() -> None:
                nonlocal turns
                while True:
                    turns += 1
                    await asyncio.sleep(0)

            task = asyncio.create_task(traffic())
            assert await sharer.round()
            task.cancel()
            assert turns >= 500

    asyncio.run(go())


def test_what_comes_while_the_board_is_asked_is_posted_next() -> None:
    sketches = Adding()

    class Slow(MemoryBoard):
        async def post(self, worker: str, posts: Sequence[Post], retired: Sequence[str], rulings: bytes | None) -> bool:
            if posts:
                sketches.see("c", "d", [1.0])
                await sharer.collect()
            return await super().post(worker, posts, retired, rulings)

    board = Slow()
    sharer = Sharer(board, sketches, options=OPTIONS, worker="w")
    sketches.see("c", "d", [1.0])
    for round_ in range(3):
        assert asyncio.run(sharer.round())
        assert sharer.status().pending == 1
        assert sharer.status().sent == round_ + 1


def test_a_round_that_is_cut_short_collects_the_rest_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        sketches = Adding()
        sharer = Sharer(MemoryBoard(), sketches, options=OPTIONS)
        monkeypatch.setattr("violet.runtime.sharing.sharer._STEP", -1.0)
        for number in range(50):
            sketches.see(f"c{number}", "d", [1.0])
        task = asyncio.create_task(sharer.collect())
        await asyncio.sleep(0)
        task.cancel()
        sketches.changed = list  # type: ignore[method-assign]
        assert await sharer.round()
        assert sharer.status().sent == 50

    asyncio.run(go())
