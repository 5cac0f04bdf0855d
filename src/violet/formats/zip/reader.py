"""Read a zip archive as every reader that may be given it would, and say where they would differ."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from violet.formats.archive import ArchiveFacts, Member, leaves, link_leaves, normal_name
from violet.formats.base import Child, Defect, Parsed, Relation
from violet.formats.compressed import bombs
from violet.formats.source import BytesSource
from violet.formats.zip import content as contents
from violet.formats.zip.directory import (
    TAIL,
    Directory,
    Entry,
    Local,
    end_positions,
    local_header,
    locate,
    parse,
)
from violet.formats.zip.gaps import Extent, Survey
from violet.formats.zip.storages import mark

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source
    from violet.formats.zip.content import Expansion

REFUSING = 0x2061
"""Flag bits at which readers turn back: encrypted, patch data, strong encryption, masked headers."""
HIGHEST_VERSION = 63
"""The version needed to extract, times ten, that CPython and others accept at most."""
SMALL = 1 << 20
"""Bytes of a compressed member that is expanded and verified at once."""
SMALL_STORED = 1 << 16
UNIX = 3
"""The system whose file modes external attributes hold."""
EAGER = 16 << 20
"""Bytes of all members together that are verified at once; ``Reading.deep`` verifies everything."""
EAGER_STORED = 4 << 20
MOST_DIRECTORIES = 8
_CODE = (".pkl", ".pickle", ".py", ".json", ".txt")


def read(source: Source, reading: Reading) -> Parsed:
    """Raises ``BoundExceededError`` where the directory is too large or expansion costs too much."""
    return _Reader(source, reading).read()


class _Reader:
    def __init__(self, source: Source, reading: Reading) -> None:
        self.source = source
        self.reading = reading
        self.parsed = Parsed()
        self.members: list[Member] = []
        self.extents: list[Extent] = []
        self.links: dict[str, str] = {}
        self.expanded = 0
        self.stored = 0

    def read(self) -> Parsed:
        start = max(0, self.source.size - TAIL)
        ends = end_positions(self.source.read(start, TAIL), start)
        places = [place for end in ends for place in locate(self.source, end)]
        main = next(iter(places), None)
        survey = Survey(self.source, self.reading, self.parsed, self.members)
        if main is None:
            survey.without_directory()
        else:
            self._directory(main)
            self.extents.sort(key=lambda extent: extent.start)
            shadows = self._others(places, main)
            self._false_ends(ends, main, places)
            survey.between(self.extents, main, shadows)
        self._judge_checksums()
        self._judge_names()
        self._judge_links()
        mark(self.parsed.children, [member.name for member in self.members])
        self.parsed.facts = ArchiveFacts("zip", tuple(self.members))
        return self.parsed

    def _directory(self, place: Directory) -> None:
        parse(self.source, place, self.reading.bounds)
        self.parsed.defects.extend(place.defects)
        if place.volumes:
            self._contradiction(place.end, "volumes", "The end record speaks of further volumes.")
        for entry in place.entries:
            self._entry(entry, place.shift)

    def _within_member(self, position: int) -> bool:
        index = bisect_right(self.extents, position, key=lambda extent: extent.start)
        return index > 0 and position < self.extents[index - 1].stop

    def _others(self, places: list[Directory], main: Directory) -> list[Directory]:
        """Further directories, except those of archives that are members: what only they list is
        examined too."""
        others = {place.start: place for place in places if not self._within_member(place.end)}
        others = {start: p for start, p in others.items() if not main.start <= start < main.stop and p is not main}
        found = list(others.values())
        for place in found[:MOST_DIRECTORIES]:
            self._other(place, main)
        if len(found) > MOST_DIRECTORIES:
            self.parsed.unexamined.append(f"{len(found) - MOST_DIRECTORIES} more directories of the archive")
        return found[:MOST_DIRECTORIES]

    def _other(self, place: Directory, main: Directory) -> None:
        known = {(e.header, e.raw, e.compressed, e.method) for e in main.entries}
        parse(self.source, place, self.reading.bounds)
        new = [e for e in place.entries if (e.header, e.raw, e.compressed, e.method) not in known]
        for entry in new:
            self._entry(entry, place.shift, extent=False)
        text = "The archive has a second directory: readers differ in the members that they see."
        evidence = ", ".join(repr(e.name) for e in new[:5]) or "an equal or empty one"
        self._contradiction(place.start, "second-directory", text, evidence)

    def _false_ends(self, ends: list[int], main: Directory, places: list[Directory]) -> None:
        known = {place.end for place in places}
        if any(end > main.end and end not in known for end in ends):
            text = "A false end record stands after the real one: some readers stop at it."
            self._contradiction(main.end, "false-end", text)

    def _contradiction(self, offset: int | None, key: str, text: str, evidence: str = "") -> None:
        self.parsed.defects.append(Defect("contradiction", text, offset, key, evidence))

    def _entry(self, entry: Entry, shift: int, *, extent: bool = True) -> None:
        local = local_header(self.source, entry.header, len(entry.raw) + 48)
        if shift:
            local = self._unshifted(entry, shift, local)
        if local is None:
            self._no_local(entry)
            return
        if (
            local.raw != entry.raw
            or local.method != entry.method
            or (local.flags ^ entry.flags) & REFUSING
            or local.size != entry.size
            or local.compressed != entry.compressed
            or local.crc != entry.crc
        ):
            self._compare(entry, local)
        flags = entry.flags | local.flags
        if flags & REFUSING or entry.needed > HIGHEST_VERSION or entry.volume or "\0" in entry.name:
            self._tricks(entry, flags)
        stop = local.data + entry.compressed
        if extent:
            self.extents.append(Extent(entry.header, stop, entry, local))
        if stop > self.source.size:
            text = f"Member {entry.name!r} ends {stop - self.source.size:,} bytes after the end of the file."
            self.parsed.defects.append(Defect("truncated", text, entry.header, entry.name))
        self._content(entry, local, flags)

    def _unshifted(self, entry: Entry, shift: int, local: Local | None) -> Local | None:
        """Where content precedes the archive, readers differ in whether its offsets count from there."""
        other = local_header(self.source, entry.header - shift, len(entry.raw) + 48)
        if other is None:
            return local
        if local is None:
            entry.header -= shift
            return other
        text = f"Member {entry.name!r} is in two places: offsets can be counted in two ways."
        self._contradiction(entry.header, f"offset:{entry.name}", text)
        window = self.source.window(other.data, self.source.size - other.data)
        self._add_child(other.name, self._plain(window, other, entry), other.header)
        return local

    def _plain(self, window: Source, local: Local, entry: Entry) -> Source:
        length = max(local.compressed, entry.compressed)
        made = contents.expansion(window, local.method, 0, length, entry.size, self.reading.meter)
        return window.window(0, length) if isinstance(made, str) else made.source

    def _no_local(self, entry: Entry) -> None:
        beyond = entry.header >= self.source.size or entry.header < 0
        text = f"The directory says that member {entry.name!r} begins where no header is."
        self.parsed.defects.append(Defect("out-of-bounds" if beyond else "malformed", text, entry.header, entry.name))
        self.parsed.unexamined.append(f"member {entry.name!r}: it is not where the directory says")
        self.members.append(Member(entry.name, entry.size, entry.compressed, entry.header))

    def _compare(self, entry: Entry, local: Local) -> None:
        """Directory and local header disagree, unless a data descriptor stands in for the latter."""
        name, at = entry.name, entry.header
        if local.raw != entry.raw:
            text = f"The directory calls a member {name!r}, its own header {local.name!r}."
            self._contradiction(at, f"name:{name}", text, f"{entry.raw[:200]!r} != {local.raw[:200]!r}")
        if local.method != entry.method:
            text = f"Directory and header of member {name!r} state different methods."
            self._contradiction(at, f"method:{name}", text, f"{entry.method} != {local.method}")
        if (local.flags ^ entry.flags) & REFUSING:
            text = f"Directory and header of member {name!r} state different flags."
            self._contradiction(at, f"flags:{name}", text, f"{entry.flags:#06x} != {local.flags:#06x}")
        streamed = local.flags & 8
        pairs = (
            ("size", entry.size, local.size),
            ("compressed size", entry.compressed, local.compressed),
            ("CRC-32", entry.crc, local.crc),
        )
        for what, central, own in pairs:
            if central != own and not (streamed and own == 0):
                text = f"Directory and header of member {name!r} state different values: {what}."
                self._contradiction(at, f"{what}:{name}", text, f"{central} != {own}")

    def _tricks(self, entry: Entry, flags: int) -> None:
        """What makes some readers refuse a member that others load."""
        name, at = entry.name, entry.header
        if flags & REFUSING and not flags & 1:
            text = f"Flags of member {name!r} make some readers refuse it, though it is not encrypted."
            self._contradiction(at, f"flag:{name}", text, f"{flags:#06x}")
        if entry.needed > HIGHEST_VERSION:
            text = f"Member {name!r} says it needs a version of the format that does not exist."
            self._contradiction(at, f"version:{name}", text, f"{entry.needed / 10}")
        if entry.volume not in (0, 0xFFFF):
            text = f"Member {name!r} is said to be on another volume."
            self._contradiction(at, f"volume:{name}", text, str(entry.volume))
        if "\0" in name:
            text = f"The name of member {name!r} goes on after a zero byte: readers see different names."
            self._contradiction(at, f"zero:{name}", text)

    def _content(self, entry: Entry, local: Local, flags: int) -> None:
        if entry.compressed == 0 and entry.size == 0 and local.compressed == 0:
            source: Source | None = None if entry.name.endswith("/") else BytesSource(b"")
        elif flags & 1:
            source = self._encrypted(entry, local)
        else:
            source = self._open(entry, local)
        name = entry.name.partition("\0")[0]
        is_dir = name.endswith("/")
        target = self._link_target(entry, source)
        self.members.append(
            Member(name, entry.size, entry.compressed, entry.header, source, is_dir, bool(target), target)
        )
        if entry.system == UNIX and entry.attributes >> 16 & 0xF000 == 0x8000 and entry.attributes >> 16 & 0o6000:
            text = f"Member {name!r} would run with the rights of its owner (set-user-ID or set-group-ID)."
            self.parsed.defects.append(Defect("privilege", text, entry.header, name))
        if source is None or (is_dir and not source.size) or target:
            return
        if is_dir:
            text = f"Member {name!r} has the name of a directory, and content."
            self._contradiction(entry.header, f"directory:{name}", text)
        self._add_child(name, source, entry.header)
        if local.raw != entry.raw:
            self._add_child(local.name, source, entry.header)
        if local.method != entry.method or (local.compressed != entry.compressed and local.compressed):
            window = self.source.window(local.data, self.source.size - local.data)
            self._add_child(name, self._plain(window, local, entry), entry.header)

    def _add_child(self, name: str, source: Source, offset: int) -> None:
        self.parsed.children.append(Child(name, source, Relation.MEMBER, offset=offset))

    def _open(self, entry: Entry, local: Local) -> Source | None:
        if entry.method == contents.STORED:
            return self._open_stored(entry, local)
        longest = max(entry.compressed, local.compressed)
        made = contents.expansion(self.source, entry.method, local.data, longest, entry.size, self.reading.meter)
        if isinstance(made, str):
            found = self._as_it_is(entry, local)
            if found is None:
                self._cannot_open(entry, made)
            return found
        if bombs.is_bomb(made.source, entry.size, entry.compressed):
            text = f"Member {entry.name!r} expands from {entry.compressed:,} to {entry.size:,} bytes."
            self.parsed.defects.append(Defect("bomb", text, entry.header, entry.name))
            if entry.size > bombs.SIZE:
                self.parsed.unexamined.append(f"member {entry.name!r}: it would expand beyond reason")
                return None
        elif self.reading.deep or (entry.size <= SMALL and self.expanded + entry.size <= EAGER):
            self.expanded += entry.size
            self._verify(made, entry)
            if made.source.broken and not made.source.size:
                return self._as_it_is(entry, local) or made.source
        return made.source

    def _as_it_is(self, entry: Entry, local: Local) -> Source | None:
        """A member that is not of the method it states, but stored: what its checksum says."""
        window = self.source.window(local.data, entry.compressed)
        if window.size > bombs.SIZE or contents.checksum(window) != entry.crc:
            return None
        text = f"Member {entry.name!r} is stored as it is, though its headers state method {entry.method}."
        self._contradiction(entry.header, f"stored:{entry.name}", text)
        return window

    def _cannot_open(self, entry: Entry, reason: str) -> None:
        self.parsed.unexamined.append(f"member {entry.name!r}: {reason}")
        kind = "encrypted" if entry.method == 99 else "unsupported"
        self.parsed.defects.append(Defect(kind, f"Member {entry.name!r}: {reason}.", entry.header, entry.name))

    def _verify(self, made: Expansion, entry: Entry) -> None:
        self.parsed.defects.extend(contents.verify(made, entry.name, entry.size, entry.crc, entry.header))
        if made.run is not None and made.run.ended and made.used < made.end:
            rest = self.source.window(made.used, made.end - made.used)
            self.parsed.children.append(Child(entry.name, rest, Relation.HIDDEN, offset=made.used))
        if made.source.size > entry.size + contents.SLACK:
            self.parsed.unexamined.append(f"member {entry.name!r}, past {made.source.size:,} bytes")

    def _open_stored(self, entry: Entry, local: Local) -> Source:
        name, at = entry.name, entry.header
        window = self.source.window(local.data, max(entry.compressed, entry.size))
        if entry.compressed != entry.size:
            text = f"Member {name!r} is stored as it is, yet has two sizes."
            self._contradiction(at, f"stored:{name}", text, f"{entry.compressed} != {entry.size}")
            shorter = self.source.window(local.data, min(entry.compressed, entry.size))
            self._add_child(name, shorter, at)
        size = window.size
        limit = SMALL if name.endswith(_CODE) else SMALL_STORED
        if self.reading.deep or (size <= limit and self.stored + size <= EAGER_STORED):
            self.stored += size
            if contents.checksum(window) != entry.crc and size == entry.size:
                self.parsed.defects.append(contents.bad_checksum(name, entry.crc, at))
        return window

    def _encrypted(self, entry: Entry, local: Local) -> Source | None:
        """Try the content as if it were plain: where it is, the flag only keeps some readers away."""
        source = self._opens_as_plain(entry, local)
        if source is not None:
            text = f"Member {entry.name!r} is marked as encrypted and is not: some readers load it."
            self._contradiction(entry.header, f"encrypted:{entry.name}", text)
            return source
        text = f"Member {entry.name!r} is encrypted."
        self.parsed.defects.append(Defect("encrypted", text, entry.header, entry.name))
        self.parsed.unexamined.append(f"member {entry.name!r}: it is encrypted")
        return None

    def _opens_as_plain(self, entry: Entry, local: Local) -> Source | None:
        if entry.method == contents.STORED:
            if entry.compressed == entry.size:
                return self.source.window(local.data, entry.size)
            return None
        made = contents.expansion(
            self.source, entry.method, local.data, entry.compressed, entry.size, self.reading.meter
        )
        if isinstance(made, str):
            return None
        probed = min(entry.size, SMALL)
        made.source.read(probed - 1, 1)
        if made.source.broken or made.source.size < probed:
            return None
        return made.source

    def _link_target(self, entry: Entry, source: Source | None) -> str:
        if (entry.attributes >> 28) != 0xA or source is None or not 0 < source.size <= 4096:
            return ""
        target = source.read(0, 4096).decode("utf-8", "replace")
        if not target.isprintable():
            return ""  # no path: content that is only marked as a link, and examined as what it is
        self.links[normal_name(entry.name)] = target
        return target

    def _judge_checksums(self) -> None:
        """PyTorch can be told to leave checksums out: then every member states zero."""
        wrong = [defect for defect in self.parsed.defects if defect.kind == "checksum"]
        if wrong and not any(extent.entry.crc for extent in self.extents):
            self.parsed.defects = [defect for defect in self.parsed.defects if defect.kind != "checksum"]
            text = "The archive was written without checksums: damage to it cannot be told."
            self.parsed.defects.append(Defect("no-checksum", text, None, "checksum"))

    def _judge_links(self) -> None:
        for member in self.members:
            if member.is_link and (reason := link_leaves(member.name, member.link_target, self.links)):
                text = f"Member {member.name!r} is a link to {reason}."
                self.parsed.defects.append(Defect("link", text, member.offset, member.name, member.link_target[:200]))

    def _judge_names(self) -> None:
        seen: dict[str, Member] = {}
        folded: dict[str, str] = {}
        crcs = {extent.start: extent.entry.crc for extent in self.extents}
        names = [member.name for member in self.members]
        names += {e.local.name for e in self.extents if e.local.raw != e.entry.raw}
        for name in names:
            if reason := leaves(name):
                text = f"Member {name!r} has {reason} for a name."
                self.parsed.defects.append(Defect("traversal", text, None, name, name[:200]))
        for member in self.members:
            key = normal_name(member.name)
            before = seen.setdefault(key, member)
            if before is not member:
                if not (member.is_dir and before.is_dir):
                    self._duplicate(before, member, crcs)
            elif folded.setdefault(key.casefold(), key) != key:
                text = f"Members {folded[key.casefold()]!r} and {key!r} differ only in case."
                self.parsed.defects.append(Defect("duplicate-case", text, member.offset, key))

    def _duplicate(self, before: Member, member: Member, crcs: dict[int, int]) -> None:
        same = before.size == member.size and crcs.get(before.offset) == crcs.get(member.offset)
        what = "the same content" if same else "different content"
        text = f"Two members are called {member.name!r}, with {what}: readers differ in which they take."
        kind = "duplicate-equal" if same else "duplicate"
        evidence = f"at {before.offset} ({before.size:,} bytes) and {member.offset} ({member.size:,} bytes)"
        self.parsed.defects.append(Defect(kind, text, member.offset, member.name, evidence))
