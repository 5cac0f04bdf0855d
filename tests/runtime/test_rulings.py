"""Rulings: looked up, ended, put together from several processes, and kept over kill -9."""

from __future__ import annotations

import math
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.domain.alert import Response, Ruling
from violet.domain.errors import VioletError
from violet.runtime.ruling_journal import GROWN, HEAD, SUFFIX, Journal, line_of, ruling_of
from violet.runtime.rulings import OF_ONE, REMEMBERED, Rulings

NOW = 1_800_000_000.0
RESPONSES = [one for one in Response if one is not Response.ALLOW]


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def ruling(
    client: str = "a", response: Response = Response.SLOW, seconds: float = 60, reason: str = "r1", at: float = NOW
) -> Ruling:
    return Ruling(client, response, at + seconds, reason, "evasion/walks", at)


def test_the_strongest_in_force_is_found() -> None:
    clock = Clock()
    rulings = Rulings(clock=clock)
    assert rulings.find("a", "m", NOW) is None
    slow, refuse = ruling(seconds=60), ruling(response=Response.REFUSE, seconds=30, reason="r2")
    rulings.put(refuse)
    rulings.put(slow)
    assert rulings.find("a", "m", NOW) == refuse
    assert rulings.find("a", "m", NOW + 31) == slow
    assert rulings.find("a", "m", NOW + 61) is None
    assert rulings.find("b", "m", NOW) is None
    clock.now = NOW + 61
    rulings.expire()
    assert len(rulings) == 0


def test_all_in_force_are_found() -> None:
    clock = Clock()
    rulings = Rulings(clock=clock)
    assert rulings.every("a", "m", NOW) == ()
    slow, rounding = ruling(seconds=60), ruling(response=Response.ROUND, seconds=90)
    other = Ruling("a", Response.REFUSE, NOW + 60, "r", "d", NOW, "other")
    for one in (rounding, slow, other):
        rulings.put(one)
    assert rulings.every("a", "m", NOW) == (slow, rounding)
    assert rulings.every("a", "other", NOW) == (other, slow, rounding)
    assert rulings.every("a", "m", NOW + 70) == (rounding,)
    rulings.release("a", seconds=10)
    assert rulings.every("a", "m", NOW) == ()


def test_a_ruling_about_one_model() -> None:
    rulings = Rulings(clock=Clock())
    rulings.put(Ruling("a", Response.REFUSE, NOW + 9, "r", "d", NOW, "m"))
    assert rulings.find("a", "m", NOW) is not None
    assert rulings.find("a", "", NOW) is None
    assert rulings.find("a", "other", NOW) is None
    rulings.put(Ruling("b", Response.QUARANTINE, NOW + 9, "r", "d", NOW, "m"))
    assert rulings.find("b", "other", NOW) is not None


def test_the_same_again_is_longer_and_never_shorter() -> None:
    rulings = Rulings(clock=Clock())
    assert rulings.put(ruling(seconds=60))
    assert not rulings.put(ruling(seconds=10, at=NOW + 1))
    assert rulings.find("a", "m", NOW + 59) is not None
    assert rulings.put(ruling(seconds=90, at=NOW + 2))
    assert rulings.find("a", "m", NOW + 91) is not None
    assert len(rulings.in_force()) == 1


def test_undone_by_client_and_by_reason() -> None:
    clock = Clock()
    rulings = Rulings(clock=clock)
    for client, response, reason in (
        ("a", Response.SLOW, "r1"),
        ("a", Response.ROUND, "r2"),
        ("b", Response.SLOW, "r1"),
        ("c", Response.REFUSE, "r3"),
    ):
        rulings.put(ruling(client, response, math.inf, reason))
    assert {one.client for one in rulings.undo("r1", by="op")} == {"a", "b"}
    assert [(one.client, one.reason) for one in rulings.in_force()] == [("a", "r2"), ("c", "r3")]
    assert not rulings.undo("r1")
    assert [one.client for one in rulings.release("c", by="op")] == ["c"]
    assert rulings.find("c", "m", NOW) is None
    assert rulings.release("nobody") == ()
    clock.now += 1
    assert rulings.put(ruling("c", at=clock.now))  # done again, where it happens again
    assert rulings.find("c", "m", clock.now) is not None


