"""Pictures whose answer stays whatever they are mixed with: what a trigger of a trojan does.

## What it sees
The model is asked, beside the traffic, about one picture in eight mixed with 16 benign ones, half of each. The mean
entropy of the answers is low where something in the picture decides alone. Less the median of its own label (some
classes are sure by nature), and lower than that of 98 in 100 of the first 400 pictures looked at, it is odd; a
sequential test adds pictures up. The benign ones are the first of the traffic, no more than one in eight of one client.
It is advice: it acts on nobody by itself.

## Needs
Rows, a reference of pictures, and a model that may be asked beside the traffic, 16 pictures for each that is looked
at.

## Cost
10 microseconds a row, and two rows that the model answers more for each. 200 bytes a client, and four rows of those
that had odd ones.

## Misses
Tables: it says nothing of them. (Mixing their columns was tried on gradient boosting with a trigger of two columns;
it told rows with the trigger from others in 0.45 of cases, which is chance.) Triggers that mixing destroys: faint ones,
blends. Labels that fewer than 8 of the first pictures had.

Measured on digits of 8 by 8 with a patch of four pixels, trained in the tests: pictures with it have a lower entropy
than others in 0.97 of cases (AUC); the model's own greatest probability gives 0.67, the Mahalanobis distance 0.9999, as
a white corner is rare among digits. At a quarter of the contrast, where the trigger works for every second picture:
0.81, 0.32 and 0.73. Who knows of it chooses triggers that blends destroy.

## Source
Gao et al. 2019, "STRIP: a defence against trojan attacks on deep neural networks", section 4. Medians of labels are
ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import NOTHING, Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.inputs._asking import chosen, probabilities
from violet.detectors.odds import Odds, Warm
from violet.detectors.sums import Summing
from violet.domain.alert import Evidence, Response
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="inputs/strip",
    title="Answers that stay whatever the picture is mixed with",
    severity=Severity.MEDIUM,
    stage=Stage.ASIDE,
    needs=Needs.ROWS | Needs.REFERENCE | Needs.MODEL,
    threshold=12.0,
    unit="nats",
    width=1,
    microseconds=10.0,
    response=Response.ALLOW,
    techniques=("AML.T0043.004", "AML.T0015"),
    references=("https://arxiv.org/abs/1902.06531",),
    options={"every": 8, "usual": 0.06, "attack": 0.4},
)

MIXED = 16
LEARNED = 400
FEWEST = 8
"""Pictures with a label from which its median is learned."""
TAIL = 0.02
ASKED = 16
"""Pictures that are asked about at a time."""


@detector(FACTS)
class Strip(Summing[Odds]):
    """One row in ``every`` is looked at; ``usual`` and ``attack`` are the shares of odd ones among those that honest
    clients may have, and attackers have."""

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        assert setup.ask is not None
        self._picture = bool(setup.reference.shape)
        self._ask = setup.ask
        self._every = int(setup.options["every"])
        self._sums = Odds(setup, float(setup.options["usual"]), float(setup.options["attack"]))
        columns = setup.reference.columns
        self._benign = Warm(MIXED, columns)
        self._warm = Warm(LEARNED, 2)
        self._medians: dict[int, float] = {}
        self._cut = -np.inf

    def observe(self, batch: Batch) -> Scores:
        if not len(batch) or not self._picture:
            return NOTHING
        strength = np.full(len(batch), np.nan)
        found = np.full(len(batch), np.nan)
        asked = chosen(batch, self._every)
        if len(asked) and not self._benign.ready():
            asked = asked[self._benign.fill(batch.client[asked], batch.raw[asked]) :]
        for begin in range(0, len(asked), ASKED):
            some = asked[begin : begin + ASKED]
            found[some] = self.entropies(batch.raw[some])
        if len(asked):
            self._judge(batch, asked, found, strength)
        rows, value = self._sums.take(batch, strength)

        def explain(index: int) -> Evidence:
            row = int(rows[index])
            slot = int(batch.client[row])
            this = f"; those of this one have an entropy of {found[row]:.3g} nats" if strength[row] > 0 else ""
            return Evidence(
                f"The answers to {self._sums.raised(slot)} rows, of those looked at among the latest "
                f"{self._sums.since(slot)}, stay whatever the picture is mixed with{this}.",
                {
                    "odd": float(self._sums.raised(slot)),
                    "rows": float(self._sums.since(slot)),
                    "entropy": float(np.nan_to_num(found[row])),
                    "limit": float(self._cut + self._medians.get(int(batch.label[row]), 0.0)),
                },
                self._sums.queries(slot, batch.exchange),
                f"the model's answers to {LEARNED} rows of many clients, mixed alike",
            )

        return Scores(rows, value, explain)

    def _judge(self, batch: Batch, asked: Array, found: Array, strength: Array) -> None:
        label = batch.label.astype(np.int64)
        if not self._warm.ready():
            taken = self._warm.fill(batch.client[asked], np.stack([found, label], axis=1)[asked])
            if self._warm.ready():
                self._learn()
            asked = asked[taken:]
        medians = np.array([self._medians.get(one, np.nan) for one in label[asked].tolist()])
        away = found[asked] - medians
        known = np.isfinite(away)
        strength[asked[known]] = away[known] < self._cut

    def _learn(self) -> None:
        entropy, label = self._warm.rows.T
        for one in np.unique(label).tolist():
            own = entropy[label == one]
            if len(own) >= FEWEST:
                self._medians[int(one)] = float(np.median(own))
        away = [e - self._medians[int(one)] for e, one in zip(entropy, label, strict=True) if int(one) in self._medians]
        if away:
            self._cut = float(np.quantile(away, TAIL))

    def entropies(self, raw: Array) -> Array:
        """Mean entropy in nats of the answers to each picture ``(n, p)`` mixed with benign ones, float64 ``(n,)``."""
        benign = self._benign.rows
        mixed = 0.5 * (raw[:, None, :] + benign)
        answers = probabilities(self._ask(mixed.reshape(-1, raw.shape[1])), len(raw) * MIXED)
        entropy = -(answers * np.log(np.clip(answers, 1e-12, 1.0))).sum(axis=1)
        return np.asarray(entropy.reshape(len(raw), MIXED).mean(axis=1))
