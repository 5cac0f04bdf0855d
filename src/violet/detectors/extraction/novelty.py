"""Queries that keep away from all the client has asked before: who explores learns most from what is new.

## What it sees
The distance of a row to the nearest of its client's own last 64, against that of a benign row to the nearest of as many
other benign ones. It becomes the share of benign rows that would be as far off, and a sequential test sums up how much
likelier such shares are of a client that explores.

## Needs
Rows, and a reference that keeps a sample (without one, normal rows of its covariance stand in).

## Cost
About 1.5 microseconds a row in batches of 64, beside ``extraction/distances``, which looks up the same. 390 bytes a
client.

## Misses
Thieves whose queries are as dense as customers are. Narrow, repeated and varied queries never raise it.

## Source
Distance to what was seen as novelty: Chen et al. 2020, "Stateful detection of black-box adversarial attacks", SPAI,
turned round; the test: Page 1954, with p-values under the alternative Beta(theta, 1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.contrast import RAREST
from violet.detectors.extraction._nearest import SIZE, Nearest
from violet.detectors.reference import pseudo_sample
from violet.detectors.sums import Summing, Surprise
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.reference import Reference

    Array = NDArray[Any]

FACTS = Facts(
    id="extraction/novelty",
    title="Queries that keep away from the client's own earlier ones",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    threshold=16.0,
    unit="nats",
    width=2,
    microseconds=1.5,
    techniques=("AML.T0024.002",),
    references=("https://arxiv.org/abs/1907.05587",),
    options={"theta": 0.3, "hidden": 0.1},
)

FEWEST = 4
"""Earlier rows below which a distance says nothing."""
LEVELS = (4, 8, 16, 32, 64)
SHARES = np.concatenate([np.linspace(0, 0.9, 19), [0.95, 0.98, 0.99, 0.995, 0.998, 1.0]])


@detector(FACTS)
class Novelty(Summing[Surprise]):
    """``theta`` in (0, 1): the smaller, the further off queries have to be for their client to be suspected. ``hidden``
    is the least share of such rows among others, as who hides has it."""

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        reference = self._reference = setup.reference
        self._nearest = Nearest.of(setup)
        self._table = _null(reference)
        self._sums = Surprise(setup.clients, float(setup.options["theta"]), float(setup.options["hidden"]))

    def forget(self, slots: Array) -> None:
        self._sums.forget(slots)
        self._nearest.forget(slots)

    def observe(self, batch: Batch) -> Scores:
        near = self._nearest.step(batch)
        used = np.isfinite(near.distance) & (near.known >= FEWEST)
        beyond = np.ones(len(batch))
        level = np.clip(np.log2(np.maximum(near.known, FEWEST)) - 2, 0, len(LEVELS) - 1)
        for place in np.unique(level[used].astype(np.int64)).tolist():
            some = np.flatnonzero(used & (level.astype(np.int64) == place))
            low = np.interp(near.distance[some], self._table[place], SHARES)
            high = np.interp(near.distance[some], self._table[min(place + 1, len(LEVELS) - 1)], SHARES)
            part = level[some] - place
            beyond[some] = 1.0 - ((1 - part) * low + part * high)
        beyond = np.maximum(beyond, RAREST)
        value = self._sums.take(batch, beyond, used)

        def explain(index: int) -> Evidence:
            slot = int(batch.client[index])
            far, rows = self._sums.raised(slot), self._sums.since(slot)
            return Evidence(
                f"{far} of the latest {rows} rows lie far from all the client asked before; this one "
                f"{float(near.distance[index]):.2f} from the nearest of {int(near.known[index])}, as far as "
                f"{float(beyond[index]):.1%} of benign rows.",
                {"far": float(far), "rows": float(rows), "distance": float(near.distance[index])},
                self._sums.queries(slot, batch.exchange),
                f"distances between {len(self._reference.sample) or self._reference.rows} benign rows",
            )

        return Scores(np.arange(len(batch)), value, explain)


def _null(reference: Reference) -> Array:
    """Distances to the nearest of 4, 8, ... 64 other benign rows at ``SHARES``, ``(levels, shares)``."""
    sample = pseudo_sample(reference).astype(np.float64)
    rng = np.random.default_rng([reference.seed, 80])
    squares = np.einsum("ij,ij->i", sample, sample)
    asked = rng.permutation(len(sample))[:512]
    apart = squares[asked, None] + squares[None, :] - 2 * sample[asked] @ sample.T
    apart[np.arange(len(asked)), asked] = np.inf
    apart = apart[:, rng.permutation(len(sample))]
    table = []
    for level in LEVELS:
        # Disjoint sets of so many other rows: as many answers as the sample allows.
        sets = apart[:, : len(sample) // level * level].reshape(len(asked), -1, level) if len(sample) >= level else None
        nearest = (apart[:, None, :] if sets is None else sets).min(axis=2)
        table.append(np.quantile(np.sqrt(np.maximum(nearest, 0.0)), SHARES))
    assert LEVELS[-1] == SIZE
    return np.array(table)
