"""The types of values in an expression."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Type:
    """``kind`` is ``bool``, ``int``, ``double``, ``string``, ``timestamp``, ``duration``, ``null``, ``list``,
    ``map`` (texts to anything of one type), ``object`` (named fields) or ``any``.

    ``element`` is that of a list's items or a map's values; ``values`` are the texts that a ``string`` may be,
    where they are known; ``name`` is that of an object, for messages.
    """

    kind: str
    element: Type | None = None
    fields: Mapping[str, Field] = field(default_factory=dict, hash=False)
    values: tuple[str, ...] = ()
    name: str = ""

    def __str__(self) -> str:
        if self.kind == "list":
            return f"list of {self.element}"
        if self.kind == "map":
            return f"map of {self.element}"
        return self.name or self.kind


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object: ``optional`` ones may be absent, and are then asked for with ``has()``."""

    type: Type
    help: str = ""
    optional: bool = False


ANY = Type("any")
BOOL = Type("bool")
INT = Type("int")
DOUBLE = Type("double")
STRING = Type("string")
TIMESTAMP = Type("timestamp")
DURATION = Type("duration")
NULL = Type("null")

NUMBERS = frozenset({"int", "double"})
ORDERED = frozenset({"int", "double", "string", "timestamp", "duration", "bool"})


def list_of(element: Type) -> Type:
    return Type("list", element)


def map_of(element: Type) -> Type:
    return Type("map", element)


def comparable(left: Type, right: Type) -> bool:
    """Whether values of these types can ever be equal."""
    if "any" in (left.kind, right.kind) or "null" in (left.kind, right.kind):
        return True
    if left.kind in NUMBERS and right.kind in NUMBERS:
        return True
    if left.kind in ("map", "object") and right.kind in ("map", "object"):
        return True
    if left.kind == right.kind == "list":
        return comparable(left.element or ANY, right.element or ANY)
    return left.kind == right.kind


def common(left: Type, right: Type) -> Type:
    """The type of a value that is of one of the two; ``ANY`` where they have nothing in common."""
    if left.kind == right.kind and left.kind not in ("list", "map", "object"):
        return left if left.values == right.values else Type(left.kind)
    return left if left == right else ANY
