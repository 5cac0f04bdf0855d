"""Files that break the rules of their format."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import save

from tests.checks.examples import outcomes, rules

if TYPE_CHECKING:
    from pathlib import Path


OVERLAP = b'{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}'


def positive(directory: Path) -> Path:
    path = directory / "m.safetensors"
    path.write_bytes(struct.pack("<Q", len(OVERLAP)) + OVERLAP + bytes(6))
    return path


def benign(directory: Path) -> Path:
    path = directory / "m.safetensors"
    path.write_bytes(save({"a": np.zeros(4)}))
    return path


def test_an_overlap_is_high(tmp_path: Path) -> None:
    found = [f for f in outcomes(positive(tmp_path)) if f.rule == "artifact/malformed"]
    assert "HIGH" in {f.severity.name for f in found}


def test_rules_are_named_once(tmp_path: Path) -> None:
    assert "artifact/malformed" in rules(positive(tmp_path))
