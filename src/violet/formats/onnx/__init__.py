"""ONNX: a protocol buffers message of graphs, operators and initialisers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format, Parsed, Probe, never

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

_FIRST = frozenset((0x08, 0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72, 0xA2, 0xCA, 0xD2))
"""First bytes of the tags of a model's fields."""


def sniff(probe: Probe) -> Certainty:
    named = probe.suffix == ".onnx"
    if not probe.head or (probe.head[0] not in _FIRST and not named):
        return Certainty.NO
    from violet.formats.onnx.recognise import recognise

    return recognise(probe, named)


def sniff_tensor(probe: Probe) -> Certainty:
    """A ``TensorProto`` alone in a file, as test data of models are: its name says no more than ``.pb``."""
    if probe.suffix != ".pb":
        return Certainty.NO
    from violet.formats.onnx.recognise import is_tensor

    return Certainty.CERTAIN if is_tensor(probe) else Certainty.NO


def read_tensor(source: Source, reading: Reading) -> Parsed:
    from violet.formats.onnx.reader import read_onnx_tensor

    return read_onnx_tensor(source, reading)


def read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.onnx.reader import read_onnx

    return read_onnx(source, reading)


FORMAT = Format(
    id="onnx",
    title="ONNX",
    suffixes=(".onnx",),
    sniff=sniff,
    read=read,
    rank=22,
)

WEIGHTS = Format(
    id="onnx-weights",
    title="tensor data of an ONNX model",
    suffixes=(),
    sniff=never,  # plain numbers: known by the model that names the file
    inert=True,
)

TENSOR = Format(
    id="onnx-tensor",
    title="ONNX tensor",
    suffixes=(".pb",),
    sniff=sniff_tensor,
    read=read_tensor,
    rank=40,
    first=b"\x08\x0a\x10",
)

FORMATS = (FORMAT, WEIGHTS, TENSOR)
