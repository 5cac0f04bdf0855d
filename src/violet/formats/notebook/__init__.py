"""Jupyter notebooks: code cells, magics and outputs, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format
from violet.formats.json_text import looks_like_json

if TYPE_CHECKING:
    from violet.formats.base import Parsed, Probe, Reading
    from violet.formats.source import Source


def _sniff(probe: Probe) -> Certainty:
    head = probe.head
    if head[:1] not in (b"{", b" ", b"\n", b"\r", b"\t", b"\xef") or not looks_like_json(head):
        return Certainty.NO
    if probe.suffix == ".ipynb":
        return Certainty.LIKELY
    if b'"cells"' in head and (b'"cell_type"' in head or b'"nbformat"' in head):
        return Certainty.LIKELY
    return Certainty.NO


def _read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.notebook.cells import read

    return read(source, reading)


FORMAT = Format("notebook", "Jupyter notebook", (".ipynb",), _sniff, _read, executable=True, rank=55, textual=True)
