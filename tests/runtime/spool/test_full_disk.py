"""A disk that is full or fails: the spool stops, says so once, and goes on later; what it acknowledged is there."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.runtime.spool.making import exchange, true, until
from violet.runtime.spool import directory as files
from violet.runtime.spool.options import SpoolOptions
from violet.runtime.spool.reader import SpoolReader
from violet.runtime.spool.writer import Spool

OPTIONS = SpoolOptions(
    segment_bytes=64 << 10, limit=100 << 20, retry_seconds=0.05, queue_records=500, record_bytes=4_096, compress=False
)


def numbers(directory: Path) -> list[int]:
    found = list(SpoolReader(str(directory)).read())
    assert all(true(kept.exchange) for kept in found)
    return [kept.number for kept in found]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "violet-test", str(place)], capture_output=True, check=False
        )
        mounted = done.returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("a small file system cannot be mounted here (it takes root)")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill_up(path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(handle, bytes(4_096))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
    finally:
        os.close(handle)


def test_a_full_disk_stops_the_spool_and_not_the_traffic(small_disk: Path) -> None:
    said: list[str] = []
    ballast = small_disk / "ballast"
    spool = Spool(str(small_disk / "spool"), OPTIONS, say=said.append)
    for number in range(1, 101):
        assert spool.append(exchange(number))
    assert spool.flush()
    fill_up(ballast)
    given = 100
    while spool.status().left_out == 0:
        given += 1
        spool.append(exchange(given))
        if given % 400 == 0:
            until(lambda: spool.status().state == "stopped" or not spool.status().queued)
    status = spool.status()
    assert (status.state, status.why) == ("stopped", os.strerror(errno.ENOSPC))
    # Said once, however often it is tried again.
    before = spool.acknowledged()
    present = files.segments(str(small_disk / "spool"))
    for _ in range(5):
        tried = spool._retry_at
        until(lambda tried=tried: spool._retry_at > tried)  # type: ignore[misc]
    assert len(files.segments(str(small_disk / "spool"))) <= len(present) + 1  # tries leave nothing behind
    assert [sentence for sentence in said if "stopped" in sentence] == said
    assert len(said) == 1
    assert spool.acknowledged() == before >= 100
    assert set(range(1, before + 1)) <= set(numbers(small_disk / "spool"))
    ballast.unlink()
    until(lambda: spool.status().state == "writing" and spool.acknowledged() == spool.status().accepted)
    assert said[1:] == ["The spool writes again."]
    assert spool.gaps() == ()
    assert numbers(small_disk / "spool") == list(range(1, spool.acknowledged() + 1))
    last = spool.append(exchange(spool.acknowledged() + 1))
    assert spool.close()
    assert numbers(small_disk / "spool") == list(range(1, last + 1))
    assert spool.status().left_out == given + 1 - last


def test_tries_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is room for a header, and for no record."""
    write = os.write
    full = [True]

    def short(handle: int, data: memoryview) -> int:
        if full[0] and len(data) > 1_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(handle, data)

    monkeypatch.setattr("violet.runtime.spool.writer.os.write", short)
    spool = Spool(str(tmp_path), replace(OPTIONS, retry_seconds=0.001))
    for number in range(1, 101):
        assert spool.append(exchange(number))
    for _ in range(5):
        tried = spool._retry_at
        until(lambda tried=tried: spool._retry_at > tried)  # type: ignore[misc]
    assert len(files.segments(str(tmp_path))) <= 1  # the one that is being tried
    full[0] = False
    assert spool.flush()
    assert numbers(tmp_path) == list(range(1, 101))
    assert spool.close()


def test_a_spool_that_is_closed_on_a_full_disk_says_what_it_lost(small_disk: Path) -> None:
    spool = Spool(str(small_disk / "spool"), OPTIONS)
    assert spool.append(exchange(1))
    assert spool.flush()
    fill_up(small_disk / "ballast")
    number = 1
    while spool.status().state != "stopped":
        number += bool(spool.append(exchange(number + 1)))
    assert not spool.close()
    kept = spool.acknowledged()
    assert spool.gaps() == ((kept + 1, number),)
    assert numbers(small_disk / "spool")[:kept] == list(range(1, kept + 1))
    assert spool.status().state == "closed"
    assert spool.status().left_out >= number - kept


def test_a_failed_fsync_acknowledges_nothing_and_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failed fsync, Linux has dropped the pages that it was about: a second fsync would succeed and mean
    nothing (Rebello et al., USENIX ATC 2020). So what it was about is written again."""
    fsync = os.fsync
    failing = [0]

    def broken(handle: int) -> None:
        if failing[0] and os.fstat(handle).st_size > 1_000 and os.path.isfile(f"/proc/self/fd/{handle}"):
            failing[0] -= 1
            os.ftruncate(handle, 400)  # what the pages held is lost
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(handle)

    monkeypatch.setattr("violet.runtime.spool.writer.os.fsync", broken)
    spool = Spool(str(tmp_path), OPTIONS)
    for number in range(1, 11):
        assert spool.append(exchange(number))
    assert spool.flush()
    failing[0] = 3
    for number in range(11, 61):
        assert spool.append(exchange(number))
    assert spool.flush()
    assert not failing[0]
    assert spool.acknowledged() == 60
    assert spool.close()
    # The truncation took the first ten with it, which no disk would; they are not what this is about.
    assert numbers(tmp_path)[-50:] == list(range(11, 61))


def test_others_segments_can_take_all_the_room(tmp_path: Path) -> None:
    """The limit is for all workers together, and nobody's open segment is removed."""
    options = SpoolOptions(
        segment_bytes=32 << 10, limit=96 << 10, retry_seconds=0.01, compress=False, record_bytes=4_096
    )
    others = [Spool(str(tmp_path), options, worker=f"w{worker}") for worker in range(3)]
    for spool in others:
        assert spool.append(exchange(1))
        assert spool.flush()
    late = Spool(str(tmp_path), options, worker="late")
    assert late.append(exchange(1))
    until(lambda: late.status().state == "stopped")
    assert "own limit" in late.status().why
    assert others[0].close()
    until(lambda: late.acknowledged() == 1)
    assert late.status().state == "writing"
    assert all(spool.close() for spool in (*others[1:], late))