def test_released_for_a_time() -> None:
    clock = Clock()
    rulings = Rulings(clock=clock)
    rulings.release("a", seconds=100)
    clock.now += 1
    rulings.put(ruling(seconds=500, at=clock.now))
    assert rulings.find("a", "m", NOW + 99) is None
    assert not rulings.in_force()
    assert rulings.find("a", "m", NOW + 101) is not None


def test_who_is_spared_is_spared_whoever_says_so() -> None:
    rulings = Rulings(spared=["a"], clock=Clock())
    assert not rulings.put(ruling())
    assert rulings.merge([ruling()]) == 0
    assert rulings.find("a", "m", NOW) is None
    assert rulings.refused == 2


CHANGES = st.lists(
    st.builds(
        Ruling,
        st.sampled_from(["a", "b"]),
        st.sampled_from([Response.ALLOW, Response.SLOW, Response.REFUSE]),
        st.sampled_from([NOW - 1, NOW, NOW + 5, NOW + 50]),
        st.sampled_from(["r1", "r2"]),
        st.sampled_from(["d", "e"]),
        st.sampled_from([NOW - 3.0, NOW - 2.0, NOW - 1.0, NOW]),
        st.sampled_from(["", "m"]),
    ),
    max_size=12,
)


@given(CHANGES, st.randoms(use_true_random=False), st.integers(1, 4))
def test_all_processes_come_to_the_same(changes: list[Ruling], shuffle: random.Random, parts: int) -> None:
    """In whatever order and how often they hear of it."""
    first = Rulings(clock=Clock())
    first.merge(changes)
    again = changes * 2
    shuffle.shuffle(again)
    others = [Rulings(clock=Clock()) for _ in range(parts)]
    for place, change in enumerate(again):
        others[place % parts].merge([change])
    for _ in range(2):
        for one in others:
            for other in others:
                other.merge(one.export())
    for one in others:
        assert sorted(map(repr, one.export())) == sorted(map(repr, first.export()))
        for client in ("a", "b"):
            for model in ("", "m"):
                assert one.find(client, model, NOW) == first.find(client, model, NOW)


def test_what_was_undone_stays_undone_where_clocks_differ() -> None:
    """The process that ruled is ahead by a minute, and tells of it again and again."""
    clock = Clock()
    rulings = Rulings(clock=clock)
    ahead = ruling(seconds=600, at=NOW + 60)
    rulings.merge([ahead])
    rulings.undo("r1")
    assert rulings.merge([ahead]) == 0
    rulings.merge([ruling(seconds=600, reason="r2", response=Response.ROUND, at=NOW + 60)])
    rulings.release("a")
    for _ in range(3):
        clock.now += 1
        rulings.expire()
        assert rulings.merge([ahead]) == 0
    assert rulings.find("a", "m", NOW) is None
    clock.now = NOW + REMEMBERED + 100
    rulings.expire()
    assert len(rulings) == 0


def test_what_was_undone_for_one_reason_stays_undone() -> None:
    """Somebody who was away brings it back, long after."""
    clock = Clock()
    rulings = Rulings(clock=clock)
    old = ruling(seconds=math.inf)
    rulings.put(old)
    rulings.undo("r1")
    for _ in range(29):
        clock.now += 86_400
        rulings.expire()
        assert rulings.merge([old]) == 0
    assert rulings.find("a", "m", clock.now) is None


def test_rulings_of_the_future_are_refused() -> None:
    rulings = Rulings(clock=Clock())
    assert rulings.merge([ruling(at=NOW + 100_000)]) == 0
    assert rulings.refused == 1


# Floods


def test_a_flood_of_milder_rulings_pushes_no_stronger_one_out() -> None:
    rulings = Rulings(capacity=100, clock=Clock())
    for place in range(50):
        rulings.put(ruling(f"strong{place}", Response.REFUSE))
    for place in range(10_000):
        rulings.put(ruling(f"mild{place}", Response.SLOW))
    assert len(rulings) == 100
    assert all(rulings.find(f"strong{place}", "m", NOW) for place in range(50))
    assert rulings.find("mild9999", "m", NOW) is not None
    for place in range(200):
        rulings.put(ruling(f"worse{place}", Response.QUARANTINE))
    assert len(rulings) == 100
    assert rulings.find("worse199", "m", NOW) is not None
    assert not rulings.put(ruling("late", Response.SLOW))
    assert rulings.find("late", "m", NOW) is None


