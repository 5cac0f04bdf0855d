"""What the commonest frozen dataclasses have in common."""

from __future__ import annotations


class Value:
    """Equality, hash and text by the fields, as ``dataclass`` makes them for each class anew.

    Made once for ``@dataclass(frozen=True, slots=True, eq=False, repr=False)``: of what it takes to load the classes
    that every scan needs, that saves a third.
    """

    __slots__ = ()
    __match_args__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__match_args__)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self.__match_args__))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"{self.__class__.__qualname__}({fields})"
