"""The incident file: whole lines, rotated, read across rotations."""

from __future__ import annotations

import json
import resource
import signal
from pathlib import Path

import pytest

from tests.runtime.alerts.made import alert, notices
from violet.runtime.alerts import files as module
from violet.runtime.alerts.correlate import CorrelationOptions
from violet.runtime.alerts.files import Checkpoint, DeskFiles, LineFile


def test_it_is_rotated_and_the_oldest_go(tmp_path: Path) -> None:
    file = LineFile(str(tmp_path / "x.jsonl"), rotate=100, kept=3)
    for number in range(60):
        file.append([f"line {number:04d}".encode()], number)
    file.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["x-0000000030.jsonl", "x-0000000040.jsonl", "x-0000000050.jsonl", "x.jsonl"]
    kept = b"".join((tmp_path / name).read_bytes() for name in names).split(b"\n")[:-1]
    assert kept == [f"line {number:04d}".encode() for number in range(20, 60)]


def test_a_line_that_was_cut_gives_way(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"whole\ncut")
    file = LineFile(str(path))
    file.append([b"next"], 1)
    file.close()
    assert path.read_bytes() == b"whole\nnext\n"


def test_a_write_that_fails_leaves_nothing_half_written(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    file = LineFile(str(path))
    file.append([b"first"], 1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))
        with pytest.raises(OSError, match="too large"):
            file.append([b"a line of more than twenty bytes"], 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)
    assert path.read_bytes() == b"first\n"
    file.append([b"second"], 3)
    file.close()
    assert path.read_bytes() == b"first\nsecond\n"


def test_notices_are_found_across_rotations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = DeskFiles(str(tmp_path))
    monkeypatch.setattr(files, "_file", LineFile(str(tmp_path / module.INCIDENTS), rotate=10_000))
    some = notices(
        *(alert(client=f"c{n}", techniques=(f"T{n}",)) for n in range(40)), options=CorrelationOptions(incidents=99)
    )
    for each in some:
        files.append([each])
    assert len(list(tmp_path.glob("incidents-*.jsonl"))) > 3
    assert [notice.number for notice in files.notices(after=0)] == list(range(1, 41))
    assert [notice.number for notice in files.notices(after=7)] == list(range(8, 41))
    assert [notice.number for notice in files.notices(after=0, most=5)] == [36, 37, 38, 39, 40]
    assert files.notices(after=40) == []
    files.save(Checkpoint(35, {"alerts-w0-00000001.jsonl": 7}, tuple(notice.incident for notice in some[:35])))
    loaded = files.load()
    assert (loaded.number, loaded.positions) == (40, {"alerts-w0-00000001.jsonl": 7})
    assert [incident.id for incident in loaded.incidents] == [notice.incident.id for notice in some]
    files.close()


def test_a_line_for_people_is_what_a_program_reads(tmp_path: Path) -> None:
    files = DeskFiles(str(tmp_path), "/var/lib/guard")
    files.append(notices(alert()))
    (line,) = (tmp_path / module.INCIDENTS).read_text().splitlines()
    assert json.loads(line)["replay"].startswith("violet guard replay --state /var/lib/guard")
    files.close()
