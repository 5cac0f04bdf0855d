"""Window by window: what the reference does by itself, how a change went, and whether a short one hides in a long
file."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.profile.coarse import Coarse
from violet.domain.drift import Change, ColumnDrift, WindowDrift
from violet.services.drifting.course import Series, course_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.profile.profile import Part, Profile
    from violet.services.drifting.columns import Rules

    Array = NDArray[Any]

NATURAL = 8
"""Windows of the reference from which its own variation can be told."""
FEWEST = 4
"""Windows of what is compared from which a part of it is looked at alone."""
STRETCH = 8
"""A part is an eighth of the windows, and one at least."""


class Windows:
    """``natural`` ``(columns,)`` is twice the typical effect between a window of the reference and the rest of it,
    beyond chance (NaN: it has too few windows). ``effects`` ``(windows, columns)`` are those of each window of what is
    compared against the whole reference, ``beyond`` whether they exceed chance."""

    def __init__(self, before: Profile, after: Profile, rules: Rules) -> None:
        self.before, self.after, self.rules = before, after, rules
        self.coarse = Coarse(before.layout)
        self.reference = before.coarse()
        self.names = before.layout.names
        self.natural = self._natural(before)
        self.counts = stacked(after.parts, len(self.reference))
        self.effects = self.coarse.effects(self.reference, self.counts)
        level = rules.each / max(1, len(after.parts))
        self.beyond = self.effects > np.fmax(self.coarse.noise(self.reference, self.counts, level), self.natural)

    def _natural(self, before: Profile) -> Array:
        if len(before.parts) < NATURAL:
            return np.full(len(self.names), np.nan)
        counts = stacked(before.parts, len(self.reference))
        rest = self.reference - counts
        squares = self.coarse.effects(rest, counts) ** 2 - self.coarse.chance(rest, counts)
        usable = np.isfinite(squares)
        enough = usable.sum(axis=0) >= NATURAL
        mean = np.where(usable, squares, 0.0).sum(axis=0) / np.maximum(usable.sum(axis=0), 1)
        return np.where(enough, 2 * np.sqrt(np.maximum(mean, 0.0)), np.nan)

    def told(self, column: ColumnDrift, place: int) -> ColumnDrift:
        """The column with its series, its course, and the verdict of the part of the windows that changed most."""
        if column.change is Change.UNCOMPARED:
            return column
        column = replace(column, series=tuple(float(value) for value in self.effects[:, place]))
        column = self._stretch(column, place)
        if column.change is Change.STABLE:
            return column
        block = slice(self.coarse.starts[place], self.coarse.starts[place] + self.coarse.widths[place] - 1)
        total = self.counts[:, block].sum(axis=0)
        course, since = course_of(Series.toward(self.reference[block], total, list(self.counts[:, block])))
        began = window_name(self.after.parts[since], self.after)[0] if since >= 0 else ""
        return replace(column, course=course, since=began)

    def _stretch(self, column: ColumnDrift, place: int) -> ColumnDrift:
        """A change that is large in some windows is small in all of them together."""
        parts = len(self.after.parts)
        if column.change is Change.DRIFT or parts < FEWEST:
            return column
        width = max(1, parts // STRETCH)
        block = slice(self.coarse.starts[place], self.coarse.starts[place] + self.coarse.widths[place])
        running = np.concatenate([np.zeros((1, block.stop - block.start)), np.cumsum(self.counts[:, block], axis=0)])
        sums = np.zeros((parts - width + 1, len(self.reference)), np.int64)
        sums[:, block] = running[width:] - running[:-width]
        effects = self.coarse.effects(self.reference, sums)[:, place]
        noise = self.coarse.noise(self.reference, sums, self.rules.each / parts)[:, place]
        own = self.natural[place]
        margin = effects - np.fmax(noise, own)
        if not np.isfinite(margin).any():
            return column
        best = int(np.nanargmax(margin))
        if margin[best] <= 0 or effects[best] < self.rules.threshold:
            return column
        start = window_name(self.after.parts[best], self.after)[0]
        end = window_name(self.after.parts[best + width - 1], self.after)[1]
        reason = (
            f"In windows from {start} to {end} the effect {effects[best]:.3f} reaches {self.rules.threshold:g}; chance "
            f"gives {noise[best]:.3f}. All together: {column.reason}"
        )
        return replace(column, change=Change.DRIFT, reason=reason)

    def all(self, columns: list[ColumnDrift], asked: list[bool]) -> list[WindowDrift]:
        """What to say of each window, by the columns that were asked for."""
        compared = np.array([c.change is not Change.UNCOMPARED for c in columns[: len(self.names)]], bool)
        compared &= np.array(asked, dtype=bool)
        found = []
        for at, part in enumerate(self.after.parts):
            effects = np.where(compared, self.effects[at], np.nan)
            drifted = int((self.beyond[at] & compared & (effects >= self.rules.threshold)).sum())
            known = np.isfinite(effects).any()
            worst = int(np.nanargmax(effects)) if known else -1
            start, end = window_name(part, self.after)
            found.append(
                WindowDrift(
                    start=start,
                    end=end,
                    rows=part.rows,
                    worst=self.names[worst] if known else "",
                    effect=float(effects[worst]) if known else math.nan,
                    drifted=drifted,
                    confidence=part.confidence / part.answers if part.answers else math.nan,
                    realised=part.right / part.known if part.known else math.nan,
                )
            )
        return found


def block_of(coarse: Array, profile: Profile, place: int) -> Array:
    """Coarse counts of a column, without what is missing."""
    offsets = profile.layout.coarse_offsets
    return coarse[..., offsets[place] : offsets[place + 1] - 1]


def stacked(parts: list[Part], width: int) -> Array:
    return np.array([part.coarse for part in parts], np.int64).reshape(len(parts), width)


def window_name(part: Part, profile: Profile) -> tuple[str, str]:
    """When a window begins and ends: times where they are known, rows otherwise."""
    if math.isfinite(profile.first):
        from datetime import UTC, datetime

        def said(at: float) -> str:
            try:
                return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            except (OverflowError, OSError, ValueError):
                return f"{at:g}"

        return said(part.start), said(part.end)
    return f"row {int(part.start):,}", f"row {int(part.end):,}"
