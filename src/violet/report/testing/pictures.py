"""Worst cases as pictures: the input, what the attack made of it, and the difference, amplified so that it is seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.report.explaining.png import picture

if TYPE_CHECKING:
    from violet.domain.robustness import WorstCase

_SIDE = 140
"""Pixels of the longer side on the page, about."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as a data URI, with its size on the page."""

    words: str
    uri: str
    width: int
    height: int


def pictures(case: WorstCase) -> tuple[Shown, ...]:
    """Before, after, and their difference; nothing where the case holds no image that can be drawn."""
    size = _plane(case.shape, case.layout)
    if size is None or not len(case.original) == len(case.adversarial) == math.prod(case.shape):
        return ()
    difference = [after - before for before, after in zip(case.original, case.adversarial, strict=True)]
    largest = max(map(abs, difference), default=0.0)
    if not math.isfinite(largest):
        return ()
    gain = 0.5 / largest if largest else 1.0
    amplified = [0.5 + gain * value for value in difference]
    times = f"difference, {gain:.2g} times" if largest else "no difference"
    rows, columns = size
    scale = _SIDE / max(rows, columns)
    scale = round(scale) if scale >= 1 else scale  # whole pixels where they can be
    layout = "hw" if len(case.shape) == 2 else case.layout
    named = ((case.original, "before"), (case.adversarial, "after"), (amplified, times))
    return tuple(
        Shown(words, picture(values, case.shape, layout), max(1, round(columns * scale)), max(1, round(rows * scale)))
        for values, words in named
    )


def _plane(shape: tuple[int, ...], layout: str) -> tuple[int, int] | None:
    """Rows and columns; ``None`` for what is no image."""
    if 0 in shape:
        return None
    if len(shape) == 2:
        return shape[0], shape[1]
    if len(shape) != 3:
        return None
    return (shape[0], shape[1]) if layout == "hwc" else (shape[1], shape[2])
