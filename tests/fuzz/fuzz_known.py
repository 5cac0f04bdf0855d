"""Fuzz entry: the ends of images and sounds, and every sniffer."""

from __future__ import annotations

from tests.formats.tensor_files import survives


def fuzz_one(data: bytes) -> None:
    survives("png", data)
    for lead in (b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8", b"BM", b"RIFF"):
        survives("png", lead + data)
