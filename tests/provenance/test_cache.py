"""The cache of digests: when it is believed, and when it is not."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from violet.provenance import cache as module
from violet.provenance.cache import DigestCache, user_cache
from violet.provenance.hashing import CACHED_FROM, Task, hash_all
from violet.provenance.hashing_walk import walk
from violet.provenance.identity import identify

LABELS = ("sha256",)
DIGEST = (hashlib.sha256(b"x").hexdigest(),)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache, in which files count as settled at once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "SETTLED", 0)
    return tmp_path / "cache" / "violet" / "digests"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(b"m" * CACHED_FROM)
    return path


def settle(path: Path) -> None:
    """Let the clock of the file system go on."""
    while time.time_ns() <= path.stat().st_ctime_ns + 20_000_000:
        time.sleep(0.005)


def poison(place: Path) -> None:
    """Put another digest in every entry, with the check sum that belongs to it: only trust keeps it out."""
    for entry in place.iterdir():
        lines = entry.read_text().split("\n")
        lines[2] = f"sha256 {'0' * 64}"
        text = "\n".join(lines[:-2]) + "\n"
        entry.write_text(text + hashlib.sha256(text.encode()).hexdigest() + "\n")


def test_unchanged_files_are_not_hashed_again(place: Path, model: Path) -> None:
    settle(model)
    first = identify(str(model))
    (entry,) = place.iterdir()
    assert entry.stat().st_mode & 0o777 == 0o600
    assert place.stat().st_mode & 0o777 == 0o700
    poison(place)
    assert identify(str(model)).digest.value == "0" * 64, "it was hashed again"
    assert identify(str(model), cache=False) == first
    entry.unlink()
    assert identify(str(model)) == first


def test_all_parts_of_a_large_file_are_remembered(place: Path, tmp_path: Path) -> None:
    """Threads remember parts at the same time, and there can be very many of them."""
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(60 * CACHED_FROM)
    settle(path)
    tree = walk(str(path))
    parts = [(start, start + CACHED_FROM) for start in range(0, 60 * CACHED_FROM, CACHED_FROM)]
    tasks = [Task(tree.files[0], ("sha256",), start, end) for start, end in [*parts, (0, None)]]
    first = hash_all(tree, tasks, jobs=8, cache=user_cache())
    again = user_cache()
    assert hash_all(tree, tasks, jobs=8, cache=again) == first
    assert again.hits == len(tasks)


def test_changed_files_are_hashed_again(place: Path, model: Path) -> None:
    settle(model)
    before = identify(str(model))
    status = model.stat()
    with model.open("r+b") as file:
        file.write(b"X")
    os.utime(model, ns=(status.st_atime_ns, status.st_mtime_ns))  # as if nothing had happened
    assert identify(str(model)).digest != before.digest


def test_files_that_were_just_written_are_not_remembered(
    place: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETTLED", 3_600_000_000_000)
    identify(str(model))
    assert not list(place.iterdir())
    os.utime(model, (0, 0))  # sets the time of modification back, but not that of the status change
    identify(str(model))
    assert not list(place.iterdir())


def test_seconds_are_what_settling_takes() -> None:
    assert module.SETTLED >= 2_000_000_000


def test_small_files_are_not_remembered(place: Path, tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"s")
    settle(tmp_path / "small")
    identify(str(tmp_path / "small"))
    assert not list(place.iterdir())


@pytest.mark.parametrize(
    "damage",
    [
        lambda entry: entry.write_bytes(b""),
        lambda entry: entry.write_bytes(entry.read_bytes()[:-9]),
        lambda entry: entry.write_bytes(os.urandom(200)),
        lambda entry: entry.write_text(entry.read_text().replace("digest 1", "digest 2")),
        lambda entry: entry.write_text(entry.read_text()[::-1]),
        lambda entry: entry.chmod(0o622),
        lambda entry: (entry.rename(f"{entry}.x"), entry.symlink_to(f"{entry}.x")),
        lambda entry: (entry.unlink(), os.mkfifo(entry)),
        lambda entry: (entry.unlink(), entry.mkdir()),
    ],
)
def test_entries_that_cannot_be_believed_are_not(place: Path, model: Path, damage: object) -> None:
    settle(model)
    expected = identify(str(model))
    poison(place)
    damage(next(place.iterdir()))  # type: ignore[operator]
    assert identify(str(model)) == expected


def test_a_flipped_bit_is_seen(place: Path, model: Path) -> None:
    settle(model)
    expected = identify(str(model))
    entry = next(place.iterdir())
    content = entry.read_bytes()
    for position in range(len(content)):
        entry.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
        found = DigestCache(str(place)).get(model.stat(), LABELS)
        assert found in (None, (expected.digest.value,))


def test_directories_of_others_are_not_used(place: Path, model: Path, tmp_path: Path) -> None:
    settle(model)
    expected = identify(str(model))
    poison(place)
    place.chmod(0o777)
    assert identify(str(model)) == expected
    place.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(place, 65534, -1)
        assert identify(str(model)) == expected
        os.chown(place, 0, -1)
        os.chown(next(place.iterdir()), 65534, -1)
        assert identify(str(model)) == expected
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    assert identify(str(model)) == expected


def test_places_that_cannot_be_written_are_no_error(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = identify(str(model), cache=False)
    for home in ("/proc/nowhere", "/dev/zero", str(model)):
        monkeypatch.setenv("XDG_CACHE_HOME", home)
        assert identify(str(model)) == expected


def test_relative_cache_homes_are_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """XDG Base Directory Specification: paths must be absolute, others are to be ignored."""
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert user_cache().directory.startswith(str(tmp_path) + "/")
    assert not (tmp_path / "relative").exists()


def test_old_entries_go(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SETTLED", 0)
    monkeypatch.setattr(module, "MOST", 8)
    place = tmp_path / "digests"
    for number in range(20):
        os.truncate(model, number)
        settle(model)
        DigestCache(str(place)).put(model.stat(), LABELS, DIGEST, time.time_ns())
    assert len(list(place.iterdir())) <= 8
    assert DigestCache(str(place)).get(model.stat(), LABELS) == DIGEST


WRITER = """
import os, sys, time
from violet.provenance import cache
cache.SETTLED = 0
status = os.stat(sys.argv[1])
found = cache.DigestCache(sys.argv[2])
print("ready", flush=True)
while True:
    found.put(status, (sys.argv[3],), ("ab" * 32,), time.time_ns())
"""


def test_writers_that_are_killed_leave_nothing_wrong(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETTLED", 0)
    settle(model)
    place = tmp_path / "digests"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(model), str(place), label], stdout=subprocess.PIPE, text=True
        )
        for label in ("sha256", "blake3")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    reader = DigestCache(str(place))
    seen = 0
    for _ in range(300):
        for label in ("sha256", "blake3"):
            found = reader.get(model.stat(), (label,))
            assert found in (None, ("ab" * 32,))
            seen += found is not None
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        assert writer.stdout is not None
        writer.stdout.close()
    assert reader.get(model.stat(), ("sha256",)) in (None, ("ab" * 32,))
    assert seen
