"""Files that are whole or not there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from violet.domain.whole_file import whole_file, write_all


def test_it_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(b"old")
    with whole_file(path) as file:
        file.write(b"ne")
        assert path.read_bytes() == b"old"
        file.write(b"w")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["state"]


def test_a_private_one_is_its_owner_s_whatever_was_there(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "state", tmp_path / "elsewhere"
    elsewhere.write_bytes(b"other")
    path.symlink_to(elsewhere)
    with whole_file(path, private=True, synced=False) as file:
        file.write(b"new")
    assert (path.read_bytes(), elsewhere.read_bytes()) == (b"new", b"other")
    assert stat.S_IMODE(path.lstat().st_mode) == 0o600


def test_all_is_written_where_a_disk_takes_little_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:1_000]))
    with open(tmp_path / "file", "wb") as file:
        write_all(file.fileno(), bytes(range(256)) * 40)
    assert (tmp_path / "file").read_bytes() == bytes(range(256)) * 40


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_half_of_it_is_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    def broken() -> None:
        with whole_file(tmp_path / "state") as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        broken()
    assert os.listdir(tmp_path) == []


def test_where_it_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "no" / "state"):
        pass
