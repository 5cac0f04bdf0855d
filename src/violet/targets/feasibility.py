"""Which rows an attacker could really send: checked exactly, and repaired where that is possible.

What already stands in the original row, the attacker found there: a rule about features of which none was changed is
never broken. (Rows that break their own schema are what ``faults`` tells.) So an original is always feasible, and
``repair`` can always give something feasible back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.targets.base import TargetError
from violet.targets.constraint import Comparison, Relation, parse
from violet.targets.schema import Direction, FeatureType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.schema import Feature, TableSchema

    Array = NDArray[Any]
    Violations = tuple[tuple[str, Array], ...]

PASSES = 4
"""How often all constraints are gone through in a repair: one can break another."""
_MIRROR = {"<=": ">=", "<": ">", ">=": "<=", ">": "<", "==": "=="}


@dataclass(frozen=True, slots=True)
class _Solution:
    """A comparison that can be solved for ``column``; ``derived``: it stands alone on one side."""

    comparison: Comparison
    column: int
    derived: bool


class Feasibility:
    """Rules of a schema for batches of rows ``(n, d)``, columns in the order of its features.

    Raises ``ConfigurationError`` where a constraint cannot be read. Equality of reals is judged in the precision of the
    candidate's type: a bound of 0.1 is met by the float32 that is nearest to 0.1.
    """

    def __init__(self, schema: TableSchema) -> None:
        self.schema = schema
        self.relations: tuple[Relation, ...] = tuple(
            parse(constraint.text, schema.names, constraint.tolerance) for constraint in schema.constraints
        )
        self._groups = schema.groups
        features = schema.features
        self._low = np.array([feature.bounds[0] for feature in features])
        self._high = np.array([feature.bounds[1] for feature in features])
        self._begin = np.array([feature.grid[0] for feature in features])
        self._step = np.array([feature.grid[1] for feature in features])
        self._whole = (self._step == np.rint(self._step)) & (self._begin == np.rint(self._begin))
        self._fixed = np.array([feature.direction is Direction.NONE for feature in features], dtype=bool)
        self._up = np.array([feature.direction is Direction.UP for feature in features], dtype=bool)
        self._down = np.array([feature.direction is Direction.DOWN for feature in features], dtype=bool)
        self._moves = frozenset(f"{feature.name}: {_direction(feature)}" for feature in features)
        held = self._fixed | np.array([bool(feature.group) for feature in features], dtype=bool)
        self._solutions = tuple(_solutions(relation, held) for relation in self.relations)

    @property
    def mutable(self) -> Array:
        """``(d,)`` bool: features that an attacker can change at all."""
        return np.asarray(~self._fixed & (self._low < self._high))

    # -- judging -----------------------------------------------------------------------------------

    def violations(self, original: Array, candidate: Array) -> Violations:
        """What each candidate breaks that its original did not already hold: names of rules and masks ``(n,)``, only
        of rules that at least one row breaks. Raises ``TargetError`` where the shapes do not fit."""
        old, new, dtype = self._read(original, candidate)
        changed = ~_same(old, new)
        return self._named(old, new, changed, dtype)

    def feasible(self, original: Array, candidate: Array) -> Array:
        """``(n,)`` bool: the candidates that break nothing."""
        good = np.ones(len(candidate), dtype=bool)
        for _, mask in self.violations(original, candidate):
            good &= ~mask
        return good

    def faults(self, x: Array) -> Violations:
        """What rows break in themselves, whoever made them: as ``violations``, without what concerns changes."""
        old, new, dtype = self._read(x, x)
        found = self._named(old, new, ~np.isnan(new), dtype)
        return tuple((name, mask) for name, mask in found if name not in self._moves)

    def changed(self, original: Array, candidate: Array) -> Array:
        """Number of features that differ, a one-hot group counting once: ``(n,)`` float64."""
        old, new, _ = self._read(original, candidate)
        moved = ~_same(old, new)
        count = np.zeros(len(new))
        for unit in self.schema.units:
            count += moved[:, list(unit)].any(axis=1)
        return count

    def _named(self, old: Array, new: Array, changed: Array, dtype: np.dtype[Any]) -> Violations:
        found: list[tuple[str, Array]] = []

        def note(name: str, mask: Array) -> None:
            if mask.any():
                found.append((name, mask))

        low, high = _as_stored(self._low, dtype), _as_stored(self._high, dtype)
        with np.errstate(invalid="ignore"):
            outside = changed & ~((new >= low) & (new <= high) & np.isfinite(new))
            moved_wrongly = changed & (self._fixed | (self._up & (new < old)) | (self._down & (new > old)))
            off_grid = changed & np.isfinite(new) & ~self._on_grid(new, dtype)
        for index, feature in enumerate(self.schema.features):
            note(f"{feature.name}: {_direction(feature)}", moved_wrongly[:, index])
            note(f"{feature.name}: range", outside[:, index])
            note(f"{feature.name}: {_grid(feature)}", off_grid[:, index])
        for name, members in self._groups.items():
            columns = list(members)
            values = new[:, columns]
            one = ((values == 0) | (values == 1)).all(axis=1) & (values.sum(axis=1) == 1)
            note(f"{name}: exactly one", changed[:, columns].any(axis=1) & ~one)
        for relation in self.relations:
            touched = changed[:, sorted(relation.features)].any(axis=1)
            note(relation.text, touched & ~relation.holds(new, _epsilon(dtype)))
        return tuple(found)

    def _on_grid(self, new: Array, dtype: np.dtype[Any]) -> Array:
        slack = 2 * _epsilon(dtype) * np.maximum(np.abs(new), np.abs(self._begin))
        with np.errstate(invalid="ignore"):
            return np.asarray(
                (self._step == 0) | (np.abs(new - self._snapped(new)) <= np.where(self._whole, 0.0, slack))
            )

    def _snapped(self, x: Array) -> Array:
        step = np.where(self._step > 0, self._step, 1.0)
        with np.errstate(invalid="ignore"):
            snapped = self._begin + np.rint((x - self._begin) / step) * step
        return np.where((self._step > 0) & np.isfinite(snapped), snapped, x)

    def _read(self, original: Array, candidate: Array) -> tuple[Array, Array, np.dtype[Any]]:
        d = len(self.schema.features)
        original, candidate = np.asarray(original), np.asarray(candidate)
        for array in (original, candidate):
            if array.ndim != 2 or array.shape[1] != d or array.dtype.kind not in "fiub":
                raise TargetError(
                    f"Rows of shape {array.shape} and type {array.dtype} do not fit a schema of {d} features.",
                    "Give numbers, one column a feature.",
                )
        if len(original) != len(candidate):
            raise TargetError(f"{len(candidate)} candidates were given for {len(original)} originals.")
        return original.astype(np.float64), candidate.astype(np.float64), candidate.dtype

    # -- repairing ---------------------------------------------------------------------------------

    def repair(self, original: Array, candidate: Array) -> Array:
        """The candidates, each made feasible by small moves; one for which none was found is its original again.

        Feasible rows stay as they are, so repairing twice is repairing once. In order: what is immutable or moved the
        wrong way is restored, values are cut to their range and put on their grid, of a one-hot group the largest
        member is 1 (of equals one that was not), a feature that must equal an expression is computed anew, and where
        an inequality fails one of its features is moved to where it holds, one that was changed before any other.
        """
        old, new, dtype = self._read(original, candidate)
        todo = np.flatnonzero(~self.feasible(original, candidate))
        result = np.array(candidate, copy=True)
        if not len(todo):
            return result
        before, rows = old[todo], new[todo]
        rows = self._cut(before, rows, dtype)
        rows = self._one_hot(before, rows)
        for _ in range(PASSES):
            broken = False
            for relation, ways in zip(self.relations, self._solutions, strict=True):
                broken |= self._mend(relation, ways, before, rows, dtype)
            if not broken:
                break
        mended = rows.astype(dtype)
        good = self.feasible(original[todo], mended)
        result[todo] = np.where(good[:, None], mended, np.asarray(original)[todo])
        return result

    def _cut(self, old: Array, new: Array, dtype: np.dtype[Any]) -> Array:
        """Each feature by itself: allowed to move there, in range, on the grid. What was left alone stays."""
        keep: Array = _same(old, new) | np.isnan(new) | self._fixed
        low = np.where(self._up, np.fmax(self._low, old), self._low)
        high = np.where(self._down, np.fmin(self._high, old), self._high)
        step = np.where(self._step > 0, self._step, 1.0)
        with np.errstate(invalid="ignore", over="ignore"):
            cut = np.clip(new, low, high)
            snapped = self._snapped(cut)
            snapped = np.where(snapped > high, snapped - step, snapped)
            snapped = np.where(snapped < low, snapped + step, snapped)
        cut = np.where(self._step > 0, snapped, cut)
        return np.where(keep | ~np.isfinite(cut), old, _as_stored(cut, dtype))

    def _one_hot(self, old: Array, new: Array) -> Array:
        for members in self._groups.values():
            columns = list(members)
            before, values = old[:, columns], new[:, columns]
            held = before == 1
            can_fall = ~(self._fixed[columns] | self._up[columns])
            can_rise = ~(self._fixed[columns] | self._down[columns])
            leaves = np.asarray(np.where(held, can_fall, True).all(axis=1))
            allowed = held | (leaves[:, None] & can_rise)
            score = np.where(allowed, np.nan_to_num(values) + np.where(held, 0.0, 1e-9), -np.inf)
            winner = score.argmax(axis=1)
            fresh = (np.arange(len(columns)) == winner[:, None]).astype(np.float64)
            moved = np.asarray((~_same(before, values)).any(axis=1))
            new[:, columns] = np.where(moved[:, None], fresh, values)
        return new

    def _mend(
        self, relation: Relation, ways: tuple[_Solution, ...], old: Array, new: Array, dtype: np.dtype[Any]
    ) -> bool:
        """Move features, in place, where the relation fails; says whether it failed anywhere."""
        columns = sorted(relation.features)

        def failing() -> Array:
            touched = (~_same(old[:, columns], new[:, columns])).any(axis=1)
            return np.flatnonzero(touched & ~relation.holds(new, _epsilon(dtype)))

        if not len(failing()):
            return False
        for wanted in (True, False):  # first without changing more features than were, where that can be
            for way in ways:
                rows = failing()
                moved = ~_same(old[rows, way.column], new[rows, way.column])
                if way.comparison.operator != "==":
                    rows = rows[moved == wanted]
                elif wanted:  # what depends on others follows them
                    others = [column for column in columns if column != way.column]
                    follows = (~_same(old[rows][:, others], new[rows][:, others])).any(axis=1)
                    rows = rows[follows & way.derived]
                else:  # to undo the change would mend it too
                    rows = rows[~moved]
                if not len(rows):
                    continue
                value = self._solve(way, new[rows], dtype)
                trial = np.array(new[rows], copy=True)
                trial[:, way.column] = value
                single = np.where(np.arange(new.shape[1]) == way.column, trial, old[rows])
                trial[:, way.column] = self._cut(old[rows], single, dtype)[:, way.column]
                good = np.isfinite(trial[:, way.column]) & relation.holds(trial, _epsilon(dtype))
                new[rows[good], way.column] = trial[good, way.column]
        return True

    def _solve(self, way: _Solution, x: Array, dtype: np.dtype[Any]) -> Array:
        """The value of the feature nearest to what it is for which the comparison holds, others as they stand."""
        comparison, column = way.comparison, way.column
        left, right = comparison.left.affine(x, column), comparison.right.affine(x, column)
        if left is None or right is None:
            return np.full(len(x), np.nan)
        with np.errstate(all="ignore"):
            slope = left[0] - right[0]
            value = (right[1] - left[1]) / slope
            # Rounding to the grid must go to the side on which the comparison holds.
            falls = (slope > 0) == (comparison.operator in ("<=", "<"))
            strict = comparison.operator in ("<", ">")
            if comparison.operator != "==":
                value = self._to_the_side(value, column, falls, strict, dtype)
        return np.where(np.isfinite(value) & (slope != 0), value, np.nan)

    def _to_the_side(self, value: Array, column: int, falls: Array, strict: bool, dtype: np.dtype[Any]) -> Array:
        step, begin = self._step[column], self._begin[column]
        if step > 0:
            places = (value - begin) / step
            near = np.rint(places)
            places = np.where(np.abs(places - near) < 1e-9 * np.maximum(1.0, np.abs(near)), near, places)
            down, up = np.floor(places), np.ceil(places)
            if strict:
                down, up = np.where(down == places, down - 1, down), np.where(up == places, up + 1, up)
            return np.asarray(begin + np.where(falls, down, up) * step)
        stored = _as_stored(value, dtype)
        if dtype.kind != "f":
            return stored
        away = np.where(falls, -np.inf, np.inf)
        beyond = np.nextafter(stored.astype(dtype), away.astype(dtype)).astype(np.float64)
        past = np.where(falls, stored > value, stored < value) | strict
        return np.where(past, beyond, stored)


def _solutions(relation: Relation, fixed: Array) -> tuple[_Solution, ...]:
    """For which features its comparisons can be solved: derived ones first, then in the order of columns."""
    found: list[_Solution] = []
    d = len(fixed)
    probe = np.ones((1, d))
    for comparison in relation.comparisons:
        if comparison.operator not in _MIRROR:
            continue
        for column in sorted(comparison.features):
            if fixed[column]:
                continue
            if comparison.left.affine(probe, column) is None or comparison.right.affine(probe, column) is None:
                continue
            sides = ((comparison.left, comparison.right), (comparison.right, comparison.left))
            derived = any(a.kind == "feature" and a.index == column and column not in b.features for a, b in sides)
            found.append(_Solution(comparison, column, derived))
    found.sort(key=lambda way: not way.derived)
    return tuple(found)


def _same(a: Array, b: Array) -> Array:
    same: Array = np.asarray((a == b) | (np.isnan(a) & np.isnan(b)))
    return same


def _as_stored(values: Array, dtype: np.dtype[Any]) -> Array:
    """As the type keeps them, float64 again; whole numbers where it keeps only those."""
    if dtype.kind != "f":
        return np.asarray(values, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(values, dtype=dtype).astype(np.float64)


def _epsilon(dtype: np.dtype[Any]) -> float:
    return float(np.finfo(dtype).eps) if dtype.kind == "f" else 2.3e-16


def _direction(feature: Feature) -> str:
    return {Direction.UP: "can only rise", Direction.DOWN: "can only fall"}.get(feature.direction, "immutable")


def _grid(feature: Feature) -> str:
    if feature.group or feature.type is FeatureType.BINARY:
        return "0 or 1"
    if feature.type is FeatureType.CATEGORICAL:
        return "one of its values"
    return "whole number" if feature.type is FeatureType.INTEGER and feature.step <= 1 else f"step {feature.step:g}"
