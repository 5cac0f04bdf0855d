"""Calls of something that the stream computed."""

from __future__ import annotations

import functools
import operator
import pickle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def positive(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(
        b"\x80\x04\x8c\x08builtins\x8c\x07getattr\x93\x8c\x05numpy\x8c\x07ndarray\x93\x8c\x07newbyte\x86R\x8c\x01x\x85R."
    )
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps([functools.partial(int, base=2), operator.itemgetter(1)]))
    return path
