"""Fuzz entry: the readers of lists of packages give an outcome for any bytes."""

from __future__ import annotations

from tests.formats.tensor_files import survives


def fuzz_one(data: bytes) -> None:
    for name in ("requirements.txt", "environment.yml", "meta.yaml"):
        survives("requirements", data, name)
