"""What reading everything finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.formats.executables import elf, macho, pe
from violet.checks.examine import examine_file
from violet.domain import Finding

RULE = "artifact/executable-embedded"


def positive(directory: Path) -> Path:
    path = directory / "weights.raw"
    path.write_bytes(b"\x00\x01weights" * 30 + elf() + bytes(100))
    return path


def benign(directory: Path) -> Path:
    path = directory / "weights.raw"
    path.write_bytes(np.random.default_rng(0).bytes(5_000))
    return path


def tensors(directory: Path, *hidden: bytes) -> Path:
    path = directory / "model.safetensors"
    noise = np.random.default_rng(0).integers(0, 256, 100_003, dtype=np.uint8)
    data = np.concatenate([noise, *(np.frombuffer(h, np.uint8) for h in hidden), noise])
    save_file({"weight": data}, path)
    return path


def found(path: Path) -> list[Finding]:
    examined = examine_file(str(path), deep=True).outcomes
    return [o for o in examined if isinstance(o, Finding) and o.rule == RULE]


@pytest.mark.parametrize(
    ("hidden", "evidence"),
    [
        (elf(), "x86-64"),
        (pe(), "x86-64"),
        (macho(), "AArch64"),
        (b"cposix\nsystem\n", "cposix"),
        (b"\x8c\x05posix\x94\x8c\x06system\x94\x93", "system"),
        (b"#!/bin/sh\nid\n", "#!/bin/sh"),
    ],
)
def test_payloads_in_a_tensor(tmp_path: Path, hidden: bytes, evidence: str) -> None:
    path = tensors(tmp_path, hidden)
    hits = found(path)
    assert len(hits) == 1
    assert evidence in hits[0].evidence
    assert hits[0].location.offset == path.read_bytes().index(hidden)


def test_noise_is_silent_and_headers_alone_do_not_count(tmp_path: Path) -> None:
    assert found(tensors(tmp_path)) == []
    assert found(tensors(tmp_path, b"\x7fELF" + bytes(80), b"MZ" + bytes(100) + b"PE\0\0")) == []


def test_a_payload_across_the_edge_of_two_pieces(tmp_path: Path) -> None:
    from violet.formats.executable.search import PIECE, search
    from violet.formats.source import BytesSource

    for place in (PIECE - 3, PIECE - 1, PIECE, PIECE + 1):
        data = bytes(place) + elf() + bytes(1000)
        assert [hit.offset for hit in search(BytesSource(data))] == [place]


def test_it_is_asked_for(tmp_path: Path) -> None:
    path = tensors(tmp_path, elf())
    assert not [o for o in examine_file(str(path)).outcomes if isinstance(o, Finding)]
