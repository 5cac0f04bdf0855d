"""Fuzz entry: the tar reader gives an outcome for any bytes, and so do the contents of what it finds."""

from __future__ import annotations

from tests.formats.archive_files import survives


def fuzz_one(data: bytes) -> None:
    survives("tar", data, "m.tar")
