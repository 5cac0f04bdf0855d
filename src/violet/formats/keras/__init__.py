"""Keras: configurations in JSON or YAML, wherever they stand, and the ``.keras`` archive that holds one.

The configuration of a legacy HDF5 model is an attribute of that file; the HDF5 reader hands it over as a
``keras-config`` child.
"""

from __future__ import annotations

import re

from violet.formats.archive import zip_names
from violet.formats.base import Certainty, Format, Parsed, Probe, Reading
from violet.formats.source import Source

# Compiled when first asked for, which for most files is never.
_CLASS = rb'"class_name"\s*:'
_YAML_CLASS = rb"(?m)^\s*(?:- )?class_name\s*:"
_YAML_SUFFIXES = (".yaml", ".yml")
_ESCAPED = rb"\\u00([2-7][0-9a-fA-F])"
SEARCHED = 1 << 20
"""Bytes of a JSON file that are searched for a class name where its beginning has none."""


def _unescape(found: re.Match[bytes]) -> bytes:
    return bytes([int(found.group(1), 16)])


def looks_like_config(head: bytes) -> bool:
    """Whether JSON text begins like something that Keras would deserialize."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head[:4]:
        head = head.replace(b"\0", b"").lstrip(b"\xff\xfe")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return start in (b"{", b"[") and bool(re.search(_CLASS, head)) and b'"config"' in head


def sniff_config(probe: Probe) -> Certainty:
    head = probe.head
    if head[:1] not in (b"{", b"[", b" ", b"\n", b"\r", b"\t", b"\xef", b"\xff", b"\xfe", b"\0"):
        return Certainty.NO
    if looks_like_config(head):
        return Certainty.LIKELY
    if (probe.suffix == ".json" and len(head) < probe.source.size <= SEARCHED) or b"\\u00" in head:
        whole = probe.source.read(0, SEARCHED)
        return Certainty.LIKELY if looks_like_config(re.sub(_ESCAPED, _unescape, whole)) else Certainty.NO
    return Certainty.NO


def _read_config(source: Source, reading: Reading) -> Parsed:
    from violet.formats.keras.config import read

    return read(source, reading)


def _sniff_yaml(probe: Probe) -> Certainty:
    if probe.suffix not in _YAML_SUFFIXES:
        return Certainty.NO
    head = probe.head
    return Certainty.LIKELY if re.search(_YAML_CLASS, head) and b"config:" in head else Certainty.NO


def _read_yaml(source: Source, reading: Reading) -> Parsed:
    from violet.formats.keras.yaml_text import read

    return read(source, reading)


def _sniff_archive(probe: Probe) -> Certainty:
    if not probe.head.startswith(b"PK") and probe.suffix != ".keras":
        return Certainty.NO
    names = zip_names(probe)
    if "config.json" not in names:
        return Certainty.NO
    if "metadata.json" in names or any(n.startswith("model.weights.") for n in names[:50]):
        return Certainty.CERTAIN
    return Certainty.CERTAIN if probe.suffix == ".keras" else Certainty.NO


def _read_archive(source: Source, reading: Reading) -> Parsed:
    from violet.formats.keras.package import read

    return read(source, reading)


FORMATS = (
    Format(
        "keras-config",
        "Keras configuration",
        (".json",),
        sniff_config,
        _read_config,
        executable=True,
        rank=40,
        textual=True,
    ),
    Format(
        "keras-yaml",
        "Keras configuration in YAML",
        _YAML_SUFFIXES,
        _sniff_yaml,
        _read_yaml,
        True,
        rank=40,
        textual=True,
    ),
    Format("keras", "Keras model archive", (".keras",), _sniff_archive, _read_archive, executable=True, rank=30),
)
