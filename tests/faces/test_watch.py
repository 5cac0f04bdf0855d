"""``violet watch``: one frame for pipes, a terminal that follows, and the exchanges of a spool as JSON Lines."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.runtime.spool.making import exchange
from tests.runtime.test_state import HOSTILE, status
from violet.domain.alert import Response, Ruling
from violet.domain.errors import ConfigurationError, UsageError
from violet.domain.guard_status import ClientStatus, GuardStatus, SharingStatus, WorkerSeen
from violet.faces.cli.main import entry
from violet.report.layout import cells, plain
from violet.report.watching import render_watched
from violet.report.watching.console import lay_out
from violet.report.watching.json_ import schema_text
from violet.runtime.spool import directory as files
from violet.runtime.spool.options import SpoolOptions
from violet.runtime.spool.reader import SpoolReader
from violet.runtime.spool.writer import Spool
from violet.runtime.state import StateDirectory
from violet.runtime.trace import decode
from violet.services.guarding.watching import SpoolLines, SpoolQuery, moment, together, watched

PROGRAM = "import sys; from violet.faces.cli.main import entry; sys.exit(entry())"
UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]")


def guard(directory: Path, *workers: str, at: float | None = None, **fields: Any) -> StateDirectory:
    state = StateDirectory(str(directory))
    for worker in workers:
        state.write_status(
            status(worker, time.time() if at is None else at, **{"rate": 10.0, "requests": 100, **fields})
        )
    return state


# -- frames ----------------------------------------------------------------------------------------------------------


def test_workers_are_added_up(tmp_path: Path) -> None:
    guard(tmp_path, "w0", "w1", at=1_000.0, mode="enforce")
    guard(tmp_path, "gone", at=10.0)
    found = watched(str(tmp_path), 1_001.0)
    assert (found.rate, found.requests, found.mode, found.model) == (20.0, 200, "enforce", "credit")
    (client,) = found.clients
    assert (client.rate, client.rows, client.suspicion) == (10.0, 200, 1.14)
    assert [(one.id, one.alerts, one.why) for one in found.detectors] == [
        ("a/b", 0, "no profile"),
        ("extraction/boundary", 2, ""),
    ]
    assert [alert.id for alert in found.alerts] == ["w0-1", "w1-1"]
    assert len(found.rulings) == 1
    assert (found.queues[0].length, found.queues[0].limit) == (10, 200)
    assert found.notices == ("Worker gone: it has told nothing for 991 s.",)


def test_what_is_degraded_is_said(tmp_path: Path) -> None:
    one = status("w0", 1_000.0)
    assert one.spool is not None
    alone = replace(
        one,
        sharing=SharingStatus("alone", "redis://h", why="Connection refused.", refused=3),
        spool=replace(one.spool, state="stopped", why="No space left on device", left_out=7),
        notices=("The judge is behind.",),
    )
    found = together("d", 1_000.0, (WorkerSeen("w0", alone),))
    assert found.notices == (
        "The judge is behind.",
        "sharing: alone: Connection refused.",
        "sharing: 3 posts of others were refused.",
        "spool: stopped: No space left on device.",
        "spool: 7 exchanges found no room.",
    )
    text = render_watched(found, "console", width=100)
    assert all(notice in text for notice in found.notices)
    assert together("d", 1.0, ()).notices == ("No worker runs.",)


def test_what_an_alert_says_is_not_cut_where_there_is_room_below() -> None:
    said = "43 queries form a search: one column after the other, as searches by coordinates move them. " * 2
    one = status("w0", 1_000.0)
    alert = replace(one.alerts[0], evidence=replace(one.alerts[0].evidence, summary=said.strip()))
    found = together("d", 1_000.0, (WorkerSeen("w0", replace(one, alerts=(alert,))),))
    frame = render_watched(found, "console", width=80)
    assert said.strip() in re.sub(r"\s+", " ", frame)
    high = plain(lay_out(found, width=80, height=24))
    assert said.strip() not in re.sub(r"\s+", " ", high), "where it is followed, an alert is a line"


def test_rulings_that_ended_or_were_undone_are_not_shown() -> None:
    rulings = (
        Ruling("a", Response.SLOW, 999.0, "r", "d", 1.0),
        Ruling("b", Response.ALLOW, 2_000.0, "r", "d", 1.0),
        Ruling("c", Response.REFUSE, 2_000.0, "r", "d", 1.0),
    )
    found = together("d", 1_000.0, (WorkerSeen("w0", replace(status("w0", 1_000.0), rulings=rulings)),))
    assert [ruling.client for ruling in found.rulings] == ["c"]


@pytest.mark.parametrize("width", [20, 40, 80, 132, 500])
def test_frames_fit_and_hold_nothing_that_a_terminal_obeys(width: int) -> None:
    one = status("w0", 1_000.0, upstream=f"http://{HOSTILE}", mode="observe", notices=(HOSTILE * 3,))
    wide = ClientStatus("key:名前" * 30, 1.0, 1, 0.2)
    workers = (WorkerSeen("w0", replace(one, clients=(*one.clients, wide))), WorkerSeen("w1", problem=HOSTILE))
    found = together(HOSTILE, 1_000.0, workers)
    text = render_watched(found, "console", width=width)
    assert not UNSEEN.search(text)
    assert "\\x1b[2J\\u202e" in text
    assert max(map(cells, text.splitlines())) <= min(max(width, 40), 200)
    colored = render_watched(found, "console", width=width, color=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == text


@pytest.mark.parametrize("height", [3, 10, 24, 60])
def test_frames_are_as_high_as_the_terminal(height: int) -> None:
    clients = tuple(ClientStatus(f"key:{number}", 1.0) for number in range(90))
    found = together("d", 1_000.0, (WorkerSeen("w0", replace(status("w0", 1_000.0), clients=clients)),))
    lines = lay_out(found, width=80, height=height)
    assert len(lines) <= height
    text = plain(lines)
    assert "requests/s" in text
    if height >= 24:
        assert len(lines) == height
        assert "more" in text
        for title in ("Alerts", "Clients", "Rulings", "Detectors", *(("Behind it",) if height == 60 else ())):
            assert f"\n{title}\n" in text


# -- the command -----------------------------------------------------------------------------------------------------


def test_one_frame_as_text_and_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    guard(tmp_path, "w0")
    monkeypatch.setenv("COLUMNS", "120")
    assert entry(["watch", str(tmp_path), "--once"]) == 0
    text = capsys.readouterr().out
    for word in ("credit (observe)", "extraction/boundary", "114%", "slow", "It hugs the boundary.", "no profile"):
        assert word in text
    assert entry(["watch", str(tmp_path)]) == 0  # no terminal: one frame
    assert capsys.readouterr().out.splitlines()[2:] == text.splitlines()[2:]
    assert entry(["watch", str(tmp_path), "--once", "--format", "json"]) == 0
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    found = json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text()))
    jsonschema.Draft202012Validator(json.loads(schema_text())).validate(found)
    assert found["alerts"][0]["severity"] == "high"
    assert found["rulings"][0]["until"] is None
    assert found["workers"][0]["status"]["spool"]["accepted"] == 5


def test_frames_of_a_guard_in_trouble_fit_the_schema(tmp_path: Path) -> None:
    guard(tmp_path, "w0", at=1_000.0, rate=float("nan"))
    (tmp_path / "status-w1.json").write_text("{")
    StateDirectory(str(tmp_path)).write_status(GuardStatus("w2", 1_000.0, 0.0))
    frame = json.loads(render_watched(watched(str(tmp_path), 1_000.0), "json"))
    jsonschema.Draft202012Validator(json.loads(schema_text())).validate(frame)
    assert {worker["worker"]: worker["status"] is None for worker in frame["workers"]} == {
        "w0": False,
        "w1": True,
        "w2": False,
    }


def test_a_guard_that_has_gone_is_told_by_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    guard(tmp_path, "w0", at=1_000.0)
    assert entry(["watch", str(tmp_path), "--once"]) == 3
    assert "it has told nothing for" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Watch which guard?"),
        (["nowhere"], "no state directory"),
        (["x", "--spool", "y"], "alone"),
        (["--spool", "nowhere"], "no directory of a spool"),
        (["--spool", ".", "--since", "yesterday"], "no time"),
        (["--spool", ".", "--limit", "-1"], "0 or more"),
        (["--spool", ".", "--reader", "../x"], "no name for a reader"),
        (["x", "--follow"], "about a spool"),
        (["x", "--interval", "0"], "--interval"),
    ],
)
def test_wrong_use_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert entry(["watch", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_times_are_read_as_people_write_them() -> None:
    assert moment("15m", 10_000.0) == 9_100.0
    assert moment("1.5h", 10_000.0) == 4_600.0
    assert moment("1700000000") == 1_700_000_000.0
    assert moment("2026-12-01T10:00:00Z") == moment("2026-12-01T11:00:00+01:00") == moment("2026-12-01T10:00:00")
    for wrong in ("", "x", "15w", "1.2.3h", "2026-13-01"):
        with pytest.raises(UsageError):
            moment(wrong)


# -- a terminal ------------------------------------------------------------------------------------------------------


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, *arguments: str, rows: int = 30, columns: int = 100, **environment: str) -> None:
        self._master, slave = pty.openpty()
        self.resize(rows, columns)
        kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**kept, "TERM": "xterm-256color", **environment},
            close_fds=True,
            start_new_session=True,
        )
        os.close(slave)
        self.seen = ""

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def until(self, done: Callable[[str], bool]) -> str:
        """What was printed since this was last called, once it is enough."""
        before, deadline = len(self.seen), time.monotonic() + 30
        while not done(self.seen[before:]):
            assert time.monotonic() < deadline, self.seen[before:]
            assert self.process.poll() is None, self.seen
            if select.select([self._master], [], [], 0.1)[0]:
                with contextlib.suppress(OSError):
                    self.seen += os.read(self._master, 65_536).decode(errors="replace")
        return self.seen[before:]

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        while self.process.poll() is None:
            if select.select([self._master], [], [], 0.1)[0]:
                with contextlib.suppress(OSError):
                    self.seen += os.read(self._master, 65_536).decode(errors="replace")
        with contextlib.suppress(OSError):
            while select.select([self._master], [], [], 0)[0] and (part := os.read(self._master, 65_536)):
                self.seen += part.decode(errors="replace")
        os.close(self._master)
        return self.process.returncode


@pytest.fixture
def on_terminal() -> Iterator[Callable[..., Terminal]]:
    """Starts commands on terminals; none outlives its test."""
    started: list[Terminal] = []

    def start(*arguments: str, **environment: str) -> Terminal:
        started.append(Terminal(*arguments, **environment))
        return started[-1]

    yield start
    for terminal in started:
        terminal.process.kill()
        terminal.process.wait()


@contextlib.contextmanager
def piped(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command whose output is read; it does not outlive its test."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_terminal_follows_resizes_and_is_left_as_it_was(tmp_path: Path, on_terminal: Callable[..., Terminal]) -> None:
    state = guard(tmp_path, "w0")
    terminal = on_terminal("watch", str(tmp_path), "--interval", "0.05")
    first = terminal.until(lambda text: "Behind it" in text)
    assert "\x1b[?1049h" in first  # the alternate screen
    assert "\x1b[1;31m" in first  # bold red: suspicion
    assert "\\x1b[2J" in first
    guard(tmp_path, "w0", notices=("Something has changed.",))
    terminal.until(lambda text: "Something has changed." in text)
    many = tuple(ClientStatus(f"key:{number}", 1.0) for number in range(40))
    state.write_status(replace(status("w0", time.time() + 4), clients=many))
    terminal.resize(16, 60)
    last = terminal.until(lambda text: re.search(r"and \d+ more", text) is not None)
    assert "Behind it" not in last.rsplit("\x1b[H", 1)[-1]
    state.remove_status("w0")
    terminal.until(lambda text: "No worker runs." in text)
    assert terminal.end() == 0
    assert terminal.seen.rstrip().endswith("\x1b[?1049l\x1b[?25h") or "\x1b[?1049l" in terminal.seen[-60:]
    assert "Traceback" not in terminal.seen


def test_no_color_is_obeyed(tmp_path: Path, on_terminal: Callable[..., Terminal]) -> None:
    guard(tmp_path, "w0")
    terminal = on_terminal("watch", str(tmp_path), "--interval", "0.05", NO_COLOR="1")
    terminal.until(lambda text: "Behind it" in text)
    assert terminal.end() == 0
    assert not re.search(r"\x1b\[[0-9;]*[1-9][0-9;]*m", terminal.seen)


def test_json_goes_on_line_by_line(tmp_path: Path) -> None:
    guard(tmp_path, "w0")
    with piped("watch", str(tmp_path), "--format", "json", "--interval", "0.05") as process:
        assert process.stdout is not None
        frames = [json.loads(process.stdout.readline()) for _ in range(3)]
        assert frames[0]["at"] < frames[1]["at"] < frames[2]["at"]
        process.send_signal(signal.SIGINT)
        process.communicate()
        assert process.returncode == 0


# -- the spool -------------------------------------------------------------------------------------------------------


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    made = Spool(str(tmp_path / "spool"), SpoolOptions(segment_bytes=16 << 10, limit=1 << 20, compress=False))
    for number in range(1, 201):
        made.append(exchange(number, client=f"key:{number % 2}"))
    assert made.close()
    return tmp_path / "spool"


def test_a_spool_is_printed_as_a_trace(spool: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["watch", "--spool", str(spool)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [decode(line.encode()) for line in lines] == [exchange(n, client=f"key:{n % 2}") for n in range(1, 201)]
    since = f"{exchange(150).at:.3f}"
    arguments = ["--client", "key:1", "--since", since, "--limit", "5", "--model", "credit"]
    assert entry(["watch", "--spool", str(spool), *arguments]) == 0
    found = [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]
    assert found == ["/151", "/153", "/155", "/157", "/159"]
    assert entry(["watch", "--spool", str(spool), "--until", since, "--client", "key:0", "--model", "x"]) == 0
    assert capsys.readouterr().out == ""


def test_a_reader_goes_on_where_it_ended(spool: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found: list[str] = []
    for limit in (3, 100, 0):
        assert entry(["watch", "--spool", str(spool), "--reader", "platform", "--limit", str(limit)]) == 0
        found += [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]
    assert found == [f"/{number}" for number in range(1, 201)]


def test_a_line_that_was_not_dealt_with_comes_again(spool: Path) -> None:
    first = SpoolLines(SpoolQuery(str(spool), reader="platform"))
    lines = first.lines()
    taken = [next(lines) for _ in range(70)]
    lines.close()  # type: ignore[attr-defined]  # whoever took the 70th died of it
    again = list(SpoolLines(SpoolQuery(str(spool), reader="platform")).lines())
    assert again[0] == taken[-1]
    assert len(again) == 131


def test_who_follows_a_spool_sees_what_comes(spool: Path) -> None:
    made = Spool(str(spool), SpoolOptions(compress=False), worker="next")
    with piped("watch", "--spool", str(spool), "--follow", "--reader", "tail") as process:
        assert process.stdout is not None
        found = [json.loads(process.stdout.readline())["id"] for _ in range(200)]
        for number in range(201, 221):
            made.append(exchange(number))
        found += [json.loads(process.stdout.readline())["id"] for _ in range(20)]
        assert found == [f"/{number}" for number in range(1, 221)]
        process.send_signal(signal.SIGINT)
        process.communicate()
        assert process.returncode == 0
    assert made.close()
    left = [kept.exchange.id for kept in SpoolReader(str(spool), "tail").read()]
    assert left in ([], ["/220"])  # the last line may have been on its way


def test_damage_is_told(spool: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(files.segments(str(spool))[0].path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    assert entry(["watch", "--spool", str(spool)]) == 3
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 199
    assert "1 damaged places" in shown.err


def test_state_without_its_guard_is_no_trace_of_orders(tmp_path: Path) -> None:
    from violet.services.guarding.ordering import release, rulings, undo

    guard(tmp_path, "w0")
    for ask in (lambda: rulings(str(tmp_path)), lambda: release(str(tmp_path), "c"), lambda: undo(str(tmp_path), "r")):
        with pytest.raises(UsageError, match="No guard listens"):
            ask()
    with pytest.raises(ConfigurationError):
        rulings(str(tmp_path / "nowhere"))
