"""Streams of rows for tests of detectors: made of traffic with known truth, cut and fed in any way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.traffic.clients import MAKERS, Span
from tests.traffic.stealing import steal
from tests.traffic.tables import table_world
from tests.traffic.trace import START, Piece, Trace, assemble
from violet.detectors.base import Batch, Detector, Setup, detectors
from violet.detectors.contrast import Contrast

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

CLIENTS = 64
COLUMNS = ("at", "client", "request", "x", "raw", "scores", "label", "seconds", "size", "digest", "status")


@dataclass(frozen=True, slots=True, eq=False)
class Fed:
    """``value`` ``(n,)``: the score of each row, NaN where there is none."""

    value: Array

    def first(self, threshold: float, rows: Array | None = None) -> int:
        """The place among ``rows`` (default: all) of the first score at the threshold; -1: none."""
        chosen = self.value if rows is None else self.value[rows]
        reached = np.flatnonzero(np.nan_to_num(chosen, nan=-np.inf) >= threshold)
        return int(reached[0]) if len(reached) else -1


def whole(trace: Trace) -> Batch:
    return Batch(
        at=trace.at,
        client=trace.client,
        request=trace.request,
        x=trace.world.reference.encode(trace.raw),
        raw=trace.raw,
        scores=trace.scores,
        label=trace.label,
        seconds=trace.seconds,
        size=trace.size,
        digest=trace.digest,
        status=trace.status,
        names=lambda slot: trace.clients[slot],
        exchange=lambda number: f"x{number}",
    )


def part(batch: Batch, rows: Array | slice) -> Batch:
    """Some rows of it, as a batch of its own."""
    cut = {name: getattr(batch, name) for name in COLUMNS}
    return replace(batch, memo={}, **{name: None if a is None else a[rows] for name, a in cut.items()})


@cache
def learned() -> Contrast:
    """Has no state: what takes a tenth of a second to learn is learned once."""
    return Contrast(table_world().reference)


def build(name: str, shared: dict[object, Any] | None = None, clients: int = CLIENTS, **options: float) -> Detector:
    reference = table_world().reference
    setup = Setup(reference, clients, options=options, shared={"contrast": learned()} if shared is None else shared)
    return detectors()[name].build(setup)


def feed(detector: Detector, batch: Batch, cuts: Sequence[int] = ()) -> Fed:
    """All of the batch, cut at these places; what the scores claim about themselves is checked."""
    value = np.full(len(batch), np.nan)
    for begin, end in zip([0, *cuts], [*cuts, len(batch)], strict=True):
        piece = part(batch, slice(begin, end))
        scores = detector.observe(piece)
        assert scores.rows.dtype.kind == "i"
        assert scores.value.dtype == np.float64
        assert len(scores.rows) == len(scores.value)
        assert (np.diff(scores.rows) > 0).all()
        if len(scores.rows):
            assert scores.rows[0] >= 0
            assert scores.rows[-1] < len(piece)
        value[begin + scores.rows] = scores.value
    return Fed(value)


def explained(detector: Detector, batch: Batch, threshold: float, size: int = 64) -> Any:
    """The evidence of the first score at the threshold."""
    for begin in range(0, len(batch), size):
        scores = detector.observe(part(batch, slice(begin, begin + size)))
        reached = np.flatnonzero(scores.value >= threshold)
        if len(reached):
            return scores.explain(int(reached[0]))
    raise AssertionError("it never reached its threshold")


def honest(kind: str, seed: int, rows: int = 600, days: float = 4.0) -> Piece:
    """Traffic of one honest client."""
    rng = np.random.default_rng([seed, 99])
    return MAKERS[kind](table_world(), rng, f"key:{kind}-{seed}", Span(START, days), rows)


@cache
def stolen(kind: str, seed: int = 0, queries: int = 300) -> Piece:
    return steal(table_world(), kind, seed, queries, goal=False)


def trace(*pieces: Piece, seed: int = 0) -> Trace:
    return assemble(table_world(), pieces, seed)


def mixed(seed: int = 0) -> Batch:
    """Some hundred rows of honest clients and thieves at the same time: for what must hold of any traffic."""
    pieces = [honest(kind, seed, 60, 0.02) for kind in ("application", "analyst", "seeker", "retries", "power", "bulk")]
    pieces += [honest("probe", seed, 40, 0.02)]
    pieces += [stolen(kind, seed, 120) for kind in ("random", "synthesis", "boundary")]
    return whole(trace(*pieces))
