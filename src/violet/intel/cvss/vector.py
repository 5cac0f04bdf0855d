"""Taking a vector apart, and what comes of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

LONGEST = 512
"""Characters of a vector; one with every metric of version 4 has fewer than 250."""


class MalformedVectorError(ValueError):
    """The text is no vector: of no known version, or with a metric unknown, missing, repeated or out of range."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a vector amounts to: ``base``, and with the metrics of the other groups ``threat`` (temporal, before
    version 4) and ``environmental``, where the vector has any of them. All are 0.0 to 10.0 in steps of 0.1.

    Version 4 has one score for whatever metrics there are: it is the most specific of these.
    """

    version: str
    base: float
    threat: float | None = None
    environmental: float | None = None

    @property
    def value(self) -> float:
        """The score with everything that the vector says."""
        if self.environmental is not None:
            return self.environmental
        return self.base if self.threat is None else self.threat


def metrics_of(text: str, allowed: Mapping[str, Collection[str]], required: Collection[str]) -> dict[str, str]:
    """The metrics of ``text`` (without its prefix). Raises ``MalformedVectorError``."""
    if len(text) > LONGEST:
        raise MalformedVectorError(f"the vector has {len(text):,} characters")
    found: dict[str, str] = {}
    for field in text.split("/"):
        name, colon, value = field.partition(":")
        if not colon or name not in allowed:
            raise MalformedVectorError(f"{field!r} is no metric")
        if value not in allowed[name]:
            raise MalformedVectorError(f"{value!r} is no value of {name}")
        if name in found:
            raise MalformedVectorError(f"{name} is given twice")
        found[name] = value
    missing = [name for name in required if name not in found]
    if missing:
        raise MalformedVectorError(f"the vector lacks {', '.join(missing)}")
    return found
