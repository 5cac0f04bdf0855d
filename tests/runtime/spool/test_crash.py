"""``kill -9`` at any moment: nothing acknowledged is lost, nothing is invented, and the next writer goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.spool.making import exchange, true
from violet.runtime.spool import directory as files
from violet.runtime.spool.frames import Header, frame
from violet.runtime.spool.options import SpoolOptions
from violet.runtime.spool.reader import SpoolReader
from violet.runtime.spool.writer import Spool

ROOT = Path(__file__).parents[3]


def by_life(directory: Path) -> tuple[dict[str, list[int]], SpoolReader]:
    found: dict[str, list[int]] = defaultdict(list)
    reader = SpoolReader(str(directory))
    for kept in reader.read():
        assert true(kept.exchange)
        life, _, number = kept.exchange.id.partition("/")
        assert kept.stream.startswith(f"{life}-")
        assert kept.number == int(number)
        found[life].append(kept.number)
    return found, reader


@pytest.fixture(params=["disk", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A disk, where syncing takes its time, and a file system in memory, where many lives fit into a second: the kernel
    keeps what a killed process wrote in either."""
    if request.param == "disk" or not os.path.isdir("/dev/shm"):
        yield tmp_path
        return
    made = tempfile.mkdtemp(dir="/dev/shm")
    yield Path(made)
    shutil.rmtree(made)


def test_nothing_acknowledged_is_lost(place: Path) -> None:
    tmp_path, lives, seed = place, (25 if str(place).startswith("/dev/shm") else 4), 1
    command = [sys.executable, "-m", "tests.runtime.spool.dying", str(tmp_path), str(lives), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True, timeout=120)
    told: dict[str, int] = json.loads(done.stdout)
    assert sum(told.values()) > 100
    before, reader = by_life(tmp_path)
    for life, acknowledged in told.items():
        assert before[life] == list(range(1, len(before[life]) + 1))
        assert len(before[life]) >= acknowledged
    assert reader.losses.damaged == 0
    said: list[str] = []
    spool = Spool(str(tmp_path), worker="next", say=said.append)  # it repairs the last life's segment
    assert spool.append(exchange(1, "next"))
    assert spool.close()
    after, reader = by_life(tmp_path)
    assert after.pop("next") == [1]
    assert after == {life: numbers for life, numbers in before.items() if numbers}
    assert (reader.losses.torn, reader.losses.missing) == (0, 0)
    assert not [one for one in files.segments(str(tmp_path)) if one.end == files.OPEN]
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".tmp")]


@pytest.mark.parametrize("cut", [0, 1, 10, 19, 20, 30])
def test_torn_ends_are_cut_off_and_the_rest_is_sealed(tmp_path: Path, cut: int) -> None:
    header = Header.new("dead-1", 1, "dead", "m", 1.8e9)
    spool = Spool(str(tmp_path), SpoolOptions(compress=False))  # makes the directory
    assert spool.close()
    from violet.runtime.spool.record import encode

    whole = header.encode() + b"".join(frame(header, n, encode(exchange(n, "dead"))) for n in (1, 2, 3))
    torn = frame(header, 4, encode(exchange(4, "dead")))[:cut]
    path = tmp_path / "1800000000000-dead-1-00000001.open"
    path.write_bytes(whole + torn)
    found, reader = by_life(tmp_path)
    assert (found["dead"], reader.losses.torn) == ([1, 2, 3], 0)
    assert Spool(str(tmp_path), SpoolOptions(compress=False)).close()
    assert not path.exists()
    assert path.with_suffix(".seg").read_bytes() == whole
    found, reader = by_life(tmp_path)
    assert (found["dead"], reader.losses.torn) == ([1, 2, 3], 0)


@pytest.mark.parametrize("size", [0, 5, 40])
def test_a_segment_without_a_whole_header_held_nothing(tmp_path: Path, size: int) -> None:
    path = tmp_path / "1800000000000-dead-1-00000001.open"
    path.write_bytes(Header.new("dead-1", 1, "dead", "m", 1.8e9).encode()[:size])
    assert Spool(str(tmp_path), SpoolOptions(compress=False)).close()
    assert not path.exists()


def test_zeros_that_a_power_cut_left_are_cut_off(tmp_path: Path) -> None:
    """File systems that allocate late (ext4) can leave a file of the right length with zeros at its end."""
    from violet.runtime.spool.record import encode

    header = Header.new("dead-1", 1, "dead", "m", 1.8e9)
    whole = header.encode() + frame(header, 1, encode(exchange(1, "dead")))
    path = tmp_path / "1800000000000-dead-1-00000001.open"
    path.write_bytes(whole + bytes(10_000))
    said: list[str] = []
    assert Spool(str(tmp_path), SpoolOptions(compress=False), say=said.append).close()
    assert path.with_suffix(".seg").read_bytes() == whole
    assert "10000 torn bytes" in said[0]


def test_what_a_dying_compression_left_is_tidied(tmp_path: Path) -> None:
    """The writer died when the compressed copy was complete, and the original still there."""
    spool = Spool(str(tmp_path), SpoolOptions(compress=False))
    assert spool.append(exchange(1))
    assert spool.close()
    (sealed,) = files.segments(str(tmp_path))
    Path(f"{sealed.path}.gz").write_bytes(b"half of it")
    Path(f"{sealed.path}.gz.tmp").write_bytes(b"half of it")
    (tmp_path / "1800000000000-gone-1-00000001.seg.gz.tmp").write_bytes(b"half of it")
    assert [kept.number for kept in SpoolReader(str(tmp_path)).read()] == [1]
    second = Spool(str(tmp_path), SpoolOptions())
    assert second.close()
    assert [kept.number for kept in SpoolReader(str(tmp_path)).read()] == [1]
    (left,) = files.segments(str(tmp_path))
    assert left.end == files.COMPRESSED
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".tmp")]
