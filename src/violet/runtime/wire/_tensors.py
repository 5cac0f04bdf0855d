"""Tensors of the Open Inference Protocol: their data types, as JSON and as bytes.

Source: kserve/open-inference-protocol, ``specification/protocol/inference_rest.md`` (tensor data, data types) and
``extension_binary_data.md``: all numbers little-endian without padding; BYTES are elements of a 4-byte length and as
many bytes; BOOL is a byte.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.runtime.wire._reading import Bounds
from violet.runtime.wire.base import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from violet.runtime.wire.base import Array

DATATYPES: dict[str, str] = {
    "BOOL": "?",
    "UINT8": "u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "INT8": "i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
    "BF16": "<u2",
}
"""As numpy calls them; BF16 is the upper half of a 32-bit float; BYTES is none of these."""
FRACTIONS = ("FP16", "FP32", "FP64", "BF16")
_LENGTH = struct.Struct("<I")


def size_of(shape: Sequence[int]) -> int:
    """How many elements a tensor of this shape has. Nothing is allocated."""
    if len(shape) > 32 or any(type(axis) is not int or axis < 0 for axis in shape):
        raise Unreadable(f"{str(list(shape)[:33])[:100]} is no shape.")
    return math.prod(shape)


def from_bytes(content: memoryview, datatype: str, shape: Sequence[int], bounds: Bounds) -> Array | list[str]:
    """Elements in order, as float64 or texts. Raises ``Unreadable`` where there are not as many as the shape says."""
    count = size_of(shape)
    if count > bounds.values:
        raise Unreadable(f"It holds more than {bounds.values:,} values.")
    if datatype == "BYTES":
        return _texts(content, count)
    kind = DATATYPES.get(datatype)
    if kind is None:
        raise Unreadable(f"{datatype[:40]!r} is no data type of the protocol.")
    if len(content) != count * np.dtype(kind).itemsize:
        raise Unreadable(f"{len(content):,} bytes are no {datatype} tensor of shape {list(shape)}.")
    values = np.frombuffer(content, dtype=np.uint8 if datatype == "BOOL" else kind)
    if datatype == "BF16":
        upper = values.astype(np.uint32) << 16
        halves: Array = upper.view(np.float32).astype(np.float64)
        return halves
    found: Array = (values != 0 if datatype == "BOOL" else values).astype(np.float64)
    return found


def _texts(content: memoryview, count: int) -> list[str]:
    found: list[str] = []
    place, end = 0, len(content)
    if count * 4 > end:
        raise Unreadable(f"{end:,} bytes do not hold {count:,} texts.")
    for _ in range(count):
        if place + 4 > end:
            raise Unreadable("A text of it is cut off.")
        (length,) = _LENGTH.unpack_from(content, place)
        place += 4
        if length > end - place:
            raise Unreadable("A text of it is cut off.")
        found.append(bytes(content[place : place + length]).decode("utf-8", "backslashreplace"))
        place += length
    if place != end:
        raise Unreadable(f"{end - place:,} bytes follow its last text.")
    return found


def to_bytes(values: Array, datatype: str) -> bytes:
    """float64 values as a tensor of one of ``FRACTIONS``."""
    if datatype != "BF16":
        with np.errstate(over="ignore"):
            return values.astype(DATATYPES[datatype]).tobytes()
    with np.errstate(over="ignore"):
        whole = values.astype(np.float32).view(np.uint32)
    finite = np.isfinite(values)
    nearest = (whole + (0x7FFF + ((whole >> 16) & 1)).astype(np.uint32)) >> 16  # half to even
    return np.where(finite, nearest, whole >> 16).astype("<u2").tobytes()


def flat(data: Any) -> list[Any]:
    """Elements of a tensor's data in JSON: a list, or lists in lists, in row-major order."""
    if type(data) is not list:
        raise Unreadable("Data of a tensor are no list.")
    if not data or type(data[0]) is not list:
        if any(type(value) in (list, dict) for value in data):
            raise Unreadable("Data of a tensor are lists in part.")
        return data
    found: list[Any] = []
    waiting: list[Any] = [data]
    while waiting:
        one = waiting.pop()
        if type(one) is list:
            waiting.extend(reversed(one))
        elif type(one) is dict:
            raise Unreadable("Data of a tensor are lists in part.")
        else:
            found.append(one)
    return found
