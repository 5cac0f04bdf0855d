"""Frames: whole ones are found whatever happened to the bytes around them, and nothing else is."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from violet.runtime.spool.frames import (
    CHUNK,
    MAGIC,
    OVERHEAD,
    DamagedError,
    Frame,
    FrameScanner,
    Header,
    frame,
    read_header,
)

HEADER = Header.new("w-1", 1, "w", "m", 1.8e9)
PAYLOADS = st.lists(st.binary(max_size=60), max_size=12)


def scan(data: bytes, *, final: bool = True, offset: int = 0) -> tuple[list[Frame], FrameScanner]:
    file = io.BytesIO(data[offset:])
    scanner = FrameScanner(file.read, HEADER, offset, final=final)
    return list(scanner), scanner


def laid(payloads: list[bytes]) -> bytes:
    return b"".join(frame(HEADER, number, payload) for number, payload in enumerate(payloads, 1))


def pieces(payloads: list[bytes]) -> Iterator[tuple[int, int]]:
    at = 0
    for payload in payloads:
        yield at, at + OVERHEAD + len(payload)
        at += OVERHEAD + len(payload)


@given(PAYLOADS)
def test_what_was_written_is_read(payloads: list[bytes]) -> None:
    found, scanner = scan(laid(payloads))
    assert [one.payload for one in found] == payloads
    assert [one.number for one in found] == list(range(1, len(payloads) + 1))
    assert [one.end for one in found] == [end for _, end in pieces(payloads)]
    assert (scanner.damaged, scanner.skipped, scanner.torn) == (0, 0, False)


@given(PAYLOADS, st.data())
def test_what_is_on_its_way_is_read_once_it_is_there(payloads: list[bytes], data: st.DataObject) -> None:
    written = laid(payloads)
    cut = data.draw(st.integers(0, len(written)))
    first, scanner = scan(written[:cut], final=False)
    assert (scanner.damaged, scanner.skipped, scanner.torn) == (0, 0, False)
    assert [one.payload for one in first] == payloads[: len(first)]
    assert len(first) == sum(end <= cut for _, end in pieces(payloads))
    rest, _ = scan(written, offset=scanner.offset)
    assert [one.payload for one in (*first, *rest)] == payloads


@given(PAYLOADS, st.data())
def test_damage_costs_the_frames_that_it_touches_and_no_other(payloads: list[bytes], data: st.DataObject) -> None:
    written = bytearray(laid(payloads))
    hits = data.draw(st.lists(st.integers(0, max(len(written) - 1, 0)), max_size=4)) if written else []
    for hit in hits:
        written[hit] ^= data.draw(st.integers(1, 255))
    damaged = {at for at in set(hits) if written[at] != laid(payloads)[at]}
    whole = [
        payload
        for payload, (begin, end) in zip(payloads, pieces(payloads), strict=True)
        if not any(begin <= hit < end for hit in damaged)
    ]
    found, scanner = scan(bytes(written))
    assert [one.payload for one in found] == whole
    assert bool(scanner.damaged or scanner.torn) == bool(damaged)


@given(PAYLOADS, st.data())
def test_bytes_that_are_missing_or_too_many_cost_at_most_their_neighbours(
    payloads: list[bytes], data: st.DataObject
) -> None:
    written = laid(payloads)
    begin = data.draw(st.integers(0, len(written)))
    end = data.draw(st.integers(begin, len(written)))
    found, _ = scan(written[:begin] + data.draw(st.binary(max_size=30)) + written[end:])
    numbers = [one.number for one in found]
    assert numbers == sorted(set(numbers))
    assert all(one.payload == payloads[one.number - 1] for one in found)
    outside = [n for n, (b, e) in enumerate(pieces(payloads), 1) if e <= begin or b >= end]
    assert set(outside) <= set(numbers)


@given(st.binary(max_size=400))
@example(MAGIC)
def test_noise_holds_no_frames(noise: bytes) -> None:
    found, scanner = scan(noise)
    assert found == []
    assert scanner.torn == bool(noise)
    with pytest.raises(DamagedError):
        read_header(io.BytesIO(noise).read)


def test_a_payload_that_looks_like_a_frame_is_none() -> None:
    """A client writes a frame into its own request, and the frame around it is damaged. It knows everything but what
    is random in this segment."""
    elsewhere = Header.new("w-1", 1, "w", "m", 1.8e9)
    forged = frame(elsewhere, 2, b"somebody else asked this")
    written = bytearray(frame(HEADER, 1, b"...." + forged + b"....") + frame(HEADER, 2, b"good"))
    written[5] ^= 0xFF
    found, scanner = scan(bytes(written))
    assert [one.payload for one in found] == [b"good"]
    assert scanner.damaged == 1


def test_a_length_that_is_damaged_hides_nothing_behind_it() -> None:
    written = bytearray(laid([b"a" * 50, b"b" * 50, b"c" * 50]))
    written[6] = 0x03  # 196,658 bytes more than there are
    found, scanner = scan(bytes(written))
    assert [one.payload[:1] for one in found] == [b"b", b"c"]
    assert (scanner.damaged, scanner.skipped) == (1, OVERHEAD + 50)


def test_more_than_a_buffer_of_damage_is_crossed() -> None:
    before, after = frame(HEADER, 1, b"before"), frame(HEADER, 2, b"a" * (2 * CHUNK))
    found, scanner = scan(before + bytes(3 * CHUNK + 17) + after)
    assert [(one.number, len(one.payload)) for one in found] == [(1, 6), (2, 2 * CHUNK)]
    assert scanner.skipped == 3 * CHUNK + 17
    assert found[-1].end == len(before) + 3 * CHUNK + 17 + len(after)


def test_headers_are_read_back_and_damaged_ones_refused() -> None:
    written = HEADER.encode()
    found, begin = read_header(io.BytesIO(written + b"rest").read)
    assert (found, begin) == (HEADER, len(written))
    for at in range(len(written)):
        with pytest.raises(DamagedError):
            read_header(io.BytesIO(written[:at]).read)
        damaged = bytearray(written)
        damaged[at] ^= 0x41
        with pytest.raises(DamagedError):
            read_header(io.BytesIO(bytes(damaged)).read)
