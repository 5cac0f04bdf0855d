"""Expand one compressed file, whatever its streams, and say what disagrees on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.archive import ArchiveFacts, Member, leaves
from violet.formats.base import Child, Defect, Parsed, Relation
from violet.formats.compressed import bombs
from violet.formats.compressed.frames import Notes, frames
from violet.formats.compressed.stream import ExpandedSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.formats.base import Reading
    from violet.formats.source import Source

MOST_PADDING = 1 << 24
"""Bytes after the last stream that are looked through for something that is not zero."""

_SUFFIXES = {
    ".gz": "", ".bz2": "", ".xz": "", ".lzma": "", ".zst": "", ".zstd": "", ".lz4": "", ".z": "", ".zlib": "",
    ".tgz": ".tar", ".tbz2": ".tar", ".tbz": ".tar", ".txz": ".tar", ".tlz": ".tar", ".tzst": ".tar",
    ".gzip": "", ".bz": "", ".tbz3": ".tar",
}  # fmt: skip


def read_compressed(kind: str, source: Source, reading: Reading) -> Parsed:
    """Expand the whole content: what it holds can only be known by doing so.

    Raises ``BoundExceededError`` where that takes more than the meter allows; a stream that grows absurdly
    is given up earlier, with a ``bomb`` defect.
    """
    notes = Notes()
    content = ExpandedSource(lambda: _guarded(kind, source, Notes()), 0, reading.meter)
    content.expand_all(_guarded(kind, source, notes))
    parsed = Parsed(defects=notes.defects, unexamined=notes.unexamined)
    name = inner_name(reading.name, notes.name)
    if content.broken:
        parsed.defects.append(_broken(content))
    elif content.size <= bombs.SIZE and bombs.is_bomb(content, content.size, source.size):
        text = f"{source.size:,} bytes expand to {content.size:,} that are all the same."
        parsed.defects.append(Defect("bomb", text, 0, "filler"))
    if content.size or not (notes.unexamined or content.broken):
        parsed.children.append(Child(name, content, Relation.CONTENT, offset=0))
    _hidden(source, notes, parsed)
    if reason := leaves(notes.name):
        parsed.defects.append(
            Defect("traversal", f"The name in the header is {reason}.", 0, notes.name, notes.name[:200])
        )
    parsed.facts = ArchiveFacts(kind, (Member(name, content.size, source.size, 0, content),))
    return parsed


def _guarded(kind: str, source: Source, notes: Notes) -> Iterator[bytes]:
    limit = max(bombs.SIZE, bombs.RATIO * source.size)
    total = 0
    for piece in frames(kind, source, notes):
        total += len(piece)
        yield piece
        if total > limit:
            notes.defects.append(
                Defect(
                    "bomb",
                    f"{source.size:,} bytes expand to more than {total:,}.",
                    0,
                    "ratio",
                    f"more than {total // max(source.size, 1):,} times its size",
                )
            )
            notes.unexamined.append(f"what follows the first {total:,} expanded bytes")
            return


def _broken(content: ExpandedSource) -> Defect:
    if content.ended_early:
        text = f"The compressed data ends in the middle, after {content.size:,} expanded bytes."
        return Defect("truncated", text, None, "stream", content.broken)
    text = f"The compressed data cannot be decoded past {content.size:,} expanded bytes."
    return Defect("malformed", text, None, "stream", content.broken)


def _hidden(source: Source, notes: Notes, parsed: Parsed) -> None:
    for name, offset, length, minor in notes.hidden:
        parsed.children.append(Child(name, source.window(offset, length), Relation.HIDDEN, offset=offset))
        text = f"{length:,} bytes stand where decoders skip them ({name})."
        head = source.read(offset, 16).hex(" ")
        parsed.defects.append(
            Defect("foreign-data" if minor else "hidden-data", text, offset, name, f"begins with {head}")
        )


def inner_name(outer: str, stated: str = "") -> str:
    """The name of what a compressed file holds: its own without the suffix that says it is compressed, or
    else the one that its header states, or else the same name."""
    dot = outer.rfind(".")
    suffix = outer[dot:].lower() if dot > 0 else ""
    if suffix in _SUFFIXES:
        return outer[:dot] + _SUFFIXES[suffix]
    return stated.replace("\\", "/").rpartition("/")[2] or outer or "data"
