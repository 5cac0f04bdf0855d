"""Reading an executable: its header, and what comes after its end."""

from __future__ import annotations

from violet.formats.base import Child, Defect, Parsed, Reading, Relation
from violet.formats.executable import APE
from violet.formats.executable.headers import ExecutableFacts, read_header
from violet.formats.source import Source

SLACK = 16
"""Bytes of padding after the end of an executable that are not worth telling."""


def read(source: Source, reading: Reading) -> Parsed:
    start = source.read(0, 8)
    if start in APE:
        # the zip archive inside is recognised on its own, as a second format of the same bytes
        return Parsed(facts=ExecutableFacts("ape", "any", "program"))
    facts = read_header(source)
    if facts is None:
        kind = {b"\x7f": "elf", b"M": "pe"}.get(start[:1], "macho")
        parsed = Parsed(facts=ExecutableFacts(kind, problem="its headers do not hold together"))
        parsed.defects.append(Defect("malformed", "its headers do not hold together", 0, "header"))
        return parsed
    parsed = Parsed(facts=facts)
    extent = facts.extent
    if extent is None:
        return parsed
    if extent > source.size:
        facts.problem = f"its headers speak of {extent:,} bytes, there are {source.size:,}"
        parsed.defects.append(Defect("truncated", facts.problem, source.size, "extent"))
    elif source.size - extent > SLACK and source.read(extent, 4096).strip(b"\0"):
        parsed.children.append(
            Child("appended", source.window(extent, source.size - extent), Relation.HIDDEN, offset=extent)
        )
    return parsed
