"""Queries grown out of earlier ones: small steps in many features, as syntheses of training data for a copy make them.

## What it sees
Rows that lie nearer to one of the client's own last 64 rows than 99 % of benign rows lie to any of a thousand others,
and still differ from it in a quarter of the features or more. A sequential test sums up how much likelier they are of a
client that grows its queries than of others.

PRADA looks at the same distances, asks whether they are distributed normally, and accuses who is not: honest clients
are not either. Here the one kind of distance is counted that honest clients do not have. The predicted class makes no
difference: many steps are meant to leave it.

## Needs
Rows and a reference.

## Cost
About 4 microseconds a row of 20 columns in batches of 64, most of it for looking up what ``extraction/novelty`` wants
as well. 200 bytes a client, and at most 32 MB of rings for all.

## Misses
Steps in few features at a time (``evasion/near_duplicates`` sees those), steps as large as customers differ from each
other, and parents more than 64 queries back, as a thief has them whose generations are larger.

## Source
Juuti et al. 2019, "PRADA: protecting against DNN model stealing attacks", EuroS&P; the queries: Papernot et al. 2017,
"Practical black-box attacks against machine learning", section 4; the test: Page 1954, of Bernoulli trials.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.extraction._nearest import Nearest
from violet.detectors.reference import QUANTILES
from violet.detectors.steps import dense
from violet.detectors.sums import Cusum, Summing
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.reference import Reference

    Array = NDArray[Any]

FACTS = Facts(
    id="extraction/distances",
    title="Queries grown out of earlier ones",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    threshold=16.0,
    unit="nats",
    width=1,
    microseconds=4.0,
    techniques=("AML.T0024.002", "AML.T0043.002"),
    references=("https://arxiv.org/abs/1805.02628", "https://arxiv.org/abs/1602.02697"),
    options={"honest": 0.02, "suspicious": 0.3},
)

CLOSE = 0.01
"""Share of benign rows that have another one so near in a sample of a thousand, and still so different."""


@detector(FACTS)
class Distances(Summing[Cusum]):
    """``honest`` is the share of such rows that an honest client is granted, ``suspicious`` that of a thief."""

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        reference = self._reference = setup.reference
        honest, suspicious = float(setup.options["honest"]), float(setup.options["suspicious"])
        if reference.shape:
            # Who moves sliders comes back near earlier pictures in all their cells; who looks at a table does not.
            honest, suspicious = max(honest, 0.1), max(suspicious, 0.4)
        self._hit = math.log(suspicious / honest)
        self._miss = math.log((1 - suspicious) / (1 - honest))
        self._dense = dense(reference.width)
        self._near = _near(reference, self._dense)
        self._nearest = Nearest.of(setup)
        self._sums = Cusum(setup.clients)

    def forget(self, slots: Array) -> None:
        self._sums.forget(slots)
        self._nearest.forget(slots)

    def observe(self, batch: Batch) -> Scores:
        near = self._nearest.step(batch)
        with np.errstate(invalid="ignore"):
            grown = (near.distance < self._near) & (near.moved >= self._dense)
        known = np.isfinite(near.distance)
        increments = np.where(grown, self._hit, np.where(known, self._miss, 0.0))
        value = self._sums.step(batch, increments)

        def explain(index: int) -> Evidence:
            slot = int(batch.client[index])
            hits, rows = self._sums.raised(slot), self._sums.since(slot)
            base = int(near.base[index])
            values: dict[str, float | str] = {"grown": float(hits), "rows": float(rows), "near": self._near}
            last = ""
            if base >= 0:
                values |= {"distance": float(near.distance[index]), "moved": float(near.moved[index])}
                values["base"] = batch.exchange(base)
                last = (
                    f" This one lies {float(near.distance[index]):.2f} from {batch.exchange(base)}, in "
                    f"{int(near.moved[index])} features."
                )
            return Evidence(
                f"{hits} of the latest {rows} rows are small steps in many features from earlier ones.{last}",
                values,
                self._sums.queries(slot, batch.exchange),
                f"{1 - CLOSE:.0%} of benign rows lie {self._near:.2f} or more from all that differ as much",
            )

        return Scores(np.arange(len(batch)), value, explain)


def _near(reference: Reference, least: int) -> float:
    """The distance within which ``CLOSE`` of the benign rows have another one that differs in ``least`` features. Twins
    and revised cases, which differ in fewer, make no difference."""
    sample = reference.sample[:1024]
    if len(sample) < 200:
        return float(np.interp(CLOSE, QUANTILES, reference.nearest))
    squares = np.einsum("ij,ij->i", sample, sample)
    nearest = np.empty(len(sample))
    for begin in range(0, len(sample), 64):
        some = sample[begin : begin + 64]
        apart = squares[begin : begin + 64, None] + squares[None, :] - 2 * some @ sample.T
        apart[(some[:, None, :] != sample[None, :, :]).sum(axis=2) < least] = np.inf
        nearest[begin : begin + 64] = apart.min(axis=1)
    return float(np.sqrt(max(np.quantile(nearest, CLOSE), 0.0)))
