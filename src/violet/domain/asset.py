"""What is secured: a model file, a directory, a package, known by its content."""

from __future__ import annotations

from dataclasses import dataclass

from violet.domain.value import Value


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Digest(Value):
    """A content digest: ``algorithm`` as hashlib names it, ``value`` in lower-case hexadecimal."""

    algorithm: str
    value: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Asset(Value):
    """One examined thing.

    ``path`` is where it was found, archive members after ``!``; ``format`` is the identifier of the
    format its content was recognised as; ``size`` is in bytes; ``digest`` is present where the whole
    content was read.
    """

    path: str
    format: str
    size: int
    digest: Digest | None = None
