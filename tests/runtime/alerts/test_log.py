"""Alerts on the disk: acknowledged means there, whatever kills the writer."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.alerts.made import HOSTILE, alert
from tests.runtime.alerts.waiting import until_blocking
from violet.runtime.alerts import log as module
from violet.runtime.alerts.log import AlertLog, LogReader, Record, find_alert, line_of, record_of, segments

WRITER = """
import sys
from tests.runtime.alerts.made import alert
from violet.runtime.alerts.log import AlertLog

log = AlertLog(sys.argv[1], "w")
log._saved = lambda: (sys.stdout.write(f"{log.acknowledged}\\n"), sys.stdout.flush())
number = 0
while True:
    number += 1
    log.take(alert(client=f"c{number}", id=f"al-{number}"))
    while log.taken - log.acknowledged > 50:
        pass
"""


def test_repeats_share_a_line_and_every_one_is_counted(tmp_path: Path) -> None:
    log = AlertLog(str(tmp_path), "w0")
    for number in range(5_000):
        log.take(alert(id=f"al-{number}", score=999.0 if number == 2_500 else 7.0))
    log.close()
    records = LogReader(str(tmp_path)).read()
    assert sum(record.repeats for record in records) == log.taken == log.acknowledged == 5_000
    assert len(records) < 100, "a flood of the same does not fill the disk"
    assert max(record.alert.score for record in records) == 999.0, "a peak is not lost by what follows it"


def test_the_same_again_waits_for_its_next_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BETWEEN", 3_600.0)
    log = AlertLog(str(tmp_path), "w0")
    log.take(alert(client="a"))
    until_blocking(lambda: log.acknowledged == 1)
    for _ in range(10):
        log.take(alert(client="a"))
    log.take(alert(client="b"))
    until_blocking(lambda: log.acknowledged == 2, "that another client is not held up")
    assert [record.alert.client for record in LogReader(str(tmp_path)).read()] == ["a", "b"]
    log.close()
    assert log.acknowledged == 12
    last = LogReader(str(tmp_path)).read()[-1]
    assert (last.alert.client, last.repeats) == ("a", 10)


def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    chance = random.Random(7)
    for attempt in range(4):
        directory = tmp_path / str(attempt)
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(directory)], stdout=subprocess.PIPE, env=environment
        )
        assert writer.stdout is not None
        acknowledged = 0
        for _ in range(chance.randint(1, 30)):
            acknowledged = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().split()
        acknowledged = int(rest[-1]) if rest and rest[-1].isdigit() else acknowledged
        writer.wait()
        writer.stdout.close()
        reader = LogReader(str(directory))
        found = [int(record.alert.id.removeprefix("al-")) for record in reader.read(10**6)]
        assert found[:acknowledged] == list(range(1, acknowledged + 1))
        assert reader.broken == 0, "a line that was cut has no end yet, and is no broken one"
        again = AlertLog(str(directory), "w")
        again.take(alert(id="al-next"))
        again.close()
        assert [record.alert.id for record in reader.read()] == ["al-next"]


def test_a_full_disk_holds_nothing_up_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    log = AlertLog(str(tmp_path), "w0")
    log.take(alert(client="first"))
    until_blocking(lambda: log.acknowledged == 1)
    size = os.path.getsize(tmp_path / segments(str(tmp_path))[0][2])
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 300, hard))
        for number in range(20):
            log.take(alert(client=f"c{number}"))
        until_blocking(lambda: log.problem, "that it says so")
        assert log.acknowledged == 1
        assert [record.alert.client for record in LogReader(str(tmp_path)).read()] == ["first"]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)
    until_blocking(lambda: log.acknowledged == 21, "that it writes what waited once there is room")
    assert log.problem == ""
    log.close()
    reader = LogReader(str(tmp_path))
    assert {record.alert.client for record in reader.read()} == {"first", *(f"c{number}" for number in range(20))}
    assert reader.broken == 0


def test_what_waits_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 50)
    monkeypatch.setattr(AlertLog, "_write", lambda self, records: self._keep(records) or False)
    log = AlertLog(str(tmp_path), "w0")
    for number in range(2_000):
        log.take(alert(client=f"c{number}"))
    until_blocking(lambda: len(log._waiting) <= 51)
    assert sum(record.repeats for record in log._waiting.values()) == 2_000
    log._ending.set()


def test_workers_write_side_by_side_and_old_segments_go_when_they_were_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEGMENT", 2_000)
    monkeypatch.setattr(module, "KEPT", 5_000)
    logs = [AlertLog(str(tmp_path), name) for name in ("w0", "w1", "hostile/../name\n")]
    reader = LogReader(str(tmp_path))
    for number in range(15):
        for log in logs:
            log.take(alert(client=f"c{number}"))
        until_blocking(lambda: all(log.acknowledged == log.taken for log in logs))
    before = len(segments(str(tmp_path)))
    reader.prune()
    assert len(segments(str(tmp_path))) == before, "what was not read stays"
    assert len(reader.read()) == 45
    reader.prune()
    kept = segments(str(tmp_path))
    assert 3 <= len(kept) < before
    assert {worker for worker, _, _ in kept} == {worker for worker, _, _ in segments(str(tmp_path))}
    for log in logs:
        log.close()
    assert reader.read() == []
    assert set(reader.positions) == {name for _, _, name in kept}


def test_an_alert_is_found_by_its_id(tmp_path: Path) -> None:
    log = AlertLog(str(tmp_path), "w0")
    for number in range(30):
        log.take(alert(client=f"c{number}", id=f"al-{number}"))
    log.close()
    found = find_alert(str(tmp_path), "al-7")
    assert found is not None
    assert (found.client, found.evidence.queries) == ("c7", ("q-1", "q-2"))
    assert find_alert(str(tmp_path), "al-31") is None
    assert find_alert(str(tmp_path / "nowhere"), "al-7") is None


@given(
    st.lists(st.binary(max_size=60) | st.sampled_from([b"{}", b"[" * 100_000, b'{"alert":{},"repeats":1}']), max_size=8)
)
def test_garbage_in_a_segment_hides_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, garbage: list[bytes]
) -> None:
    directory = tmp_path_factory.mktemp("log")
    good = [line_of(Record(alert(id=f"al-{number}"), 2)) for number in range(len(garbage) + 1)]
    with open(directory / "alerts-w0-00000001.jsonl", "wb") as file:
        for junk, line in zip(garbage, good, strict=False):
            file.write(junk.replace(b"\n", b"") + b"\n" + line + b"\n")
        file.write(good[-1])
    reader = LogReader(str(directory))
    assert [record.alert.id for record in reader.read()] == [f"al-{number}" for number in range(len(garbage))]
    with open(directory / "alerts-w0-00000001.jsonl", "ab") as file:
        file.write(b"\n")
    assert [record.alert.id for record in reader.read()] == [f"al-{len(garbage)}"], "once its line has an end"


def test_a_hostile_name_cannot_forge_a_line() -> None:
    line = line_of(Record(alert(client=HOSTILE + "\n" + line_of(Record(alert(), 9)).decode()), 1))
    assert line.count(b"\n") == 0
    assert record_of(line).repeats == 1
    assert json.loads(line)["alert"]["client"].startswith("x|y=z")
