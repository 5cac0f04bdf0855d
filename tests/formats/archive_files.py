"""What the tests of archive formats share: read bytes as one format, and look at what came of it."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

from violet.formats.archive import ArchiveFacts, Member
from violet.formats.base import Child, Parsed, Reading, Relation
from violet.formats.registry import by_id, identify
from violet.formats.source import BoundExceededError, Bounds, BytesSource, Meter

if TYPE_CHECKING:
    from violet.formats.source import Source

SMALL = Bounds(members=500, expanded=4 << 20, in_memory=1 << 20, table=1 << 20)

STREAMS = {
    "gzip": b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    "bzip2": b"BZh91AY&SY",
    "xz": b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46",
    "lzma": b"\x5d\0\0\x80\0" + b"\xff" * 8 + b"\0",
    "zlib": b"\x78\x9c",
    "zstd": b"\x28\xb5\x2f\xfd",
    "lz4": b"\x04\x22\x4d\x18",
}
"""How each kind of compressed stream begins."""


def read(
    format_id: str, data: bytes | Source, name: str = "", *, bounds: Bounds | None = None, deep: bool = False
) -> Parsed:
    entry = by_id()[format_id]
    assert entry.read is not None
    limits = bounds or Bounds()
    source = BytesSource(data) if isinstance(data, bytes) else data
    return entry.read(source, Reading(name, limits, Meter(limits), deep))


def survives(format_id: str, data: bytes, name: str = "") -> None:
    """Identify and read; only an exceeded bound may be raised, by the reader or by what it gives."""
    identify(BytesSource(data), name)
    for deep in (False, True):
        try:
            parsed = read(format_id, data, name, bounds=SMALL, deep=deep)
            for child in parsed.children:
                child.source.read(0, 4096)
                child.source.read(max(child.source.size - 22, 0), 22)
        except BoundExceededError:
            continue
        for defect in parsed.defects:
            assert defect.kind
            defect.message.encode("utf-8")


def content(source: Source) -> bytes:
    parts = []
    at = 0
    while piece := source.read(at, 1 << 16):
        parts.append(piece)
        at += len(piece)
    return b"".join(parts)


def kinds(parsed: Parsed) -> set[str]:
    return {defect.kind for defect in parsed.defects}


def keys(parsed: Parsed, kind: str) -> set[str]:
    return {defect.key for defect in parsed.defects if defect.kind == kind}


def found(parsed: Parsed, relation: Relation = Relation.MEMBER) -> dict[str, bytes]:
    """Name and content of the children of one relation."""
    return {child.name: content(child.source) for child in parsed.children if child.relation is relation}


def hidden(parsed: Parsed) -> list[bytes]:
    return [content(child.source) for child in parsed.children if child.relation is Relation.HIDDEN]


def only(parsed: Parsed) -> Child:
    (child,) = parsed.children
    return child


def members(parsed: Parsed) -> tuple[Member, ...]:
    assert isinstance(parsed.facts, ArchiveFacts)
    return parsed.facts.members


def tar_of(*members_: tuple[tarfile.TarInfo, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as archive:
        for info, data in members_:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return target.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    info.mode = mode
    return info
