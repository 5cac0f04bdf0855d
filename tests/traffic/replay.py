"""A trace through detectors, without any guard around them: what each says of every row."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Accuses, Batch, Entry, Needs, Setup
from violet.detectors.clients import ClientSlots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.traffic.trace import Trace
    from tests.traffic.world import World
    from violet.detectors.reference import Reference
    from violet.runtime.batching import Observed
    from violet.runtime.constraints import TableConstraints

    Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """Of one detector: ``rows`` (places in the trace, ascending), the ``slot`` that a score is about (always 0 for one
    that accuses nobody) and ``value``; ``seconds`` is the time it took, ``seen`` how many rows it was shown."""

    detector: str
    rows: Array
    slot: Array
    value: Array
    seconds: float
    seen: int


def batches(trace: Trace, reference: Reference, size: int = 64, slots: ClientSlots | None = None) -> Iterator[Batch]:
    """The trace as the guard cuts it. Slots of clients are given in the order in which they appear."""
    slots = slots or ClientSlots(max(10_000, len(trace.clients)))
    whose = np.empty(len(trace.clients), dtype=np.int32)
    _, first = np.unique(trace.client, return_index=True)
    for place in trace.client[np.sort(first)].tolist():
        whose[place] = slots.slot(trace.clients[place])
    client = whose[trace.client]
    x = reference.encode(trace.raw)
    for begin in range(0, len(trace), size):
        part = slice(begin, begin + size)
        yield Batch(
            at=trace.at[part],
            client=client[part],
            request=trace.request[part],
            x=x[part],
            raw=trace.raw[part],
            scores=trace.scores[part],
            label=trace.label[part],
            seconds=trace.seconds[part],
            size=trace.size[part],
            digest=trace.digest[part],
            status=trace.status[part],
            names=slots.name,
            exchange=lambda number: f"x{number}",
        )


def replay(
    trace: Trace, entries: Sequence[Entry], reference: Reference | None = None, size: int = 64, seed: int = 0
) -> dict[str, Said]:
    """What each of these detectors says of the trace, by id. ``reference`` is that of the trace's world by default."""
    reference = reference or trace.world.reference
    slots = ClientSlots(max(10_000, len(trace.clients)))
    found: dict[str, Said] = {}
    cut = list(batches(trace, reference, size, slots))
    starts = np.cumsum([0, *map(len, cut)])
    rules = constraints(trace.world)
    for entry in entries:
        if entry.facts.needs & (Needs.TEXTS | Needs.ANSWERS):
            continue
        detector = entry.build(
            Setup(
                reference,
                slots.capacity,
                seed,
                ask=trace.world.answer,
                constraints=rules,
            )
        )
        rows, values, taken = [], [], 0.0
        for begin, batch in zip(starts.tolist(), cut, strict=False):
            clock = time.perf_counter()
            scores = detector.observe(batch)
            taken += time.perf_counter() - clock
            rows.append(np.asarray(scores.rows) + begin)
            values.append(np.asarray(scores.value))
        where = np.concatenate(rows).astype(np.int64) if rows else np.empty(0, np.int64)
        slot = np.concatenate([batch.client for batch in cut])[where]
        if entry.facts.accuses is Accuses.MODEL:
            slot = np.zeros_like(slot)
        found[entry.facts.id] = Said(entry.facts.id, where, slot, np.concatenate(values), taken, len(trace))
    return found


def constraints(world: World) -> TableConstraints | None:
    """What the detector of impossible combinations asks."""
    from violet.runtime.constraints import TableConstraints
    from violet.targets.feasibility import Feasibility

    schema = world.domain.schema
    return TableConstraints(Feasibility(schema), np.arange(len(schema.features)), {}) if schema is not None else None


def requests(trace: Trace) -> Iterator[Observed]:
    """The trace as the guard's pipeline takes it."""
    from violet.runtime.batching import Observed

    starts = np.flatnonzero(np.diff(trace.request, prepend=-1))
    ends = np.append(starts[1:], len(trace))
    seconds = np.add.reduceat(trace.seconds, starts) if len(starts) else np.empty(0)
    size = np.add.reduceat(trace.size, starts) if len(starts) else np.empty(0)
    for place, (begin, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        well = bool(trace.status[begin] == 200)
        yield Observed(
            id=f"x{int(trace.request[begin])}",
            at=float(trace.at[begin]),
            client=trace.clients[int(trace.client[begin])],
            raw=trace.raw[begin:end],
            scores=trace.scores[begin:end] if well else None,
            labels=trace.label[begin:end].tolist() if well else (),
            seconds=float(seconds[place]),
            size=int(size[place]),
            status=int(trace.status[begin]),
        )
