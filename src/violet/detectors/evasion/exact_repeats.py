"""The same inputs again and again, before they are answered.

## What it sees
Inputs that a client repeats to the letter, of the last 32 different ones it has asked: averaging over a randomised
answer, the rounds of searches that come back to where they were, and replays of what once worked. What honest clients
do is taken out: what is asked again because there was no answer, where that is known; five more repeats of an input
within an hour; and the input that a client repeats most, its health probe. What is left counts 1 each; each new input
takes 1/8 away.

## Needs
Nothing but the exact content of rows. A reference says where repeats are natural: where more than one in twenty of its
rows has a twin, the detector has nothing to say.

## Cost
10 microseconds a row, one row at a time, and 2 in batches of 64. Memory: 800 bytes a client, 8 MB for 10,000.

## Misses
Who moves the last digit each time (``evasion/near_duplicates`` finds them), who spreads repeats over accounts, and who
repeats one input alone.

## Source
Athalye et al. 2018, "Obfuscated gradients give a false sense of security", section 4.2 (expectation over
transformation), for why attackers repeat; the bookkeeping is that of frequent items with ageing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors import measures
from violet.detectors.base import NOTHING, Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.reference import QUANTILES
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from violet.detectors.base import Array

FACTS = Facts(
    id="evasion/exact_repeats",
    title="The same inputs again and again",
    severity=Severity.LOW,
    stage=Stage.BEFORE,
    needs=Needs.NOTHING,
    threshold=25.0,
    unit="repeats",
    width=1,
    microseconds=10.0,
    techniques=("AML.T0043.001", "AML.T0040"),
    references=("https://arxiv.org/abs/1802.00420",),
    options={"retries": 5, "decay": 1 / 8},
)

KEPT = 32
PATIENCE = 3600.0
"""Seconds after which an input may be retried anew."""
TWINS = 0.05
MOST = 60.0


@detector(FACTS)
class ExactRepeats:
    def __init__(self, setup: Setup) -> None:
        clients = setup.clients
        self._retries = int(setup.options["retries"])
        self._decay = float(setup.options["decay"])
        self._digest = np.zeros((clients, KEPT), np.uint64)
        self._first = np.zeros((clients, KEPT))
        """When its present hour of retries began."""
        self._times = np.zeros((clients, KEPT), np.int32)
        """How often it was asked, and in the present hour: ``_now``."""
        self._now = np.zeros((clients, KEPT), np.int16)
        self._failed = np.zeros((clients, KEPT), bool)
        """It got no answer when it was asked last: whoever asks it again is right to."""
        self._next = np.zeros(clients, np.int64)
        self._level = np.zeros(clients)
        self._sent = np.zeros(clients)
        self._elsewhere = np.zeros(clients)
        nearest = setup.reference.nearest if setup.reference is not None else np.ones(1)
        self._natural = bool(len(nearest) == len(QUANTILES) and np.interp(TWINS, QUANTILES, nearest) <= 0)

    @property
    def bytes(self) -> int:
        arrays = (self._digest, self._first, self._times, self._now, self._failed, self._next, self._level, self._sent)
        return sum(array.nbytes for array in arrays) + self._elsewhere.nbytes

    def observe(self, batch: Batch) -> Scores:
        if self._natural or not len(batch):
            return NOTHING
        rows: list[int] = []
        values: list[float] = []
        said: list[tuple[int, int, int]] = []
        failed = measures.unanswered(batch)
        for row, (slot, digest, at) in enumerate(
            zip(batch.client.tolist(), batch.digest, batch.at.tolist(), strict=True)
        ):
            known = self._digest[slot]
            place = int((known == digest).argmax())
            level = float(self._level[slot])
            if known[place] != digest or not self._times[slot, place]:
                self._enter(slot, digest, at, failed[row])
                if not level:
                    continue
                level = max(0.0, level - self._decay)
                times = 1
            else:
                times = self._again(slot, place, at)
                self._failed[slot, place] = failed[row]
                if times:
                    level = min(MOST, level + 1.0)
                else:
                    times = 1
                    if not level:
                        continue
            self._level[slot] = level
            rows.append(row)
            values.append(level + float(self._elsewhere[slot]))
            said.append((row, times, int((self._times[slot] > self._retries).sum())))
        if not rows:
            return NOTHING
        return Scores(np.array(rows), np.array(values), lambda index: self._say(batch, said[index], values[index]))

    def _enter(self, slot: int, digest: Any, at: float, failed: bool) -> None:
        # The most repeated one is a probe's, and stays.
        place = int(self._next[slot]) % KEPT
        if self._times[slot, place] > 2 * self._retries and place == int(self._times[slot].argmax()):
            self._next[slot] += 1
            place = int(self._next[slot]) % KEPT
        self._next[slot] += 1
        self._digest[slot, place], self._failed[slot, place] = digest, failed
        self._first[slot, place], self._times[slot, place], self._now[slot, place] = at, 1, 0

    def _again(self, slot: int, place: int, at: float) -> int:
        """How often it has been asked; 0 where this is a retry or a probe."""
        if self._failed[slot, place]:
            return 0
        if at - self._first[slot, place] > PATIENCE:
            self._first[slot, place], self._now[slot, place] = at, 0
        self._now[slot, place] = now = min(int(self._now[slot, place]) + 1, 30_000)
        self._times[slot, place] = times = min(int(self._times[slot, place]) + 1, 2_000_000_000)
        if now <= self._retries or place == int(self._times[slot].argmax()):
            return 0
        return times

    def _say(self, batch: Batch, told: tuple[int, int, int], value: float) -> Evidence:
        row, times, inputs = told
        return Evidence(
            f"This input was asked {times} times; {inputs} of the client's last inputs were asked more often than "
            f"retries explain.",
            {"repeats": value, "times": times, "inputs": inputs},
            (batch.exchange(int(batch.request[row])),),
            f"up to {self._retries} retries an hour of an input, and one input that is a health probe",
        )

    def forget(self, slots: Array) -> None:
        self._times[slots] = self._digest[slots] = 0
        self._next[slots] = 0
        self._level[slots] = self._sent[slots] = self._elsewhere[slots] = 0

    def delta(self, slots: Array) -> Array:
        found = (self._level[slots] - self._sent[slots]).astype(np.float32)
        self._sent[slots] = self._level[slots]
        return np.asarray(found[:, None])

    def absorb(self, slots: Array, values: Array) -> None:
        self._elsewhere[slots] = np.maximum(0, self._elsewhere[slots] + np.nan_to_num(values[:, 0], posinf=0.0))
