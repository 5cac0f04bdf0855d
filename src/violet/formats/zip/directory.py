"""Where a zip archive says what it holds: end records, central directories, local headers."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from violet.formats.base import Defect
from violet.formats.source import BoundExceededError

if TYPE_CHECKING:
    from violet.formats.source import Bounds, Source

END = b"PK\x05\x06"
END64 = b"PK\x06\x06"
LOCATOR = b"PK\x06\x07"
CENTRAL = b"PK\x01\x02"
LOCAL = b"PK\x03\x04"

TAIL = 67_584
MOST_ENDS = 256
"""End records that are considered, from the last."""
SATURATED = 0xFFFFFFFF

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s4B4H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")


class Entry:
    """One record of a central directory. ``header`` is where its local header begins in the file."""

    __slots__ = (
        "at",
        "attributes",
        "compressed",
        "crc",
        "extra",
        "flags",
        "header",
        "method",
        "name",
        "needed",
        "raw",
        "size",
        "system",
        "volume",
    )

    def __init__(
        self,
        name: str,
        raw: bytes,
        flags: int,
        method: int,
        crc: int,
        compressed: int,
        size: int,
        header: int,
        system: int,
        needed: int,
        attributes: int,
        volume: int,
        extra: bytes,
        at: int,
    ) -> None:
        self.name = name
        self.raw = raw
        self.flags = flags
        self.method = method
        self.crc = crc
        self.compressed = compressed
        self.size = size
        self.header = header
        self.system = system
        self.needed = needed
        self.attributes = attributes
        self.volume = volume
        self.extra = extra
        self.at = at


class Local:
    """A local header, and where its content begins."""

    __slots__ = ("compressed", "crc", "data", "flags", "header", "method", "name", "raw", "size")

    def __init__(
        self,
        name: str,
        raw: bytes,
        flags: int,
        method: int,
        crc: int,
        compressed: int,
        size: int,
        header: int,
        data: int,
    ) -> None:
        self.name = name
        self.raw = raw
        self.flags = flags
        self.method = method
        self.crc = crc
        self.compressed = compressed
        self.size = size
        self.header = header
        self.data = data


class Directory:
    """One central directory: from ``start`` to ``stop`` in the file; ``shift`` is what its offsets lack
    (the length of what was put before the archive); ``end`` the position of its end record."""

    __slots__ = ("comment", "count", "defects", "end", "entries", "shift", "size", "start", "stop", "volumes")

    def __init__(
        self,
        start: int,
        stop: int,
        size: int,
        shift: int,
        count: int,
        end: int,
        comment: tuple[int, int],
        entries: list[Entry] | None = None,
        defects: list[Defect] | None = None,
        volumes: bool = False,
    ) -> None:
        self.start = start
        self.stop = stop
        self.size = size
        self.shift = shift
        self.count = count
        self.end = end
        self.comment = comment
        self.entries = [] if entries is None else entries
        self.defects = [] if defects is None else defects
        self.volumes = volumes


def decode_name(raw: bytes, flags: int) -> str:
    """A member's name as readers show it: UTF-8 where that is valid, else code page 437."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp437")


def end_positions(tail: bytes, base: int) -> list[int]:
    """Positions in the file of what may be end records, the last one first."""
    found: list[int] = []
    at = len(tail)
    while len(found) < MOST_ENDS and (at := tail.rfind(END, 0, at)) >= 0:
        if at + 22 <= len(tail):
            found.append(base + at)
    return found


def locate(source: Source, end: int) -> list[Directory]:
    """The places where the end record at this position, or the zip64 record before it, says that the
    directory is: counted from the start of the file, and backwards from the record. Only places that do
    hold a directory, each once, the one that CPython reads first."""
    record = source.read(end, 22)
    if len(record) < 22:
        return []
    _, disk, first, _, count, size, offset, comment = _END.unpack(record)
    note = (end + 22, comment)
    found: list[Directory] = []
    before = end
    records = _zip64(source, end)
    for at, (count64, size64, offset64) in records:
        before = min(before, at)
        _places(source, (at - size64, offset64), at, (count64, size64, offset64, end), note, found)
    if found and records:
        _check_locator(source, found[0], [at for at, _ in records])
    if not found or SATURATED not in (size, offset):
        starts = (before - size, end - size, offset)
        _places(source, starts, before, (count, size, offset, end), note, found)
    if found and before != end:
        _compare_ends(found[0], count, size, offset)
    for place in found:
        place.volumes = (disk, first) not in ((0, 0), (0xFFFF, 0xFFFF))
    return found


