"""Fuzz entry: the gguf reader gives an outcome for any bytes."""

from __future__ import annotations

from tests.formats.tensor_files import survives


def fuzz_one(data: bytes) -> None:
    survives("gguf", data, "model.gguf")
