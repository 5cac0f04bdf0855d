"""Fuzz entry: the skops-schema reader gives an outcome for any bytes."""

from __future__ import annotations

from tests.formats.tensor_files import survives


def fuzz_one(data: bytes) -> None:
    survives("skops-schema", data, "schema.json")
