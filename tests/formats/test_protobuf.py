"""The protocol buffers walker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.formats.protobuf import BYTES, FIXED32, FIXED64, GROUP, VARINT, Wire
from violet.formats.source import BoundExceededError, Bounds, BytesSource, Meter, Source


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def record(number: int, payload: bytes) -> bytes:
    return varint(number << 3 | BYTES) + varint(len(payload)) + payload


def walk(data: bytes) -> tuple[list[tuple[int, int, int, int]], list[str]]:
    wire = Wire(BytesSource(data))
    return [(f.number, f.wire, f.value, f.length) for f in wire.fields()], [d.kind for d in wire.defects]


def test_every_wire_type() -> None:
    data = varint(1 << 3) + varint(300)
    data += varint(2 << 3 | FIXED64) + (7).to_bytes(8, "little")
    data += record(3, b"abc")
    data += varint(4 << 3 | FIXED32) + (9).to_bytes(4, "little")
    data += varint(5 << 3 | GROUP) + record(1, b"inside") + varint(5 << 3 | 4)
    fields, defects = walk(data)
    assert defects == []
    assert [f[:3] for f in fields] == [
        (1, VARINT, 300),
        (2, FIXED64, 7),
        (3, BYTES, 0),
        (4, FIXED32, 9),
        (5, GROUP, 0),
    ]
    assert fields[-1][3] == len(record(1, b"inside"))


def test_nested_messages_packed_numbers_and_text() -> None:
    inner = record(2, b"name") + record(3, varint(5) + varint(70_000))
    wire = Wire(BytesSource(record(1, inner)))
    (outer,) = wire.fields()
    name, numbers = wire.fields(outer)
    assert wire.text(name) == "name"
    assert wire.numbers(numbers) == [5, 70_000]
    assert numbers.depth == 1


def test_negative_numbers() -> None:
    wire = Wire(BytesSource(varint(1 << 3) + varint((1 << 64) - 5)))
    (field,) = wire.fields()
    assert field.signed == -5


def test_a_large_payload_is_skipped_without_being_read() -> None:
    class Sparse(Source):
        """A gigabyte of which nothing exists but the ends."""

        def __init__(self) -> None:
            self.head = record(1, b"x") + varint(2 << 3 | BYTES) + varint(1 << 30)
            self.after = record(3, b"end")
            self.size = len(self.head) + (1 << 30) + len(self.after)
            self.given = 0

        def read(self, offset: int, length: int) -> bytes:
            whole = min(length, self.size - offset)
            self.given += whole
            data = bytearray(whole)
            for start, part in ((0, self.head), (self.size - len(self.after), self.after)):
                for index, byte in enumerate(part):
                    if 0 <= start + index - offset < whole:
                        data[start + index - offset] = byte
            return bytes(data)

    source = Sparse()
    wire = Wire(source)
    assert [f.number for f in wire.fields()] == [1, 2, 3]
    assert wire.defects == []
    assert source.given < 200_000


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x0a\x05abc", "truncated"),
        (b"\x0a", "truncated"),
        (b"\x08\x80", "truncated"),
        (b"\x09\0\0", "truncated"),
        (b"\x08" + b"\xff" * 11, "malformed"),
        (b"\x00\x01", "malformed"),
        (b"\x0f\x01", "malformed"),
        (b"\x0c", "malformed"),
        (b"\x0b\x08\x01", "malformed"),
    ],
)
def test_broken_messages(data: bytes, kind: str) -> None:
    assert walk(data)[1] == [kind]


def test_what_is_cut_short_is_still_given() -> None:
    fields, defects = walk(b"\x0a\x05abc")
    assert fields == [(1, BYTES, 0, 3)]
    assert defects == ["truncated"]


def test_a_broken_part_does_not_end_the_whole() -> None:
    wire = Wire(BytesSource(record(1, b"\x0f") + record(2, b"ok")))
    seen = []
    for field in wire.fields():
        seen.append(field.number)
        if field.number == 1:
            assert list(wire.fields(field)) == []
    assert seen == [1, 2]
    assert [d.kind for d in wire.defects] == ["malformed"]


def test_depth_and_steps_are_bounded() -> None:
    data = b""
    for _ in range(200):
        data = record(1, data)
    wire = Wire(BytesSource(data))

    def descend(field: object = None) -> None:
        for inner in wire.fields(field):  # type: ignore[arg-type]
            descend(inner)

    with pytest.raises(BoundExceededError):
        descend()
    with pytest.raises(BoundExceededError):
        list(Wire(BytesSource(b"\x0b" * 5000)).fields())
    with pytest.raises(BoundExceededError):
        list(Wire(BytesSource(b"\x08\x01" * 5000), Meter(Bounds(operations=1000))).fields())


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    wire = Wire(BytesSource(data), Meter(Bounds()))
    end = 0
    for field in wire.fields():
        assert end <= field.offset <= field.offset + field.length <= len(data)
        end = field.offset + field.length
        if field.wire == BYTES:
            wire.numbers(field)
            wire.text(field)
            for inner in wire.fields(field):
                assert field.offset <= inner.offset <= end


def test_a_length_that_no_message_has_is_more_than_a_file_cut_short() -> None:
    for length, kind in ((1 << 20, "truncated"), (1 << 40, "out-of-bounds")):
        wire = Wire(BytesSource(b"\x0a" + varint(length) + b"abc"))
        list(wire.fields())
        assert [defect.kind for defect in wire.defects] == [kind]
