"""TensorFlow: SavedModels, graphs, meta graphs, their text forms, Keras metadata and checkpoints.

Facts from the ``.proto`` files of TensorFlow (``saved_model``, ``meta_graph``, ``graph``, ``function``,
``node_def``, ``attr_value``, ``saved_object_graph``, ``saved_metadata``, ``fingerprint``).
"""

from __future__ import annotations

import re

from violet.formats.base import Certainty, Format, Parsed, Probe, Reading
from violet.formats.source import Source

# Compiled when first asked for, which for most files is never.
_TEXT_START = (
    rb"\A(?:\s|#[^\n]*\n)*(?:saved_model_schema_version\s*:|meta_graphs\s*[{<]|meta_info_def\s*[{<]|graph_def\s*[{<]"
    rb"|node\s*[{<]\s*(?:name|op)\s*:|library\s*[{<]|versions\s*[{<]\s*producer)"
)
_DATA_NAME = r"\.data-\d{5}-of-\d{5}\Z"
_TABLE_MAGIC = bytes.fromhex("57fb808b247547db")
_RIEGELI = bytes.fromhex("83af70d10d884a3f")
_FIRST_TAGS = b"\x0a\x12\x1a\x22\x2a"


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 63, 7):
        if at >= len(data):
            return -1, at
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    return -1, at


def _sniff_saved_model(probe: Probe) -> Certainty:
    head = probe.head
    name = probe.name.lower()
    if name == "saved_model.pb" and head[:1] in (b"\x08", b"\x12"):
        return Certainty.CERTAIN
    if head[:1] != b"\x08" or len(head) < 8:
        return Certainty.NO
    otherwise = Certainty.POSSIBLE if probe.suffix == ".pb" and name not in _OWN_NAMES else Certainty.NO
    version, at = _varint(head, 1)
    if not 0 <= version < 16 or head[at : at + 1] != b"\x12":
        return otherwise
    length, at = _varint(head, at + 1)
    if length < 16 or head[at : at + 1] != b"\x0a":
        return otherwise
    info, inner = _varint(head, at + 1)
    # A meta_info_def has only the fields 1 to 8; ONNX keeps the name of its producer in this place.
    fits = 0 <= info < length and head[inner : inner + 1] in (
        b"\x0a",
        b"\x12",
        b"\x1a",
        b"\x22",
        b"\x2a",
        b"\x32",
        b"\x3a",
    )
    return Certainty.LIKELY if fits else otherwise


def _sniff_graph(probe: Probe) -> Certainty:
    head = probe.head
    if head[:1] == b"\x0a":
        from violet.formats.tensorflow.reader import looks_like_graph

        if looks_like_graph(head):
            return Certainty.CERTAIN if probe.suffix in (".pb", ".graphdef") else Certainty.LIKELY
    named = probe.suffix in (".pb", ".graphdef") and probe.name.lower() not in _OWN_NAMES
    return Certainty.POSSIBLE if named and head[:1] and head[0] in _FIRST_TAGS else Certainty.NO


_OWN_NAMES = ("saved_model.pb", "keras_metadata.pb", "fingerprint.pb")


def _sniff_meta_graph(probe: Probe) -> Certainty:
    head = probe.head
    if probe.suffix != ".meta" or head[:1] not in (b"\x0a", b"\x12"):
        return Certainty.NO
    return Certainty.LIKELY if b"\x12" in head[:64] or b"\x0a" in head[1:64] else Certainty.NO


def _sniff_metadata(probe: Probe) -> Certainty:
    if probe.name.lower() == "keras_metadata.pb" and probe.head[:1] == b"\x0a":
        return Certainty.CERTAIN
    if probe.head[:1] == b"\x0a" and b"_tf_keras_" in probe.head[:512]:
        return Certainty.LIKELY
    return Certainty.NO


def _sniff_text(probe: Probe) -> Certainty:
    if probe.suffix not in (".pbtxt", ".prototxt", ".txt", "") and b"node" not in probe.head[:256]:
        return Certainty.NO
    if re.match(_TEXT_START, probe.head):
        return Certainty.CERTAIN
    named = probe.name.lower() in ("saved_model.pbtxt", "graph.pbtxt")
    return Certainty.LIKELY if named and b"\0" not in probe.head else Certainty.NO


def _sniff_fingerprint(probe: Probe) -> Certainty:
    small = probe.source.size < 4096 and probe.head[:1] == b"\x08"
    return Certainty.CERTAIN if probe.name.lower() == "fingerprint.pb" and small else Certainty.NO


def _sniff_index(probe: Probe) -> Certainty:
    if probe.suffix != ".index" or probe.source.size < 48:
        return Certainty.NO
    return Certainty.CERTAIN if probe.source.read(probe.source.size - 8, 8) == _TABLE_MAGIC else Certainty.NO


def _sniff_data(probe: Probe) -> Certainty:
    return Certainty.POSSIBLE if re.search(_DATA_NAME, probe.name.lower()) else Certainty.NO


def _sniff_chunked(probe: Probe) -> Certainty:
    return Certainty.CERTAIN if probe.suffix == ".cpb" and probe.head.startswith(_RIEGELI) else Certainty.NO


def _read_saved_model(source: Source, reading: Reading) -> Parsed:
    from violet.formats.tensorflow.reader import read_saved_model

    return read_saved_model(source, reading)


def _read_graph(source: Source, reading: Reading) -> Parsed:
    from violet.formats.tensorflow.reader import read_graph

    return read_graph(source, reading)


def _read_meta_graph(source: Source, reading: Reading) -> Parsed:
    from violet.formats.tensorflow.reader import read_meta_graph

    return read_meta_graph(source, reading)


def _read_metadata(source: Source, reading: Reading) -> Parsed:
    from violet.formats.tensorflow.reader import read_keras_metadata

    return read_keras_metadata(source, reading)


def _read_text(source: Source, reading: Reading) -> Parsed:
    from violet.formats.tensorflow.text_graph import read

    return read(source, reading)


FORMATS = (
    Format(
        "tensorflow-savedmodel",
        "TensorFlow SavedModel",
        (".pb",),
        _sniff_saved_model,
        _read_saved_model,
        True,
        rank=20,
        first=b"\x08\x12",
    ),
    Format(
        "tensorflow-graph",
        "TensorFlow graph",
        (".pb", ".graphdef"),
        _sniff_graph,
        _read_graph,
        True,
        rank=45,
        first=_FIRST_TAGS,
    ),
    Format(
        "tensorflow-metagraph",
        "TensorFlow meta graph",
        (".meta",),
        _sniff_meta_graph,
        _read_meta_graph,
        True,
        first=b"\x0a\x12",
    ),
    Format(
        "tensorflow-text", "TensorFlow graph as text", (".pbtxt",), _sniff_text, _read_text, True, rank=40, textual=True
    ),
    Format(
        "keras-metadata",
        "Keras metadata of a SavedModel",
        (".pb",),
        _sniff_metadata,
        _read_metadata,
        True,
        rank=25,
        first=b"\x0a",
    ),
    Format("tensorflow-chunked", "Chunked SavedModel", (".cpb",), _sniff_chunked, executable=True),
    Format(
        "tensorflow-fingerprint",
        "SavedModel fingerprint",
        (".pb",),
        _sniff_fingerprint,
        inert=True,
        rank=25,
        first=b"\x08",
    ),
    Format("tensorflow-checkpoint-index", "TensorFlow checkpoint index", (), _sniff_index, inert=True),
    Format("tensorflow-checkpoint-data", "TensorFlow checkpoint data", (), _sniff_data, inert=True, rank=90),
)
