"""Requests far larger than any that the model is sent: what reads, decodes and pads them works for nothing.

## What it sees
The bytes of a row beside the largest that two clients have sent lately (of each eight rows in 256), in doublings. One
row is enough.

## Needs
The size of requests.

## Cost
Under half a microsecond a row in batches of 64, beside ``denial/cost``. No state of clients.

## Misses
Many rows of ordinary size in one request. What the gateway's own limit on bodies has refused already. The first 64 rows
of all.

## Source
CWE-770 (allocation of resources without limits); the measure is ours.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Batch, Facts, Needs, Scores, Setup, Stage, Stateless, detector
from violet.detectors.denial._typical import Typical
from violet.domain.alert import Evidence, Response
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="denial/oversized",
    title="Far larger than what the model is sent",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.COST,
    threshold=4.0,
    unit="doublings",
    microseconds=0.2,
    response=Response.SLOW,
    techniques=("AML.T0029",),
    references=("https://cwe.mitre.org/data/definitions/770.html",),
)


@detector(FACTS)
class Oversized(Stateless):
    def __init__(self, setup: Setup) -> None:
        self._typical = Typical.of(setup)

    def observe(self, batch: Batch) -> Scores:
        beyond = self._typical.step(batch).beyond
        rows = np.flatnonzero(np.isfinite(beyond))
        value = beyond[rows] / math.log(2)

        def explain(index: int) -> Evidence:
            row = int(rows[index])
            large = math.exp(self._typical.usual.large)
            return Evidence(
                f"A row of {float(batch.size[row]):.0f} bytes; the largest that two clients send has {large:.0f}.",
                {"bytes": float(batch.size[row]), "large": large, "doublings": float(value[index])},
                (batch.exchange(int(batch.request[row])),),
                "the bytes of rows of all clients, of late",
            )

        return Scores(rows, value, explain)
