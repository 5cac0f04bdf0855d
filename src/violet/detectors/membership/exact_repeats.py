"""The same records again and again: who averages answers, or compares them, wants to know what the model remembers.

## What it sees
Exact repeats of a client's own rows, of many records. Not counted are retries (the row before was answered with an
error), what comes again within 3 s (a double click, a client that gave up waiting), more than three repeats of one
record (so that probes, which send one row for ever, never add up), variants of one row (of two analyses of one case,
many rows are the same), and what comes at the same interval of six hours or more as the client's repeat before (nightly
runs over the same list). A sequential test sums up how much likelier repeats are of somebody who probes.

## Needs
Rows or texts.

## Cost
About 1.5 microseconds a row in batches of 64. 5 MB for all clients, and 210 bytes each.

## Misses
Who changes the records a little each time (``membership/shadow_neighbours``), asks each of them less than twice, or
repeats them at the rhythm of a nightly run. A dashboard that refreshes the same hundred rows all day looks like a
prober: put it on the list of those never touched. Repeats are remembered until 262,144 other rows have come, on
average.

## Source
Membership by the confidence of answers: Shokri et al. 2017, "Membership inference attacks against machine learning
models". The test: Page 1954, of Bernoulli trials. What is excused is ours.
"""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors import measures
from violet.detectors.base import Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.steps import Steps
from violet.detectors.sums import Cusum, Summing
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="membership/exact_repeats",
    title="The same records asked again and again",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.NOTHING,
    threshold=16.0,
    unit="nats",
    width=1,
    microseconds=1.5,
    techniques=("AML.T0024.000",),
    references=("https://arxiv.org/abs/1610.05820",),
    options={"honest": 0.03, "suspicious": 0.3},
)

PLACES = 1 << 18
MOST = 3
"""Repeats of one record that count."""
SOON = 3.0
"""Seconds."""
NIGHTLY = 6 * 3600.0
RHYTHM = 0.02
"""The share by which intervals of a nightly run differ."""
_MIX = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1


@detector(FACTS)
class ExactRepeats(Summing[Cusum]):
    """``honest`` is the share of repeats that an honest client is granted, ``suspicious`` that of a prober."""

    def __init__(self, setup: Setup) -> None:
        honest, suspicious = float(setup.options["honest"]), float(setup.options["suspicious"])
        self._hit = math.log(suspicious / honest)
        self._miss = math.log((1 - suspicious) / (1 - honest))
        self._sums = Cusum(setup.clients)
        self._owners = array("q", range(1, setup.clients + 1))
        """What mixes a client into its keys: never the same again for a slot that changed hands."""
        self._next = setup.clients + 1
        self._steps = Steps.of(setup) if setup.reference is not None else None
        self._rhythm = array("d", bytes(8 * setup.clients))
        self._keys = array("Q", bytes(8 * PLACES))
        self._at = array("d", bytes(8 * PLACES))
        self._count = bytearray(PLACES)
        self._failed = bytearray(PLACES)

    def forget(self, slots: Array) -> None:
        self._sums.forget(slots)
        if self._steps is not None:
            self._steps.forget(slots)
        for slot in slots.tolist():
            self._owners[slot] = self._next
            self._next += 1
            self._rhythm[slot] = 0.0

    def _variants(self, batch: Batch) -> list[bool]:
        """Which rows differ in few features, but in some, from what their client has asked just before."""
        if self._steps is None or batch.x.shape[1] == 0:
            return [False] * len(batch)
        step = self._steps.step(batch)
        return list(((step.moved > 0) & ~step.counts).tolist())

    def observe(self, batch: Batch) -> Scores:
        digests, status = batch.digest.tolist(), measures.unanswered(batch)
        variants = self._variants(batch)
        keys, at, count, failed = self._keys, self._at, self._count, self._failed
        increments: list[float] = []
        repeats: list[tuple[int, float]] = []
        for slot, digest, now, error, variant in zip(
            measures.slots(batch), digests, measures.times(batch), status, variants, strict=True
        ):
            key = ((digest ^ (self._owners[slot] * _MIX)) * _MIX) & _WORD
            place = key >> 46
            gap, seen = 0.0, 0
            if keys[place] == key:
                gap = now - at[place]
                seen = count[place]
                counts = not (variant or failed[place]) and gap > SOON and seen < MOST
                if gap >= NIGHTLY:
                    rhythm = self._rhythm[slot]
                    counts = counts and abs(gap - rhythm) > RHYTHM * gap and rhythm > 0.0
                    self._rhythm[slot] = gap
                # One row for ever is a probe's: it takes back what it gave, also when its place was lost meanwhile.
                increments.append(self._hit if counts else self._miss / 2 if seen >= MOST else 0.0)
                if counts:
                    count[place] = seen + 1
            else:
                keys[place], count[place] = key, 0
                increments.append(self._miss)
            at[place], failed[place] = now, error
            repeats.append((seen, gap))
        value = self._sums.step(batch, np.array(increments))

        def explain(index: int) -> Evidence:
            slot = int(batch.client[index])
            hits, rows = self._sums.raised(slot), self._sums.since(slot)
            _, gap = repeats[index]
            return Evidence(
                f"{hits} of the latest {rows} rows repeat earlier ones exactly, and are neither retries nor probes"
                + (f"; this one after {gap:.0f} s." if gap else "."),
                {"repeats": float(hits), "rows": float(rows), "seconds": gap},
                self._sums.queries(slot, batch.exchange),
                f"an honest client repeats {math.exp(-self._hit):.0%} as often",
            )

        return Scores(np.arange(len(batch)), value, explain)
