"""What a row of a table may be: types, ranges, what can be changed, and what must hold between features."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class FeatureType(enum.StrEnum):
    REAL = "real"
    INTEGER = "integer"
    BINARY = "binary"
    CATEGORICAL = "categorical"
    """Codes 0, 1, ... into ``values``."""


class Direction(enum.StrEnum):
    """Where an attacker can move a feature."""

    ANY = "any"
    UP = "up"
    DOWN = "down"
    NONE = "none"
    """Immutable."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One column. ``low`` and ``high`` are inclusive; ``values`` are the words of a categorical feature; ``step`` is
    the grid it lies on (0: none); ``group`` names the one-hot group it belongs to (exactly one member is 1)."""

    name: str
    type: FeatureType = FeatureType.REAL
    low: float = float("-inf")
    high: float = float("inf")
    direction: Direction = Direction.ANY
    values: tuple[str, ...] = ()
    step: float = 0.0
    group: str = ""


@dataclass(frozen=True, slots=True)
class Constraint:
    """What must hold of every row, as it was written: ``open_accounts <= total_accounts``, ``bmi == weight / height **
    2``. ``tolerance`` is for equalities."""

    text: str
    tolerance: float = 1e-6


@dataclass(frozen=True, slots=True)
class TableSchema:
    """``label`` is the column of the class (``""``: given apart)."""

    features: tuple[Feature, ...]
    constraints: tuple[Constraint, ...] = ()
    label: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features)

    @property
    def groups(self) -> dict[str, tuple[int, ...]]:
        """Indices of the members of each one-hot group."""
        found: dict[str, list[int]] = {}
        for index, feature in enumerate(self.features):
            if feature.group:
                found.setdefault(feature.group, []).append(index)
        return {name: tuple(members) for name, members in found.items()}
