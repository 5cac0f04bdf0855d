"""Fuzz entry: the Dockerfile reader gives an outcome for any bytes."""

from __future__ import annotations

from tests.formats.tensor_files import survives


def fuzz_one(data: bytes) -> None:
    survives("dockerfile", data, "Dockerfile")
