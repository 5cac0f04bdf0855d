"""Files that are whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from violet.domain.whole_file import whole_file


def test_it_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(b"old")
    with whole_file(path) as file:
        file.write(b"ne")
        assert path.read_bytes() == b"old"
        file.write(b"w")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["state"]


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
