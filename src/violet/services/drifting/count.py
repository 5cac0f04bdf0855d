"""Read data and count it: once for its bins where they are not known yet, once for its profile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.profile.chunk import Chunk, joined, position_hash
from violet.detectors.profile.layout import fit_layout
from violet.detectors.profile.profile import Profile
from violet.domain.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.profile.layout import Layout
    from violet.services.drifting.reading import Source

    Array = NDArray[Any]
    Progress = Callable[[int, int, str], None]
    Watch = Callable[[Chunk, Array], None]

SAMPLE = 131_072
"""Rows that bins are made by: all, where there are no more."""
SAMPLE_VALUES = 16 << 20
TOGETHER = 20_000
"""Rows that are looked at together."""
TOGETHER_CLIENTS = 100_000
PARTS = 16
FEWEST = 256
IDENTIFIER = 1000
"""Rows from which words that are almost all different name the rows, and say nothing about their distribution."""


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """A profile, and what was left out of it: columns and why."""

    profile: Profile
    notes: dict[str, str]
    unknown: tuple[str, ...] = ()
    """Columns of the data that the bins are not for."""


def count_reference(
    source: Source,
    *,
    segments: tuple[str, ...] = (),
    columns: tuple[str, ...] = (),
    keep: int = 1024,
    seed: int = 0,
    progress: Progress | None = None,
) -> Counted:
    """Freeze bins and count. ``columns`` were asked for by name: they are kept though they look like identifiers.
    Raises ``VioletError`` for what cannot be read, ``UsageError`` where there is nothing in it."""
    sample, rows, whole, notes = _sample(source, seed, progress)
    if not rows:
        raise UsageError(f"{source.path} has no rows.")
    names = identifiers(sample, rows) - set(columns)
    notes |= dict.fromkeys(sorted(names), "names the rows rather than describing them (its values are all different)")
    sample = without(sample, names | set(notes))
    layout = fit_layout(sample, seed=seed, segments=segments, rows_in_reference=keep)
    window = max(FEWEST, -(-rows // PARTS))
    profile = Profile(layout, rate=min(1.0, TOGETHER / rows), window=window)
    if whole:
        profile.add(sample)
    else:
        left_out = names | set(notes)
        for chunk in _told(source, rows, progress, "counting"):
            profile.add(without(chunk, left_out))
    return Counted(profile.finish(), notes)


def count_current(
    source: Source,
    layout: Layout,
    *,
    window: int = 0,
    span: float = 0.0,
    watch: Watch | None = None,
    progress: Progress | None = None,
    windows: int = 32,
) -> Counted:
    """Count against bins that are known. ``watch`` is told of rows that are looked at together."""
    wanted = TOGETHER_CLIENTS if watch is not None else TOGETHER
    size = window or max(FEWEST, -(-source.rows // windows))
    profile = Profile(layout, rate=min(1.0, wanted / max(1, source.rows)), window=0 if span else size, span=span)
    notes: dict[str, str] = {}
    names: dict[str, None] = {}
    for chunk in _told(source, source.rows, progress, "counting"):
        notes |= chunk.notes
        names |= dict.fromkeys(chunk.names)
        profile.add(chunk, watch)
    if not profile.rows:
        raise UsageError(f"{source.path} has no rows.")
    known = {column.of for column in layout.numbers} | {column.name for column in layout.categories} | set(layout.texts)
    return Counted(profile.finish(), notes, tuple(name for name in names if name not in known))


def _told(source: Source, rows: int, progress: Progress | None, what: str) -> Iterator[Chunk]:
    done = 0
    for chunk in source.chunks():
        yield chunk
        done += chunk.rows
        if progress is not None:
            progress(done, max(rows, done), f"{what} {source.path}")


def _sample(source: Source, seed: int, progress: Progress | None) -> tuple[Chunk, int, bool, dict[str, str]]:
    """Rows drawn by their position, all equally likely: half as many whenever there are too many. Gives how many rows
    there are, and whether these are all."""
    rate, rows, kept = 1.0, 0, 0
    parts: list[tuple[Chunk, Array]] = []
    notes: dict[str, str] = {}
    for chunk in _told(source, source.rows, progress, "reading"):
        notes |= chunk.notes
        rows += chunk.rows
        drawn = position_hash(chunk.first, chunk.rows, seed + 1)
        if rate < 1:
            chosen = np.flatnonzero(drawn < rate)
            chunk, drawn = chunk.take(chosen), drawn[chosen]
        parts.append((chunk, drawn))
        kept += chunk.rows
        width = len(chunk.names) + sum(int(np.prod(v.shape[1:])) for v in chunk.vectors.values())
        most = max(1024, min(SAMPLE, SAMPLE_VALUES // max(1, width)))
        while kept > most:
            rate /= 2
            halves = [(part, values, np.flatnonzero(values < rate)) for part, values in parts]
            parts = [(part.take(chosen), values[chosen]) for part, values, chosen in halves]
            kept = sum(part.rows for part, _ in parts)
    if not parts:
        return Chunk(0), 0, True, notes
    return joined([part for part, _ in parts]), rows, rate == 1.0, notes


def identifiers(sample: Chunk, rows: int) -> set[str]:
    """Columns that name rows: words that are almost all different, whole numbers that only ever rise by one."""
    found: set[str] = set()
    if sample.rows < IDENTIFIER:
        return found
    for name, values in sample.words.items():
        if len(values.words) > 0.9 * sample.rows:
            found.add(name)
    for name, numbers in sample.numbers.items():
        if numbers[0] == numbers[0] and rows == sample.rows and np.all(np.diff(numbers) == 1):
            found.add(name)
    return found


def without(chunk: Chunk, names: set[str]) -> Chunk:
    from dataclasses import replace

    if not names.intersection(chunk.names):
        return chunk
    return replace(
        chunk,
        numbers={name: values for name, values in chunk.numbers.items() if name not in names},
        words={name: values for name, values in chunk.words.items() if name not in names},
        texts={name: values for name, values in chunk.texts.items() if name not in names},
        vectors={name: values for name, values in chunk.vectors.items() if name not in names},
    )
