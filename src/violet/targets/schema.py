"""What a row of a table may be: types, ranges, what can be changed, and what must hold between features."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class FeatureType(enum.StrEnum):
    REAL = "real"
    INTEGER = "integer"
    BINARY = "binary"
    """0 or 1."""
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
    the grid it lies on (0: none), which begins at ``low`` or, where that is infinite, at 0; ``group`` names the one-hot
    group it belongs to (exactly one member is 1). ``default`` is what stands for a missing value (``None``: nobody
    said)."""

    name: str
    type: FeatureType = FeatureType.REAL
    low: float = float("-inf")
    high: float = float("inf")
    direction: Direction = Direction.ANY
    values: tuple[str, ...] = ()
    step: float = 0.0
    group: str = ""
    default: float | None = None

    @property
    def bounds(self) -> tuple[float, float]:
        """``low`` and ``high``, as far as the type leaves them."""
        if self.type is FeatureType.BINARY or self.group:
            return max(self.low, 0.0), min(self.high, 1.0)
        if self.type is FeatureType.CATEGORICAL:
            return max(self.low, 0.0), min(self.high, max(len(self.values) - 1.0, 0.0))
        return self.low, self.high

    @property
    def grid(self) -> tuple[float, float]:
        """Where the grid begins, and its step (0: there is none)."""
        if self.type in (FeatureType.BINARY, FeatureType.CATEGORICAL) or self.group:
            return 0.0, 1.0
        begin = self.low if self.low > float("-inf") else 0.0
        if self.type is FeatureType.INTEGER:
            step = max(1.0, float(round(self.step)))
            return (begin if begin == round(begin) else 0.0), step
        return (begin, self.step) if self.step > 0 else (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Constraint:
    """What must hold of every row, as it was written: ``open_accounts <= total_accounts``, ``bmi == weight / height **
    2``. ``tolerance`` is for equalities, in the units of their sides; ``violet.targets.constraint`` says what can be
    written."""

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

    @property
    def units(self) -> tuple[tuple[int, ...], ...]:
        """What changes as one: each feature alone, the members of a one-hot group together; in the order of columns."""
        groups = self.groups
        found: list[tuple[int, ...]] = []
        for index, feature in enumerate(self.features):
            members = groups[feature.group] if feature.group else (index,)
            if members[0] == index:
                found.append(members)
        return tuple(found)
