"""The Parquet reader, against files of the real writer and footers that no loader should be given."""

from __future__ import annotations

import datetime
import decimal
import io
import struct
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.tensor_files import ids, kinds, mutations, read, survives
from violet.formats.base import Relation
from violet.formats.parquet.reader import ParquetFacts
from violet.formats.source import BoundExceededError, Bounds

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

CODECS = ("none", "snappy", "gzip", "brotli", "lz4", "zstd")


@cache
def valid(compression: str = "snappy", version: str = "2.6", pages: str = "1.0", index: bool = False) -> bytes:
    rows = 1000
    table = pyarrow.table(
        {
            "id": pyarrow.array(range(rows), pyarrow.int32()),
            "small": pyarrow.array([n % 100 for n in range(rows)], pyarrow.uint8()),
            "score": [n / 7 if n % 5 else None for n in range(rows)],
            "label": ["cat", "dog"] * (rows // 2),
            "tags": [["a"], []] * (rows // 2),
            "inner": [{"x": 1, "y": {"z": "deep"}}] * rows,
            "when": [datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)] * rows,
            "price": [decimal.Decimal("1.25")] * rows,
            "blob": [b"\x00\x01"] * rows,
        }
    )
    out = io.BytesIO()
    parquet.write_table(
        table,
        out,
        row_group_size=300,
        compression=compression,
        version=version,
        data_page_version=pages,
        write_page_index=index,
    )
    return out.getvalue()


def facts(data: bytes) -> ParquetFacts:
    found = read("parquet", data).facts
    assert isinstance(found, ParquetFacts)
    return found


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("pages", ["1.0", "2.0"])
def test_a_valid_file_is_what_the_real_reader_says(codec: str, pages: str) -> None:
    data = valid(codec, pages=pages)
    parsed = read("parquet", data)
    found = facts(data)
    real = parquet.read_metadata(io.BytesIO(data))
    assert ids(data, "a.parquet") == ["parquet"]
    assert parsed.defects == []
    assert parsed.unexamined == []
    assert found.sound
    assert found.rows == real.num_rows == 1000
    assert found.created_by == real.created_by
    assert [leaf.name for leaf in found.leaves] == [real.schema.column(n).path for n in range(real.num_columns)]
    assert [group.rows for group in found.row_groups] == [300, 300, 300, 100]
    for number, group in enumerate(found.row_groups):
        for column, chunk in enumerate(group.chunks):
            theirs = real.row_group(number).column(column)
            start = theirs.dictionary_page_offset or theirs.data_page_offset
            assert (chunk.offset, chunk.size, chunk.values) == (start, theirs.total_compressed_size, theirs.num_values)
            expected = {"UNCOMPRESSED": "none", "LZ4": "lz4_raw"}.get(theirs.compression, theirs.compression.lower())
            assert chunk.codec == expected
            assert chunk.nulls == (theirs.statistics.null_count if theirs.statistics else -1)


def test_types_have_names() -> None:
    expected = "int32 uint8 double string string int64 string timestamp(us,utc) decimal(3,2) binary"
    assert [leaf.type.replace(", ", ",") for leaf in facts(valid()).leaves] == expected.split()
    assert [leaf.repeats for leaf in facts(valid()).leaves] == [False] * 4 + [True] + [False] * 5


def test_old_files_are_sound() -> None:
    assert facts(valid(version="1.0")).sound


def test_page_indexes_belong_to_the_file() -> None:
    parsed = read("parquet", valid(index=True))
    assert parsed.defects == []
    assert parsed.children == []


# -- footers by hand -------------------------------------------------------------------------------


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def number(value: int) -> bytes:
    return varint((value << 1 ^ value >> 63) & (1 << 64) - 1)


def structure(*fields: tuple[int, Any]) -> bytes:
    """A Thrift structure: fields of whole numbers, texts, structures (as bytearray) and lists of these."""
    out = b""
    for field, value in fields:
        kind, body = _value(value)
        out += bytes([kind]) + number(field) + body
    return out + b"\0"


def _value(value: Any) -> tuple[int, bytes]:
    if isinstance(value, int):
        return 6, number(value)
    if isinstance(value, bytes):
        return 8, varint(len(value)) + value
    if isinstance(value, bytearray):
        return 12, bytes(value)
    kinds_and_bodies = [_value(item) for item in value]
    kind = kinds_and_bodies[0][0] if kinds_and_bodies else 12
    return 9, bytes([0xF0 | kind]) + varint(len(value)) + b"".join(body for _, body in kinds_and_bodies)


def element(name: bytes, children: int | None = None) -> bytearray:
    if children is None:
        return bytearray(structure((1, 1), (3, 0), (4, name)))
    return bytearray(structure((4, name), (5, children)))


def chunk(offset: int = 4, size: int = 8, values: int = 2, name: bytes = b"a", path: bytes = b"") -> bytearray:
    meta = bytearray(structure((1, 1), (3, [name]), (4, 0), (5, values), (7, size), (9, offset)))
    return bytearray(structure(*[(1, path)] * bool(path), (3, meta)))


def footer(
    elements: list[bytearray] | None = None, groups: list[bytearray] | None = None, rows: int = 2, more: Any = ()
) -> bytes:
    return structure(
        (1, 1),
        (2, elements or [element(b"root", 1), element(b"a")]),
        (3, rows),
        (4, groups if groups is not None else [group([chunk()])]),
        *more,
    )


def group(chunks: list[bytearray], rows: int = 2) -> bytearray:
    return bytearray(structure((1, chunks), (3, rows)))


def file(meta: bytes, data: bytes = bytes(8), length: int | None = None) -> bytes:
    return b"PAR1" + data + meta + struct.pack("<I", len(meta) if length is None else length) + b"PAR1"


def test_the_footer_by_hand_is_sound() -> None:
    parsed = read("parquet", file(footer()))
    assert parsed.defects == []
    assert parsed.facts.sound  # type: ignore[attr-defined]


TWO = [element(b"root", 2), element(b"a"), element(b"b")]

HOSTILE: dict[str, tuple[bytes, str, str]] = {
    "no end": (valid()[:-1000], "truncated", "without a footer"),
    "length past the start": (file(footer(), length=1 << 31), "out-of-bounds", "says it has 2,147,483,648 bytes"),
    "no structure": (file(b"\xff" * 40), "malformed", "unknown type"),
    "list longer than the file": (file(b"\x29\xfc" + varint(1 << 40)), "malformed", "values follow"),
    "text longer than the file": (file(b"\x68" + varint(1 << 60)), "malformed", "are left"),
    "number without end": (file(b"\x15" + b"\xff" * 30), "malformed", "number without end"),
    "the same field twice": (file(structure((1, 1), (1, 2))), "malformed", "twice"),
    "more after the footer": (file(footer() + b"hidden!"), "hidden-data", "7 bytes longer"),
    "offset past the end": (file(footer(groups=[group([chunk(offset=5000)])])), "out-of-bounds", "lies at 5,000"),
    "offset in the magic number": (file(footer(groups=[group([chunk(offset=0)])])), "out-of-bounds", "lies at 0"),
    "negative offset": (file(footer(groups=[group([chunk(offset=-4)])])), "malformed", "is -4"),
    "size that overflows": (file(footer(groups=[group([chunk(size=(1 << 62))])])), "out-of-bounds", "data end at 12"),
    "chunk over the footer": (file(footer(groups=[group([chunk(size=9)])])), "out-of-bounds", "data end at 12"),
    "chunks that overlap": (
        file(footer(TWO, [group([chunk(size=8), chunk(offset=8, size=4, name=b"b")])])),
        "overlap",
        "share the bytes from 8 on",
    ),
    "row groups that overlap": (file(footer(groups=[group([chunk()]), group([chunk()])], rows=4)), "overlap", "share"),
    "rows that do not add up": (file(footer(rows=3)), "contradiction", "2 rows together, the file says 3"),
    "values that are not rows": (file(footer(groups=[group([chunk(values=1 << 50)])])), "contradiction", "for 2 rows"),
    "another column": (file(footer(groups=[group([chunk(name=b"b")])])), "contradiction", "is called 'b'"),
    "columns too few": (file(footer(TWO)), "contradiction", "has 1 columns, the schema 2"),
    "children that are not there": (
        file(footer([element(b"root", 9), element(b"a")])),
        "contradiction",
        "more children",
    ),
    "elements too many": (
        file(footer([element(b"root", 1), element(b"a"), element(b"b")])),
        "contradiction",
        "nowhere",
    ),
    "children without number": (file(footer([element(b"root", -1)])), "contradiction", "negative number"),
    "a schema too deep": (
        file(footer([element(b"n", 1)] * 200 + [element(b"a")])),
        "contradiction",
        "nested deeper than 100",
    ),
    "column elsewhere": (
        file(footer(groups=[group([chunk(path=b"../../etc/passwd")])])),
        "out-of-bounds",
        "outside of its directory",
    ),
    "bytes of nobody": (file(footer(), bytes(8) + b"#!/bin/sh\nrm -rf /\n"), "hidden-data", "19 bytes that nothing"),
    "metadata twice": (
        file(footer(more=[(5, [bytearray(structure((1, b"k"), (2, b"v")))] * 2)])),
        "contradiction",
        "Metadata 'k' stands twice",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_footers_are_named(case: str) -> None:
    data, kind, words = HOSTILE[case]
    parsed = read("parquet", data)
    assert kind in kinds(parsed)
    assert any(words in defect.message for defect in parsed.defects), [d.message for d in parsed.defects]
    if kind not in ("hidden-data",):
        assert not parsed.facts.sound  # type: ignore[attr-defined]


def test_columns_in_other_files_are_not_examined() -> None:
    parsed = read("parquet", file(footer(groups=[group([chunk(path=b"part-0.parquet")])])))
    assert parsed.unexamined == ["columns in other files"]


def test_an_encrypted_footer_is_not_examined() -> None:
    parsed = read("parquet", b"PARE" + bytes(40) + b"PARE")
    assert kinds(parsed) == ["unsupported"]


def test_structures_too_deep_for_a_reader() -> None:
    with pytest.raises(BoundExceededError, match="deep"):
        read("parquet", file(b"\x8c" + b"\x1c" * 500 + bytes(501)))


def test_a_footer_that_is_too_large() -> None:
    with pytest.raises(BoundExceededError, match="footer of more than"):
        read("parquet", file(footer(more=[(6, bytes(5000))])), bounds=Bounds(table=4096))


def test_metadata_that_looks_like_code_is_examined() -> None:
    pair = bytearray(structure((1, b"hook"), (2, b"__import__('os').system('id')")))
    (child,) = read("parquet", file(footer(more=[(5, [pair])]))).children
    assert child.relation is Relation.TEXT


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_footer_gives_an_outcome(content: bytes) -> None:
    survives("parquet", file(content), "a.parquet")


@given(st.binary(max_size=200))
def test_any_bytes_give_an_outcome(data: bytes) -> None:
    survives("parquet", data, "a.parquet")


@given(mutations(lambda: file(footer(TWO, [group([chunk(size=4), chunk(offset=8, size=4, name=b"b")])]))))
@settings(max_examples=200, deadline=None)
def test_broken_files_give_an_outcome(data: bytes) -> None:
    survives("parquet", data, "a.parquet")
