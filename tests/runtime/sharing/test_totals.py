"""Whatever is lost, late or repeated: in the end every worker has the same total, and nothing is counted twice."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.runtime.sharing.company import Adding, MemoryBoard, Table, plain, together
from violet.runtime.sharing.sharer import Sharer, SharingOptions

WORKERS = 3
CLIENTS = st.sampled_from(["key:a", "key:b", "header:\x1b[2J", "ünï"])
DETECTORS = st.sampled_from(["family/one", "family/two"])
VALUES = st.lists(st.integers(-50, 50), min_size=3, max_size=3)
OPTIONS = SharingOptions(most=3, secret=b"of the guard")


class Company(RuleBasedStateMachine):
    """Three workers; one or another sees something, has a round, dies, or the board fails or is emptied."""

    def __init__(self) -> None:
        super().__init__()
        self.board = MemoryBoard()
        self.dead: list[dict[str, dict[str, Any]]] = []
        self.names = 0
        self.forgotten = False
        """The board was emptied when somebody was dead who could post again no more."""
        self.loop = asyncio.new_event_loop()

    @initialize()
    def begin(self) -> None:
        self.sketches = [Adding() for _ in range(WORKERS)]
        self.sharers = [self._sharer(one) for one in self.sketches]

    def _sharer(self, sketches: Adding) -> Sharer:
        self.names += 1
        return Sharer(self.board, sketches, options=OPTIONS, worker=f"w{self.names}")

    @rule(worker=st.integers(0, WORKERS - 1), client=CLIENTS, detector=DETECTORS, values=VALUES)
    def see(self, worker: int, client: str, detector: str, values: list[float]) -> None:
        self.sketches[worker].see(client, detector, values)

    @rule(worker=st.integers(0, WORKERS - 1))
    def round(self, worker: int) -> None:
        self.loop.run_until_complete(self.sharers[worker].round())

    @rule(worker=st.integers(0, WORKERS - 1), what=st.sampled_from(["before", "after", "deaf"]))
    def fail(self, worker: int, what: str) -> None:
        setattr(self.board, what, 1)
        assert not self.loop.run_until_complete(self.sharers[worker].round())
        assert self.sharers[worker].status().state == "alone"

    @rule()
    def lose(self) -> None:
        self.board.lose()
        self.forgotten = self.forgotten or bool(self.dead)

    @rule(worker=st.integers(0, WORKERS - 1))
    def settle_and_restart(self, worker: int) -> None:
        """It dies after a last round; what it has posted is still there. Whoever starts in its place is another."""
        self._settle()
        self.dead.append(self.sketches[worker].seen)
        self.sketches[worker] = Adding()
        self.sharers[worker] = self._sharer(self.sketches[worker])

    def _settle(self) -> None:
        for _ in range(8):
            for sharer in self.sharers:
                assert self.loop.run_until_complete(sharer.round())
        assert not any(sharer.status().pending or sharer.status().left_out for sharer in self.sharers)

    def teardown(self) -> None:
        if hasattr(self, "sketches"):
            self._settle()
            if not self.forgotten:
                expected = together(*(one.seen for one in self.sketches), *self.dead)
                assert [plain(one.total) for one in self.sketches] == [expected] * WORKERS
        self.loop.close()


TestCompany = Company.TestCase
TestCompany.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 2), CLIENTS, DETECTORS, VALUES), max_size=25), st.integers(0, 24))
def test_who_comes_late_has_what_the_dead_left(seen: list[tuple[int, str, str, list[float]]], at: int) -> None:
    board = MemoryBoard()
    sketches = [Adding() for _ in range(3)]

    async def go() -> Adding:
        sharers = [Sharer(board, one, options=OPTIONS, worker=f"w{n}") for n, one in enumerate(sketches)]
        for number, (worker, client, detector, values) in enumerate(seen):
            sketches[worker].see(client, detector, values)
            if number % 3 == 0 or number == at:
                await sharers[worker].round()
        for _ in range(20):
            for sharer in sharers:
                await sharer.round()
        late = Adding()  # the others are gone, but their posts are there
        sharer = Sharer(board, late, options=OPTIONS)
        for _ in range(20):
            await sharer.round()
        return late

    late = asyncio.run(go())
    expected = together(*(one.seen for one in sketches))
    assert plain(late.total) == expected
    assert all(plain(one.total) == expected for one in sketches)


def test_rulings_reach_everybody_and_the_latest_holds() -> None:
    board = MemoryBoard()
    tables = [Table() for _ in range(3)]
    sharers = [Sharer(board, Adding(), table, OPTIONS, worker=f"w{n}") for n, table in enumerate(tables)]

    async def rounds() -> None:
        for _ in range(2):
            for sharer in sharers:
                await sharer.round()

    tables[0].rule("key:a", 10.0)
    tables[1].rule("key:a", 11.0)
    tables[2].rule("key:b", 5.0)
    asyncio.run(rounds())
    assert all({r.client: r.at for r in table.export()} == {"key:a": 11.0, "key:b": 5.0} for table in tables)
    board.lose()
    tables[1].rule("key:c", 12.0)
    asyncio.run(rounds())
    asyncio.run(rounds())
    assert all(len(table.export()) == 3 for table in tables)
    assert all(board.rulings.values())


def test_the_most_changed_go_first_and_nobody_waits_for_ever() -> None:
    board = MemoryBoard()
    sketches = Adding()
    sharer = Sharer(board, sketches, options=SharingOptions(most=2), worker="w")
    for number in range(10):
        sketches.see(f"c{number}", "d", [float(number + 1)])
    asyncio.run(sharer.round())
    assert sorted(board.posts["w"]) == ["c8", "c9"]
    rounds = 1
    while "c0" not in board.posts["w"]:
        sketches.see("loud", "d", [5.0])
        sketches.see("louder", "d", [6.0])
        asyncio.run(sharer.round())
        rounds += 1
        assert rounds < 40
    assert sharer.status().pending <= 4


def test_memory_is_bounded_and_what_it_costs_is_too_little() -> None:
    """More clients than fit: those that were silent longest make room, here and there; nothing is counted twice."""
    board = MemoryBoard()
    options = SharingOptions(most=50, clients=20, memory=20_000)
    sketches = [Adding(), Adding()]
    sharers = [Sharer(board, one, options=options, worker=f"w{n}") for n, one in enumerate(sketches)]

    async def go() -> None:
        for number in range(400):
            sketches[number % 2].see(f"c{number * 7 % 60}", "d", [1.0, 2.0])
            if number % 5 == 0:
                for sharer in sharers:
                    await sharer.round()
        for _ in range(5):
            for sharer in sharers:
                await sharer.round()

    asyncio.run(go())
    assert all(len(posts) <= 20 for posts in board.posts.values())
    expected = together(*(one.seen for one in sketches))
    for sharer, one in zip(sharers, sketches, strict=True):
        assert len(sharer._own) <= 20
        assert sharer._peers.size <= options.memory
        found = plain(one.total)
        assert all(found[c]["d"][0] <= expected[c]["d"][0] for c in found)
        assert sum(by["d"][0] for by in found.values()) > 0.9 * sum(by["d"][0] for by in expected.values())


def test_without_the_board_unposted_changes_of_too_many_are_left_out_and_counted() -> None:
    board = MemoryBoard()
    board.before = 3
    sketches = Adding()
    sharer = Sharer(board, sketches, options=SharingOptions(clients=10), worker="w")
    for number in range(15):
        sketches.see(f"c{number}", "d", [float(number + 1)])
    assert not asyncio.run(sharer.round())
    assert sharer.status().left_out == 5
    board.before = 0
    assert asyncio.run(sharer.round())
    assert "c14" in board.posts["w"]


def test_more_workers_than_are_remembered_are_not_counted_twice() -> None:
    board = MemoryBoard()
    options = SharingOptions(workers=2)
    sketches = [Adding() for _ in range(5)]
    sharers = [Sharer(board, one, options=options, worker=f"w{n}") for n, one in enumerate(sketches)]

    async def go() -> None:
        for round_ in range(6):
            for sharer, one in zip(sharers, sketches, strict=True):
                one.see("c", "d", [1.0])
                await sharer.round()
            if round_ % 2:
                board.posts.pop("w3", None)

    asyncio.run(go())
    assert all(plain(one.total)["c"]["d"][0] <= 30 for one in sketches)


def test_a_worker_of_another_version_is_understood_as_far_as_it_goes() -> None:
    board = MemoryBoard()
    one, other = Adding(), Adding()
    one.see("c", "d", [1.0, 2.0])
    one.see("c", "new/detector", [5.0])
    other.see("c", "d", [1.0, 2.0])
    sharers = [Sharer(board, sketches, worker=name) for sketches, name in ((one, "a"), (other, "b"))]
    asyncio.run(sharers[0].round())
    asyncio.run(sharers[1].round())
    assert plain(other.total) == {"c": {"d": [2.0, 4.0], "new/detector": [5.0]}}
    assert np.isfinite(other.total["c"]["d"]).all()
