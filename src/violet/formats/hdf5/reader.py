"""Walk the groups, datasets and attributes of an HDF5 file: what it names, reaches for, and hides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.formats.base import Child, Defect, Parsed, Relation
from violet.formats.hdf5 import heaps, messages
from violet.formats.hdf5.facts import Filter, Hdf5Facts, Oversized, Reach, Reference, StoredArray
from violet.formats.hdf5.messages import Class, Datatype, Layout, Link
from violet.formats.hdf5.storage import File, Hdf5Error, Message
from violet.formats.keras.facts import visible
from violet.formats.source import BytesSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.formats.base import Reading
    from violet.formats.source import Source

KERAS_ATTRIBUTES = ("model_config", "training_config")
MOST_OBJECTS = 100_000
MOST_DEFECTS = 50
MOST_VALUE = 32 << 20
"""Bytes of one string, opaque value or small dataset that are looked at."""
MOST_ELEMENTS = 100_000
SHORT = 200
"""Bytes of a text attribute of the root group that is kept, and how many of them."""
DECLARED_SUSPECT = 4 << 30
"""Bytes that a dataset may declare before it matters how many are stored."""
MATLAB = re.compile(rb"MATLAB 7\.\d MAT-file[^\0]{0,108}[\0\1\2IM]*\Z")
"""The header of 128 bytes that MATLAB writes before HDF5, and nothing else up to the next 512."""

_GLOBAL = re.compile(rb"[ci][A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n")


def pickle_like(value: bytes) -> bool:
    """Whether a value is what PyTables, pandas or hickle would unpickle: starts with a protocol mark, or is
    of protocol 0 and names a global; and ends with STOP."""
    value = value.rstrip(b"\0")
    if len(value) < 3 or value[-1:] != b".":
        return len(value) > 4 and value[0] == 0x80 and value[1] in (2, 3, 4, 5) and value[2:3] in b"c(]}\x95"
    if value[0] == 0x80 and value[1] <= 5:
        return True
    return bool(_GLOBAL.search(value[:MOST_VALUE])) or (b"\x93" in value and value[:1] in b"(cXU\x8c")


def read(source: Source, reading: Reading) -> Parsed:
    """The facts, the Keras configurations and pickles as children, and what lies outside the file's own
    bounds as hidden children. Raises ``BoundExceededError`` for operations only."""
    parsed = Parsed(facts=Hdf5Facts())
    _Walk(source, reading, parsed).run()
    return parsed


class _Walk:
    def __init__(self, source: Source, reading: Reading, parsed: Parsed) -> None:
        self.source = source
        self.reading = reading
        self.parsed = parsed
        self.facts = Hdf5Facts()
        parsed.facts = self.facts
        self.seen: set[int] = set()
        self.file: File

    def run(self) -> None:
        try:
            self.file = File(self.source, self.reading.meter)
        except Hdf5Error as error:
            self.defect(error, "superblock")
            return
        self.facts.version, self.facts.start = self.file.version, self.file.start
        self.outside()
        pending = [("", self.file.root)]
        while pending:
            path, address = pending.pop()
            if address in self.seen:
                continue
            if len(self.seen) >= MOST_OBJECTS:
                self.parsed.unexamined.append(f"objects after the first {MOST_OBJECTS:,}")
                break
            self.seen.add(address)
            try:
                links = self.members(path or "/", address)
            except Hdf5Error as error:
                self.defect(error, path or "/")
                continue
            for entry in reversed(links):
                child = f"{path}/{visible(entry.name, 200)}"
                if entry.kind == 0:
                    pending.append((child, entry.address))
                else:
                    self.reach(child, entry)
        self.facts.objects = len(self.seen)

    def defect(self, error: Hdf5Error, where: str) -> None:
        if len(self.parsed.defects) < MOST_DEFECTS:
            message = f"HDF5 object {where!a}: {error.message}"
            self.parsed.defects.append(Defect(error.kind, message, error.offset, key=f"{where}:{error.kind}"))

    def outside(self) -> None:
        """What stands before the superblock (a user block) and after the end that it declares."""
        start, end = self.file.start, self.file.end + self.file.start
        if start:
            block = self.source.read(0, min(start, 1 << 20))
            if block.strip(b"\0") and not MATLAB.match(block):
                self.hide("before-superblock", 0, start, "before it begins")
        if self.file.end < 0 or end > self.source.size:
            missing = f"the file ends at {self.source.size:,} and says {end:,}"
            self.defect(Hdf5Error(missing, self.source.size, "truncated"), "/")
        elif end < self.source.size and self.source.read(end, 65_536).strip(b"\0"):
            self.hide("after-end", end, self.source.size - end, "after it ends")

    def hide(self, name: str, offset: int, length: int, where: str) -> None:
        message = f"{length:,} bytes stand {where}, which HDF5 does not read"
        self.parsed.defects.append(Defect("hidden-data", message, offset, key=name))
        window = self.source.window(offset, length)
        self.parsed.children.append(Child(name, window, Relation.HIDDEN, offset=offset))

    def reach(self, path: str, link: Link) -> None:
        if link.kind == 64:
            self.facts.references.append(Reference(Reach.EXTERNAL_LINK, path, visible(link.file), visible(link.target)))
        elif link.kind == 1:
            self.facts.soft_links.append((path, visible(link.target)))
        else:
            self.parsed.unexamined.append(f"link {path!a} of user-defined kind {link.kind}")

    def members(self, path: str, address: int) -> list[Link]:
        """Read one object header: its attributes, its links, its data. Returns the links."""
        links: list[Link] = []
        shape: tuple[int, ...] | None = None
        kind: Datatype | None = None
        place: Layout | None = None
        filtered: list[int] = []
        external = False
        for message in self.file.messages(address):
            number = message.number
            if number == messages.ATTRIBUTE:
                self.attribute_message(path, message)
            elif number == messages.ATTRIBUTE_INFO:
                self.dense_attributes(path, message.data)
            elif number == messages.SYMBOL_TABLE:
                links.extend(self.old_group(message.data))
            elif number == messages.LINK:
                links.append(messages.link(self.file, message.data))
            elif number == messages.LINK_INFO:
                links.extend(self.dense_links(path, message.data))
            elif message.flags & messages.SHARED:
                if number == messages.DATATYPE:
                    kind = messages.shared_datatype(self.file, message.data)
            elif number == messages.DATASPACE:
                shape = messages.dataspace(self.file, message.data)
            elif number == messages.DATATYPE:
                kind = messages.datatype(message.data)
            elif number == messages.LAYOUT:
                place = messages.layout(self.file, message.data)
            elif number == messages.FILTERS:
                filtered = self.filter(path, message.data)
            elif number == messages.EXTERNAL_FILES:
                external = True
                self.external(path, message.data)
        if place is not None and shape is not None:
            self.dataset(path, shape, kind, place, filtered, external)
        return links

    def old_group(self, body: bytes) -> Iterator[Link]:
        tree = self.file.address_in(body, 0)
        heap = heaps.LocalHeap(self.file, self.file.address_in(body, self.file.offset_size))
        width = self.file.offset_size
        size = 2 * width + 24
        for leaf in heaps.group_leaves(self.file, tree):
            head = self.file.read(leaf, 8, "symbol table")
            if head[:4] != b"SNOD":
                raise Hdf5Error("no symbol table where one should be", leaf)
            count = int.from_bytes(head[6:8], "little")
            data = self.file.read(leaf + 8, count * size, "symbol table")
            for at in range(0, count * size, size):
                name = heap.text(int.from_bytes(data[at : at + width], "little"))
                if int.from_bytes(data[at + 2 * width : at + 2 * width + 4], "little") == 2:
                    offset = int.from_bytes(data[at + 2 * width + 8 : at + 2 * width + 12], "little")
                    yield Link(name, 1, target=heap.text(offset))
                else:
                    yield Link(name, 0, self.file.address_in(data, at + width))

    def dense(self, body: bytes, skip: int, record: int) -> Iterator[bytes]:
        """The heap objects that a link info or attribute info message leads to; ``record`` is how far into
        a B-tree record the heap identifier stands."""
        heap_address = self.file.address_in(body, skip)
        if heap_address < 0:
            return
        heap = heaps.FractalHeap(self.file, heap_address)
        tree = self.file.address_in(body, skip + self.file.offset_size)
        for entry in heaps.tree2_records(self.file, tree):
            yield heap.read(entry[record : record + heap.id_length])

    def dense_links(self, path: str, body: bytes) -> Iterator[Link]:
        skip = 10 if body[1:2] and body[1] & 1 else 2
        try:
            for data in self.dense(body, skip, 4):
                yield messages.link(self.file, data)
        except Hdf5Error as error:
            self.unread(path, error)

    def dense_attributes(self, path: str, body: bytes) -> None:
        skip = 4 if body[1:2] and body[1] & 1 else 2
        try:
            for data in self.dense(body, skip, 0):
                self.attribute(path, data)
        except Hdf5Error as error:
            self.unread(path, error)

    def unread(self, path: str, error: Hdf5Error) -> None:
        if error.kind == "unsupported":
            self.parsed.unexamined.append(f"{path}: {error.message}")
        else:
            self.defect(error, path)

    def attribute_message(self, path: str, message: Message) -> None:
        if message.flags & messages.SHARED:
            self.parsed.unexamined.append(f"a shared attribute of {path!a}")
            return
        try:
            self.attribute(path, message.data)
        except Hdf5Error as error:
            self.unread(path, error)

    def attribute(self, path: str, body: bytes) -> None:
        found = messages.attribute(self.file, body)
        if found.type is None:
            self.parsed.unexamined.append(f"the attribute {found.name!a} of {path!a}, whose datatype is kept apart")
            return
        values = list(self.values(found.type, found.count, found.data))
        here = f"{path.rstrip('/')}/@{visible(found.name, 200)}"
        if found.name in KERAS_ATTRIBUTES and values:
            self.facts.keras = True
            child = Child(found.name, BytesSource(b"".join(values)), Relation.TEXT, "keras-config")
            self.parsed.children.append(child)
            return
        if path == "/" and len(values) == 1 and len(values[0]) <= SHORT and len(self.facts.attributes) < SHORT:
            self.facts.attributes[visible(found.name, 200)] = visible(values[0].decode("utf-8", "backslashreplace"))
        self.pickles(here, values)

    def pickles(self, path: str, values: list[bytes]) -> None:
        for index, value in enumerate(values):
            if pickle_like(value):
                name = path if len(values) == 1 else f"{path}[{index}]"
                self.parsed.children.append(Child(name, BytesSource(value), Relation.NESTED, "pickle"))

    def values(self, kind: Datatype, count: int, data: bytes) -> Iterator[bytes]:
        """The elements that are strings, opaque bytes or sequences of bytes."""
        if kind.kind in (Class.STRING, Class.OPAQUE) and 0 < kind.size <= MOST_VALUE:
            for index in range(min(count, MOST_ELEMENTS, len(data) // kind.size)):
                value = data[index * kind.size : (index + 1) * kind.size]
                yield value.rstrip(b"\0") if kind.kind == Class.STRING else value
        elif kind.kind == Class.FIXED and kind.size == 1 and count <= MOST_VALUE:
            yield data[:count]
        elif kind.kind == Class.VARIABLE and (kind.text or kind.base_size == 1):
            width = 8 + self.file.offset_size
            for index in range(min(count, MOST_ELEMENTS, len(data) // width)):
                entry = data[index * width : (index + 1) * width]
                length = int.from_bytes(entry[:4], "little")
                address = self.file.address_in(entry, 4)
                if address <= 0 or not length:
                    continue
                number = int.from_bytes(entry[4 + self.file.offset_size :], "little")
                yield heaps.global_object(self.file, address, number)[:length]

    def filter(self, path: str, body: bytes) -> list[int]:
        found = messages.filters(body)
        for number, name in found:
            self.facts.filters.setdefault(number, Filter(number, visible(name, 80), path))
        return [number for number, _ in found]

    def external(self, path: str, body: bytes) -> None:
        heap_address, entries = messages.external_files(self.file, body)
        heap = heaps.LocalHeap(self.file, heap_address)
        for name, offset, size in entries[:1000]:
            target = f"{size:,} bytes from {offset:,}"
            self.facts.references.append(Reference(Reach.EXTERNAL_STORAGE, path, visible(heap.text(name)), target))

    def dataset(
        self,
        path: str,
        shape: tuple[int, ...],
        kind: Datatype | None,
        place: Layout,
        filtered: list[int],
        external: bool,
    ) -> None:
        count = 1
        for length in shape:
            count *= length
        if place.kind == 3:
            self.virtual(path, place)
            return
        size = kind.size if kind else 1
        if len(self.facts.datasets) < MOST_OBJECTS:
            self.facts.datasets.append(StoredArray(path, shape, kind.kind if kind else -1, size))
        stored = self.stored(place, external)
        declared = count * size
        if declared > DECLARED_SUSPECT and declared > 100 * max(self.source.size, 1):
            self.facts.oversized.append(Oversized(path, declared, stored, shape))
        if kind is not None and not external and kind.kind in (
            Class.STRING, Class.OPAQUE, Class.VARIABLE, Class.FIXED
        ):  # fmt: skip
            self.content(path, count, kind, place, filtered)

    def stored(self, place: Layout, external: bool) -> int:
        if place.kind == 1 and place.address < 0 and not external:
            return 0
        if place.kind == 1 and not external and place.address + place.size + self.file.start > self.source.size:
            text = "the data of a dataset lie outside the file"
            self.defect(Hdf5Error(text, place.address, "out-of-bounds"), f"data at {place.address}")
        return place.size

    def virtual(self, path: str, place: Layout) -> None:
        sources: list[tuple[str, str]] = []
        if place.address >= 0:
            data = heaps.global_object(self.file, place.address, place.heap_index)
            sources = messages.virtual_sources(self.file, data)
        seen: set[str] = set()
        for file, target in sources:
            if file != "." and file not in seen:
                seen.add(file)
                self.facts.references.append(Reference(Reach.VIRTUAL, path, visible(file), visible(target)))

    def content(self, path: str, count: int, kind: Datatype, place: Layout, filtered: list[int]) -> None:
        """Look for pickles in a small dataset of strings or bytes."""
        if kind.kind == Class.FIXED and kind.size != 1:
            return
        size = count * kind.size
        if not 0 < size <= MOST_VALUE or count > MOST_VALUE:
            return
        try:
            if kind.kind == Class.FIXED and not self.starts_like_pickle(place, filtered):
                return
            data = self.bytes_of(place, kind, filtered)
            if data is None:
                if kind.kind != Class.FIXED:
                    self.parsed.unexamined.append(f"dataset {path!a}: its chunks are indexed in a newer way")
                return
            self.pickles(path, list(self.values(kind, count, data)))
        except Hdf5Error as error:
            self.unread(path, error)

    def starts_like_pickle(self, place: Layout, filtered: list[int]) -> bool:
        """Whether a dataset of single bytes begins like a pickle; of chunked ones the first is looked at."""
        head = place.data
        if place.kind == 1 and place.address >= 0:
            head = self.source.read(self.file.start + place.address, 4096)
        elif place.kind == 2 and place.indexed and place.address >= 0:
            for key, address in heaps.tree_entries(self.file, place.address, 1, 8 + 8 * len(place.chunk)):
                if not any(key[8:]):
                    length, mask = int.from_bytes(key[:4], "little"), int.from_bytes(key[4:8], "little")
                    data = self.source.read(self.file.start + address, min(length, 1 << 20))
                    head = self.unfilter(data, filtered, mask, 1)[:4096]
                    break
        return head[:1] == b"\x80" or bool(_GLOBAL.search(head))

    def bytes_of(self, place: Layout, kind: Datatype, filtered: list[int]) -> bytes | None:
        """The bytes of a dataset, chunks in the order of the index; ``None`` where they cannot be read."""
        if place.kind == 0:
            return place.data
        if place.kind == 1:
            if place.address < 0 or place.size > MOST_VALUE:
                return b""
            return self.source.read(self.file.start + place.address, place.size)
        if not place.indexed:
            return None
        if place.address < 0:
            return b""
        parts: list[bytes] = []
        total = 0
        for key, address in heaps.tree_entries(self.file, place.address, 1, 8 + 8 * len(place.chunk)):
            length, mask = int.from_bytes(key[:4], "little"), int.from_bytes(key[4:8], "little")
            total += length
            if total > MOST_VALUE:
                break
            data = self.source.read(self.file.start + address, length)
            parts.append(self.unfilter(data, filtered, mask, kind.size))
        return b"".join(parts)

    def unfilter(self, data: bytes, filtered: list[int], mask: int, size: int) -> bytes:
        """Undo deflate, shuffle and checksum; raises ``Hdf5Error`` (``unsupported``) for other filters."""
        import zlib

        for index in range(len(filtered) - 1, -1, -1):
            if mask >> index & 1:
                continue
            number = filtered[index]
            if number == 1:
                try:
                    data = zlib.decompressobj().decompress(data, MOST_VALUE)
                except zlib.error as error:
                    raise Hdf5Error(f"a chunk does not decompress ({error})") from None
                self.reading.meter.expand(len(data))
            elif number == 2 and size > 1:
                whole = len(data) // size
                data = b"".join(bytes(data[at : whole * size : whole]) for at in range(whole)) if whole else data
            elif number == 3:
                data = data[:-4]
            elif number != 2:
                raise Hdf5Error(f"filter {number} is not undone here", kind="unsupported")
        return data