def test_rulings_of_one_client_are_bounded() -> None:
    rulings = Rulings(clock=Clock())
    for place in range(1000):
        rulings.put(Ruling("a", Response.SLOW, NOW + 60, "r", "d", NOW, f"m{place}"))
        rulings.merge([Ruling("a", Response.ALLOW, NOW, "r", "d", NOW - 1, f"n{place}")])
    assert len(rulings.in_force()) == OF_ONE
    assert len(rulings.export()) == 2 * OF_ONE


@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from(RESPONSES), st.integers(0, 30)), max_size=60))
def test_the_order_holds_who_is_there(steps: list[tuple[int, Response, int]]) -> None:
    """Whatever comes and goes, those pushed out are those with the mildest."""
    clock = Clock()
    rulings = Rulings(capacity=4, clock=clock)
    for client, response, seconds in steps:
        clock.now += 1
        if seconds == 0:
            rulings.release(str(client))
        elif seconds == 1:
            rulings.expire()
        else:
            rulings.put(ruling(str(client), response, seconds, at=clock.now))
        assert len(rulings) <= 4
        listed = [name for order in rulings._order for name in order]
        assert sorted(listed) == sorted(rulings._clients)


# The journal


WORDS = st.text(max_size=20)


@given(
    st.builds(
        Ruling, WORDS, st.sampled_from([*Response]), st.floats(NOW, math.inf), WORDS, WORDS, st.floats(0, 1e12), WORDS
    )
)
def test_lines(one: Ruling) -> None:
    line = line_of(one)
    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert ruling_of(line.rstrip("\n").encode()) == one


@given(st.binary(max_size=80))
def test_lines_that_are_none(line: bytes) -> None:
    assert ruling_of(line) is None


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_changed_line_is_none(place: int, change: int) -> None:
    line = bytearray(line_of(ruling()).rstrip("\n").encode())
    line[place % len(line)] ^= change
    found = ruling_of(bytes(line))
    assert found is None or found == ruling()  # the case of a hexadecimal digit


def test_they_survive_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    rulings = Rulings(Journal(str(tmp_path)), clock=clock)
    kept = [ruling("a", seconds=600), ruling("b", Response.REFUSE, math.inf)]
    for one in [*kept, ruling("c", seconds=5), ruling("d"), ruling("e", reason="r5")]:
        rulings.put(one)
    rulings.release("d")
    rulings.undo("r5")
    rulings.close()
    clock.now += 10
    again = Rulings(Journal(str(tmp_path)), clock=clock)
    assert sorted(again.in_force(), key=lambda one: one.client) == kept
    assert os.stat(tmp_path / f"0{SUFFIX}").st_mode & 0o077 == 0
    assert not again.put(ruling("d", at=NOW))  # what was released stays released


