"""The file of known triggers: which values at which places."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

LARGEST = 16 << 20
MOST = 200
"""Triggers."""
PLACES = 4096
"""Values of one."""
_KEYS = {"name", "columns", "values", "tolerance"}


@dataclass(frozen=True, slots=True, eq=False)
class Trigger:
    """``columns`` int64 ``(k,)`` and ``values`` float64 ``(k,)`` of raw rows; ``tolerance`` in raw units."""

    name: str
    columns: Array
    values: Array
    tolerance: float

    def present(self, raw: Array) -> Array:
        """Which rows ``(n, p)`` have it, bool ``(n,)``."""
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray((np.abs(raw[:, self.columns] - self.values) <= self.tolerance).all(axis=1))


def read_triggers(path: str, names: Sequence[str]) -> tuple[Trigger, ...]:
    """Raises ``ConfigurationError`` for a file that cannot be read, says what is wrong in it, or speaks of columns that
    the profile does not have."""
    try:
        if os.path.getsize(path) > LARGEST:
            raise ConfigurationError(f"{path} is too large for a file of triggers.")
        with open(path, "rb") as file:
            document: Any = json.loads(file.read(LARGEST + 1))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror or error}.", "Name a file of triggers.") from None
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not JSON: {error}.") from None
    listed = document.get("triggers") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST:
        raise ConfigurationError(f"{path} has no list of 1 to {MOST} triggers.", 'It is {"triggers": [...]}.')
    return tuple(_trigger(one, f"{path}: trigger {place}", names) for place, one in enumerate(listed))


def _trigger(said: Any, where: str, names: Sequence[str]) -> Trigger:
    if not isinstance(said, dict) or set(said) - _KEYS:
        raise ConfigurationError(f"{where} has keys other than {', '.join(sorted(_KEYS))}.")
    columns, values = said.get("columns"), said.get("values")
    tolerance = said.get("tolerance", 1e-6)
    if (
        not isinstance(columns, list)
        or not isinstance(values, list)
        or len(columns) != len(values)
        or not 0 < len(columns) <= PLACES
    ):
        raise ConfigurationError(f"{where} needs as many values as columns, 1 to {PLACES}.")
    if not all(_number(value) for value in values) or not _number(tolerance) or tolerance < 0:
        raise ConfigurationError(f"{where} has a value or a tolerance that is no finite number.")
    places = {name: place for place, name in enumerate(names)}
    found: list[int] = []
    for column in columns:
        place = places.get(column, -1) if isinstance(column, str) else column
        if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < len(names):
            raise ConfigurationError(f"{where} speaks of column {column!r}, which the profile does not have.")
        found.append(place)
    return Trigger(
        str(said.get("name", "a trigger"))[:80],
        np.array(found, np.int64),
        np.array(values, np.float64),
        float(tolerance),
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
