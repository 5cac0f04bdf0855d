"""All the pickle streams of one file, and what stands behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Child, Defect, Parsed, Relation
from violet.formats.pickle.facts import Oddity, PickleFacts, Stream
from violet.formats.pickle.literals import looks_loadable
from violet.formats.pickle.machine import Machine
from violet.formats.pickle.trial import carve, could_be_pickle, ends_as_pickle, holds_pickle
from violet.formats.pickle.values import Dict, Set, contents
from violet.formats.source import BytesSource

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.pickle.values import Value
    from violet.formats.source import Meter, Source

FEW_GLOBALS = 3
LARGEST_EXPANSION = 1e9
MOST_VALUES = 20_000
MOST_STREAMS = 100_000
MOST_RECODED_BYTES = 64 << 20
TORCH_MAGIC = 0x1950A86A20F9469CFC6C
STORAGE_ITEMS = {
    "DoubleStorage": 8,
    "FloatStorage": 4,
    "HalfStorage": 2,
    "BFloat16Storage": 2,
    "LongStorage": 8,
    "IntStorage": 4,
    "ShortStorage": 2,
    "CharStorage": 1,
    "ByteStorage": 1,
    "BoolStorage": 1,
    "ComplexDoubleStorage": 16,
    "ComplexFloatStorage": 8,
    "QInt8Storage": 1,
    "QUInt8Storage": 1,
    "QInt32Storage": 4,
    "UntypedStorage": 1,
}


def read_pickle(source: Source, reading: Reading) -> Parsed:
    """Run every stream symbolically. ``facts`` is a ``PickleFacts``."""
    parsed = Parsed()
    facts = PickleFacts()
    parsed.facts = facts
    start = 0
    while True:
        stream = Machine(source, start, reading.meter).run()
        facts.streams.append(stream)
        _expands(stream)
        if stream.arrays:
            facts.flavour = "joblib"
        start = facts.end = stream.end
        if stream.broken or start >= source.size:
            break
        if len(facts.streams) == 1 and stream.result == TORCH_MAGIC:
            facts.flavour = "torch_legacy"
        if facts.flavour == "torch_legacy" and len(facts.streams) == 5:
            start = facts.end = _torch_storages(source, facts, parsed)
            if start >= source.size:
                break
        if len(facts.streams) >= MOST_STREAMS:
            parsed.unexamined.append(f"more than {MOST_STREAMS:,} pickle streams: the rest was not followed")
            break
        if not _another(source, start):
            break
    _behind(source, facts, parsed, reading.meter)
    _inside(source, facts, parsed)
    return parsed


def _expands(stream: Stream) -> None:
    """Note a value that is small in the stream and vast when it is hashed, printed or copied: containers that
    hold the same container twice, many levels deep. Asked of plain data only, which is where such bombs are."""
    if len(stream.globals) > FEW_GLOBALS or not isinstance(stream.result, (tuple, list, Dict, Set)):
        return
    sizes: dict[int, float] = {}
    opened: set[int] = set()
    pending: list[tuple[Value, bool]] = [(stream.result, False)]
    while pending and len(sizes) < MOST_VALUES:
        value, ready = pending.pop()
        if id(value) in sizes or (not ready and id(value) in opened):
            continue
        opened.add(id(value))
        inside = contents(value)
        if ready:
            sizes[id(value)] = 1.0 + sum(sizes.get(id(item), 1.0) for item in inside)
        else:
            pending.append((value, True))
            pending.extend((i, False) for i in inside if isinstance(i, (tuple, list, Dict, Set)) and id(i) not in sizes)
            if len(pending) > 4 * MOST_VALUES:
                return
    total = sizes.get(id(stream.result), 0.0)
    if total > LARGEST_EXPANSION:
        evidence = f"holds a value of {total:.1e} parts in {stream.end - stream.start:,} bytes"
        stream.oddities.append(Oddity("oversized", stream.start, evidence, "expansion"))


def _another(source: Source, start: int) -> bool:
    """Whether one more stream begins at ``start``."""
    head = source.read(start, 3)
    if len(head) == 3 and head[0] == 0x80 and head[1] <= 5:
        return True
    return could_be_pickle(source, start) or ends_as_pickle(source, start)


def _torch_storages(source: Source, facts: PickleFacts, parsed: Parsed) -> int:
    """Skip the raw storages of a legacy torch file: for each key a 64-bit count and the items. Where they
    end (torch/serialization.py, ``_legacy_save``)."""
    keys = facts.streams[4].result
    known = facts.streams[3].storages
    offset = facts.end
    for key in keys if isinstance(keys, list) else []:
        kind, count = known.get(key, ("", -1)) if isinstance(key, str) else ("", -1)
        size = STORAGE_ITEMS.get(kind)
        stored = int.from_bytes(source.read(offset, 8), "little", signed=True)
        if size is None or stored < 0:
            return offset
        end = offset + 8 + stored * size
        if stored != count:
            message = f"storage {key!r} holds {stored:,} items where the pickle says {count:,}"
            parsed.defects.append(Defect("contradiction", message, offset, "storage-count"))
        if end > source.size:
            parsed.defects.append(Defect("truncated", f"ends inside storage {key!r}", offset, "storage"))
            return source.size
        offset = end
    return offset


def _behind(source: Source, facts: PickleFacts, parsed: Parsed, meter: Meter) -> None:
    """What stands behind the last stream, or behind the point where it breaks."""
    last = facts.streams[-1]
    rest = source.size - facts.end
    if last.broken:
        for offset in carve(source, meter, min(facts.end + 1, source.size)):
            window = source.window(offset, source.size - offset)
            parsed.children.append(Child("behind", window, Relation.HIDDEN, "pickle", offset))
        parsed.unexamined.append(f"the pickle breaks at byte {facts.end:,} ({last.broken}): not followed further")
        return
    if rest <= 0 or (rest <= 1 << 16 and not source.read(facts.end, rest).strip(b"\x00\r\n\t ")):
        return
    window = source.window(facts.end, rest)
    parsed.children.append(Child("behind", window, Relation.HIDDEN, "", facts.end))
    message = f"{rest:,} bytes stand behind the last pickle"
    parsed.defects.append(Defect("trailing-data", message, facts.end, "trailing-data"))


def _inside(source: Source, facts: PickleFacts, parsed: Parsed) -> None:
    """Constants that are files themselves."""
    from violet.formats.registry import identify

    for stream in facts.streams:
        for offset, length in stream.nested:
            window = source.window(offset, length)
            recognised = identify(window, "")
            if not recognised or recognised[0].id == "text":
                continue
            if all(entry.id != "pickle" for entry in recognised) or holds_pickle(window):
                parsed.children.append(Child("constant", window, Relation.NESTED, "", offset))
        for offset, length, data in stream.recoded:
            recoded = data if data is not None else _recoded(source, offset, length, parsed)
            if recoded is None or not looks_loadable(recoded):
                continue
            inner = BytesSource(recoded)
            if identify(inner, ""):
                parsed.children.append(Child("constant", inner, Relation.NESTED, "", offset))


def _recoded(source: Source, offset: int, length: int, parsed: Parsed) -> bytes | None:
    """The bytes that a long text stands for, one character each."""
    if length > MOST_RECODED_BYTES:
        if looks_loadable(source.read(offset, 400)):
            parsed.unexamined.append(f"{length:,} bytes at byte {offset:,} that are written as text")
        return None
    try:
        return source.read(offset, length).decode("utf-8").encode("latin-1")
    except UnicodeError:
        return None


__all__ = ["Stream", "read_pickle"]
