"""Fuzz entry: every reader of compressed streams gives an outcome for any bytes."""

from __future__ import annotations

from tests.formats.archive_files import STREAMS, survives


def fuzz_one(data: bytes) -> None:
    for format_id, lead in STREAMS.items():
        survives(format_id, data, "model.pkl")
        survives(format_id, lead + data, "model.pkl")
