"""Fuzz entry: any bytes are read as a bill of materials, or refused in one sentence."""

from __future__ import annotations

from violet.provenance.bom.compare import compare
from violet.provenance.bom.reader import BomError, read_bom


def fuzz_one(data: bytes) -> None:
    for text in (data, b'{"bomFormat": "CycloneDX", "components": ' + data + b"}"):
        try:
            bom = read_bom(text)
        except BomError:
            continue
        assert bom is None or compare(bom, bom).empty
