"""Frames that lie about their extent."""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from tests.checks.examples import outcomes, rules

if TYPE_CHECKING:
    from pathlib import Path


SPLIT = b"\x80\x04\x95" + (7).to_bytes(8, "little") + b"ccollections\nOrderedDict\n."


def positive(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(SPLIT)
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps(list(range(100_000))))
    return path


def test_the_c_unpickler_really_imports_another_name(tmp_path: Path) -> None:
    seen: list[str] = []

    class Tracer(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            seen.append(f"{module}.{name}")
            return dict

    Tracer(io.BytesIO(SPLIT)).load()
    assert seen == ["tions.OrderedDict"]
    assert "artifact/pickle-frame" in rules(positive(tmp_path))


def test_a_frame_beyond_the_end_of_what_loads_is_high(tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(b"\x80\x04\x95\xff\0\0\0\0\0\0\0K\x01.")
    assert [f.severity.name for f in outcomes(path)] == ["HIGH"]
    path.write_bytes(pickle.dumps(list(range(1000)), 4)[:-100])  # cut short
    assert "artifact/pickle-frame" not in rules(path)


@pytest.mark.parametrize("protocol", [4, 5])
@pytest.mark.parametrize("size", [0, 10, 65_530, 65_536, 65_537, 200_000])
def test_frames_of_the_picklers_are_silent(tmp_path: Path, protocol: int, size: int) -> None:
    for pickler in (pickle.Pickler, pickle._Pickler):  # type: ignore[attr-defined]
        file = io.BytesIO()
        pickler(file, protocol).dump(["x" * size, b"y" * size, list(range(size))])
        path = tmp_path / "m.pkl"
        path.write_bytes(file.getvalue())
        assert outcomes(path) == []
