"""Streams of queries made in the tests, and what the detectors of evasion say of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from tests.detectors.streams import part
from tests.traffic.evading import evade
from tests.traffic.pictures import picture_world
from tests.traffic.replay import batches
from tests.traffic.tables import table_world
from tests.traffic.trace import Piece, Trace, assemble
from tests.traffic.world import World
from violet.detectors.base import Batch, Detector, Entry, Setup, detectors
from violet.detectors.reference import Reference, fit_reference
from violet.domain.alert import Evidence

Array = np.ndarray[Any, Any]

ALL = tuple(name for name in detectors() if name.startswith("evasion/"))


def entry(name: str) -> Entry:
    return detectors()[f"evasion/{name.removeprefix('evasion/')}"]


@cache
def world(kind: str) -> World:
    return picture_world(8) if kind == "pictures" else table_world()


@cache
def attack(kind: str, name: str, seed: int = 0, queries: int = 300) -> Piece:
    return evade(world(kind), name, seed, samples=1, queries=queries)


@dataclass
class Told:
    """``rows`` and ``values`` of each detector's scores; ``first`` is the row at which one first reaches its
    threshold (-1: never), with its evidence."""

    rows: dict[str, Array]
    values: dict[str, Array]
    first: dict[str, int]
    evidence: dict[str, Evidence]

    @property
    def accusers(self) -> list[str]:
        return [name for name, row in self.first.items() if row >= 0]


def built(reference: Reference, names: tuple[str, ...] = ALL, clients: int = 1000, **more: Any) -> dict[str, Detector]:
    shared: dict[object, Any] = {}
    return {name: entry(name).build(Setup(reference, clients, shared=shared, **more)) for name in names}


def listen(trace: Trace, names: tuple[str, ...] = ALL, size: int = 64, who: dict[str, Detector] | None = None) -> Told:
    return hear(list(batches(trace, trace.world.reference, size)), who or built(trace.world.reference, names))


def hear(cut: list[Batch], who: dict[str, Detector]) -> Told:
    told = Told({}, {}, dict.fromkeys(who, -1), {})
    rows: dict[str, list[Any]] = {name: [] for name in who}
    values: dict[str, list[Any]] = {name: [] for name in who}
    begin = 0
    for batch in cut:
        for name, detector in who.items():
            scores = detector.observe(batch)
            rows[name].extend((np.asarray(scores.rows) + begin).tolist())
            values[name].extend(np.asarray(scores.value).tolist())
            over = np.flatnonzero(np.asarray(scores.value) >= entry(name).facts.threshold)
            if len(over) and told.first[name] < 0:
                told.first[name] = int(scores.rows[over[0]]) + begin
                told.evidence[name] = scores.explain(int(over[0]))
        begin += len(batch)
    told.rows = {name: np.array(found, dtype=np.int64) for name, found in rows.items()}
    told.values = {name: np.array(found, dtype=float) for name, found in values.items()}
    return told


def alone(piece: Piece | list[Piece], of: World) -> Trace:
    return assemble(of, piece if isinstance(piece, list) else [piece])


@cache
def smooth(width: int = 8, seed: int = 0) -> Reference:
    """Of independent normal columns without a grid."""
    return fit_reference(np.random.default_rng(seed).normal(size=(1500, width)))


def batch(raw: Array, client: Any = 0, reference: Reference | None = None, **more: Any) -> Batch:
    """Rows in this order, a second apart, each a request of its own."""
    raw = np.asarray(raw, dtype=float)
    reference = reference or smooth(raw.shape[1])
    n = len(raw)
    begin = int(more.pop("begin", 0))
    given: dict[str, Any] = {
        "at": 1e9 + begin + np.arange(n, dtype=float),
        "client": np.broadcast_to(np.asarray(client, dtype=np.int32), n).copy(),
        "request": begin + np.arange(n),
        "x": reference.encode(raw),
        "raw": raw,
        "scores": None,
        "label": np.full(n, -1, np.int32),
        "seconds": np.zeros(n, np.float32),
        "size": np.zeros(n, np.float32),
        "digest": np.array([hash(row.tobytes()) & 0xFFFFFFFFFFFFFFFF for row in raw], dtype=np.uint64),
        "status": np.full(n, 200, np.int16),
        **more,
    }
    return Batch(**given)


def cut(whole: Batch, places: list[int]) -> list[Batch]:
    """The batch in parts that begin at ``places``."""
    edges = sorted({0, len(whole), *(place for place in places if 0 < place < len(whole))})
    return [part(whole, slice(begin, end)) for begin, end in pairwise(edges)]


def cloud(base: Array, count: int, seed: int = 0, size: float = 0.05) -> Array:
    """Small changes of all columns of one row."""
    return np.asarray(base + size * np.random.default_rng(seed).normal(size=(count, len(base))))
