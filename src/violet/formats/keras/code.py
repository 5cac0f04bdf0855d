"""Marshalled code in a Keras configuration: the names that it uses and the constants that it holds."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from violet.formats.bytecode.marshalled import read_code

MOST_TEXT = 4096


@dataclass(frozen=True, slots=True)
class Code:
    """``names`` are the globals and attributes of the code and of the code in it; ``constants`` its texts."""

    name: str
    names: tuple[str, ...]
    constants: tuple[str, ...]
    size: int


def decode(text: str) -> Code | None:
    """The code in base64 (or, as Keras 1 wrote it, raw characters); ``None`` where it is not code."""
    compact = "".join(text.split())
    try:
        data = base64.b64decode(compact, validate=False)
    except (binascii.Error, ValueError):
        data = b""
    for candidate in (data, _latin(text)):
        if candidate[:1] and candidate[0] & 0x7F == 0x63:
            found = summarise(candidate)
            if found is not None:
                return found
    return None


def _latin(text: str) -> bytes:
    try:
        return text.encode("raw_unicode_escape")
    except UnicodeError:
        return b""


def summarise(data: bytes) -> Code | None:
    """The names and texts of marshalled code; ``None`` where no version's layout fits."""
    found = read_code(data)
    if found is None:
        return None
    names = dict.fromkeys(name for code in found.walk() for name in code.names if name)
    texts = dict.fromkeys(text[:MOST_TEXT] for code in found.walk() for text in code.texts())
    return Code(found.name, tuple(names), tuple(texts), found.size)
