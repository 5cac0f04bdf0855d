"""The bounded reader of Parquet: the footer is read, and held against the file; values are not decoded.

Layout and field numbers from the format's own definition (``src/main/thrift/parquet.thrift`` in the parquet-format
repository). A footer is a table of offsets that readers believe, and written by whoever made the file: every range in
it is checked to lie in the file, before the footer, and not to be shared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from violet.formats.base import Child, Parsed, Relation
from violet.formats.parquet.schema import CODECS, Leaf, SchemaError, leaves
from violet.formats.parquet.thrift import ThriftError, ThriftReader, Wanted, footer_length
from violet.formats.source import BoundExceededError
from violet.formats.tensors.layout import MOST_DEFECTS, is_filler, metadata_children, note, shown, slug

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

MOST_VALUES = 8_000_000
"""Values in one footer."""
LONGEST_STATISTIC = 64
"""Bytes of a smallest or largest value that are kept."""

_STATISTICS: Wanted = {1: None, 2: None, 3: None, 5: None, 6: None}
COLUMN_META: Wanted = {
    1: None,
    3: None,
    4: None,
    5: None,
    7: None,
    9: None,
    11: None,
    12: _STATISTICS,
    14: None,
    15: None,
}
_CHUNK: Wanted = {1: None, 2: None, 3: COLUMN_META, 4: None, 5: None, 6: None, 7: None, 8: {}, 9: None}
_UNIT: Wanted = {1: {}, 2: {}, 3: {}}
_LOGICAL: Wanted = {
    **{number: {} for number in (1, 2, 3, 4, 6, 11, 12, 13, 14, 15, 16, 17, 18)},
    5: {1: None, 2: None},
    7: {1: None, 2: _UNIT},
    8: {1: None, 2: _UNIT},
    10: {1: None, 2: None},
}
_ELEMENT: Wanted = {1: None, 2: None, 3: None, 4: None, 5: None, 6: None, 7: None, 8: None, 10: _LOGICAL}
FOOTER: Wanted = {
    1: None,
    2: _ELEMENT,
    3: None,
    4: {1: _CHUNK, 2: None, 3: None},
    5: {1: None, 2: None},
    6: None,
    8: {},
}


@dataclass(frozen=True, slots=True)
class ChunkInfo:
    """One column of one row group: ``offset`` and ``size`` of its pages in the file, the dictionary included.

    ``nulls`` is -1 where the statistics do not say; ``minimum`` and ``maximum`` are as they are stored, in the
    column's physical type, and may be cut.
    """

    offset: int
    size: int
    values: int
    codec: str
    nulls: int = -1
    minimum: bytes = b""
    maximum: bytes = b""


@dataclass(frozen=True, slots=True)
class RowGroupInfo:
    """``chunks`` are in the order of the leaves."""

    rows: int
    chunks: tuple[ChunkInfo, ...]


@dataclass(slots=True)
class ParquetFacts:
    """What the footer says. ``footer`` is where it begins; ``sound`` whether everything in it fits together, so that
    the chunks can be read where they are said to be."""

    version: int = 0
    created_by: str = ""
    rows: int = 0
    leaves: list[Leaf] = field(default_factory=list)
    row_groups: list[RowGroupInfo] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    footer: int = 0
    sound: bool = False


class _ContradictionError(Exception):
    """The footer cannot be what it says; what is wrong has been noted."""


def read_parquet(source: Source, reading: Reading) -> Parsed:
    """Schema, row groups, column chunks; metadata that looks like code, and bytes nobody owns, become children."""
    facts = ParquetFacts()
    parsed = Parsed(facts)
    tail = source.read(max(source.size - 8, 0), 8)
    if source.size < 12 or tail[4:] not in (b"PAR1", b"PARE"):
        note(parsed, "truncated", "The file ends without a footer.", source.size, "footer")
        return parsed
    if tail[4:] == b"PARE":
        note(parsed, "unsupported", "The footer is encrypted.", source.size - 4, "encrypted")
        return parsed
    length = footer_length(tail)
    if length > source.size - 12:
        text = f"The footer says it has {length:,} bytes, in a file of {source.size:,}."
        note(parsed, "out-of-bounds", text, source.size - 8, "footer-length")
        return parsed
    if length > reading.bounds.table:
        raise BoundExceededError("table", f"has a footer of more than {reading.bounds.table:,} bytes")
    facts.footer = source.size - 8 - length
    reader = ThriftReader(source.read(facts.footer, length), budget=MOST_VALUES)
    try:
        content = reader.structure(FOOTER)
    except ThriftError as error:
        note(parsed, "malformed", f"The footer {error.message}.", facts.footer + error.offset, "thrift")
        return parsed
    if reader.position < length:
        text = f"The footer is {length - reader.position:,} bytes longer than what it holds."
        note(parsed, "hidden-data", text, facts.footer + reader.position, "footer-rest")
        window = source.window(facts.footer + reader.position, length - reader.position)
        parsed.children.append(Child("hidden", window, Relation.HIDDEN, offset=facts.footer + reader.position))
    try:
        _take(content, facts, parsed)
    except _ContradictionError:
        return parsed
    spans = _chunks(content, facts, parsed)
    facts.sound = not any(d.kind in ("malformed", "contradiction", "out-of-bounds", "overlap") for d in parsed.defects)
    if facts.sound and not parsed.unexamined:
        _hidden(source, facts, spans, parsed)
    return parsed


def _take(content: dict[int, Any], facts: ParquetFacts, parsed: Parsed) -> None:
    facts.version = _number(content.get(1, 0), "version", parsed)
    facts.created_by = _text(content.get(6, b""))[:200]
    facts.rows = _number(content.get(3, 0), "number of rows", parsed)
    _metadata(content.get(5, []), facts, parsed)
    if 8 in content:
        note(parsed, "unsupported", "Its columns are encrypted.", facts.footer, "encrypted")
    try:
        facts.leaves = leaves(_structures(content.get(2, []), "schema", parsed))
    except SchemaError as error:
        note(parsed, "contradiction", f"The schema {error}.", facts.footer, "schema")
        raise _ContradictionError from None


def _metadata(pairs: Any, facts: ParquetFacts, parsed: Parsed) -> None:
    for pair in _structures(pairs, "metadata", parsed):
        key = _text(pair.get(1, b""))
        if key in facts.metadata:
            note(parsed, "contradiction", f"Metadata {shown(key)} stands twice.", facts.footer, f"metadata:{slug(key)}")
        facts.metadata.setdefault(key, _text(pair.get(2, b"")))
    parsed.children.extend(metadata_children(facts.metadata.items()))


def _chunks(content: dict[int, Any], facts: ParquetFacts, parsed: Parsed) -> list[tuple[int, int]]:
    """Check every range; gives those that something owns, sorted."""
    spans: list[tuple[int, int]] = []
    owned: list[tuple[int, int]] = []
    total = 0
    for number, group in enumerate(_structures(content.get(4, []), "row group", parsed), 1):
        rows = _number(group.get(3, 0), "number of rows of a row group", parsed)
        total += rows
        columns = _structures(group.get(1, []), "column chunk", parsed)
        if len(columns) != len(facts.leaves):
            text = f"Row group {number} has {len(columns):,} columns, the schema {len(facts.leaves):,}."
            note(parsed, "contradiction", text, facts.footer, "columns")
            continue
        chunks = []
        for leaf, column in zip(facts.leaves, columns, strict=True):
            info = _chunk(leaf, column, number, rows, facts, parsed)
            if info is not None:
                chunks.append(info)
                spans.append((info.offset, info.offset + info.size))
                owned.extend(_indexes(column, facts.footer))
        if len(chunks) == len(facts.leaves):
            facts.row_groups.append(RowGroupInfo(rows, tuple(chunks)))
    if total != facts.rows:
        text = f"The row groups have {total:,} rows together, the file says {facts.rows:,}."
        note(parsed, "contradiction", text, facts.footer, "rows")
    spans.sort()
    end = 0
    for begin, stop in spans:
        if begin < end and stop > begin:
            note(parsed, "overlap", f"Two column chunks share the bytes from {begin:,} on.", begin, "overlap")
            break
        end = max(end, stop)
    return sorted(spans + owned)


def _chunk(
    leaf: Leaf, column: dict[int, Any], group: int, rows: int, facts: ParquetFacts, parsed: Parsed
) -> ChunkInfo | None:
    where = f"Column {shown(leaf.name)} of row group {group}"
    if column.get(1):
        path = _text(column[1])
        if path.startswith("/") or ".." in path.split("/") or ":" in path:
            text = f"{where} lies in the file {shown(path)}, outside of its directory."
            note(parsed, "out-of-bounds", text, facts.footer, f"file:{slug(path)}")
        elif "columns in other files" not in parsed.unexamined:
            parsed.unexamined.append("columns in other files")
        return None
    meta = column.get(3)
    if not isinstance(meta, dict) or not meta:
        what = "is encrypted" if 8 in column or 9 in column else "is not described"
        note(
            parsed, "unsupported" if 8 in column or 9 in column else "malformed", f"{where} {what}.", facts.footer, what
        )
        return None
    path_parts = meta.get(3, [])
    named = tuple(_text(part) for part in path_parts) if isinstance(path_parts, list) else ()
    if named != leaf.path:
        text = f"{where} is called {shown('.'.join(named))} there."
        note(parsed, "contradiction", text, facts.footer, "path")
    offset = _number(meta.get(9, 0), f"offset of {where}", parsed)
    dictionary = meta.get(11, 0)
    if isinstance(dictionary, int) and 0 < dictionary < offset:
        offset = dictionary
    size = _number(meta.get(7, 0), f"size of {where}", parsed)
    values = _number(meta.get(5, 0), f"number of values of {where}", parsed)
    if offset < 4 or offset + size > facts.footer:
        if rows or size:
            text = f"{where} lies at {offset:,} to {offset + size:,}, in a file whose data end at {facts.footer:,}."
            note(parsed, "out-of-bounds", text, facts.footer, "chunk-range")
            return None
        offset = min(max(offset, 4), facts.footer)
    if not leaf.repeats and values != rows:
        note(parsed, "contradiction", f"{where} has {values:,} values, for {rows:,} rows.", facts.footer, "values")
    codec = meta.get(4, 0)
    name = CODECS[codec] if isinstance(codec, int) and 0 <= codec < len(CODECS) else f"codec {codec}"
    return ChunkInfo(offset, size, values, name, *_statistics(meta.get(12), where, values, facts, parsed))


def _statistics(content: Any, where: str, values: int, facts: ParquetFacts, parsed: Parsed) -> tuple[int, bytes, bytes]:
    if not isinstance(content, dict):
        return -1, b"", b""
    nulls = content.get(3, -1)
    if not isinstance(nulls, int) or nulls > values:
        note(parsed, "contradiction", f"{where} counts more nulls than values.", facts.footer, "nulls")
        nulls = -1
    ends = [content.get(new, content.get(old, b"")) for new, old in ((6, 2), (5, 1))]
    minimum, maximum = (end[:LONGEST_STATISTIC] if isinstance(end, bytes) else b"" for end in ends)
    return nulls, minimum, maximum


def _indexes(column: dict[int, Any], footer: int) -> list[tuple[int, int]]:
    """Page indexes and Bloom filters, which lie beside the chunks. A filter without a length owns nothing."""
    meta = column.get(3) or {}
    pairs = ((column.get(4), column.get(5)), (column.get(6), column.get(7)), (meta.get(14), meta.get(15)))
    return [
        (begin, begin + size)
        for begin, size in pairs
        if isinstance(begin, int) and isinstance(size, int) and begin >= 4 and size > 0 and begin + size <= footer
    ]


def _hidden(source: Source, facts: ParquetFacts, spans: list[tuple[int, int]], parsed: Parsed) -> None:
    """Bytes that nothing owns. Padding is usual; so is a copy of a chunk's description behind it, which older writers
    leave."""
    end = 4
    for begin, stop in [*spans, (facts.footer, facts.footer)]:
        if begin > end and not is_filler(source, end, begin - end) and not _is_copy(source, end, begin - end):
            text = f"{begin - end:,} bytes that nothing in the file owns stand at {end:,}."
            note(parsed, "hidden-data", text, end, f"hidden:{end}")
            if len(parsed.children) < MOST_DEFECTS:
                parsed.children.append(Child("hidden", source.window(end, begin - end), Relation.HIDDEN, offset=end))
        end = max(end, stop)


def _is_copy(source: Source, offset: int, length: int) -> bool:
    """Whether the bytes are descriptions of columns, one after the other, and nothing else."""
    if length > 1 << 20:
        return False
    reader = ThriftReader(source.read(offset, length), budget=10_000)
    try:
        while reader.position < length:
            if 9 not in reader.structure(COLUMN_META):
                return False
    except (ThriftError, BoundExceededError):
        return False
    return True


def _number(value: Any, what: str, parsed: Parsed) -> int:
    """A number that cannot be negative."""
    if type(value) is not int or value < 0:
        kind = type(value).__name__ if type(value) is not int else f"{value:,}"
        note(parsed, "malformed", f"The {what} is {kind}.", key=f"number:{what[:40]}")
        return 0
    return value


def _structures(value: Any, what: str, parsed: Parsed) -> list[dict[int, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        note(parsed, "malformed", f"The {what} is no list of structures.", key=f"list:{what}")
        return []
    return value


def _text(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else ""
