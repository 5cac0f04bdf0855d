"""JSON: parsed where it is small enough, and always searched as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format
from violet.formats.text import is_textual

if TYPE_CHECKING:
    from violet.formats.base import Parsed, Probe, Reading
    from violet.formats.source import Source


def looks_like_json(head: bytes) -> bool:
    """Whether the first bytes begin a JSON object or array (and not a template or a TOML table)."""
    start = head[:256].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] == b"{":
        return start[1:].lstrip()[:1] in (b'"', b"}")
    if start[:1] == b"[":
        following = start[1:].lstrip()[:1]
        return following in (b"{", b"[", b'"', b"]", b"-") or following.isdigit()
    return False


def _sniff(probe: Probe) -> Certainty:
    head = probe.head
    if head[:1] not in (b"{", b"[", b" ", b"\n", b"\r", b"\t", b"\xef", b"\xff", b"\xfe"):
        return Certainty.NO
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.replace(b"\0", b"")[2:]
    if probe.suffix in (".jsonl", ".ndjson", ".toml", ".ini", ".cfg") or not looks_like_json(head):
        return Certainty.NO
    return Certainty.LIKELY if is_textual(probe) else Certainty.NO


def _read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.json_text.reader import read

    return read(source, reading)


FORMAT = Format(
    "json",
    "JSON",
    (".json", ".json5", ".jsonc", ".geojson", ".webmanifest"),
    _sniff,
    _read,
    inert=True,
    rank=80,
    textual=True,
)
