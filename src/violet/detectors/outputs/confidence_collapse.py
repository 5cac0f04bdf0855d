"""A model that suddenly answers all clients alike: swapped, broken, or poisoned by its own updates.

## What it sees
In each window of 256 rows, no more than 16 of which are of one client (more, where few clients ask): that scores have
become flat (they hardly differ from row to row), saturated (the model is sure of almost everything), unsure of almost
everything, or that one class takes all; against the first four windows. The score is how much of such a collapse there
is: 1 where scores are a tenth as spread as before, or confidence has gone three quarters of the way to its end and
farther than chance explains, or nine tenths of the other classes' rows have gone to the greatest.

## Needs
Scores of the answers.

## Cost
About 1 microsecond a row in batches of 64. Three numbers of each of 1,280 rows.

## Misses
A swap for a model that is as sure of itself on the average. Traffic of fewer than 16 clients, whose windows take longer
to fill. What was broken from the start.

## Source
Garg et al. 2022, "Leveraging unlabeled data to predict out-of-distribution performance", for the mean confidence as a
sign of what a model is worth; the measures are ours.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import NOTHING, Accuses, Batch, Facts, Needs, Scores, Setup, Stage, Stateless, detector
from violet.detectors.outputs._learning import Share
from violet.domain.alert import Evidence, Response
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="outputs/confidence_collapse",
    title="The model answers everybody alike",
    severity=Severity.HIGH,
    stage=Stage.WINDOW,
    needs=Needs.SCORES,
    accuses=Accuses.MODEL,
    threshold=1.0,
    unit="share of a collapse",
    microseconds=1.1,
    response=Response.ALLOW,
    techniques=("AML.T0031", "AML.T0029"),
    references=("https://arxiv.org/abs/2201.04234",),
    options={"window": 256, "share": 0.0625},
)

FIRST = 4
"""Windows that teach what is usual."""
CLASSES = 256


@detector(FACTS)
class ConfidenceCollapse(Stateless):
    """``window`` is how many rows are judged together, ``share`` the most of them that are of one client."""

    def __init__(self, setup: Setup) -> None:
        self._window = max(64, int(setup.options["window"]))
        self._share = Share(self._window, float(setup.options["share"]))
        self._rows = np.zeros((self._window, 3))
        """Confidence, the first score, and the class of each row."""
        self._have = 0
        self._taught: list[Array] = []
        self._usual: Array | None = None
        self._last: list[int] = []

    def observe(self, batch: Batch) -> Scores:
        if batch.scores is None or not len(batch) or not batch.scores.shape[1]:
            return NOTHING
        scores = batch.scores
        with np.errstate(invalid="ignore"):
            fine = (np.abs(scores) < 1e6).all(axis=1)
        columns = np.empty((len(scores), 3))
        columns[:, 0] = _confidence(scores)
        columns[:, 1] = scores[:, 0]
        columns[:, 2] = np.argmax(scores, axis=1) % CLASSES
        rows: list[int] = []
        values: list[float] = []
        told: list[Evidence] = []
        places = np.flatnonzero(fine)
        at = 0
        while at < len(places):
            # At most as many rows as are missing, so that a window's end is the same however the stream is cut.
            some = places[at : at + self._window - self._have]
            kept = some[self._share.taken(batch.client[some])]
            self._rows[self._have : self._have + len(kept)] = columns[kept]
            self._have += len(kept)
            at += len(some)
            self._last = [*self._last, *batch.request[kept].tolist()][-20:]
            if self._have == self._window:
                value, why, figures = self._close()
                queries = tuple(dict.fromkeys(batch.exchange(number) for number in self._last))
                rows.append(int(kept[-1]))
                values.append(value)
                told.append(Evidence(why, figures, queries, f"the first {FIRST} windows of {self._window} rows"))
        return Scores(np.array(rows, np.int64), np.array(values), told.__getitem__) if rows else NOTHING

    def _close(self) -> tuple[float, str, dict[str, float | str]]:
        rows = self._rows.copy()
        self._have = 0
        self._share.anew()
        if self._usual is None:
            self._taught.append(rows)
            if len(self._taught) == FIRST:
                self._usual = np.concatenate(self._taught)
                self._taught = []
            return 0.0, "What is usual is still being learned.", {}
        return judged(rows, self._usual)


def judged(now: Array, usual: Array) -> tuple[float, str, dict[str, float | str]]:
    """How much of a collapse a window ``(w, 3)`` is, beside those before; why; and the figures."""
    w = len(now)
    spread, before_spread = float(now[:, 1].std()), float(usual[:, 1].std())
    sure, before_sure = float(now[:, 0].mean()), float(usual[:, 0].mean())
    chance = 4.0 * float(usual[:, 0].std()) / math.sqrt(w) + 1e-6
    top = float(np.bincount(now[:, 2].astype(np.int64)).max() / w)
    shares = np.bincount(usual[:, 2].astype(np.int64)) / len(usual)
    before_top = float(shares.max())
    found = {
        # Ten times as flat.
        "flat": 0.1 * before_spread / max(spread, 1e-12) if before_spread > 1e-9 else 0.0,
        # Three quarters of the way to being sure of everything, or of nothing; and beyond chance.
        "sure": _way(sure - before_sure, max(1.0 - before_sure, 0.05), chance),
        "unsure": _way(before_sure - sure, max(before_sure - _least(usual), 0.05), chance),
        # Nine tenths of the rows that were not of the greatest class have become so.
        "one class": (top - before_top) / (0.9 * (1.0 - before_top))
        if before_top < 0.95 and w * (1 - top) < 8
        else 0.0,
    }
    kind = max(found, key=lambda name: found[name])
    said = {
        "flat": f"Scores hardly differ any more: their spread is {spread:.3g}, it was {before_spread:.3g}.",
        "sure": f"The model is sure of almost everything: {sure:.3f} on the average, it was {before_sure:.3f}.",
        "unsure": f"The model is sure of almost nothing: {sure:.3f} on the average, it was {before_sure:.3f}.",
        "one class": f"One class takes {top:.0%} of the answers; the greatest had {before_top:.0%}.",
    }
    figures: dict[str, float | str] = {
        "kind": kind,
        "spread": spread,
        "spread before": before_spread,
        "confidence": sure,
        "confidence before": before_sure,
        "greatest class": top,
        "greatest class before": before_top,
    }
    return min(found[kind], 10.0), said[kind], figures


def _way(moved: float, whole: float, chance: float) -> float:
    return moved / (0.75 * whole) if moved > chance else 0.0


def _least(usual: Array) -> float:
    """The least confidence that there is, about."""
    return float(np.quantile(usual[:, 0], 0.01))


def _confidence(scores: Array) -> Array:
    """The probability of the greatest class, by softmax where scores are none; of one score, its distance from 1/2."""
    with np.errstate(all="ignore"):
        if scores.shape[1] == 1:
            return np.asarray(0.5 + np.minimum(np.abs(scores[:, 0] - 0.5), 0.5))
        likely = (scores.min(axis=1) >= 0) & (np.abs(scores.sum(axis=1) - 1) <= 1e-2)
        top = scores.max(axis=1)
        if likely.all():
            return np.asarray(top)
        soft = 1.0 / np.exp(np.clip(scores - top[:, None], -700, 0)).sum(axis=1)
    return np.asarray(np.where(likely, top, soft))
