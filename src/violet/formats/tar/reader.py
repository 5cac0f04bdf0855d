"""Walk a tar archive header by header, as lenient readers do, and say where strict ones would stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.archive import MOST_PARTS, ArchiveFacts, Member, leaves, link_leaves, normal_name
from violet.formats.base import Child, Defect, Parsed, Relation
from violet.formats.compressed.frames import first_nonzero
from violet.formats.tar.header import BLOCK, Header, number, parse_header, parse_pax
from violet.formats.tar.sparse import old_map, pax_map, sparse_content

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

LONGEST_EXTENDED = 1 << 20
"""Bytes of one pax header or long name that are read."""
MOST_ZEROS = 1 << 26
"""Bytes after the end that may be zero: tapes are padded to their block size."""
BOMB_SIZE = 1 << 33
"""Bytes of a sparse file that may stand for any number of zeros."""
BOMB_RATIO = 1000
MOST_EXTENDED = 32
"""Extended headers before one member."""

_REGULAR = frozenset("07S")
_EMPTY = frozenset("123456")
_SPECIAL = {"3": "a character device", "4": "a block device", "6": "a named pipe"}


def read_tar(source: Source, reading: Reading) -> Parsed:
    """Raises ``BoundExceededError`` where there are more members than the meter allows."""
    return _Reader(source, reading).read()


class _Reader:
    def __init__(self, source: Source, reading: Reading) -> None:
        self.source = source
        self.reading = reading
        self.parsed = Parsed()
        self.members: list[Member] = []
        self.links: dict[str, str] = {}
        self.hard: set[int] = set()
        self.sizes: dict[str, tuple[Member, int]] = {}
        self.everywhere: dict[str, str] = {}
        self.skipping: dict[int, Header] = {}
        self.visited: set[int] = set()

    def read(self) -> Parsed:
        at = 0
        while at < self.source.size:
            block = self.source.read(at, BLOCK)
            if len(block) < BLOCK:
                self._defect("truncated", "The archive ends within a header.", at, "header")
                break
            if not block.strip(b"\0"):
                self._after_end(at)
                break
            self.visited.add(at)
            onward = self._member(block, at)
            if onward <= at:
                break
            at = onward
        self._judge_skipping()
        self._judge()
        self.parsed.facts = ArchiveFacts("tar", tuple(self.members))
        return self.parsed

    def _defect(self, kind: str, text: str, at: int | None, key: str, evidence: str = "") -> None:
        self.parsed.defects.append(Defect(kind, text, at, key, evidence))

    def _member(self, block: bytes, at: int) -> int:
        """Read the member whose headers begin here. Gives where the next begins, ``at`` for the end."""
        records: list[tuple[str, str]] = []
        name = link = ""
        start = at
        for _ in range(MOST_EXTENDED):
            header = parse_header(block, at)
            if header is None:
                return self._not_a_header(start, at)
            if not header.fits:
                text = f"The header of member {header.name!r} has a wrong checksum: some readers stop here."
                self._defect("contradiction", text, at, f"checksum:{header.name}")
            if header.kind not in "xgXLK":
                break
            data = self._extended(header)
            if header.kind == "L":
                name = _text(data)
            elif header.kind == "K":
                link = _text(data)
            else:
                self._take_pax(header, data, records)
            at = header.data + _padded(max(header.size, 0))
            block = self.source.read(at, BLOCK)
            if len(block) < BLOCK:
                self._defect("truncated", "The archive ends after an extended header.", at, "header")
                return start
        else:
            text = f"More than {MOST_EXTENDED} extended headers stand before one member."
            self._defect("malformed", text, start, "extended")
            return start
        header.name = name or header.name
        header.link = link or header.link
        self._apply(header, records)
        if header.size < 0:
            text = f"The size of member {header.name!r} is no number."
            self._defect("malformed", text, header.at, header.name)
            self._rest(header.data)
            return start
        self.reading.meter.member()
        return self._add(header)

    def _extended(self, header: Header) -> bytes:
        if header.size > LONGEST_EXTENDED:
            text = f"An extended header takes {header.size:,} bytes."
            self._defect("malformed", text, header.at, "extended")
            window = self.source.window(header.data, header.size)
            self.parsed.children.append(Child("extended header", window, Relation.HIDDEN, offset=header.data))
        return self.source.read(header.data, min(max(header.size, 0), LONGEST_EXTENDED))

    def _take_pax(self, header: Header, data: bytes, records: list[tuple[str, str]]) -> None:
        found = parse_pax(data)
        if found is None:
            self._defect("malformed", "An extended header is not well formed.", header.at, "pax")
        elif header.kind == "g":
            self.everywhere.update(found)
        else:
            records.extend(found)

    def _apply(self, header: Header, records: list[tuple[str, str]]) -> None:
        values = {**self.everywhere, **dict(records)}
        if "path" in values:
            header.name = values["path"]
        if "linkpath" in values:
            header.link = values["linkpath"]
        if "size" in values:
            digits = values["size"]
            if digits.isascii() and digits.isdigit() and len(digits) < 19:
                header.size = int(digits)
            else:
                text = f"The extended header of member {header.name!r} states a size that is no number."
                self._defect("contradiction", text, header.at, f"size:{header.name}", digits[:40])
        if header.kind == "S":
            old_map(self.source, header)
        elif values:
            agree = header.stated == header.size
            pax_map(self.source, header, [*self.everywhere.items(), *records])
            if agree:
                header.stated = header.size  # the map at the beginning of the content was taken off

    def _add(self, header: Header) -> int:
        end = header.data + header.size
        after = header.data + _padded(header.size)
        if header.kind == "0" and header.name.endswith("/") and not header.size:
            header.kind = "5"  # how the seventh edition's writers marked directories
        if header.stated != header.size:
            self._two_sizes(header)
        if header.kind in _EMPTY:
            after = self._content_of_empty(header, after)
            self._add_special(header)
            return after
        if end > self.source.size:
            text = f"Member {header.name!r} ends {end - self.source.size:,} bytes after the end of the file."
            self._defect("truncated", text, header.at, header.name)
        content: Source = self.source.window(header.data, header.size)
        if header.sparse or header.kind == "S":
            whole = sparse_content(content, header)
            if whole is None:
                text = f"The map of the sparse member {header.name!r} contradicts itself."
                self._defect("contradiction", text, header.at, f"sparse:{header.name}")
            elif whole.size > BOMB_SIZE and whole.size > BOMB_RATIO * self.source.size:
                text = f"The sparse member {header.name!r} stands for a file of {whole.size:,} bytes."
                self._defect("bomb", text, header.at, header.name)
                whole = None
            content = whole or content
        if header.kind not in _REGULAR and header.kind not in "VMDN":
            text = f"Member {header.name!r} is of the unknown type {header.kind!r}: readers take it as a file."
            self._defect("unusual-type", text, header.at, header.name)
        mode = number(header.block[100:108]) or 0
        if mode & 0o6000:
            text = f"Member {header.name!r} would run with the rights of its owner (set-user-ID or set-group-ID)."
            self._defect("privilege", text, header.at, header.name, f"mode {mode:o}")
        member = Member(header.name, content.size, header.size, header.at, content)
        self._remember(member)
        self.parsed.children.append(Child(header.name, content, Relation.MEMBER, offset=header.at))
        return after

    def _two_sizes(self, header: Header) -> None:
        """Readers that know extended headers and readers that do not go on at different places."""
        if header.stated < 0 or header.size > 0o77777777777:
            return  # larger than the field can hold: what extended headers are for
        text = f"Header and extended header of member {header.name!r} state different sizes."
        evidence = f"{header.stated} != {header.size}"
        self._defect("contradiction", text, header.at, f"size:{header.name}", evidence)
        if header.stated > header.size:
            window = self.source.window(header.data, header.stated)
            self.parsed.children.append(Child(header.name, window, Relation.MEMBER, offset=header.at))

    def _content_of_empty(self, header: Header, after: int) -> int:
        """Links, directories and devices have no content; some readers skip what their size says, others
        do not. Gives where the next header is."""
        if not header.size:
            return header.data
        here = self._header_at(header.data)
        there = self._header_at(after)
        if here or not there:
            if here and there:
                self.skipping[after] = header
            return header.data  # many writers state a size for directories and links, and write nothing
        window = self.source.window(header.data, header.size)
        text = f"Member {header.name!r} is no file and has {header.size:,} bytes of content."
        self._defect("hidden-data", text, header.at, header.name)
        self.parsed.children.append(Child(header.name, window, Relation.HIDDEN, offset=header.data))
        return after

    def _header_at(self, at: int) -> bool:
        block = self.source.read(at, BLOCK)
        return len(block) == BLOCK and parse_header(block, at) is not None

    def _judge_skipping(self) -> None:
        """Headers that only readers meet which skip what a link or directory says its size is."""
        for at, header in self.skipping.items():
            if at not in self.visited:
                text = f"Member {header.name!r} has a size and no content: readers go on at different places."
                self._defect("contradiction", text, header.at, f"size:{header.name}", f"{header.size} bytes")
                window = self.source.window(at, self.source.size - at)
                self.parsed.children.append(Child(header.name, window, Relation.HIDDEN, offset=at))

    def _add_special(self, header: Header) -> None:
        name = header.name
        is_link = header.kind in "12"
        target = header.link if is_link else ""
        member = Member(name, 0, 0, header.at, None, header.kind == "5", is_link, target)
        if header.kind == "2":
            self.links[normal_name(name)] = target
        elif header.kind == "1":
            self.hard.add(member.offset)
        if header.kind in _SPECIAL:
            text = f"Member {name!r} is {_SPECIAL[header.kind]}."
            self._defect("link", text, header.at, name, _SPECIAL[header.kind])
        self._remember(member)

    def _remember(self, member: Member) -> None:
        self.members.append(member)
        key = normal_name(member.name)
        before, _ = self.sizes.setdefault(key, (member, 0))
        if before is not member and not (before.is_dir and member.is_dir):
            self._duplicate(before, member)

    def _duplicate(self, before: Member, member: Member) -> None:
        same = before.size == member.size and before.is_link == member.is_link
        if same and before.source is not None and member.source is not None:
            same = _equal(before.source, member.source)
        what = "the same content" if same else "different content"
        text = f"Two members are called {member.name!r}, with {what}: the later one overwrites the earlier."
        kind = "duplicate-equal" if same else "duplicate"
        evidence = f"at {before.offset} ({before.size:,} bytes) and {member.offset} ({member.size:,} bytes)"
        self._defect(kind, text, member.offset, member.name, evidence)

    def _not_a_header(self, start: int, at: int) -> int:
        text = "What stands in the place of a header is none: some readers stop here, others look further."
        self._defect("malformed", text, at, "header", self.source.read(at, 16).hex(" "))
        self._rest(start)
        return start

    def _rest(self, at: int) -> None:
        window = self.source.window(at, self.source.size - at)
        found = self._next_header(at)
        if found > at:
            window = self.source.window(at, found - at)
            behind = self.source.window(found, self.source.size - found)
            self.parsed.children.append(Child("after damage", behind, Relation.HIDDEN, offset=found))
        self.parsed.children.append(Child("damage", window, Relation.HIDDEN, offset=at))

    def _next_header(self, at: int) -> int:
        """The next block with a header's magic and checksum, looked for as far as a table may be long."""
        stop = min(self.source.size, at + self.reading.bounds.table)
        at += BLOCK
        while at + BLOCK <= stop:
            piece = self.source.read(at, min(1 << 20, stop - at))
            for offset in range(0, len(piece) - BLOCK + 1, BLOCK):
                if piece[offset + 257 : offset + 262] == b"ustar":
                    return at + offset
            at += max(len(piece) - len(piece) % BLOCK, BLOCK)
        return -1

    def _after_end(self, at: int) -> None:
        size = self.source.size
        start = first_nonzero(self.source, at, min(size, at + MOST_ZEROS))
        if start >= size:
            return
        start -= (start - at) % BLOCK
        window = self.source.window(start, size - start)
        self.parsed.children.append(Child("after the end", window, Relation.HIDDEN, offset=start))
        text = f"{size - start:,} bytes follow the end of the archive, where most readers never look."
        head = self.source.read(start, 16).hex(" ")
        self._defect("hidden-data", text, start, "after the end", f"begins with {head}")

    def _judge(self) -> None:
        for member in self.members:
            if reason := leaves(member.name):
                text = f"Member {member.name!r} has {reason} for a name."
                self._defect("traversal", text, member.offset, member.name, member.name[:200])
            if member.is_link:
                hard = member.offset in self.hard
                reason = link_leaves(member.name, member.link_target, self.links, hard=hard)
                if reason:
                    text = f"Member {member.name!r} is a link to {reason}."
                    self._defect("link", text, member.offset, member.name, member.link_target[:200])
            elif self.links and not leaves(member.name):
                self._through_link(member)

    def _through_link(self, member: Member) -> None:
        """A member whose directory is a link that leads outside is written outside."""
        parts = normal_name(member.name).split("/")[:MOST_PARTS]
        for count in range(1, len(parts)):
            step = "/".join(parts[:count])
            target = self.links.get(step)
            if target is not None and link_leaves(step, target, self.links):
                text = f"Member {member.name!r} would be written through a link that leads outside."
                self._defect("traversal", text, member.offset, member.name, f"{step} -> {target}")
                return


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _text(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")


def _equal(one: Source, two: Source) -> bool:
    """Whether the first MiB of two contents of one size is the same."""
    return one.read(0, 1 << 20) == two.read(0, 1 << 20)
