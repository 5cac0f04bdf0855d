"""Adversarial examples that were seen before: in a test of the model, or in an earlier attack.

Examples transfer and are handed around; whoever found one by a thousand queries uses it many times.

## What it sees
Rows near an example of a file of fingerprints (``--campaign FILE``, or option ``file``): ``violet guard fingerprints``
makes them of what a test of the model saved. A file has hashes only, no example can be read from it. The second
different row of a client reaches the threshold.

## Needs
Rows, a reference, and the file; without it, it says nothing.

## Cost
Nothing without a file; with one of 3,000 examples, 2.5 microseconds a row in batches of 64; 400 bytes an example.

## Misses
Examples that are no farther from their originals than other benign rows, for their hashes are benign ones as well:
``Campaign.usable`` says how many are left. New examples. Tables that have words.

## Source
Datar et al. 2004, "Locality-sensitive hashing scheme based on p-stable distributions". The test: Page 1954, of
Bernoulli trials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from violet.detectors.base import NOTHING, Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.inputs._campaign import (
    SHARED,
    TABLES,
    Campaign,
    Known,
    fingerprints,
    from_adversarial,
    read_campaign,
    write_campaign,
)
from violet.detectors.odds import Odds
from violet.detectors.sums import Summing
from violet.domain.alert import Evidence, Response
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

__all__ = ["Campaign", "KnownCampaign", "fingerprints", "from_adversarial", "read_campaign", "write_campaign"]

FACTS = Facts(
    id="inputs/known_campaign",
    title="Adversarial examples that are known",
    severity=Severity.HIGH,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    threshold=9.0,
    unit="nats",
    width=1,
    microseconds=0.1,
    response=Response.LABEL,
    techniques=("AML.T0043.002", "AML.T0015"),
    references=("https://doi.org/10.1145/997817.997857",),
    options={"file": "", "usual": 0.001, "attack": 0.15},
)


@detector(FACTS)
class KnownCampaign(Summing[Odds]):
    """``usual`` and ``attack`` are the shares of rows near an example that honest clients may have, and attackers
    have. Raises ``ConfigurationError`` for a file that is none, or was made for another profile."""

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        self._sums = Odds(setup, float(setup.options["usual"]), float(setup.options["attack"]))
        path = str(setup.options["file"])
        self._known = Known(read_campaign(path, setup.reference), setup.reference) if path else None

    def observe(self, batch: Batch) -> Scores:
        known = self._known
        if known is None or not len(batch):
            return NOTHING
        shared, which = known.shared(batch.x)
        rows, value = self._sums.take(batch, (shared >= SHARED).astype(float))

        def explain(index: int) -> Evidence:
            row = int(rows[index])
            slot = int(batch.client[row])
            name = known.campaign.name
            near = (
                f"; this one shares {int(shared[row])} of {TABLES} hashes with example {int(which[row])}"
                if shared[row] >= SHARED
                else ""
            )
            return Evidence(
                f"{self._sums.raised(slot)} of the latest {self._sums.since(slot)} rows are near adversarial examples "
                f"of {name}{near}.",
                {
                    "near": float(self._sums.raised(slot)),
                    "rows": float(self._sums.since(slot)),
                    "hashes shared": float(shared[row]),
                    "example": float(which[row]),
                },
                self._sums.queries(slot, batch.exchange),
                f"{known.campaign.usable} fingerprints of {name}",
            )

        return Scores(rows, value, explain)
