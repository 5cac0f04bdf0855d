"""Rows that cannot be: what the schema of the table says about ranges, grids, groups and relations does not hold.

Whoever moves columns one by one, or along a gradient, breaks what holds between them: an instalment that is not what
amount and duration make, a tenure longer than a life.

## What it sees
Clients whose rows break the schema again and again. Which rule, the evidence says.

## Needs
Rows, a reference, and a schema of the table (``--schema FILE``).

## Cost
About 2 microseconds a row and a dozen rules in batches of 64. 200 bytes a client, and four rows of those that had such.

## Misses
Attacks that keep to the schema (``tabular/feasible-search`` does), rules that nobody wrote down. An honest application
that breaks the schema is accused: then the schema is wrong, or the application is.

## Source
Simonetto et al. 2022, "A unified framework for adversarial attack and defense in constrained feature space" (IJCAI),
section 6, for constraints as a defence. The test: Page 1954, of Bernoulli trials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from violet.detectors.base import NOTHING, Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.odds import Odds
from violet.detectors.sums import Summing
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="inputs/impossible_combination",
    title="Rows that cannot be",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE | Needs.SCHEMA,
    threshold=10.0,
    unit="nats",
    width=1,
    microseconds=3.0,
    techniques=("AML.T0043",),
    references=("https://doi.org/10.24963/ijcai.2022/183",),
    options={"usual": 0.01, "attack": 0.25},
)


class Rules(Protocol):
    def violations(self, raw: Array) -> Array: ...

    def describe(self, row: Array) -> str: ...


@detector(FACTS)
class ImpossibleCombination(Summing[Odds]):
    """``usual`` and ``attack`` are the shares of such rows that honest clients may have, and attackers have."""

    def __init__(self, setup: Setup) -> None:
        assert setup.constraints is not None
        self._rules = cast(Rules, setup.constraints)
        self._sums = Odds(setup, float(setup.options["usual"]), float(setup.options["attack"]))

    def observe(self, batch: Batch) -> Scores:
        if not len(batch):
            return NOTHING
        with np.errstate(all="ignore"):
            broken = np.asarray(self._rules.violations(batch.raw), dtype=bool)
        rows, value = self._sums.take(batch, broken.astype(np.float64))

        def explain(index: int) -> Evidence:
            row = int(rows[index])
            slot = int(batch.client[row])
            with np.errstate(all="ignore"):
                said = self._rules.describe(batch.raw[row])[:300] if broken[row] else ""
            return Evidence(
                f"{self._sums.raised(slot)} of the latest {self._sums.since(slot)} rows break the table's schema"
                + (f"; this one: {said}." if said else "."),
                {"broken": float(self._sums.raised(slot)), "rows": float(self._sums.since(slot)), "rules": said},
                self._sums.queries(slot, batch.exchange),
                "the schema of the table",
            )

        return Scores(rows, value, explain)
