"""The header database of a 7z archive: packed streams, folders of coders, files."""

from __future__ import annotations

from dataclasses import dataclass, field


class HeaderError(Exception):
    """The header cannot be what it says it is. ``at`` is the position in the header."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


class Cursor:
    """Reads a header from its beginning. Every count is checked against ``most`` and against what is left."""

    __slots__ = ("at", "data", "most")

    def __init__(self, data: bytes, most: int) -> None:
        self.data = data
        self.at = 0
        self.most = most

    def fail(self, message: str) -> HeaderError:
        return HeaderError(message, self.at)

    def take(self, length: int) -> bytes:
        if length < 0 or self.at + length > len(self.data):
            raise self.fail("a field goes past the end of the header")
        piece = self.data[self.at : self.at + length]
        self.at += length
        return piece

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        """A number of one to nine bytes: the ones that lead the first byte say how many follow."""
        first = self.byte()
        mask, value = 0x80, 0
        for index in range(8):
            if not first & mask:
                return value | (first & (mask - 1)) << (8 * index)
            value |= self.byte() << (8 * index)
            mask >>= 1
        return value

    def count(self, what: str) -> int:
        value = self.number()
        if value > self.most:
            raise self.fail(f"{value:,} {what}")
        return value

    def bits(self, count: int) -> list[bool]:
        data = self.take((count + 7) // 8)
        return [bool(data[index >> 3] & (0x80 >> (index & 7))) for index in range(count)]

    def some(self, count: int) -> list[bool]:
        """Which of so many things have the property: one byte for all of them, else a bit each."""
        return [True] * count if self.byte() else self.bits(count)

    def expect(self, mark: int, what: str) -> None:
        if self.byte() != mark:
            raise self.fail(f"no {what} where it must be")


@dataclass(slots=True)
class Coder:
    """One step of decoding: ``method`` as the bytes of its id, with its properties."""

    method: bytes
    inputs: int = 1
    outputs: int = 1
    properties: bytes = b""


@dataclass(slots=True)
class Folder:
    """Coders and how they are connected: ``binds`` are pairs of input and output index."""

    coders: list[Coder]
    binds: list[tuple[int, int]]
    packed: list[int]
    sizes: list[int] = field(default_factory=list)
    crc: int | None = None

    def size(self) -> int:
        """What the folder expands to, in bytes: the output that nothing else takes."""
        taken = {output for _, output in self.binds}
        for index, size in enumerate(self.sizes):
            if index not in taken:
                return size
        return 0

    def chain(self) -> list[tuple[Coder, int]] | None:
        """The coders with the size of what each gives, in the order in which content goes through them;
        ``None`` where they do not form one line."""
        if any(coder.inputs != 1 or coder.outputs != 1 for coder in self.coders) or len(self.packed) != 1:
            return None
        onward = {output: target for target, output in self.binds}
        at = self.packed[0]
        found: list[tuple[Coder, int]] = []
        while at is not None and at < len(self.coders) and len(found) <= len(self.coders):
            found.append((self.coders[at], self.sizes[at]))
            following = onward.get(at)
            if following is None:
                break
            at = following
        return found if len(found) == len(self.coders) else None


@dataclass(slots=True)
class Streams:
    """Packed streams and what they unpack to; ``substreams`` are size and CRC-32 of the contents of each
    folder, one after the other."""

    position: int = 0
    packed: list[int] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)
    substreams: list[list[tuple[int, int | None]]] = field(default_factory=list)


@dataclass(slots=True)
class File:
    """One file of the archive."""

    name: str
    has_stream: bool
    is_dir: bool = False
    attributes: int = 0


def parse_streams(cursor: Cursor) -> Streams:
    """StreamsInfo, after its own mark. Raises ``HeaderError``."""
    streams = Streams()
    mark = cursor.byte()
    if mark == 6:
        streams.position = cursor.number()
        count = cursor.count("packed streams")
        while (mark := cursor.byte()) != 0:
            if mark == 9:
                streams.packed = [cursor.number() for _ in range(count)]
            elif mark == 10:
                _digests(cursor, count)
            else:
                raise cursor.fail(f"unknown property {mark} of packed streams")
        mark = cursor.byte()
    if mark == 7:
        _folders(cursor, streams)
        mark = cursor.byte()
    streams.substreams = [[(folder.size(), folder.crc)] for folder in streams.folders]
    if mark == 8:
        _substreams(cursor, streams)
        mark = cursor.byte()
    if mark != 0:
        raise cursor.fail(f"unknown property {mark} of streams")
    return streams


def _digests(cursor: Cursor, count: int) -> list[int | None]:
    return [int.from_bytes(cursor.take(4), "little") if there else None for there in cursor.some(count)]


def _folders(cursor: Cursor, streams: Streams) -> None:
    cursor.expect(11, "list of folders")
    count = cursor.count("folders")
    if cursor.byte():
        raise cursor.fail("folders in another stream")
    streams.folders = [_folder(cursor) for _ in range(count)]
    cursor.expect(12, "list of unpacked sizes")
    for folder in streams.folders:
        folder.sizes = [cursor.number() for coder in folder.coders for _ in range(coder.outputs)]
    while (mark := cursor.byte()) != 0:
        if mark != 10:
            raise cursor.fail(f"unknown property {mark} of folders")
        for folder, crc in zip(streams.folders, _digests(cursor, count), strict=True):
            folder.crc = crc


def _folder(cursor: Cursor) -> Folder:
    count = cursor.number()
    if not 0 < count <= 32:
        raise cursor.fail(f"{count} coders in one folder")
    coders = []
    for _ in range(count):
        flags = cursor.byte()
        if flags & 0xC0:
            raise cursor.fail("a coder with reserved flags")
        coder = Coder(cursor.take(flags & 15))
        if flags & 0x10:
            coder.inputs, coder.outputs = cursor.number(), cursor.number()
            if coder.inputs > 32 or coder.outputs != 1:
                raise cursor.fail("a coder with too many streams")
        if flags & 0x20:
            coder.properties = cursor.take(cursor.number())
        coders.append(coder)
    inputs, outputs = sum(c.inputs for c in coders), sum(c.outputs for c in coders)
    binds = [(cursor.number(), cursor.number()) for _ in range(outputs - 1)]
    free = inputs - len(binds)
    if free < 1:
        raise cursor.fail("a folder without packed streams")
    if free == 1:
        taken = {target for target, _ in binds}
        packed = [index for index in range(inputs) if index not in taken][:1]
    else:
        packed = [cursor.number() for _ in range(free)]
    return Folder(coders, binds, packed)


def _substreams(cursor: Cursor, streams: Streams) -> None:
    counts = [1] * len(streams.folders)
    mark = cursor.byte()
    if mark == 13:
        counts = [cursor.count("substreams") for _ in streams.folders]
        if sum(counts) > cursor.most:
            raise cursor.fail(f"{sum(counts):,} substreams")
        mark = cursor.byte()
    sizes = [_sizes(cursor, folder, count, mark == 9) for folder, count in zip(streams.folders, counts, strict=True)]
    if mark == 9:
        mark = cursor.byte()
    known = [f.crc if count == 1 else None for f, count in zip(streams.folders, counts, strict=True)]
    crcs: list[int | None] = []
    while mark != 0:
        if mark == 10:
            missing = sum(n for n, crc in zip(counts, known, strict=True) if not (n == 1 and crc is not None))
            crcs = _digests(cursor, missing)
        else:
            raise cursor.fail(f"unknown property {mark} of substreams")
        mark = cursor.byte()
    given = iter(crcs)
    streams.substreams = [
        [(size, crc if n == 1 and crc is not None else next(given, None)) for size in folder_sizes]
        for folder_sizes, n, crc in zip(sizes, counts, known, strict=True)
    ]


def _sizes(cursor: Cursor, folder: Folder, count: int, stated: bool) -> list[int]:
    if count == 0:
        return []
    sizes = [cursor.number() for _ in range(count - 1)] if stated else [0] * (count - 1)
    return [*sizes, max(folder.size() - sum(sizes), 0)]


def parse_header(cursor: Cursor) -> tuple[Streams, list[File]]:
    """Header, after its own mark. Raises ``HeaderError``."""
    streams, files = Streams(), []
    while (mark := cursor.byte()) != 0:
        if mark == 2:
            while cursor.byte() != 0:
                cursor.take(cursor.number())
        elif mark == 3:
            parse_streams(cursor)
        elif mark == 4:
            streams = parse_streams(cursor)
        elif mark == 5:
            files = _files(cursor)
        else:
            raise cursor.fail(f"unknown part {mark} of the header")
    return streams, files


def _files(cursor: Cursor) -> list[File]:
    count = cursor.count("files")
    names = [""] * count
    empty = [False] * count
    empty_file: list[bool] = []
    attributes = [0] * count
    while (mark := cursor.byte()) != 0:
        part = Cursor(cursor.take(cursor.number()), cursor.most)
        if mark == 14:
            empty = part.bits(count)
        elif mark == 15:
            empty_file = part.bits(sum(empty))
        elif mark == 17:
            if part.byte():
                raise cursor.fail("names in another stream")
            names = _names(part, count)
        elif mark == 21:
            there = part.some(count)
            if part.byte():
                raise cursor.fail("attributes in another stream")
            attributes = [int.from_bytes(part.take(4), "little") if one else 0 for one in there]
    files = []
    empties = iter(empty_file)
    for name, is_empty, bits in zip(names, empty, attributes, strict=True):
        is_dir = is_empty and not next(empties, False)
        files.append(File(name, not is_empty, is_dir, bits))
    return files


def _names(part: Cursor, count: int) -> list[str]:
    data = part.data[part.at :]
    names = data[: len(data) & ~1].decode("utf-16-le", "replace").split("\0")
    if len(names) <= count:
        raise part.fail("fewer names than files")
    return names[:count]
