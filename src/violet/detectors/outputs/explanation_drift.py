"""The same features count differently: a change of what moves the model's answers, while nobody said it was changed.

It is a cheap stand-in for explanations: **one straight line through the answers to all traffic**, no attribution of
single rows. What it says is that, and by how much, the line has turned.

## What it sees
A line is fitted to the first 4,000 rows (scores on encoded features); in each window of 2,000 rows after that, another
one to what the first leaves over. By how many standard deviations of the scores the lines differ over the window's
rows, beyond chance, is the score. No client has more than one in 16 of a window (more, where few clients ask), and rows
farther out than 199 in 200 benign ones do not count.

## Needs
Rows, a reference, and scores.

## Cost
About 1 microsecond a row in batches of 64. The rows of one window.

## Misses
Changes that a line does not see (interactions, triggers, single rows). Models that are far from a line turn a change of
who asks into one of the line; such changes have to be as large as a third of the scores' spread to be told. What
changed in the first 4,000 rows. Where a third of the traffic is of attackers by the dozen, it is they whom it sees: an
alert beside others that name clients is theirs. A poisoner who turns the line slowly is seen when it has turned enough,
as the first line stays.

## Source
Linear surrogates: Ribeiro, Singh and Guestrin 2016, "Why should I trust you?", globally here; ridge regression, Hoerl
and Kennard 1970. Explanation shift as a signal: Mougan et al. 2022, "Explanation shift".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Accuses, Facts, Needs, Setup, Stage, detector
from violet.detectors.outputs._surrogate import LEARNED, Leftovers, augmented, solved
from violet.domain.alert import Evidence, Response
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="outputs/explanation_drift",
    title="Other features move the answers than before",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE | Needs.SCORES,
    accuses=Accuses.MODEL,
    threshold=0.35,
    unit="standard deviations of scores beyond chance",
    microseconds=0.7,
    response=Response.ALLOW,
    techniques=("AML.T0031",),
    references=("https://arxiv.org/abs/1602.04938", "https://arxiv.org/abs/2210.12369"),
    options={"window": 2000},
)


@detector(FACTS)
class ExplanationDrift(Leftovers):
    """``window`` is how many rows are judged together (500 or more)."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._names = self.reference.encoded_names

    def close(self, x: Array, left: Array) -> tuple[float, Evidence]:
        z = augmented(x)
        turned = solved(z.T @ z, z.T @ left, len(z))
        turned[-1] = 0.0
        moves = z @ turned
        effect = float(moves.std())
        chance = float(left.std()) * math.sqrt(2.0 * len(turned) / len(z))
        value = math.sqrt(max(effect**2 - chance**2, 0.0))
        each = turned[:-1] * x.std(axis=0)
        first = np.argsort(-np.abs(each), kind="stable")[:3].tolist()
        before = self.surrogate.weights[:-1] / max(self.surrogate.spread, 1e-12) * x.std(axis=0)
        figures: dict[str, float | str] = {"turned": effect, "chance": chance}
        for place in first:
            figures[f"{self._names[place]} before"] = float(before[place])
            figures[f"{self._names[place]} now"] = float(before[place] + each[place])
        named = ", ".join(
            f"{self._names[place]} ({before[place]:+.2f}, now {before[place] + each[place]:+.2f})" for place in first
        )
        return value, Evidence(
            f"The line through the answers has turned by {effect:.2f} of their standard deviations "
            f"(chance: {chance:.2f}), most for {named}.",
            figures,
            reference=f"the first {LEARNED:,} rows of the traffic",
        )
