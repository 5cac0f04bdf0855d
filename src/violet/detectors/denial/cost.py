"""A client whose rows cost more than those of others do, one after the other.

## What it sees
The model's time and the bytes of each row, as multiples of what is usual among all clients at the time. What is more
than three times the usual is summed up, client by client, in spreads of the usual; what is less is taken off.

## Needs
How long the model took, and the size of requests.

## Cost
About 1.5 microseconds a row in batches of 64, for what is usual, which it shares. 210 bytes a client.

## Misses
Many cheap rows: quotas are for those, and nightly runs of honest clients look the same. Costs that rise for all clients
alike. The first 64 rows of all. Where two clients or fewer make all the traffic, what they cost is usual.

## Source
Page 1954. Sponge examples: Shumailov et al. 2021, "Sponge examples: energy-latency attacks on neural networks",
EuroS&P. The baseline (medians of logarithms, eight rows a client) is ours.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.denial._typical import Typical, excess
from violet.detectors.sums import Cusum, Summing
from violet.domain.alert import Evidence, Response
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="denial/cost",
    title="Rows that cost more than those of others",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.COST,
    threshold=40.0,
    unit="spreads",
    width=1,
    microseconds=1.5,
    response=Response.SLOW,
    techniques=("AML.T0034.001", "AML.T0029"),
    references=("https://arxiv.org/abs/2006.03463",),
    options={"times": 3.0},
)


@detector(FACTS)
class Cost(Summing[Cusum]):
    """``times`` the usual is free."""

    def __init__(self, setup: Setup) -> None:
        self._free = float(setup.options["times"])
        self._typical = Typical.of(setup)
        self._sums = Cusum(setup.clients)

    def observe(self, batch: Batch) -> Scores:
        beside = self._typical.step(batch)
        usual = self._typical.usual
        increments = np.maximum(
            excess(beside.seconds, usual.seconds_spread, self._free),
            excess(beside.bytes, usual.size_spread, self._free),
        )
        value = self._sums.step(batch, increments)

        def explain(index: int) -> Evidence:
            slot = int(batch.client[index])
            seconds, size = math.exp(float(beside.seconds[index])), math.exp(float(beside.bytes[index]))
            return Evidence(
                f"{self._sums.raised(slot)} of the latest {self._sums.since(slot)} rows cost more than "
                f"{self._free:g} times the usual; this one {seconds:.1f} times the time, {size:.1f} times the bytes.",
                {"rows": float(self._sums.raised(slot)), "seconds": seconds, "bytes": size},
                self._sums.queries(slot, batch.exchange),
                f"medians of all: {1e3 * math.exp(usual.seconds):.3g} ms, {math.exp(usual.size):.0f} bytes a row",
            )

        return Scores(np.arange(len(batch)), value, explain)
