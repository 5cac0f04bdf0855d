"""What stands between, before and after the parts of a zip archive that its directory speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.archive import Member
from violet.formats.base import Child, Defect, Relation
from violet.formats.compressed.frames import first_nonzero
from violet.formats.zip import content as contents
from violet.formats.zip.directory import CENTRAL, END64, LOCAL, LOCATOR, local_header

if TYPE_CHECKING:
    from violet.formats.base import Parsed, Reading
    from violet.formats.source import Source
    from violet.formats.zip.directory import Directory, Entry, Local

DESCRIPTOR = b"PK\x07\x08"
SEARCHED = 1 << 20
"""Bytes of a gap that are searched for the next local header."""
MOST_ZEROS = 1 << 26
"""Bytes of zero padding that are looked through."""
LONGEST_LINE = 256
NOTE = 1024
"""Bytes that an archive's comment may have before it is examined; one that is no text always is."""
MOST_OF_BOMB = 8
OVERLAP_BOMB = 64 << 20

_LAUNCHERS = (b"MZ", b"\x7fELF", b"#!", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa\xcf")


class Extent:
    """The bytes of one member, from its local header to the end of its content."""

    __slots__ = ("entry", "local", "start", "stop")

    def __init__(self, start: int, stop: int, entry: Entry, local: Local) -> None:
        self.start = start
        self.stop = stop
        self.entry = entry
        self.local = local


class Survey:
    """Goes through the bytes of an archive that no directory claims."""

    def __init__(self, source: Source, reading: Reading, parsed: Parsed, members: list[Member]) -> None:
        self.source = source
        self.reading = reading
        self.parsed = parsed
        self.members = members

    def between(self, extents: list[Extent], main: Directory, others: list[Directory]) -> None:
        """Everything that the main directory leaves out. ``extents`` are in the order of the file."""
        at, last = 0, None
        shared: list[Extent] = []
        for extent in extents:
            if extent.start < at:
                shared.append(extent)
            elif extent.start > at:
                self._gap(at, extent.start, last)
            if extent.stop >= at:
                at, last = extent.stop, extent
        if shared or at > main.start:
            self._overlap(shared, extents)
        skip = sorted((place.start, place.stop) for place in others)
        for start, stop in skip:
            if at <= start < main.start:
                self._gap(at, start, last)
                at, last = stop, None
        self._gap(at, main.start, last)
        self._after_directory(main)
        self._comment(main)

    def _overlap(self, shared: list[Extent], extents: list[Extent]) -> None:
        total = sum(extent.entry.size for extent in extents)
        names = ", ".join(repr(extent.entry.name) for extent in shared[:5])
        offset = shared[0].start if shared else None
        text = f"Members share bytes of the file with others or with the directory ({len(shared)} of them)."
        self.parsed.defects.append(Defect("overlap", text, offset, "overlap", names))
        if total > OVERLAP_BOMB and total > 100 * self.source.size:
            text = f"Overlapping members expand {self.source.size:,} bytes to {total:,}."
            self.parsed.defects.append(Defect("bomb", text, offset, "overlap", names))
            self._leave_out({extent.entry.name for extent in shared})

    def _leave_out(self, shared: set[str]) -> None:
        """Expand a few of the members that make a bomb, and say that the others were not looked at."""
        members = [c for c in self.parsed.children if c.relation is Relation.MEMBER and c.name in shared]
        left_out = {id(child) for child in members[MOST_OF_BOMB:]}
        if left_out:
            self.parsed.children[:] = [c for c in self.parsed.children if id(c) not in left_out]
            self.parsed.unexamined.append(f"{len(left_out):,} members of an overlapping bomb")

    def _gap(self, at: int, stop: int, last: Extent | None) -> None:
        if last is not None and (last.local.flags | last.entry.flags) & 8:
            at += self._descriptor(at, stop, last.entry)
        if at >= stop:
            return
        start = first_nonzero(self.source, at, min(stop, at + MOST_ZEROS))
        if start >= stop:
            return
        if last is None and at == 0:
            self._prefix(stop)
            return
        head = self.source.read(start, 4)
        if self._signing_block(start, stop):
            self._hide("signing block", start, stop, usual=True)
        elif head == CENTRAL:
            self._hide("abandoned directory", start, stop)
        else:
            self._walk_or_hide(start, stop)

    def _descriptor(self, at: int, stop: int, entry: Entry) -> int:
        """The length of the data descriptor at this position, 0 where there is none."""
        data = self.source.read(at, min(24, stop - at))
        skip = 4 if data[:4] == DESCRIPTOR else 0
        crc = int.from_bytes(data[skip : skip + 4], "little")
        for width in (4, 8):
            one = int.from_bytes(data[skip + 4 : skip + 4 + width], "little")
            two = int.from_bytes(data[skip + 4 + width : skip + 4 + 2 * width], "little")
            if len(data) >= skip + 4 + 2 * width and (one, two) == (entry.compressed, entry.size):
                if crc != entry.crc:
                    self._descriptor_differs(at, entry)
                return skip + 4 + 2 * width
        if not skip:
            return 0
        self._descriptor_differs(at, entry)
        after = len(data) >= 20 and self.source.read(at + 24, 4) in (LOCAL, CENTRAL)
        return 24 if after else min(16, stop - at)

    def _descriptor_differs(self, at: int, entry: Entry) -> None:
        text = f"Directory and data descriptor of member {entry.name!r} state different values."
        self.parsed.defects.append(Defect("contradiction", text, at, f"descriptor:{entry.name}"))

    def _prefix(self, stop: int) -> None:
        head = self.source.read(0, LONGEST_LINE)
        if stop == 4 and head[:4] in (DESCRIPTOR, b"PK00"):  # what a splitting writer puts there
            return
        if head.startswith(b"#!") and stop <= LONGEST_LINE and head[:stop].find(b"\n") in (-1, stop - 1):
            text = "A line that names an interpreter stands before the archive."
            evidence = head[:stop].decode("utf-8", "replace").strip()
            self.parsed.defects.append(Defect("foreign-data", text, 0, "launcher", evidence))
            return
        if head.startswith(_LAUNCHERS):
            self._hide("launcher", 0, stop, usual=True)
        elif head[:4] == LOCAL:
            self._walk_or_hide(0, stop)
        else:
            self._hide("before the archive", 0, stop)

    def _signing_block(self, start: int, stop: int) -> bool:
        """An APK signing block: its length at both ends, and its own magic number."""
        if self.source.read(stop - 16, 16) != b"APK Sig Block 42":
            return False
        length = int.from_bytes(self.source.read(stop - 24, 8), "little")
        first = stop - length - 8
        return first <= start + 8 and int.from_bytes(self.source.read(first, 8), "little") == length

    def _hide(self, name: str, start: int, stop: int, *, usual: bool = False) -> None:
        self.parsed.children.append(Child(name, self.source.window(start, stop - start), Relation.HIDDEN, offset=start))
        text = f"{stop - start:,} bytes belong to no member of the archive ({name})."
        head = self.source.read(start, 16).hex(" ")
        kind = "foreign-data" if usual else "hidden-data"
        self.parsed.defects.append(Defect(kind, text, start, name, f"begins with {head}"))

    def _walk_or_hide(self, start: int, stop: int) -> None:
        first = self.source.read(start, min(SEARCHED, stop - start)).find(LOCAL)
        if first < 0:
            self._hide("between members", start, stop)
            return
        if first:
            self._hide("between members", start, start + first)
        at = start + first
        while at < stop and (local := local_header(self.source, at)) is not None:
            self.reading.meter.member()
            after = self._local_member(local, stop, Relation.HIDDEN)
            text = f"Member {local.name!r} stands in the file and not in its directory."
            self.parsed.defects.append(Defect("hidden-data", text, at, f"member:{local.name}"))
            at = max(after, at + 30)
        rest = first_nonzero(self.source, at, min(stop, at + MOST_ZEROS))
        if rest < stop:
            self._hide("between members", rest, stop)

    def without_directory(self) -> None:
        """No end record leads to a directory: take the members as a reader of streams does."""
        at = 4 if self.source.read(0, 4) in (DESCRIPTOR, b"PK00") else 0
        stop = self.source.size
        while at < stop and (local := local_header(self.source, at)) is not None:
            self.reading.meter.member()
            at = max(self._local_member(local, stop, Relation.MEMBER), at + 30)
        text = "The archive has no directory: it is cut, or was never finished."
        self.parsed.defects.append(Defect("truncated", text, at, "directory"))
        self.parsed.unexamined.append("members that a directory would have named")
        if 0 < at < stop and self.source.read(at, 4) != CENTRAL:
            self._hide("after the last member", at, stop)

    def _local_member(self, local: Local, stop: int, relation: Relation) -> int:
        """Add the member that a local header announces. Gives where the next header can be."""
        limit = max(0, min(stop, self.source.size) - local.data)
        known = local.compressed or not local.flags & 8
        length = min(local.compressed, limit) if known else limit
        content: Source = self.source.window(local.data, length)
        after = local.data + length
        if local.flags & 1:
            self.parsed.unexamined.append(f"member {local.name!r}: it is encrypted")
        elif local.method != contents.STORED:
            made = contents.expansion(
                self.source, local.method, local.data, length, local.size or 1 << 62, self.reading.meter
            )
            if isinstance(made, str):
                self.parsed.unexamined.append(f"member {local.name!r}: {made}")
            else:
                if not known:
                    made.source.expand_to(1 << 62)
                    after = made.used
                content = made.source
        elif not known:
            after = self._find_descriptor(local.data, stop)
            content = self.source.window(local.data, after - local.data)
        if not local.name.endswith("/") or content.size:
            self.parsed.children.append(Child(local.name, content, relation, offset=local.header))
        self.members.append(Member(local.name, content.size, length, local.header, content))
        return self._skip_descriptor(after, stop) if local.flags & 8 else after

    def _find_descriptor(self, at: int, stop: int) -> int:
        """Where content of unknown length ends: the next data descriptor, else the end."""
        while at < stop:
            piece = self.source.read(at, min(SEARCHED + 3, stop - at))
            found = piece.find(DESCRIPTOR)
            if found >= 0:
                return at + found
            if len(piece) <= SEARCHED:
                break
            at += SEARCHED
        return stop

    def _skip_descriptor(self, at: int, stop: int) -> int:
        data = self.source.read(at, min(28, max(stop - at, 0)))
        for length in (16, 24) if data[:4] == DESCRIPTOR else (12, 20, 0):
            if data[length : length + 4] in (LOCAL, CENTRAL):
                return at + length
        return at + 16 if data[:4] == DESCRIPTOR else at

    def _after_directory(self, main: Directory) -> None:
        """Between the directory and its end record only zip64 records and a signature may stand."""
        at = main.stop
        for _ in range(8):
            head = self.source.read(at, 12)
            if head[:4] == END64:
                at += 12 + int.from_bytes(head[4:12], "little")
            elif head[:4] == LOCATOR:
                at += 20
            elif head[:4] == b"PK\x05\x05":
                at += 6 + int.from_bytes(head[4:6], "little")
            else:
                break
        if at < main.end and first_nonzero(self.source, at, min(main.end, at + MOST_ZEROS)) < main.end:
            self._hide("after the directory", at, main.end)

    def _comment(self, main: Directory) -> None:
        start, length = main.comment
        length = min(length, max(self.source.size - start, 0))
        comment = self.source.read(start, length)
        if length > NOTE or (length > 32 and not _is_text(comment)):
            usual = _is_text(comment)
            self._hide("archive comment", start, start + length, usual=usual)
        rest = start + length
        if rest < self.source.size and first_nonzero(self.source, rest, self.source.size) < self.source.size:
            self._hide("after the archive", rest, self.source.size)


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\r\n\t" for character in text)
