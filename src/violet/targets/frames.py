"""Messages between a program and a process that it does not trust: a small JSON header, and arrays as they are.

    length of the header (4 bytes, little-endian) | header, JSON: {..., "arrays": [[dtype, shape], ...]} | their bytes

No array is an object array, and nothing is unpickled. What a header promises must be there to the byte.
"""

from __future__ import annotations

import json
import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]

LENGTH = struct.Struct("<I")
LONGEST_HEADER = 4 << 20
MOST_ARRAYS = 16
KINDS = "biufU"
"""Of numpy: numbers, and text of a fixed width."""


def encode(header: Mapping[str, Any], arrays: Sequence[Array] = ()) -> bytes:
    """Raises ``ValueError`` for an array of anything but numbers and text."""
    plain = [np.asarray(array, order="C") for array in arrays]
    for array in plain:
        if array.dtype.kind not in KINDS:
            raise ValueError(f"an array of {array.dtype} does not travel")
    described = [[array.dtype.newbyteorder("<").str, list(array.shape)] for array in plain]
    text = json.dumps({**header, "arrays": described}).encode()
    bodies = [array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes() for array in plain]
    return b"".join([LENGTH.pack(len(text)), text, *bodies])


def decode(message: bytes) -> tuple[dict[str, Any], list[Array]]:
    """Header and arrays. Raises ``ValueError`` for anything that is not exactly such a message."""
    if len(message) < LENGTH.size:
        raise ValueError("the message is cut off")
    (length,) = LENGTH.unpack_from(message)
    if length > LONGEST_HEADER or LENGTH.size + length > len(message):
        raise ValueError("the header of the message is too long")
    try:
        header = json.loads(message[LENGTH.size : LENGTH.size + length])
    except (ValueError, RecursionError) as error:
        raise ValueError("the header of the message is no JSON") from error
    if not isinstance(header, dict):
        raise ValueError("the header of the message is no object")
    described = header.pop("arrays", [])
    if not isinstance(described, list) or len(described) > MOST_ARRAYS:
        raise ValueError("the header of the message describes no arrays")
    place = LENGTH.size + length
    arrays: list[Array] = []
    for one in described:
        dtype, shape = _described(one)
        count = math.prod(shape)
        size = count * dtype.itemsize
        if size > len(message) - place:
            raise ValueError("the message is shorter than its arrays")
        arrays.append(np.frombuffer(message, dtype, count, place).reshape(shape).copy())
        place += size
    if place != len(message):
        raise ValueError("the message is longer than its arrays")
    return header, arrays


def _described(one: Any) -> tuple[Any, tuple[int, ...]]:
    if not (isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) and isinstance(one[1], list)):
        raise ValueError("an array of the message is not described")
    kind, shape = one[0][1:2], one[1]
    if one[0][:1] not in "<|" or kind not in KINDS or not kind or not one[0][2:].isdigit() or len(one[0]) > 12:
        raise ValueError(f"{one[0][:20]!r} is no type of array that travels")
    try:
        dtype = np.dtype(one[0])
    except TypeError as error:
        raise ValueError(f"{one[0][:20]!r} is no type of array") from error
    if len(shape) > 32 or not all(isinstance(axis, int) and 0 <= axis < 1 << 48 for axis in shape):
        raise ValueError("an array of the message has no shape")
    if not dtype.itemsize and math.prod(shape):
        raise ValueError("an array of the message has elements of no size")
    return dtype, tuple(shape)
