"""Archives that expand without reason."""

from __future__ import annotations

import gzip
import struct
from typing import TYPE_CHECKING

import numpy as np

from tests.checks.examples import outcomes, rules
from tests.corpus.zipcraft import Member, archive

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/archive-bomb"


def overlapping() -> bytes:
    single = archive([Member(b"w.bin", bytes(2_000_000), deflate=True)])
    start, end = single.index(b"PK\x01\x02"), single.rindex(b"PK\x05\x06")
    record = single[start:end]
    tail = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 200, 200, len(record) * 200, start, 0)
    return single[:start] + record * 200 + tail


def positive(directory: Path) -> Path:
    path = directory / "model.zip"
    path.write_bytes(overlapping())
    return path


def benign(directory: Path) -> Path:
    """A model that was initialised with zeros: a thousand times smaller, and no bomb."""
    path = directory / "model.npz"
    np.savez_compressed(path, layer=np.zeros((3000, 1000)))
    return path


def test_nothing_but_zeros(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl.gz"
    path.write_bytes(gzip.compress(bytes(50_000_000)))
    assert RULE in rules(path)


def test_a_size_out_of_all_proportion(tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(archive([Member(b"a.bin", b"text\n", deflate=True, size=3 << 30)]))
    assert RULE in {f.rule for f in outcomes(path) if f.severity.name == "HIGH"}
