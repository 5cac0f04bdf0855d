"""Requests and answers written by hand, as the protocols say: what the readers are held to."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

JSON = {"content-type": "application/json"}
KINDS: dict[str, Any] = {
    "BOOL": np.bool_,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
}


def js(value: Any) -> bytes:
    return json.dumps(value).encode()


def tensor(name: str, datatype: str, shape: tuple[int, ...], data: Any) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": list(shape), "data": data}


def binary(name: str, datatype: str, array: Array) -> tuple[dict[str, Any], bytes]:
    """A tensor of the binary extension: what stands in JSON, and its bytes."""
    if datatype == "BYTES":
        parts = [value if isinstance(value, bytes) else str(value).encode() for value in array.reshape(-1).tolist()]
        content = b"".join(struct.pack("<I", len(part)) + part for part in parts)
    elif datatype == "BF16":
        content = (array.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    else:
        content = array.astype(np.dtype(KINDS[datatype]).newbyteorder("<")).tobytes()
    said = {"name": name, "datatype": datatype, "shape": list(array.shape)}
    return {**said, "parameters": {"binary_data_size": len(content)}}, content


def with_bytes(part: str, tensors: list[tuple[dict[str, Any], bytes]], **more: Any) -> tuple[dict[str, str], bytes]:
    """Headers and body."""
    head = js({part: [said for said, _ in tensors], **more})
    headers = {"content-type": "application/octet-stream", "inference-header-content-length": str(len(head))}
    return headers, head + b"".join(content for _, content in tensors)


def as_lists(rows: Any) -> list[list[Any]]:
    """Rows of a question as lists, missing values as ``None``."""
    found = rows.tolist() if isinstance(rows, np.ndarray) else [list(row) for row in rows]
    return [[None if value != value else value for value in row] for row in found]
