"""The state directory: one guard at a time, whole statuses, keys that are the same for all, and orders."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.domain.alert import Alert, Evidence, Response, Ruling
from violet.domain.errors import ConfigurationError, UsageError
from violet.domain.guard_status import (
    ClientStatus,
    DetectorStatus,
    GuardStatus,
    QueueStatus,
    SharingStatus,
    SpoolStatus,
)
from violet.domain.outcome import Confidence, Severity
from violet.runtime.control import LARGEST_ORDER, Answer, ControlServer, order
from violet.runtime.orders import Orders
from violet.runtime.rulings import Rulings
from violet.runtime.state import LARGEST_STATUS, StateDirectory, read_status, status_text

HOSTILE = "header:\x1b[2J\u202e\n\ud800'\"<b>"


def status(worker: str = "w0", at: float = 1_000.0, **fields: Any) -> GuardStatus:
    alert = Alert(
        id=f"{worker}-1",
        at=at,
        model="credit",
        client=HOSTILE,
        detector="extraction/boundary",
        title="Boundary",
        severity=Severity.HIGH,
        confidence=Confidence.MEDIUM,
        score=4.0,
        threshold=3.5,
        evidence=Evidence("It hugs the boundary.", {"share": 0.7, "word": "x"}, ("q1",)),
    )
    return GuardStatus(
        worker=worker,
        at=at,
        started=at - 60,
        model="credit",
        clients=(ClientStatus(HOSTILE, 5.0, 100, 1.14, "extraction/boundary", "slow"),),
        detectors=(
            DetectorStatus("extraction/boundary", "", 3.5, 4.0, 1, 100, 2.5),
            DetectorStatus("a/b", "no profile"),
        ),
        queues=(QueueStatus("judge", 5, 100),),
        sharing=SharingStatus("together", "redis://h"),
        spool=SpoolStatus("/var/spool", accepted=5),
        alerts=(alert,),
        rulings=(Ruling(HOSTILE, Response.SLOW, math.inf, "w0-1", "extraction/boundary", at),),
        **fields,
    )


def test_a_status_comes_back_whole(tmp_path: Path) -> None:
    state = StateDirectory(str(tmp_path / "s"))
    state.write_status(status())
    (seen,) = state.statuses(1_001.0)
    assert (seen.worker, seen.age, seen.problem) == ("w0", 1.0, "")
    assert seen.status is not None
    shown = HOSTILE.encode("utf-8", "backslashreplace").decode()
    assert seen.status.clients[0].client == shown
    assert math.isinf(seen.status.detectors[1].threshold)
    assert math.isinf(seen.status.rulings[0].until)
    assert math.isnan(seen.status.alerts[0].false_alarms)
    assert seen.status.alerts[0].evidence == status().alerts[0].evidence
    assert seen.status.alerts[0].severity is Severity.HIGH
    text = (tmp_path / "s" / "status-w0.json").read_text()
    json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    state.remove_status("w0")
    assert state.statuses() == ()


@given(st.floats(), st.text(), st.integers(0, 2**60))
def test_any_figure_and_word_comes_back(figure: float, word: str, count: int) -> None:
    given_ = GuardStatus("w", 1.0, 0.0, rate=figure, mode=word, requests=count, notices=(word,))
    found = read_status(status_text(given_))
    assert found.mode == word
    assert found.requests == count
    assert found.rate == figure or (math.isnan(found.rate) and math.isnan(figure))


def test_statuses_that_are_old_damaged_or_foreign_are_told(tmp_path: Path) -> None:
    state = StateDirectory(str(tmp_path))
    state.write_status(status("live", 1_000.0))
    state.write_status(status("old", 900.0))
    state.write_status(status("ahead", 1_100.0))
    (tmp_path / "status-cut.json").write_bytes(status_text(status())[:100])
    (tmp_path / "status-deep.json").write_bytes(b"[" * 100_000)
    (tmp_path / "status-huge.json").write_bytes(b" " * (LARGEST_STATUS + 5))
    (tmp_path / "status-later.json").write_bytes(status_text(status(format=99)))
    os.symlink("/etc/passwd", tmp_path / "status-link.json")
    (tmp_path / "status-dir.json").mkdir()
    (tmp_path / "status-b d.json").write_bytes(b"")
    found = {seen.worker: seen.problem for seen in state.statuses(1_001.0)}
    assert found.pop("live") == ""
    assert "for 101 s" in found.pop("old")
    assert "ahead" in found.pop("ahead")
    assert set(found) == {"cut", "deep", "huge", "later", "link", "dir"}
    assert all("cannot be" in problem for problem in found.values())
    for name in ("", "../up", "a b", "x" * 65):
        with pytest.raises(ValueError, match="no name of a worker"):
            state.write_status(status(name))


def test_a_reader_never_sees_half_a_status(tmp_path: Path) -> None:
    state = StateDirectory(str(tmp_path))
    state.write_status(status(at=0.0))
    ended = threading.Event()

    def write() -> None:
        for number in range(150):
            state.write_status(status(at=float(number), notices=("x" * number,)))
        ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not ended.is_set():
        (seen,) = state.statuses(0.0)
        assert seen.status is not None, seen.problem
    writer.join()


def test_one_guard_at_a_time_and_a_dead_one_is_none(tmp_path: Path) -> None:
    directory = tmp_path / "s"
    program = (
        "import sys; from violet.runtime.state import StateDirectory; s = StateDirectory(sys.argv[1]); s.take(); "
        "print('taken', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "taken\n"
    state = StateDirectory(str(directory))
    with pytest.raises(UsageError, match=f"process {other.pid}"):
        state.take()
    state.write_status(status("dead"))
    (directory / "control" / "dead.sock").write_text("")
    other.send_signal(signal.SIGKILL)
    other.communicate()
    state.take()
    assert state.statuses() == ()
    assert os.listdir(directory / "control") == []
    with pytest.raises(UsageError, match=str(os.getpid())):
        StateDirectory(str(directory)).take()
    state.leave()
    StateDirectory(str(directory)).take()


def test_directories_that_cannot_be_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no state directory"):
        StateDirectory(str(tmp_path / "nowhere"), make=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        StateDirectory(str(tmp_path / "file"))
    (tmp_path / "open").mkdir()
    os.chmod(tmp_path / "open", 0o777)
    with pytest.raises(ConfigurationError, match="Others can write"):
        StateDirectory(str(tmp_path / "open"))
    StateDirectory(str(tmp_path / "later"))
    (tmp_path / "later" / "guard.json").write_text('{"format": 99}')
    with pytest.raises(ConfigurationError, match="later version"):
        StateDirectory(str(tmp_path / "later"))
    for path in (tmp_path / "later", tmp_path / "later" / "keys", tmp_path / "later" / "control"):
        assert path.stat().st_mode & 0o077 == 0


def test_keys_are_made_once_and_are_the_same_for_all(tmp_path: Path) -> None:
    states = [StateDirectory(str(tmp_path)) for _ in range(8)]
    found: list[bytes] = []
    start = threading.Barrier(len(states))

    def take(state: StateDirectory) -> None:
        start.wait()
        found.append(state.key("redaction"))

    threads = [threading.Thread(target=take, args=(state,)) for state in states]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found[0]) == 32
    assert states[0].key("sharing") != found[0]
    assert sorted(os.listdir(tmp_path / "keys")) == ["redaction", "sharing"]  # nothing half-made
    assert (tmp_path / "keys" / "redaction").stat().st_mode & 0o077 == 0
    (tmp_path / "keys" / "redaction").write_bytes(b"short")
    with pytest.raises(ConfigurationError, match="not 32 bytes"):
        states[0].key("redaction")
    with pytest.raises(ValueError, match="no name of a key"):
        states[0].key("../x")


# -- orders ----------------------------------------------------------------------------------------------------------

Said = Mapping[str, Any]


def served(
    state: StateDirectory, handlers: Mapping[str, Callable[[str, Said], Said | Awaitable[Said]]], ask: Callable[[], Any]
) -> Any:
    """``ask``, in a thread, while a worker of each name listens."""

    async def go() -> Any:
        servers = [ControlServer(state, worker, handle) for worker, handle in handlers.items()]
        for server in servers:
            await server.start()
        try:
            return await asyncio.to_thread(ask)
        finally:
            for server in servers:
                await server.close()

    return asyncio.run(go())


@pytest.mark.parametrize("depth", [0, 20])
def test_every_worker_is_told_however_long_the_path(tmp_path: Path, depth: int) -> None:
    directory = tmp_path.joinpath(*(["a-long-name"] * depth))
    directory.mkdir(parents=True, exist_ok=True)
    state = StateDirectory(str(directory / "s"))

    def echo(name: str, words: Said) -> Said:
        return {"name": name, "words": dict(words)}

    async def later(name: str, words: Said) -> Said:
        await asyncio.sleep(0)
        return {"name": name}

    answers = served(state, {"w0": echo, "w1": later}, lambda: order(state, "do", {"a": HOSTILE}))
    assert answers == (
        Answer("w0", {"name": "do", "words": {"a": HOSTILE}}),
        Answer("w1", {"name": "do"}),
    )
    assert os.listdir(directory / "s" / "control") == []


def test_what_goes_wrong_in_a_worker_is_its_answer(tmp_path: Path) -> None:
    state = StateDirectory(str(tmp_path))

    def refuses(name: str, words: Said) -> Said:
        raise UsageError("No.", "Ask nicely.")

    def breaks(name: str, words: Said) -> Said:
        raise KeyError("x")

    def babbles(name: str, words: Said) -> Said:
        return {"text": "x" * (5 << 20)}

    answers = served(state, {"a": refuses, "b": breaks, "c": babbles}, lambda: order(state, "do", {}))
    assert [answer.problem[:12] for answer in answers] == ["No. Ask nice", "KeyError: 'x", "The answer h"]
    with pytest.raises(UsageError, match="too long"):
        order(state, "do", {"a": "x" * LARGEST_ORDER})


def test_without_a_guard_there_is_nobody_to_tell(tmp_path: Path) -> None:
    state = StateDirectory(str(tmp_path))
    with pytest.raises(UsageError, match="No guard listens"):
        order(state, "rulings", {})
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(tmp_path / "control" / "dead.sock"))
    dead.close()
    with pytest.raises(UsageError, match="No guard listens"):
        order(state, "rulings", {})


@pytest.mark.parametrize(
    "line", [b"\n", b"[]\n", b'{"order": 5}\n', b"\xff\n", b"[" * 60_000 + b"\n", b"x" * (2 * LARGEST_ORDER), b"no end"]
)
def test_hostile_orders_do_not_end_the_listening(tmp_path: Path, line: bytes) -> None:
    state = StateDirectory(str(tmp_path))

    def ask() -> tuple[Answer, ...]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(tmp_path / "control" / "w.sock"))
            try:
                connection.sendall(line)
                connection.shutdown(socket.SHUT_WR)
                answer = connection.recv(1_000)
            except OSError:
                answer = b""
            assert not answer or "problem" in json.loads(answer)
        return order(state, "do", {})

    assert served(state, {"w": lambda name, words: {"fine": True}}, ask) == (Answer("w", {"fine": True}),)


def test_rulings_are_listed_ended_and_spared(tmp_path: Path) -> None:
    state = StateDirectory(str(tmp_path))
    table = Rulings(clock=lambda: 1_000.0)
    table.put(Ruling("key:a", Response.SLOW, math.inf, "r-1", "extraction/boundary", 990.0))
    table.put(Ruling("key:b", Response.REFUSE, 2_000.0, "r-2", "evasion/walks", 991.0, "credit"))
    handle = Orders(table)

    def ask(name: str, **words: Any) -> Answer:
        (answer,) = served(state, {"w": handle}, lambda: order(state, name, words))
        assert isinstance(answer, Answer)
        return answer

    said = ask("rulings").said
    assert [(one["client"], one["response"], one["until"]) for one in said["rulings"]] == [
        ("key:b", "refuse", 2_000.0),
        ("key:a", "slow", None),
    ]
    assert [one["reason"] for one in ask("release", client="key:a", by="root", seconds=60).said["rulings"]] == ["r-1"]
    assert table.find("key:a", "credit", 1_000.0) is None
    assert ask("undo", reason="r-2").said["all"] == 1
    assert ask("rulings").said == {"rulings": [], "all": 0}
    for name, words in (
        ("release", {}),
        ("release", {"client": 5}),
        ("release", {"client": "x" * 700}),
        ("release", {"client": "c", "seconds": -1}),
        ("release", {"client": "c", "seconds": "x"}),
        ("undo", {"reason": ""}),
        ("shutdown", {}),
    ):
        assert ask(name, **words).problem
