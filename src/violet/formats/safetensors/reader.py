"""safetensors: an 8-byte length, a JSON header that names tensors and their byte ranges, and the bytes.

Layout and limits from the format's own README and its Rust reader (``huggingface/safetensors``): the
header starts with ``{``, may be padded with spaces, is at most 100 MB; ranges are sorted, without holes,
and cover the whole file. Everything that departs from it is a defect; bytes that no tensor owns are
given as hidden children. Tensor bytes are never read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from violet.formats.base import Parsed
from violet.formats.source import BoundExceededError
from violet.formats.tensors.layout import (
    MOST_PEEKED,
    Span,
    check_spans,
    hidden,
    metadata_children,
    note,
    peek,
    shown,
    slug,
)

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

MOST_HEADER = 100_000_000
BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8, "U16": 16, "I16": 16, "F16": 16, "BF16": 16, "U32": 32, "I32": 32, "F32": 32,
    "U64": 64, "I64": 64, "F64": 64, "C64": 64, "C128": 128, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip

_NUMERIC = r"[A-Z]{1,3}[0-9]{1,3}(?:_[A-Z0-9]+)*"
"""How types of numbers are named: newer ones will be, too. Nothing else belongs into the format."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One entry of the header; ``begin`` and ``end`` are offsets into the byte buffer."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(slots=True)
class SafetensorsFacts:
    """``header`` is the length of the JSON header in bytes, ``metadata`` the free-form strings."""

    header: int
    tensors: list[Tensor] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)


class _Header(list[tuple[str, object]]):
    """A JSON object as its pairs, so that duplicate keys stay visible."""


def read_safetensors(source: Source, reading: Reading) -> Parsed:
    parsed = Parsed()
    length = int.from_bytes(source.read(0, 8), "little")
    facts = SafetensorsFacts(length)
    parsed.facts = facts
    if length > MOST_HEADER:
        text = f"says its header is {length:,} bytes long, more than the format's limit of {MOST_HEADER:,}"
        note(parsed, "malformed", f"The file {text}.", 0, "header-length")
        return parsed
    if length > source.size - 8:
        text = f"The header should be {length:,} bytes long, but {max(source.size - 8, 0):,} are left."
        note(parsed, "truncated", text, 0, "header-length")
        return parsed
    if length > reading.bounds.table:
        raise BoundExceededError("table", f"has a header of {length:,} bytes")
    header = _json(source, length, parsed)
    if header is None:
        return parsed
    _entries(header, facts, parsed)
    for tensor in facts.tensors:
        _size(tensor, parsed)
    check_spans(parsed, source, 8 + length, [Span(t.begin, t.end, t.name) for t in facts.tensors])
    for tensor in facts.tensors[:MOST_PEEKED]:
        peek(parsed, source, 8 + length + tensor.begin, tensor.end - tensor.begin, tensor.name)
    parsed.children.extend(metadata_children(facts.metadata.items()))
    return parsed


def _json(source: Source, length: int, parsed: Parsed) -> _Header | None:
    import json

    def constant(name: str) -> object:
        raise ValueError(f"{name} is not JSON")

    raw = source.read(8, length)
    try:
        text = raw.decode("utf-8")
        stripped = text.lstrip(" \t\r\n")
        decoder = json.JSONDecoder(object_pairs_hook=_Header, parse_constant=constant)
        header, end = decoder.raw_decode(stripped)
    except (ValueError, RecursionError) as error:
        why = "nested too deep" if isinstance(error, RecursionError) else str(error)[:200]
        note(parsed, "malformed", f"The header is not valid JSON: {ascii(why)[1:-1]}.", 8, "header-json")
        return None
    if len(stripped) != len(text):
        text = "The header starts with white space, which the format forbids."
        note(parsed, "malformed", text, 8, "header-start")
    rest = stripped[end:]
    if rest.strip(" \t\r\n\x00"):
        tail = rest.encode("utf-8", "surrogatepass")
        where = 8 + length - len(tail)
        hidden(parsed, source, where, len(tail), "after the JSON object in the header")
    if not isinstance(header, _Header):
        note(parsed, "malformed", "The header is not a JSON object.", 8, "header-json")
        return None
    return header


def _pairs(value: object, parsed: Parsed, where: str) -> dict[str, object]:
    """A JSON object as a dictionary; a key twice is a defect (parsers differ in which they take)."""
    if not isinstance(value, _Header):
        return {}
    found: dict[str, object] = {}
    for key, item in value:
        if key in found:
            text = f"{shown(key)} stands twice in {where}."
            note(parsed, "contradiction", text, key=f"duplicate:{slug(key)}")
        found[key] = item
    return found


def _entries(header: _Header, facts: SafetensorsFacts, parsed: Parsed) -> None:
    for name, entry in _pairs(header, parsed, "the header").items():
        inside = f"Entry {shown(name)}"
        if not isinstance(entry, _Header):
            note(parsed, "malformed", f"{inside} is not an object.", key=f"entry:{slug(name)}")
            continue
        values = _pairs(entry, parsed, f"the entry {shown(name)}")
        if name == "__metadata__":
            for key, value in values.items():
                if isinstance(value, str):
                    facts.metadata[key] = value
                else:
                    text = f"Metadata {shown(key)} is not a string."
                    note(parsed, "malformed", text, key=f"meta:{slug(key)}")
            continue
        tensor = _tensor(name, values)
        if tensor is None:
            note(parsed, "malformed", f"{inside} is not a tensor.", key=f"entry:{slug(name)}")
        else:
            facts.tensors.append(tensor)
        if values.keys() - {"dtype", "shape", "data_offsets"}:
            extra = ", ".join(shown(k) for k in sorted(values.keys() - {"dtype", "shape", "data_offsets"})[:4])
            text = f"{inside} has unknown keys: {extra}."
            note(parsed, "malformed", text, key=f"extra:{slug(name)}")


def _tensor(name: str, values: dict[str, object]) -> Tensor | None:
    dtype, shape, offsets = values.get("dtype"), values.get("shape"), values.get("data_offsets")
    extents, ends = _whole(shape), _whole(offsets)
    if not isinstance(dtype, str) or extents is None or ends is None:
        return None
    if len(ends) != 2 or len(extents) > 64:
        return None
    return Tensor(name, dtype, extents, ends[0], ends[1])


def _whole(value: object) -> tuple[int, ...] | None:
    """A list of unsigned 64-bit integers; ``None`` for anything else, truth values among them."""
    if type(value) is not list or not all(type(item) is int and 0 <= item < 1 << 64 for item in value):
        return None
    return tuple(value)


def _size(tensor: Tensor, parsed: Parsed) -> None:
    bits = BITS.get(tensor.dtype)
    if bits is None:
        text = f"Tensor {shown(tensor.name)} has the unknown type {shown(tensor.dtype[:40])}."
        kind = "unsupported" if re.fullmatch(_NUMERIC, tensor.dtype) else "malformed"
        note(parsed, kind, text, key=f"dtype:{slug(tensor.dtype)}")
        return
    count = 1
    for extent in tensor.shape:
        count = min(count * extent, 1 << 80) if extent else 0
    if tensor.end >= tensor.begin and count * bits != (tensor.end - tensor.begin) * 8:
        text = (
            f"Tensor {shown(tensor.name)} of {shown(tensor.dtype[:40])} {list(tensor.shape)[:8]} needs "
            f"{(count * bits + 7) // 8:,} bytes and has {tensor.end - tensor.begin:,}."
        )
        note(parsed, "contradiction", text, key=f"size:{slug(tensor.name)}")
