"""Groups of rows by the values of one column: those with a word, or in a quarter of the range."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.reference import Reference

    Array = NDArray[Any]

GROUPS = 32
LEAST = 0.05
"""The share of rows that a group has at least."""
WORDS = 8
NUMBERS = 4
SMALLEST = 60
"""Rows of a sample below which there are no groups."""


class Segmentation:
    """The groups of a reference's rows: ``labels`` say what they are, ``columns`` ``(groups,)`` by which encoded column
    each is cut."""

    def __init__(self, reference: Reference) -> None:
        groups = _groups(reference, np.asarray(reference.sample, np.float32))
        self.labels = tuple(label for _, _, _, label in groups)
        self.columns = np.array([column for column, _, _, _ in groups], np.int64)
        self._low = np.array([low for _, low, _, _ in groups], np.float32)
        self._high = np.array([high for _, _, high, _ in groups], np.float32)

    def __len__(self) -> int:
        return len(self.labels)

    def members(self, x: Array) -> Array:
        """Whether each encoded row is in each group, bool ``(groups, rows)``."""
        values = x[:, self.columns]
        return np.asarray(((values >= self._low) & (values < self._high)).T)


def _groups(reference: Reference, sample: Array) -> list[tuple[int, float, float, str]]:
    """Encoded column, lower and upper edge, and what to call it; the largest categories first. None for pictures."""
    if reference.shape or len(sample) < SMALLEST:
        return []
    found: list[tuple[int, float, float, str]] = []
    numbers = 0
    for place, words in enumerate(reference.categories):
        center, scale = float(reference.center[place]), float(reference.scale[place])
        if words:
            for code, word in enumerate(words[:WORDS]):
                low, high = (code - 0.5 - center) / scale, (code + 0.5 - center) / scale
                share = float(((sample[:, place] >= low) & (sample[:, place] < high)).mean())
                if LEAST <= share <= 1 - LEAST:
                    found.append((place, low, high, f"{reference.names[place]} is {word[:40]}"))
        elif numbers < NUMBERS:
            numbers += 1
            cuts = np.unique(np.quantile(sample[:, place], [0.25, 0.5, 0.75]))
            edges = [-np.inf, *cuts.tolist(), np.inf]
            for low, high in pairwise(edges):
                share = float(((sample[:, place] >= low) & (sample[:, place] < high)).mean())
                if LEAST <= share <= 1 - LEAST:
                    found.append((place, low, high, _named(reference, place, low, high)))
    words_first = sorted(found, key=lambda group: not reference.categories[group[0]])
    return words_first[:GROUPS]


def _named(reference: Reference, place: int, low: float, high: float) -> str:
    center, scale, name = float(reference.center[place]), float(reference.scale[place]), reference.names[place]
    if math.isinf(low):
        return f"{name} is below {center + scale * high:.4g}"
    if math.isinf(high):
        return f"{name} is {center + scale * low:.4g} or more"
    return f"{name} is {center + scale * low:.4g} to {center + scale * high:.4g}"
