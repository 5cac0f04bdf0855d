"""Accuracy under natural shifts, in five strengths: the figures beside which a robustness figure has to stand."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.shifts._images import IMAGES
from violet.attacks.shifts._tables import TABLES
from violet.attacks.shifts._texts import TEXTS
from violet.attacks.tabular._moves import rules_of
from violet.domain.rate import Rate
from violet.domain.robustness import ShiftResult
from violet.targets.base import InputKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.attacks.base import Clock
    from violet.targets.base import InputDomain, LabelledData, Target

    Array = NDArray[Any]

STRENGTHS = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Shift:
    """``apply(x, domain, strength, seed)`` takes raw inputs ``(n, *shape)`` and gives others of the same shape and type
    within the domain, or ``None`` where the shift does not apply to such data."""

    name: str
    kinds: tuple[InputKind, ...]
    apply: Callable[[Array, InputDomain, int, int], Array | None]


def _of_images(name: str, function: Callable[..., Array]) -> Shift:
    def apply(x: Array, domain: InputDomain, strength: int, seed: int) -> Array | None:
        unit = np.clip(_channels_last(domain.to_unit(x), domain.layout), 0.0, 1.0)
        rng = _generator(name, seed)
        parts = [function(unit[at : at + 256], strength, rng) for at in range(0, len(unit), 256)]
        changed = np.clip(np.concatenate(parts) if parts else unit, 0.0, 1.0)
        return domain.to_raw(_as_layout(changed, domain.layout))

    return Shift(name, (InputKind.IMAGE,), apply)


def _of_tables(name: str, function: Callable[..., Array | None]) -> Shift:
    def apply(x: Array, domain: InputDomain, strength: int, seed: int) -> Array | None:
        rows = np.asarray(x, dtype=np.float64)
        changed = function(
            rows.reshape(len(rows), -1), rules_of(domain).schema.features, strength, _generator(name, seed)
        )
        return None if changed is None else changed.reshape(rows.shape).astype(x.dtype)

    return Shift(name, (InputKind.TABLE, InputKind.VECTOR), apply)


def _of_texts(name: str, function: Callable[..., str]) -> Shift:
    def apply(x: Array, domain: InputDomain, strength: int, seed: int) -> Array | None:
        chance = random.Random(f"{name} {seed}")
        found = np.empty(len(x), dtype=object)
        found[:] = [function(str(text), strength, chance) for text in x]
        return found

    return Shift(name, (InputKind.TEXT,), apply)


SHIFTS: tuple[Shift, ...] = (
    *(_of_images(name, function) for name, function in IMAGES.items()),
    *(_of_tables(name, function) for name, function in TABLES.items()),
    *(_of_texts(name, function) for name, function in TEXTS.items()),
)
"""Every shift; ``shifts_of`` gives those of one kind of input."""


def shifts_of(kind: InputKind) -> tuple[Shift, ...]:
    return tuple(shift for shift in SHIFTS if kind in shift.kinds)


def measure_shifts(
    target: Target, data: LabelledData, seed: int, clock: Clock, strengths: tuple[int, ...] = STRENGTHS
) -> tuple[ShiftResult, ...]:
    """Accuracy of ``target`` on ``data`` under each shift of its kind and each strength, and without.

    What the clock leaves no time for is missing from the result, and so is a shift that does not apply (swapped columns
    where no two are alike). Raises ``TargetError`` where the target cannot answer.
    """
    if not len(data) or clock.expired():
        return ()
    clean = _accuracy(target, data.x, data.y)
    found: list[ShiftResult] = []
    for shift in shifts_of(target.domain.kind):
        for strength in strengths:
            if clock.expired():
                return tuple(found)
            changed = shift.apply(data.x, target.domain, strength, seed)
            if changed is None:
                break
            found.append(ShiftResult(shift.name, float(strength), _accuracy(target, changed, data.y), clean))
    return tuple(found)


def _accuracy(target: Target, x: Array, y: Array) -> Rate:
    hits = sum(int((target.labels(x[at : at + 4096]) == y[at : at + 4096]).sum()) for at in range(0, len(x), 4096))
    return Rate(hits, len(y))


def _generator(name: str, seed: int) -> np.random.Generator:
    """The same for each strength, so that the stronger shift goes the same way, farther."""
    return np.random.default_rng([abs(seed), zlib.crc32(name.encode())])


def _channels_last(x: Array, layout: str) -> Array:
    if layout == "chw":
        return np.moveaxis(x, 1, 3)
    return x if layout == "hwc" else x[..., None]


def _as_layout(x: Array, layout: str) -> Array:
    if layout == "chw":
        return np.moveaxis(x, 3, 1)
    return x if layout == "hwc" else x[..., 0]
