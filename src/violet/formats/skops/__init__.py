"""skops: scikit-learn models as a zip archive with a ``schema.json`` that says how to build each object.

Facts from the loaders of the skops package (``skops.io``, protocols 0 to 3).
"""

from __future__ import annotations

from violet.formats.archive import zip_names
from violet.formats.base import Certainty, Format, Parsed, Probe, Reading
from violet.formats.source import Source

SCHEMA = "schema.json"


def looks_like_schema(head: bytes) -> bool:
    """Whether JSON text begins like a skops schema."""
    if b"\0" in head[:4] or head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.replace(b"\0", b"")
    return b'"__loader__"' in head and b'"__class__"' in head


def _sniff_schema(probe: Probe) -> Certainty:
    head = probe.head
    if b"__loader__" not in head and b"_\0_\0l\0o\0a" not in head:
        return Certainty.NO
    if head[:256].lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1] != b"{" or not looks_like_schema(head):
        return Certainty.NO
    return Certainty.CERTAIN


def _read_schema(source: Source, reading: Reading) -> Parsed:
    from violet.formats.skops.schema import read

    return read(source, reading)


def _sniff_archive(probe: Probe) -> Certainty:
    if not probe.head.startswith(b"PK") and probe.suffix != ".skops":
        return Certainty.NO
    names = zip_names(probe)
    if SCHEMA not in names:
        return Certainty.NO
    own = probe.suffix == ".skops" or all(n == SCHEMA or n.endswith((".npy", ".npz", ".bin")) for n in names)
    return Certainty.CERTAIN if own else Certainty.LIKELY


def _read_archive(source: Source, reading: Reading) -> Parsed:
    from violet.formats.skops.package import read

    return read(source, reading)


FORMATS = (
    Format("skops", "skops model archive", (".skops",), _sniff_archive, _read_archive, executable=True, rank=30),
    Format(
        "skops-schema", "skops schema", (".json",), _sniff_schema, _read_schema, executable=True, rank=30, textual=True
    ),
)
