"""What a stream calls, as a few digits that another argument changes and an unrelated byte does not."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from violet.formats.pickle.values import Attribute, Blob, Call, Dict, Global, Module, Persistent, Set

if TYPE_CHECKING:
    from violet.formats.pickle.values import Value

MOST_VALUES = 100_000
DEEPEST = 64


def call_digest(found: Global) -> str:
    """16 hexadecimal digits of the calls of a name, with everything they are given. Constants of more than 64 KiB
    count by their length; numbers of calls beyond those that are kept count by their number."""
    total = hashlib.sha256(f"{found.called} {found.refused}".encode())
    left = [MOST_VALUES]
    for call in found.calls:
        for part in _parts(call, 0, left):
            total.update(b"%d:" % len(part))
            total.update(part)
    return total.hexdigest()[:16]


def _parts(value: Value, depth: int, left: list[int]) -> list[bytes]:
    """The value as a list of byte strings, no two different values with the same list."""
    left[0] -= 1
    if left[0] <= 0 or depth > DEEPEST:
        return [b"..."]
    if isinstance(value, (bytes, bytearray)):
        return [b"bytes", bytes(value)]
    if isinstance(value, str):
        return [b"text", value.encode("utf-8", "surrogatepass")]
    if value is None or isinstance(value, (bool, int, float)):
        return [b"constant", repr(value).encode()]
    if isinstance(value, Global):
        return [b"global", value.dotted.encode("utf-8", "surrogatepass")]
    if isinstance(value, Blob):
        return [b"blob", str(value.kind).encode(), b"%d" % value.length]
    kind, inner = _inner(value)
    found = [kind, b"%d" % len(inner)]
    for item in inner:
        found += _parts(item, depth + 1, left)
    return found


def _inner(value: Value) -> tuple[bytes, list[Value]]:
    if isinstance(value, (tuple, list)):
        return type(value).__name__.encode(), list(value)
    if isinstance(value, Set):
        return b"set", list(value.items)
    if isinstance(value, Dict):
        return b"dict", [item for pair in value.pairs for item in pair]
    if isinstance(value, Attribute):
        return b"attribute", [value.base, value.name]
    if isinstance(value, Persistent):
        return b"persistent", [value.pid]
    if isinstance(value, Module):
        return b"module", [value.name]
    if isinstance(value, Call):
        return b"call", [value.kind, value.how, value.target, value.arguments, value.keywords, value.state]
    return type(value).__name__.encode(), []
