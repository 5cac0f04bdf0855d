"""Fuzz entry: the readers of executables give an outcome for any bytes."""

from __future__ import annotations

from tests.formats.tensor_files import survives


def fuzz_one(data: bytes) -> None:
    for name in ("elf", "pe", "macho", "ape"):
        survives(name, data, "x")
