"""What an ordering of versions is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LONGEST = 256
"""Characters of a version. Longer ones occur nowhere but in hostile files, where they cost time."""

Key = tuple[Any, ...]
"""Keys of one scheme compare as its versions do; equal keys are equal versions."""


class InvalidVersionError(ValueError):
    """The text is no version under this scheme."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """An ordering of versions: ``parse`` turns one into a key, or raises ``InvalidVersionError``."""

    name: str
    parse: Callable[[str], Key]

    def key(self, version: str) -> Key:
        """The key by which ``version`` is ordered. Raises ``InvalidVersionError``."""
        if len(version) > LONGEST:
            raise InvalidVersionError(f"a version of {len(version):,} characters")
        return self.parse(version)

    def compare(self, first: str, second: str) -> int:
        """-1, 0 or 1. Raises ``InvalidVersionError``."""
        one, two = self.key(first), self.key(second)
        return (one > two) - (one < two)
