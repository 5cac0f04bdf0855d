"""Fuzz entry: the Parquet reader gives an outcome for any file, and for any footer."""

from __future__ import annotations

from tests.formats.tensor_files import survives


def fuzz_one(data: bytes) -> None:
    survives("parquet", data, "table.parquet")
    survives("parquet", b"PAR1" + data + len(data).to_bytes(4, "little") + b"PAR1", "table.parquet")