def _check_locator(source: Source, place: Directory, records: list[int]) -> None:
    """The locator must lead to the zip64 record that some readers find by its distance from the end."""
    stated = int.from_bytes(source.read(place.end - 12, 8), "little")
    if len(records) > 1 or stated + max(place.shift, 0) not in (records[0], records[0] + max(place.shift, 0)):
        text = "The zip64 locator does not lead to the zip64 end record that stands before it."
        place.defects.append(Defect("contradiction", text, place.end - 20, "zip64-locator", str(stated)))


def _compare_ends(place: Directory, count: int, size: int, offset: int) -> None:
    stated = (
        (count, 0xFFFF, place.count),
        (size, SATURATED, place.size),
        (offset, SATURATED, place.start - place.shift),
    )
    if any(plain not in (mark, full) for plain, mark, full in stated):
        text = "The end record and the zip64 end record state different directories."
        place.defects.append(Defect("contradiction", text, place.end, "zip64-end"))


def _zip64(source: Source, end: int) -> list[tuple[int, tuple[int, int, int]]]:
    """Positions of zip64 end records, with the number of entries, size and offset that they state."""
    locator = source.read(end - 20, 20) if end >= 20 else b""
    if locator[:4] != LOCATOR:
        return []
    found = []
    for at in dict.fromkeys((end - 76, int.from_bytes(locator[8:16], "little"))):
        record = source.read(at, 56)
        if record[:4] == END64 and len(record) == 56:
            fields = _END64.unpack(record)
            found.append((at, (fields[7], fields[8], fields[9])))
    return found


def _places(
    source: Source,
    starts: tuple[int, ...],
    record: int,
    stated: tuple[int, int, int, int],
    comment: tuple[int, int],
    found: list[Directory],
) -> None:
    count, size, offset, end = stated
    for start in starts:
        if start < 0 or start > record or any(start == known.start for known in found):
            continue
        if count == 0 and size == 0:
            if start == record:
                found.append(Directory(start, start, 0, 0, 0, end, comment))
        elif source.read(start, 4) == CENTRAL:
            found.append(Directory(start, record, size, start - offset, count, end, comment))


def parse(source: Source, place: Directory, bounds: Bounds, most: int = 0) -> None:
    """Read the entries of a directory. ``most`` stops early without looking further.

    Raises ``BoundExceededError`` where the directory is larger than ``Bounds.table`` or has more entries
    than ``Bounds.members``.
    """
    if place.size > bounds.table and not most:
        raise BoundExceededError("table", f"has a zip directory of {place.size:,} bytes")
    data = source.read(place.start, min(place.size, place.stop - place.start, bounds.table))
    at = _parse_records(data, place.start, place, most or bounds.members)
    if most:
        return
    _too_many(place, bounds)
    stop = place.start + at
    if stop + 46 <= place.stop and source.read(stop, 4) == CENTRAL:
        more = source.read(stop, min(place.stop - stop, bounds.table))
        extra = _parse_records(more, stop, place, bounds.members)
        _too_many(place, bounds)
        place.defects.append(
            Defect(
                "contradiction",
                "The central directory goes on after the size that the end record states.",
                stop,
                "directory-size",
                f"stated {place.size}, found {at + extra}",
            )
        )
        stop += extra
    elif at != place.size:
        text = "The central directory is shorter than the end record states."
        place.defects.append(Defect("contradiction", text, stop, "directory-size", f"stated {place.size}, found {at}"))
    if len(place.entries) & 0xFFFF != place.count & 0xFFFF:
        place.defects.append(
            Defect(
                "contradiction",
                "The end record states another number of members than the central directory has.",
                place.end,
                "directory-count",
                f"stated {place.count}, found {len(place.entries)}",
            )
        )
    place.stop = stop