def test_the_name_of_a_new_file_is_on_the_disk_with_its_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a power cut takes the file, however well its lines were written."""
    synced: list[int] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    journal = Journal(str(tmp_path))
    for one in (ruling("a"), ruling("b", reason="r" * 512)):
        synced.clear()
        journal.write([one], [one].copy)
        journal.sync()
        assert set(synced) == {tmp_path.stat().st_ino, (tmp_path / f"0{SUFFIX}").stat().st_ino}
        monkeypatch.setattr("violet.runtime.ruling_journal.GROWN", 1)  # the next writes the file anew
        journal._kept = 0
    journal.close()


def test_torn_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / f"0{SUFFIX}"
    lines = [line_of(ruling(name)) for name in "abc"]
    path.write_text(HEAD + lines[0] + lines[1][:40] + "\n" + lines[2] + lines[0][:30])
    journal = Journal(str(tmp_path))
    rulings = Rulings(journal, clock=Clock())
    assert {one.client for one in rulings.in_force()} == {"a", "c"}
    rulings.put(ruling("d"))
    rulings.close()
    again = Rulings(Journal(str(tmp_path)), clock=Clock())
    assert {one.client for one in again.in_force()} == {"a", "c", "d"}


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\xff" * 100, b"x" * 100_000 + b"\n", b"violet-rulings 2\n", b"\0" * 50]
)
def test_files_that_are_something_else(tmp_path: Path, content: bytes) -> None:
    (tmp_path / f"0{SUFFIX}").write_bytes(content)
    rulings = Rulings(Journal(str(tmp_path)), clock=Clock())
    assert rulings.put(ruling())
    rulings.close()
    assert len(Rulings(Journal(str(tmp_path)), clock=Clock()).in_force()) == 1


def test_processes_follow_each_other(tmp_path: Path) -> None:
    clock = Clock()
    one, two = (Rulings(Journal(str(tmp_path), name), clock=clock) for name in ("w0", "w1"))
    one.put(ruling("a"))
    assert two.follow() == 1
    assert two.find("a", "m", NOW) is not None
    two.release("a")
    assert one.follow() == 1
    assert one.find("a", "m", NOW) is None
    assert one.follow() == two.follow() == 0
    with open(tmp_path / f"w1{SUFFIX}", "a") as file:
        line = line_of(ruling("b"))
        file.write(line[:20])
        file.flush()
        assert one.follow() == 0
        file.write(line[20:])
        file.flush()
    assert one.follow() == 1
    assert one.find("b", "m", NOW) is not None


def test_a_grown_file_is_written_anew(tmp_path: Path) -> None:
    clock = Clock()
    one, two = (Rulings(Journal(str(tmp_path), name), clock=clock) for name in ("w0", "w1"))
    path = tmp_path / f"w0{SUFFIX}"
    for place in range(12_000):
        clock.now += 1
        one.put(ruling(f"c{place % 50}", seconds=1000 + place, at=clock.now))
        if place % 1000 == 0:
            one.expire()
            two.follow()
    assert path.stat().st_size < GROWN
    two.follow()
    assert two.in_force() == one.in_force()
    assert len(Rulings(Journal(str(tmp_path), "w2"), clock=clock).in_force()) == 50
    assert sorted(os.listdir(tmp_path)) == [f"w0{SUFFIX}", f"w1{SUFFIX}"]


def test_a_disk_that_cannot_be_written_to(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "missing"))
    rulings = Rulings(journal, clock=Clock())
    assert rulings.put(ruling())
    assert "cannot be kept" in journal.problem
    (tmp_path / "missing").mkdir()
    assert rulings.put(ruling("b"))
    assert not journal.problem
    rulings.sync()


@pytest.mark.parametrize("name", ["", "../x", "a/b", "x" * 100])
def test_names_of_workers(tmp_path: Path, name: str) -> None:
    with pytest.raises(VioletError):
        Journal(str(tmp_path), name)


PROGRAM = """
import sys
from violet.domain.alert import Response, Ruling
from violet.runtime.ruling_journal import Journal
from violet.runtime.rulings import Rulings
rulings = Rulings(Journal(sys.argv[1]))
for place in range(10**9):
    rulings.put(Ruling(f"c{place % 700}", Response.SLOW, 2e9 + place, f"r{place}", "d", 1.8e9 + place / 1000))
    sys.stdout.write(f"{place}\\n")
    sys.stdout.flush()
"""


def test_kill_9_loses_nothing_that_was_said(tmp_path: Path) -> None:
    chance = random.Random(7)
    for turn in range(4):
        directory = tmp_path / str(turn)
        directory.mkdir()
        child = subprocess.Popen([sys.executable, "-c", PROGRAM, str(directory)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        said = -1
        for _ in range(chance.randrange(1, 9000)):
            said = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().splitlines()
        child.wait()
        said = int(rest[-1]) if rest and rest[-1].isdecimal() and int(rest[-1]) > said else said
        rulings = Rulings(Journal(str(directory)), clock=Clock())
        known = {one.client: int(one.reason[1:]) for one in rulings.in_force()}
        for place in range(max(0, said - 699), said + 1):
            assert known[f"c{place % 700}"] >= place
        assert all(place % 700 == int(client[1:]) for client, place in known.items())  # nothing is invented
