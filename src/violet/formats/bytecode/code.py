"""A code object, as far as it matters what it can reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_CODES = 10_000

V38, V39, V310, V311, V312, V313, V314 = range(308, 315)
EARLIER = (V38, V39, V310)
"""CPython versions whose code objects name locals, free and cell variables one after the other."""
LATER = (V311, V312, V313, V314)
"""Versions whose code objects hold inline caches and one list of variables."""


class Code:
    """What was compiled from one function, class body, comprehension or module.

    ``names`` are globals, attributes and modules; ``constants`` hold nested code as ``Code``; ``fast`` and
    ``cells`` are how many variables the instructions for locals and for closures may index. ``versions`` are
    the CPython versions whose layout it has (308 is 3.8), none where its instructions are not known here.
    """

    __slots__ = ("bytecode", "cells", "constants", "fast", "name", "names", "size", "variables", "versions")

    def __init__(
        self,
        name: str,
        bytecode: bytes,
        constants: tuple[object, ...],
        names: tuple[str, ...],
        variables: tuple[str, ...],
        fast: int,
        cells: int,
        versions: tuple[int, ...],
    ) -> None:
        self.name = name
        self.bytecode = bytecode
        self.constants = constants
        self.names = names
        self.variables = variables
        self.fast = fast
        self.cells = cells
        self.versions = versions
        self.size = 0
        """Bytes that it takes in marshalled form, where it was read from that."""

    def walk(self) -> Iterator[Code]:
        """This code and the code within it, in order, each once."""
        pending: list[object] = [self]
        seen: set[int] = set()
        while pending and len(seen) < MOST_CODES:
            value = pending.pop()
            if id(value) in seen:
                continue
            if isinstance(value, Code):
                seen.add(id(value))
                yield value
                pending.extend(reversed(value.constants))
            elif isinstance(value, tuple):
                seen.add(id(value))
                pending.extend(reversed(value))

    def texts(self) -> Iterator[str]:
        """The constant texts and bytes of this code alone, bytes one character each."""
        pending: list[object] = list(reversed(self.constants))
        left = MOST_CODES
        while pending and left:
            left -= 1
            value = pending.pop()
            if isinstance(value, str):
                yield value
            elif isinstance(value, bytes):
                yield value.decode("latin-1")
            elif isinstance(value, tuple):
                pending.extend(reversed(value))
