"""Fuzz entry: the protocol buffers walker descends into everything."""

from __future__ import annotations

from violet.formats.protobuf import BYTES, GROUP, Field, Wire
from violet.formats.source import BoundExceededError, Bounds, BytesSource, Meter


def fuzz_one(data: bytes) -> None:
    wire = Wire(BytesSource(data), Meter(Bounds(operations=100_000)))

    def descend(inside: Field | None) -> None:
        for field in wire.fields(inside):
            assert field.offset + field.length <= len(data)
            if field.wire in (BYTES, GROUP):
                wire.numbers(field)
                descend(field)

    try:
        descend(None)
    except BoundExceededError:
        return
