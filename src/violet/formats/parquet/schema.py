"""The schema of a Parquet file: a tree, written down in the order in which it is walked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DEEPEST = 100
LONGEST_NAME = 1 << 16

PHYSICAL = ("boolean", "int32", "int64", "int96", "float", "double", "binary", "fixed")
CONVERTED = (
    "string", "map", "map_key_value", "list", "enum", "decimal", "date", "time_millis", "time_micros",
    "timestamp_millis", "timestamp_micros", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64",
    "json", "bson", "interval",
)  # fmt: skip
LOGICAL = {
    1: "string", 2: "map", 3: "list", 4: "enum", 5: "decimal", 6: "date", 7: "time", 8: "timestamp", 10: "int",
    11: "null", 12: "json", 13: "bson", 14: "uuid", 15: "float16", 16: "variant", 17: "geometry", 18: "geography",
}  # fmt: skip
CODECS = ("none", "snappy", "gzip", "lzo", "brotli", "lz4", "zstd", "lz4_raw")

_REQUIRED, _OPTIONAL, _REPEATED = range(3)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A column that holds values. ``path`` are the names from the top; ``type`` is what the values mean, with the
    physical type where nothing else is said; ``repeats`` says that a row may have none or many of it."""

    path: tuple[str, ...]
    type: str
    repeats: bool
    optional: bool

    @property
    def name(self) -> str:
        return ".".join(self.path)


class SchemaError(Exception):
    """The elements are no tree."""


def leaves(elements: list[dict[int, Any]]) -> list[Leaf]:
    """The leaves of the tree, in order. Raises ``SchemaError``."""
    if not elements:
        raise SchemaError("has no root")
    found: list[Leaf] = []
    open_nodes: list[list[Any]] = [[_count(elements[0]), (), False, False]]  # children left, path, repeats, optional
    at = 1
    while open_nodes:
        node = open_nodes[-1]
        if not node[0]:
            open_nodes.pop()
            continue
        node[0] -= 1
        if at == len(elements):
            raise SchemaError("counts more children than there are elements")
        element = elements[at]
        at += 1
        name = element.get(4, b"")
        if not isinstance(name, bytes):
            raise SchemaError("has an element whose name is no text")
        path = (*node[1], name[:LONGEST_NAME].decode("utf-8", "backslashreplace"))
        repetition = element.get(3, _REQUIRED)
        repeats = node[2] or repetition == _REPEATED
        optional = node[3] or repetition == _OPTIONAL
        children = _count(element)
        if children or 5 in element:
            if len(open_nodes) > DEEPEST:
                raise SchemaError(f"is nested deeper than {DEEPEST}")
            open_nodes.append([children, path, repeats, optional])
        else:
            found.append(Leaf(path, type_name(element), repeats, optional))
    if at != len(elements):
        raise SchemaError(f"has {len(elements) - at:,} elements that belong nowhere")
    return found


def _count(element: dict[int, Any]) -> int:
    count = element.get(5, 0)
    if not isinstance(count, int) or count < 0:
        raise SchemaError("counts the children of an element with a negative number")
    return count


def type_name(element: dict[int, Any]) -> str:
    """What the values of a leaf mean, as in ``int8``, ``decimal(10, 2)`` or ``timestamp(us, utc)``."""
    physical = element.get(1)
    base = PHYSICAL[physical] if isinstance(physical, int) and 0 <= physical < len(PHYSICAL) else "unknown"
    if base == "fixed":
        base = f"fixed({_int(element, 2)})"
    logical = element.get(10)
    if isinstance(logical, dict) and logical:
        number, details = next(iter(logical.items()))
        return _logical(number, details if isinstance(details, dict) else {}, base)
    converted = element.get(6)
    if isinstance(converted, int) and 0 <= converted < len(CONVERTED):
        name = CONVERTED[converted]
        return f"decimal({_int(element, 8)}, {_int(element, 7)})" if name == "decimal" else name
    return base


def _logical(number: int, details: dict[int, Any], base: str) -> str:
    name = LOGICAL.get(number, base)
    if name == "decimal":
        return f"decimal({_int(details, 2)}, {_int(details, 1)})"
    if name == "int":
        return f"{'' if details.get(2, True) else 'u'}int{_int(details, 1)}"
    if name in ("time", "timestamp"):
        unit = details.get(2)
        which = {1: "ms", 2: "us", 3: "ns"}.get(next(iter(unit), 0), "?") if isinstance(unit, dict) else "?"
        return f"{name}({which}{', utc' if details.get(1) else ''})"
    return name


def _int(fields: dict[int, Any], number: int) -> int:
    value = fields.get(number, 0)
    return value if isinstance(value, int) else 0
