"""Read a 7z archive: its header database, and its files as parts of lazily expanded folders."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from violet.formats.archive import ArchiveFacts, Member, leaves, link_leaves, normal_name
from violet.formats.base import Child, Defect, Parsed, Relation
from violet.formats.compressed.frames import first_nonzero
from violet.formats.compressed.stream import ExpandedSource
from violet.formats.sevenzip.folders import UnsupportedError, expand_folder
from violet.formats.sevenzip.header import Cursor, File, HeaderError, Streams, parse_header, parse_streams
from violet.formats.source import BoundExceededError, BytesSource

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

START = 32
"""Bytes of the signature header."""
MOST_LAYERS = 4
"""Encoded headers within encoded headers."""
SMALL = 4 << 20
"""Bytes of a folder that is expanded and verified at once; ``Reading.deep`` verifies all of them."""
EAGER = 16 << 20
BOMB_SIZE = 1 << 30
BOMB_RATIO = 1000
MOST_ZEROS = 1 << 24


def read_sevenzip(source: Source, reading: Reading) -> Parsed:
    """Raises ``BoundExceededError`` where the header is too large or expansion costs too much."""
    return _Reader(source, reading).read()


class _Reader:
    def __init__(self, source: Source, reading: Reading) -> None:
        self.source = source
        self.reading = reading
        self.parsed = Parsed()
        self.members: list[Member] = []
        self.links: dict[str, str] = {}
        self.used: list[tuple[int, int]] = [(0, START)]
        self.expanded = 0

    def read(self) -> Parsed:
        try:
            header = self._header()
            if header is not None:
                streams, files = self._parse(header)
                self._files(streams, files)
                self._unused()
        except HeaderError as error:
            self._defect("malformed", f"The header is damaged: {error.message}.", None, "header")
            self.parsed.unexamined.append("what a damaged header would have listed")
        self._judge()
        self.parsed.facts = ArchiveFacts("sevenzip", tuple(self.members))
        return self.parsed

    def _defect(self, kind: str, text: str, at: int | None, key: str, evidence: str = "") -> None:
        self.parsed.defects.append(Defect(kind, text, at, key, evidence))

    def _header(self) -> bytes | None:
        """The header database as it stands in the file."""
        start = self.source.read(0, START)
        if len(start) < START:
            self._defect("truncated", "The archive ends within its first header.", 0, "header")
            return None
        if zlib.crc32(start[12:]) != int.from_bytes(start[8:12], "little"):
            self._defect("checksum", "The CRC-32 of the first header is not the one stated.", 8, "start")
        offset = START + int.from_bytes(start[12:20], "little")
        size = int.from_bytes(start[20:28], "little")
        if not size:
            return None
        if offset + size > self.source.size:
            text = "The header would stand after the end of the file: the archive is cut."
            self._defect("truncated", text, self.source.size, "header")
            self.parsed.unexamined.append("the members: the header that lists them is missing")
            return None
        if size > self.reading.bounds.table:
            raise BoundExceededError("table", f"has a 7z header of {size:,} bytes")
        self.used.append((offset, offset + size))
        header = self.source.read(offset, size)
        if zlib.crc32(header) != int.from_bytes(start[28:32], "little"):
            self._defect("checksum", "The CRC-32 of the header is not the one stated.", offset, "header")
        return header

    def _parse(self, header: bytes) -> tuple[Streams, list[File]]:
        most = self.reading.bounds.members
        for _ in range(MOST_LAYERS):
            cursor = Cursor(header, most)
            mark = cursor.byte()
            if mark == 1:
                return parse_header(cursor)
            if mark != 0x17:
                raise HeaderError(f"it begins with {mark:#04x}", 0)
            header = self._encoded(parse_streams(cursor))
        raise HeaderError(f"it is encoded more than {MOST_LAYERS} times", 0)

    def _encoded(self, streams: Streams) -> bytes:
        if not streams.folders:
            raise HeaderError("an encoded header without content", 0)
        folder = streams.folders[0]
        if folder.size() > self.reading.bounds.table:
            raise BoundExceededError("table", f"has a 7z header of {folder.size():,} bytes")
        try:
            content = expand_folder(folder, self._packed(streams)[0], self.reading.meter)
        except UnsupportedError as error:
            if error.encrypted:
                text = "The names of the members are encrypted, with their content."
                self._defect("encrypted", text, None, "header")
            raise HeaderError(error.message, 0) from error
        data = content.read(0, content.size)
        if folder.crc is not None and zlib.crc32(data) != folder.crc:
            self._defect("checksum", "The CRC-32 of the encoded header is not the one stated.", None, "encoded")
        return data

    def _packed(self, streams: Streams) -> list[Source]:
        """For each folder the bytes of its first packed stream; streams of others follow in order."""
        at, index = START + streams.position, 0
        found: list[Source] = []
        for folder in streams.folders:
            first = at
            length = 0
            for number in range(len(folder.packed)):
                size = streams.packed[index] if index < len(streams.packed) else 0
                length = size if number == 0 else length
                at += size
                index += 1
            if at > self.source.size:
                text = "Packed content ends after the end of the file."
                self._defect("truncated", text, min(first, self.source.size), "packed")
            self.used.append((first, at))
            found.append(self.source.window(first, length))
        return found

    def _files(self, streams: Streams, files: list[File]) -> None:
        contents = self._contents(streams)
        for file in files:
            self.reading.meter.member()
            name = file.name
            if not file.has_stream:
                self.members.append(Member(name, 0, 0, 0, None if file.is_dir else BytesSource(b""), file.is_dir))
                continue
            if not contents:
                raise HeaderError("more files than contents", 0)
            content, size, offset = contents.pop()
            target = self._link_target(file, content)
            self.members.append(Member(name, size, 0, offset, content, False, bool(target), target))
            if content is not None and not target:
                self.parsed.children.append(Child(name, content, Relation.MEMBER, offset=offset))
        for content, _, offset in reversed(contents):
            if content is not None and content.size:
                text = "The archive holds content that no file of its directory has."
                self._defect("hidden-data", text, offset, "content")
                self.parsed.children.append(Child("content", content, Relation.HIDDEN, offset=offset))

    def _contents(self, streams: Streams) -> list[tuple[Source | None, int, int]]:
        """Content, size and position of every substream, the last one first."""
        found: list[tuple[Source | None, int, int]] = []
        for folder, packed, parts in zip(streams.folders, self._packed(streams), streams.substreams, strict=True):
            at = getattr(packed, "offset", 0)
            content: ExpandedSource | None = None
            try:
                if folder.size() > max(BOMB_SIZE, BOMB_RATIO * packed.size):
                    text = f"{packed.size:,} bytes expand to {folder.size():,}."
                    self._defect("bomb", text, at, "ratio")
                    raise UnsupportedError("it would expand beyond reason")
                content = expand_folder(folder, packed, self.reading.meter)
            except UnsupportedError as error:
                text = f"Content of {len(parts)} members: {error.message}."
                kind = "encrypted" if error.encrypted else "unsupported"
                self._defect(kind, text, at, kind)
                self.parsed.unexamined.append(f"content of {len(parts)} members: {error.message}")
            if content is not None:
                self._verify(content, folder.size(), parts, at)
            start = 0
            for size, _ in parts:
                found.append((None if content is None else content.window(start, size), size, at))
                start += size
            if start > folder.size():
                text = "Members are said to have more content than there is."
                self._defect("contradiction", text, at, "sizes")
        found.reverse()
        return found

    def _verify(self, content: ExpandedSource, size: int, parts: list[tuple[int, int | None]], at: int) -> None:
        if not self.reading.deep and (size > SMALL or self.expanded + size > EAGER):
            return
        self.expanded += size
        content.read(max(size - 1, 0), 1)
        if content.size < size:
            kind = "truncated" if not content.broken or content.ended_early else "malformed"
            text = f"Content cannot be expanded past {content.size:,} of {size:,} bytes."
            self._defect(kind, text, at, "content", content.broken)
            return
        start = 0
        for index, (length, crc) in enumerate(parts):
            if crc is not None and _checksum(content, start, length) != crc:
                text = f"The CRC-32 of content {index + 1} is not the one stated."
                self._defect("checksum", text, at, f"content {index}", f"stated {crc:08x}")
            start += length

    def _link_target(self, file: File, content: Source | None) -> str:
        mode = file.attributes >> 16 if file.attributes & 0x8000 else 0
        linked = mode & 0xF000 == 0xA000 or file.attributes & 0x400
        if not linked or content is None or not 0 < content.size <= 4096:
            return ""
        target = content.read(0, 4096).decode("utf-8", "replace")
        if not target.isprintable():
            return ""
        self.links[normal_name(file.name)] = target
        return target

    def _unused(self) -> None:
        """Bytes that are neither header nor packed content."""
        at = 0
        for start, stop in sorted(self.used):
            if start > at:
                self._hide(at, min(start, self.source.size), "between")
            at = max(at, stop)
        if at < self.source.size:
            self._hide(at, self.source.size, "after the end")

    def _hide(self, start: int, stop: int, name: str) -> None:
        if start >= stop or first_nonzero(self.source, start, min(stop, start + MOST_ZEROS)) >= stop:
            return
        window = self.source.window(start, stop - start)
        self.parsed.children.append(Child(name, window, Relation.HIDDEN, offset=start))
        text = f"{stop - start:,} bytes belong to no member of the archive."
        head = self.source.read(start, 16).hex(" ")
        self._defect("hidden-data", text, start, name, f"begins with {head}")

    def _judge(self) -> None:
        seen: dict[str, Member] = {}
        for member in self.members:
            name = member.name
            if reason := leaves(name):
                self._defect("traversal", f"Member {name!r} has {reason} for a name.", None, name, name[:200])
            if member.is_link and (reason := link_leaves(name, member.link_target, self.links)):
                text = f"Member {name!r} is a link to {reason}."
                self._defect("link", text, None, name, member.link_target[:200])
            before = seen.setdefault(normal_name(name), member)
            if before is not member and not (before.is_dir and member.is_dir):
                text = f"Two members are called {name!r}: readers differ in which they keep."
                self._defect("duplicate", text, None, name, f"{before.size:,} and {member.size:,} bytes")


def _checksum(source: Source, start: int, length: int) -> int:
    value = 0
    while length > 0 and (piece := source.read(start, min(length, 1 << 20))):
        value = zlib.crc32(piece, value)
        start += len(piece)
        length -= len(piece)
    return value
