"""Inputs that take far longer than their size explains: made so that the model works until it stops.

## What it sees
The model's time beside what rows of that size usually take: more than five times as long is summed up, client by
client.

## Needs
How long the model took, and the size of requests.

## Cost
Under half a microsecond a row in batches of 64, beside ``denial/cost``. 210 bytes a client.

## Misses
Models whose time does not depend on the input. A single sponge among hundreds of ordinary rows. The first 64 rows of
all. Where the model is slow for all at the time, nobody is accused.

## Source
Shumailov et al. 2021, "Sponge examples: energy-latency attacks on neural networks", EuroS&P, section 3; Page 1954.
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
    id="denial/sponge",
    title="Inputs that take far longer than their size explains",
    severity=Severity.HIGH,
    stage=Stage.WINDOW,
    needs=Needs.COST,
    threshold=30.0,
    unit="spreads",
    width=1,
    microseconds=0.3,
    response=Response.SLOW,
    techniques=("AML.T0029", "AML.T0034.001"),
    references=("https://arxiv.org/abs/2006.03463",),
    options={"times": 5.0},
)


@detector(FACTS)
class Sponge(Summing[Cusum]):
    """``times`` what the size explains is free."""

    def __init__(self, setup: Setup) -> None:
        self._free = float(setup.options["times"])
        self._typical = Typical.of(setup)
        self._sums = Cusum(setup.clients)

    def observe(self, batch: Batch) -> Scores:
        beside = self._typical.step(batch)
        usual = self._typical.usual
        increments = excess(beside.for_size, usual.seconds_spread, self._free)
        value = self._sums.step(batch, increments)

        def explain(index: int) -> Evidence:
            slot = int(batch.client[index])
            times = math.exp(float(beside.for_size[index]))
            return Evidence(
                f"{self._sums.raised(slot)} of the latest {self._sums.since(slot)} rows took more than {self._free:g} "
                f"times as long as rows of their size do; this one {times:.0f} times, "
                f"{1e3 * float(batch.seconds[index]):.3g} ms.",
                {"rows": float(self._sums.raised(slot)), "times": times, "seconds": float(batch.seconds[index])},
                self._sums.queries(slot, batch.exchange),
                f"median of all clients: {1e3 * math.exp(usual.seconds):.3g} ms a row",
            )

        return Scores(np.arange(len(batch)), value, explain)
