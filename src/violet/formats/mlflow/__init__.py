"""The ``MLmodel`` file of an MLflow model: which module loads it, with which code and data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format
from violet.formats.text import is_textual

if TYPE_CHECKING:
    from violet.formats.base import Parsed, Probe, Reading
    from violet.formats.source import Source


def _sniff(probe: Probe) -> Certainty:
    if probe.name.lower() == "mlmodel":
        # not the Core ML format of the same name, which is a protocol buffer
        return Certainty.LIKELY if is_textual(probe) else Certainty.NO
    if b"\nflavors:" in probe.head and (b"loader_module:" in probe.head or b"mlflow_version" in probe.head):
        return Certainty.LIKELY if is_textual(probe) else Certainty.NO
    return Certainty.NO


def _read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.mlflow.reader import read

    return read(source, reading)


FORMAT = Format("mlflow", "MLflow model", ("mlmodel",), _sniff, _read, executable=True, rank=60, textual=True)
