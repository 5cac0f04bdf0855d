"""Values of a kind that a column does not have: unknown words, numbers without end, blanks where none belong.

Fuzzers, probes of how a model treats what it does not know, and programs that were written for another model.

## What it sees
Words that the profile does not know, infinite numbers, codes of words that are no codes, and patterns of missing values
that benign rows, column by column, would have less than once in ten thousand. What three clients or more have sent is
not odd any more: then the application has changed.

## Needs
Rows and a reference. (A word in a column of numbers makes a row unreadable before it comes here: the guard counts it.)

## Cost
Under 1 microsecond a row in batches of 64. 200 bytes a client, four rows of those that had such, and 1,024 kinds of
oddities.

## Misses
Attackers with three accounts who make an oddity usual. Missing values that always come together look improbable until
three clients have sent them.

## Source
Biessmann et al. 2021, "Automated data validation in machine learning systems" (IEEE Data Eng. Bull. 44), for checks.
The test: Page 1954, of Bernoulli trials.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

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
    id="inputs/off_type",
    title="Values of a kind that the column does not have",
    severity=Severity.LOW,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    threshold=10.0,
    unit="nats",
    width=1,
    microseconds=0.3,
    techniques=("AML.T0043.003",),
    references=("https://cwe.mitre.org/data/definitions/20.html",),
    options={"usual": 0.02, "attack": 0.3},
)

IMPROBABLE = 1e-4
SHARED = 3
"""Clients after which an oddity is usual."""
REMEMBERED = 1024
"""Oddities of which is known who had them; when there are more, the oldest goes."""


@detector(FACTS)
class OffType(Summing[Odds]):
    """``usual`` and ``attack`` are the shares of such rows that honest clients may have, and attackers have."""

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        reference = self._reference = setup.reference
        self._sums = Odds(setup, float(setup.options["usual"]), float(setup.options["attack"]))
        self._words = np.array([len(words) for words in reference.categories], np.float64)
        self._worded = np.flatnonzero(self._words > 0)
        # A column in which nothing was missing may have one such row in so many as were seen.
        self._missing = np.log(np.maximum(reference.missing, 0.5 / max(reference.rows, 1)))
        self._seen: dict[tuple[str, int | bytes], set[int]] = {}

    def observe(self, batch: Batch) -> Scores:
        if not len(batch):
            return NOTHING
        raw = batch.raw
        infinite = np.isinf(raw).any(axis=1)
        blank = np.isnan(raw)
        missing = blank.any(axis=1)
        unknown = self._unknown(raw)
        candidates = infinite | unknown
        if missing.any():
            candidates |= missing & (blank @ self._missing < math.log(IMPROBABLE))
        strength = np.zeros(len(batch))
        said: dict[int, str] = {}
        for row in np.flatnonzero(candidates).tolist():
            found = self._signs(raw[row], int(batch.client[row]))
            if found:
                strength[row] = min(1.0 + 0.25 * (len(found) - 1), 1.5)
                said[row] = "; ".join(found[:3])
        rows, value = self._sums.take(batch, strength)

        def explain(index: int) -> Evidence:
            row = int(rows[index])
            slot = int(batch.client[row])
            why = said.get(row, "")
            return Evidence(
                f"{self._sums.raised(slot)} of the latest {self._sums.since(slot)} rows have values of a kind that "
                "their columns do not have" + (f"; this one: {why}." if why else "."),
                {"odd": float(self._sums.raised(slot)), "rows": float(self._sums.since(slot)), "what": why},
                self._sums.queries(slot, batch.exchange),
                f"words and missing values of {self._reference.rows} benign rows",
            )

        return Scores(rows, value, explain)

    def _unknown(self, raw: Array) -> Array:
        if not len(self._worded):
            return np.zeros(len(raw), dtype=bool)
        return np.asarray(self._no_code(raw[:, self._worded], self._words[self._worded]).any(axis=1))

    @staticmethod
    def _no_code(codes: Array, words: Array) -> Array:
        with np.errstate(invalid="ignore"):
            return np.asarray((codes < 0) | (codes >= words) | ((codes != np.floor(codes)) & np.isfinite(codes)))

    def _signs(self, row: Array, slot: int) -> list[str]:
        names = self._reference.names
        found: list[str] = []
        for column in np.flatnonzero(np.isinf(row)).tolist():
            if self._strange(("infinite", column), slot):
                found.append(f"{names[column]} is infinite")
        if len(self._worded):
            for column in self._worded[self._no_code(row[self._worded], self._words[self._worded])].tolist():
                if math.isfinite(row[column]) and self._strange(("word", column), slot):
                    found.append(f"{names[column]} is a word the profile does not know")
        blank = np.isnan(row)
        if blank.any() and float(blank @ self._missing) < math.log(IMPROBABLE):
            if self._strange(("missing", np.packbits(blank).tobytes()), slot):
                columns = np.flatnonzero(blank).tolist()
                named = ", ".join(names[column] for column in columns[:5])
                found.append(f"{named}{' and others' if len(columns) > 5 else ''} missing")
        return found

    def _strange(self, sign: tuple[str, int | bytes], slot: int) -> bool:
        """Whether fewer than three clients have sent it, this one included."""
        clients = self._seen.get(sign)
        if clients is None:
            if len(self._seen) >= REMEMBERED:
                del self._seen[next(iter(self._seen))]
            clients = self._seen[sign] = set()
        if len(clients) < SHARED:
            clients.add(slot)
        return len(clients) < SHARED