def _too_many(place: Directory, bounds: Bounds) -> None:
    if len(place.entries) > bounds.members:
        raise BoundExceededError("members", f"has a zip directory of more than {bounds.members:,} members")


def _parse_records(data: bytes, base: int, place: Directory, most: int) -> int:
    """Add the records at the beginning of ``data``, which is at ``base`` in the file, until there are more
    than ``most`` of them. Gives their length."""
    at = 0
    shift, entries, end = place.shift, place.entries, len(data) - 46
    unpack = _CENTRAL.unpack_from
    while at <= end:
        record = unpack(data, at)
        magic, _, system, needed, _, flags, method, _, _, crc, compressed, size = record[:12]
        name_length, extra_length, note_length, volume, _, attributes, header = record[12:]
        if magic != CENTRAL:
            break
        start = at + 46
        stop = start + name_length
        raw = data[start:stop]
        extra = data[stop : stop + extra_length] if extra_length else b""
        if SATURATED in (compressed, size, header) and extra:
            size, compressed, header = zip64_fields(extra, size, compressed, header)
        entries.append(
            Entry(
                decode_name(raw, flags),
                raw,
                flags,
                method,
                crc,
                compressed,
                size,
                header + shift,
                system,
                needed,
                attributes,
                volume,
                extra,
                base + at,
            )
        )
        at = stop + extra_length + note_length
        if len(entries) > most:
            break
    return min(at, len(data))


def zip64_fields(extra: bytes, size: int, compressed: int, header: int = 0) -> tuple[int, int, int]:
    """Uncompressed size, compressed size and header offset, taken from the zip64 extra field where the
    record holds the mark that they are there."""
    for kind, body in extra_fields(extra):
        if kind != 1:
            continue
        values = [size, compressed, header]
        at = 0
        for index, value in enumerate(values):
            if value == SATURATED and at + 8 <= len(body):
                values[index] = int.from_bytes(body[at : at + 8], "little")
                at += 8
        return values[0], values[1], values[2]
    return size, compressed, header


def extra_fields(extra: bytes) -> list[tuple[int, bytes]]:
    """The fields of an extra block: header id and body. A field that goes past the end is left out."""
    found = []
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if at + 4 + length > len(extra):
            break
        found.append((kind, extra[at + 4 : at + 4 + length]))
        at += 4 + length
    return found


def local_header(source: Source, at: int, expected: int = 96) -> Local | None:
    """The local header at this position; ``None`` where there is none. ``expected`` bytes are read at
    once, and more only where they are needed."""
    data = source.read(at, 30 + expected)
    if len(data) < 30 or data[:4] != LOCAL:
        return None
    _, _, flags, method, _, _, crc, compressed, size, name_length, extra_length = _LOCAL.unpack_from(data)
    after_name = 30 + name_length
    raw = data[30:after_name]
    if len(raw) < name_length:
        raw = source.read(at + 30, name_length)
    if extra_length and SATURATED in (compressed, size):
        extra = source.read(at + after_name, extra_length)
        size, compressed, _ = zip64_fields(extra, size, compressed)
    return Local(decode_name(raw, flags), raw, flags, method, crc, compressed, size, at, at + after_name + extra_length)


def has_directory(source: Source, tail: bytes) -> bool:
    """Whether some end record in the tail leads to a directory with at least one member, or belongs to an
    empty archive that is nothing else."""
    base = source.size - len(tail)
    for end in end_positions(tail, base):
        for place in locate(source, end):
            if place.count or place.size or end == 0:
                return True
    return False


def names(source: Source, tail: bytes, most: int) -> tuple[str, ...]:
    """The names in the directory that CPython would read, or else in the first local header."""
    from violet.formats.source import Bounds

    bounds = Bounds(table=4 << 20)
    for end in end_positions(tail, source.size - len(tail)):
        for place in locate(source, end):
            if place.size or place.count:
                parse(source, place, bounds, most)
            if place.entries:
                return tuple(entry.name for entry in place.entries)
    first = local_header(source, 0)
    return (first.name,) if first else ()
