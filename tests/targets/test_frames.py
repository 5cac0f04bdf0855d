"""Messages to and from a process that is not trusted."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from violet.targets.frames import LENGTH, decode, encode

KINDS = st.sampled_from(["<f8", "<f4", "<i8", "|u1", "|b1", "<U5"])


@given(KINDS.flatmap(lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0))))
def test_what_is_sent_arrives(array: np.ndarray) -> None:
    header, found = decode(encode({"do": "labels"}, [array, np.arange(3)]))
    assert header == {"do": "labels"}
    assert found[0].dtype == array.dtype
    assert found[0].shape == array.shape
    assert found[0].tobytes() == np.ascontiguousarray(array).tobytes()
    assert found[1].tolist() == [0, 1, 2]


@given(st.binary(max_size=200))
def test_noise_is_refused_and_nothing_else_happens(noise: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(noise)


def message(described: object, body: bytes = b"") -> bytes:
    text = json.dumps({"arrays": described}).encode()
    return LENGTH.pack(len(text)) + text + body


@pytest.mark.parametrize(
    "hostile",
    [
        message([["|O8", [1]]], b"\0" * 8),
        message([["<f8", [1 << 40]]], b"\0" * 8),
        message([["<f8", [1 << 60]]]),
        message([["<f8", [-1]]]),
        message([["<f8", [2]]], b"\0" * 8),
        message([["<f8", [1]]], b"\0" * 9),
        message([["<U0", [5]]]),
        message([["<f8,<i4", [1]]], b"\0" * 12),
        message([["<M8[s]", [1]]], b"\0" * 8),
        message([["<f9", [1]]], b"\0" * 9),
        message([["<f8"]]),
        message("all"),
        message([["|u1", [0]]] * 17),
        LENGTH.pack(1 << 31),
        LENGTH.pack(2) + b"[]",
        b"",
    ],
)
def test_headers_that_lie_are_refused(hostile: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(hostile)


def test_objects_do_not_travel() -> None:
    with pytest.raises(ValueError, match="does not travel"):
        encode({}, [np.array([{}], dtype=object)])
