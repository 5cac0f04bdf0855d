"""A second thread reads ahead, and nothing depends on when, or whether, it runs."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from pathlib import Path

import pytest

from violet.domain import VioletError
from violet.provenance import hashing, read_ahead
from violet.provenance.hashing import READ_AHEAD_FROM, Task, hash_all
from violet.provenance.hashing_walk import ChangedError, walk
from violet.provenance.read_ahead import AHEAD, PIECE, ReadAhead, TruncatedError


def readers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "read-ahead"]


def file_of(path: Path, size: int) -> bytes:
    content = os.urandom(size)
    path.write_bytes(content)
    return content


@pytest.mark.parametrize("size", [1, PIECE - 1, PIECE, PIECE + 1, AHEAD * PIECE, 9 * PIECE + 5])
@pytest.mark.parametrize("start", [0, 1, PIECE + 3])
def test_all_bytes_in_order(tmp_path: Path, size: int, start: int) -> None:
    content = file_of(tmp_path / "f", start + size + 10)
    with (tmp_path / "f").open("rb") as file, ReadAhead(file.fileno(), start, size) as ahead:
        assert b"".join(map(bytes, ahead.pieces())) == content[start : start + size]
    assert not readers()


def test_the_second_thread_reads_where_the_first_is_slow(tmp_path: Path) -> None:
    content = file_of(tmp_path / "f", 12 * PIECE)
    found = hashlib.sha256()
    with (tmp_path / "f").open("rb") as file, ReadAhead(file.fileno(), 0, len(content)) as ahead:
        for number, piece in enumerate(ahead.pieces()):
            deadline = time.monotonic() + 20
            while ahead.helped < min(number + AHEAD - 1, 11) and time.monotonic() < deadline:
                time.sleep(0)
            found.update(piece)
        assert ahead.helped >= 11
    assert found.hexdigest() == hashlib.sha256(content).hexdigest()


def test_the_first_thread_reads_where_the_second_never_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = file_of(tmp_path / "f", 7 * PIECE + 1)
    monkeypatch.setattr(ReadAhead, "_run", lambda self: None)
    with (tmp_path / "f").open("rb") as file, ReadAhead(file.fileno(), 0, len(content)) as ahead:
        assert b"".join(map(bytes, ahead.pieces())) == content
        assert ahead.helped == 0


def test_short_reads_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = file_of(tmp_path / "f", 3 * PIECE)
    real = os.preadv
    monkeypatch.setattr(read_ahead.os, "preadv", lambda fd, buffers, at: real(fd, [buffers[0][:300_001]], at))
    with (tmp_path / "f").open("rb") as file, ReadAhead(file.fileno(), 0, len(content)) as ahead:
        assert b"".join(map(bytes, ahead.pieces())) == content


@pytest.mark.parametrize("kept", [0, PIECE // 2, 5 * PIECE])
def test_a_file_that_ends_too_early(tmp_path: Path, kept: int) -> None:
    file_of(tmp_path / "f", kept)
    with (
        (tmp_path / "f").open("rb") as file,
        ReadAhead(file.fileno(), 0, 8 * PIECE) as ahead,
        pytest.raises(TruncatedError),
    ):
        list(map(bytes, ahead.pieces()))
    assert not readers()


def test_a_failing_read_reaches_the_consumer_and_ends_the_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_of(tmp_path / "f", 20 * PIECE)
    real = os.preadv

    def broken(fd: int, buffers: list[memoryview], at: int) -> int:
        if at >= 6 * PIECE:
            raise OSError(5, "Input/output error")
        return real(fd, buffers, at)

    monkeypatch.setattr(read_ahead.os, "preadv", broken)
    with pytest.raises(VioletError, match=r"f cannot be read: Input/output error"):
        hash_all(walk(str(tmp_path / "f")), [Task(walk(str(tmp_path / "f")).files[0])], jobs=2)
    assert not readers()


def test_leaving_early_ends_the_thread(tmp_path: Path) -> None:
    file_of(tmp_path / "f", 20 * PIECE)
    with (tmp_path / "f").open("rb") as file:
        with ReadAhead(file.fileno(), 0, 20 * PIECE) as ahead:
            assert len(next(iter(ahead.pieces()))) == PIECE
        assert not readers()
        assert file.read(1)  # the descriptor is the caller's still


class _Counted(ReadAhead):
    made = 0

    def __enter__(self) -> ReadAhead:
        type(self).made += 1
        return super().__enter__()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> type[_Counted]:
    monkeypatch.setattr(_Counted, "made", 0)
    monkeypatch.setattr(hashing, "ReadAhead", _Counted)
    return _Counted


def test_only_idle_processors_read_ahead(tmp_path: Path, counted: type[_Counted]) -> None:
    (tmp_path / "m").mkdir()
    contents = [file_of(tmp_path / "m" / f"{n}", READ_AHEAD_FROM + n) for n in range(2)]
    tree = walk(str(tmp_path / "m"))
    expected = [(hashlib.sha256(content).hexdigest(),) for content in contents]
    for files, jobs, least, most in ((1, 1, 0, 0), (1, 2, 1, 1), (2, 1, 0, 0), (2, 4, 2, 2)):
        counted.made = 0
        assert hash_all(tree, [Task(file) for file in tree.files[:files]], jobs=jobs) == expected[:files]
        assert least <= counted.made <= most, (files, jobs)
    assert not readers()


def test_small_files_are_read_by_one_thread(tmp_path: Path, counted: type[_Counted]) -> None:
    content = file_of(tmp_path / "f", READ_AHEAD_FROM - 1)
    tree = walk(str(tmp_path / "f"))
    assert hash_all(tree, [Task(tree.files[0])], jobs=2) == [(hashlib.sha256(content).hexdigest(),)]
    assert counted.made == 0


def test_a_file_that_is_cut_or_written_to_meanwhile(tmp_path: Path, counted: type[_Counted]) -> None:
    for how in ("cut", "written"):
        model = tmp_path / how
        file_of(model, 2 * READ_AHEAD_FROM)
        tree = walk(str(model))
        done: list[int] = []

        def meddle(count: int, total: int, name: str, model: Path = model, done: list[int] = done) -> None:
            if not done:
                done.append(count)
                if model.name == "cut":
                    os.truncate(model, PIECE)
                else:
                    status = model.stat()
                    with model.open("r+b") as file:
                        file.write(b"X")
                    os.utime(model, ns=(status.st_atime_ns, status.st_mtime_ns))

        with pytest.raises(ChangedError, match="while it was being hashed"):
            hash_all(tree, [Task(tree.files[0])], jobs=2, progress=meddle)
        assert done
    assert counted.made == 2
    assert not readers()


def test_several_algorithms_in_one_pass(tmp_path: Path) -> None:
    content = file_of(tmp_path / "f", READ_AHEAD_FROM + 77)
    tree = walk(str(tmp_path / "f"))
    task = Task(tree.files[0], ("sha256", "blake2b"), 5, READ_AHEAD_FROM + 50)
    part = content[5 : READ_AHEAD_FROM + 50]
    assert hash_all(tree, [task], jobs=2) == [(hashlib.sha256(part).hexdigest(), hashlib.blake2b(part).hexdigest())]
