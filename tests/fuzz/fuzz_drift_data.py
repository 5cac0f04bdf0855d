"""Data to be compared: any bytes are a table that can be counted, or an error that says why not."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from contextlib import suppress
from functools import cache

import numpy as np

from violet.domain.errors import VioletError
from violet.services.drifting.count import count_reference
from violet.services.drifting.options import Roles
from violet.services.drifting.reading import open_source

HEADS = (
    b"",
    b"a,b\n",
    b'{"a": ',
    b'{"id": "1", "at": 1, "client": "c", "model": "m", "rows": [[',
    b"PAR1",
    b"ARROW1\0\0",
    b"\xff\xff\xff\xff",
    b"\x93NUMPY\x01\x00",
    b"PK\x03\x04",
    b"\x1f\x8b\x08",
)


def fuzz_one(data: bytes) -> None:
    for content in (data, *(head + data for head in HEADS), damaged(data)):
        handle, path = tempfile.mkstemp()
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            with suppress(VioletError):
                count_reference(open_source(path, Roles()))
        finally:
            os.unlink(path)


def damaged(data: bytes) -> bytes:
    """Arrays with some bytes changed, and a sound zip around them."""
    array = bytearray(_array())
    for place, value in zip(data[::2], data[1::2], strict=False):
        array[place % len(array)] ^= value
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("x.npy", bytes(array))
    return target.getvalue()


@cache
def _array() -> bytes:
    target = io.BytesIO()
    np.save(target, np.arange(12.0).reshape(4, 3))
    return target.getvalue()
