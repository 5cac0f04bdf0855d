"""What an expression is known to be: a constant, a thing with a dotted name, or data of some origin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable

LONGEST = 1 << 20
"""Characters or bytes of a constant that is computed; longer ones are not computed."""


class Origin:
    """Where data comes from: bits of an ``int`` (plain, because they are combined for every expression).
    Kept through calls and operators."""

    NOWHERE = 0
    DECODED = 1
    """Decompressed, decrypted or decoded from base64 and the like."""
    ASSEMBLED = 2
    """Built character by character, reversed, joined from pieces, or XORed."""
    DOWNLOADED = 4
    RECEIVED = 8
    """Read from a socket."""
    ENVIRONMENT = 16
    """The whole environment of the process."""
    CREDENTIALS = 32
    HOST = 64
    """Host name, user name, addresses."""
    PREFIXED = 128
    """Data of this origin stands behind a constant beginning: only a part of the whole."""
    SECRET = 256
    """One environment variable with a secret's name."""
    CARRIED = 512
    """The encoded form stands in the source itself."""


HIDDEN = Origin.DECODED | Origin.ASSEMBLED


class _Missing:
    __slots__ = ()


MISSING = _Missing()


@dataclass(slots=True, eq=False)
class Value:
    """``path`` is the dotted name (``os.system``; a call adds ``()``: ``socket.socket().recv``);
    ``const`` the constant; ``items`` the elements of a display; ``mapping`` the constant keys of a dict;
    ``function`` a function of this source; ``members`` the methods of a class of this source."""

    path: str = ""
    const: object = MISSING
    origin: int = 0
    items: list[Value] | None = None
    mapping: dict[object, Value] | None = None
    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None = None
    scope: Scope | None = None
    members: dict[str, Value] | None = None
    instance: bool = False
    receiver: Value | None = None
    target: Value | None = None
    """For an opened file: what it is the file of."""
    roundabout: bool = False
    """The name was reached by other means than writing it."""

    @property
    def is_const(self) -> bool:
        return self.const is not MISSING

    @property
    def text(self) -> str | None:
        """The constant as text, where it is text or bytes."""
        if isinstance(self.const, str):
            return self.const
        if isinstance(self.const, bytes):
            return self.const.decode("utf-8", "replace")
        return None


@dataclass(slots=True, eq=False)
class Scope:
    """The names of a module, class or function."""

    names: dict[str, Value] = field(default_factory=dict)
    parent: Scope | None = None
    is_class: bool = False
    events: set[str] = field(default_factory=set)

    def find(self, name: str) -> Value | None:
        scope: Scope | None = self
        own = True
        while scope is not None:
            if (own or not scope.is_class) and name in scope.names:
                return scope.names[name]
            scope = scope.parent
            own = False
        return None


UNKNOWN = Value()


def constant(value: object, origin: int = 0) -> Value:
    if isinstance(value, (str, bytes)) and len(value) > LONGEST:
        return Value(origin=origin)
    return Value(const=value, origin=origin)


def joined_origin(values: Iterable[Value], depth: int = 0) -> int:
    """The origins of all of them together, the first elements of displays included."""
    total = 0
    for value in values:
        total |= value.origin
        if depth < 3:
            if value.items:
                total |= joined_origin(value.items[:64], depth + 1)
            if value.mapping:
                total |= joined_origin(list(value.mapping.values())[:64], depth + 1)
    return total
