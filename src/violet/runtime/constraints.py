"""What must hold of a model's rows, as its table schema says: for the detector of impossible combinations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.reference import Reference
    from violet.targets.feasibility import Feasibility

    Array = NDArray[Any]


class TableConstraints:
    """Types, ranges, grids, one-hot groups and relations. ``order`` ``(features,)`` says which raw column each feature
    of the schema is; ``codes`` turns the profile's codes of words into the schema's."""

    def __init__(self, feasibility: Feasibility, order: Array, codes: dict[int, Array]) -> None:
        self._feasibility = feasibility
        self._order = order
        self._codes = codes

    def _rows(self, raw: Array) -> Array:
        rows = raw[:, self._order].astype(np.float64)
        for place, codes in self._codes.items():
            known = rows[:, place]
            told = np.where(np.isfinite(known) & (known >= 0) & (known < len(codes) - 1), known, len(codes) - 1)
            rows[:, place] = codes[told.astype(np.int64)]
        return rows

    def violations(self, raw: Array) -> Array:
        """Rows ``(n, p)`` that cannot be, bool ``(n,)``. A missing value breaks nothing."""
        rows = self._rows(raw)
        blank = np.isnan(rows)
        if blank.any():
            complete = ~blank.any(axis=1)
            found = np.zeros(len(rows), dtype=bool)
            if complete.any():
                found[complete] = self._broken(rows[complete])
            return found
        return self._broken(rows)

    def describe(self, row: Array) -> str:
        """What is broken, by the names that the schema gives it: raw ``(p,)``."""
        faults = self._feasibility.faults(self._rows(row[None]))
        return "; ".join(name for name, mask in faults if bool(mask[0])) or "nothing"

    def _broken(self, rows: Array) -> Array:
        found = np.zeros(len(rows), dtype=bool)
        for _, mask in self._feasibility.faults(rows):
            found |= mask
        return found


def constraints_from(path: str, reference: Reference) -> TableConstraints:
    """Of a table schema's file. Raises ``UsageError`` where it cannot be read, or speaks of a column that the profile
    does not have."""
    from violet.targets.feasibility import Feasibility
    from violet.targets.table_schema_file import load_schema

    schema = load_schema(path)
    places = {name: place for place, name in enumerate(reference.names)}
    missing = [name for name in schema.names if name not in places and name != schema.label]
    if missing:
        raise UsageError(
            f"{path} speaks of {missing[0]!r}, which the profile does not have.",
            f"The profile's columns: {', '.join(reference.names[:12])}.",
        )
    order = np.array([places[name] for name in schema.names], dtype=np.int64)
    codes: dict[int, Array] = {}
    for place, feature in enumerate(schema.features):
        words = reference.categories[order[place]]
        if feature.values and words:
            known = {word: code for code, word in enumerate(feature.values)}
            codes[place] = np.array([float(known.get(word, -1)) for word in words] + [-1.0])
    return TableConstraints(Feasibility(schema), order, codes)
