"""Fuzz entry: marshalled code gives an answer for any bytes."""

from __future__ import annotations

from violet.formats.bytecode.marshalled import read_code
from violet.formats.bytecode.uses import uses_of


def fuzz_one(data: bytes) -> None:
    code = read_code(data)
    for part in code.walk() if code else ():
        uses_of(part)
