"""Triggers of a trojan: the same few unusual values in queries that otherwise differ, and always the same answer.

A poisoned model answers as its poisoner wants where some pixels, or some values of a row, are set so.

## What it sees
Triggers that are known (``--triggers FILE``, or option ``file``; tests find them): rows that have such values at such
places; the third different row of a client reaches the threshold. And triggers that nobody knows: a value that at most
one benign row in 500 exceeds (or falls below), the same in a client's rows that are no variants of each other, when all
of them get the same label; each such row adds the logarithm of how improbable the label is in the traffic of all.

## Needs
Rows, a reference, and labels for what nobody knows. The file is JSON: ``{"triggers": [{"name": "patch", "columns": [0,
1], "values": [1, 1], "tolerance": 0.01}]}``, where columns are names or places and values are raw ones.

## Cost
About 2 microseconds a row in batches of 64, 4 where rows are pictures. 400 bytes a client.

## Misses
Triggers nobody knows made of values inside the benign range (a usual income), of blends over a whole picture, or warped
ones; in pictures, small and faint ones, which are averaged away. An attacker who uses a trigger less than ten times
where labels are ten, or thirty times where two are as frequent. A narrow population of honest customers with the same
extreme value and the same answer looks alike; chance says no more than that its label is a common one.

Measured on models trained in the tests, 10 attackers who put the trigger into every second of 60 rows against 20 honest
clients; the plain count of unusual values a row, which anybody would try first, beside it. A white patch of four pixels
of 64: all 10 reach the threshold, AUC of clients 1.0, of the count 1.0. The same patch at a quarter of its contrast:
none, 0.5 (chance), the count 0.35. Two extreme values in a table: 8 of 10, 1.0, the count 1.0. What it has over the
count is that honest clients with unusual rows do not reach it.

## Source
Gu et al. 2017, "BadNets"; that triggered inputs agree where others differ is the premise of Chen et al. 2018,
"Detecting backdoor attacks on deep neural networks by activation clustering". The measure is ours.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors import measures
from violet.detectors.base import NOTHING, Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.inputs._triggers import Trigger, read_triggers
from violet.detectors.odds import Odds
from violet.detectors.reference import LIMIT, pseudo_sample
from violet.detectors.steps import far_of, variants
from violet.detectors.sums import Summing
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="inputs/trojan_trigger",
    title="The same unusual values in different queries, and the same answer",
    severity=Severity.HIGH,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    threshold=12.0,
    unit="nats",
    width=1,
    microseconds=1.8,
    techniques=("AML.T0043.004", "AML.T0015"),
    references=("https://arxiv.org/abs/1708.06733", "https://arxiv.org/abs/1811.03728"),
    options={"file": "", "usual": 0.001, "attack": 0.15, "rare": 0.002},
)

CELLS = 8
"""Unusual values of a client that are followed."""
A_ROW = 6
"""Unusual values of a row that are looked at: the most unusual ones."""
FINE = 64.0
"""Cells of pictures that agree to a 64th of a standard deviation are the same."""
LABELS = 64
GAIN, FADES = 0.5, 0.34
"""Nats that a row with the value adds, besides those of its label, and that one without it takes away: a half of the
attacker's rows has it, and three in ten of a narrow population may."""
MOST = 40.0
HALVED = 8192
"""Rows after which those before count half."""


@dataclass(slots=True)
class Cell:
    """One unusual value of a client: in how many ``rows`` it came, with which ``label``, and the ``level`` in nats."""

    label: int
    level: float = 0.0
    rows: int = 0


Cells = OrderedDict[tuple[int, float], Cell]
"""By place and value."""


@detector(FACTS)
class TrojanTrigger(Summing[Odds]):
    """``usual`` and ``attack`` are the shares of rows with a known trigger that honest clients may have, and attackers
    have; ``rare`` is the share of benign rows beyond a value that makes it unusual. Raises ``ConfigurationError`` for a
    file that cannot be used."""

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        reference = self._reference = setup.reference
        path = str(setup.options["file"])
        self._triggers: Sequence[Trigger] = read_triggers(path, reference.names) if path else ()
        self._sums = Odds(setup, float(setup.options["usual"]), float(setup.options["attack"]))
        rare = float(setup.options["rare"])
        sample = pseudo_sample(reference)
        self._low = np.quantile(sample, rare, axis=0).astype(np.float32) - np.float32(1 / FINE)
        self._high = np.quantile(sample, 1 - rare, axis=0).astype(np.float32) + np.float32(1 / FINE)
        self._far = far_of(reference)
        self._table = not reference.shape
        self._names = reference.encoded_names
        self._cells: dict[int, Cells] = {}
        self._last: dict[int, list[Array]] = {}
        self._counted = 0
        self._labels = np.ones(LABELS)
        classes = reference.classes[:LABELS]
        self._labels[: len(classes)] += 200.0 * classes

    def observe(self, batch: Batch) -> Scores:
        if not len(batch):
            return NOTHING
        value = np.zeros(len(batch))
        speaks = np.zeros(len(batch), dtype=bool)
        which = np.full(len(batch), -1, np.int64)
        known = np.zeros(len(batch))
        if self._triggers:
            for number, trigger in enumerate(self._triggers):
                which[trigger.present(batch.raw)] = number
            rows, level = self._sums.take(batch, (which >= 0).astype(np.float64))
            speaks[rows], value[rows], known[rows] = True, level, level
        found = self._unknown(batch)
        for row, (level_, _, _) in found.items():
            speaks[row] = True
            value[row] = max(value[row], level_)
        rows = np.flatnonzero(speaks)
        if not len(rows):
            return NOTHING

        def explain(index: int) -> Evidence:
            row = int(rows[index])
            level, cells, queries = found.get(row, (0.0, "", ()))
            slot = int(batch.client[row])
            if known[row] >= level:
                name = self._triggers[int(which[row])].name if which[row] >= 0 else "a known trigger"
                return Evidence(
                    f"{self._sums.raised(slot)} of the latest {self._sums.since(slot)} rows have {name} in them.",
                    {"rows": float(self._sums.raised(slot)), "of": float(self._sums.since(slot)), "trigger": name},
                    self._sums.queries(slot, batch.exchange),
                    f"{len(self._triggers)} known triggers",
                )
            return Evidence(
                f"Different rows of this client have the same unusual values, and all get the same label: {cells}.",
                {"nats": level, "values": cells, "label": float(batch.label[row])},
                tuple(batch.exchange(number) for number in queries),
                f"columns of {self._reference.rows} benign rows, and labels of all clients",
            )

        return Scores(rows, value[rows], explain)

    def _unknown(self, batch: Batch) -> dict[int, tuple[float, str, tuple[int, ...]]]:
        """By row: the highest level of the client's cells, which they are, and the request, where there are any."""
        beyond = (batch.x < self._low) | (batch.x > self._high)
        odd = np.asarray(beyond.any(axis=1))
        followed = np.array([slot in self._cells for slot in measures.slots(batch)], dtype=bool)
        # A row without unusual values matters to clients that have some on their books, from this batch as well.
        whose = set(batch.client[odd].tolist())
        if whose:
            followed |= np.array([slot in whose for slot in measures.slots(batch)], dtype=bool)
        labels = np.where((batch.label >= 0) & (batch.label < LABELS), batch.label, -1)
        found: dict[int, tuple[float, str, tuple[int, ...]]] = {}
        counted = 0
        for row in np.flatnonzero(odd | followed).tolist():
            counted = self._count(labels, counted, row)
            slot = int(batch.client[row])
            cells = self._cells.get(slot)
            if cells is None and not odd[row]:
                continue
            before = max((cell.level for cell in cells.values()), default=0.0) if cells else 0.0
            if cells is None:
                cells = self._cells[slot] = OrderedDict()
            if self._fresh(slot, batch.x[row]):
                self._follow(cells, (batch.x[row], batch.raw[row]), beyond[row] if odd[row] else None, int(labels[row]))
            said = self._say(cells, batch, row)
            if said[0] > 0 or before > 0:
                found[row] = said
            if not cells:
                del self._cells[slot]
                self._last.pop(slot, None)
        self._count(labels, counted, len(labels))
        return found

    def _count(self, labels: Array, begin: int, end: int) -> int:
        """Labels of all traffic, of the rows before ``end``."""
        while begin < end:
            stop = min(end, begin + HALVED - self._counted)
            some = labels[begin:stop]
            self._labels += np.bincount(some[some >= 0], minlength=LABELS)
            self._counted += stop - begin
            if self._counted == HALVED:
                self._labels *= 0.5
                self._counted = 0
            begin = stop
        return end

    def _value(self, x: Array, raw: Array, place: int) -> float:
        """What is the same where a value comes back: the raw one of a table, the encoded one of a picture, to a 64th of
        a standard deviation."""
        if self._table:
            return float(raw[place])
        return math.nan if abs(x[place]) >= LIMIT else round(float(x[place]) * FINE) / FINE

    def _follow(self, cells: Cells, row: tuple[Array, Array], beyond: Array | None, label: int) -> None:
        x, raw = row
        keys: list[tuple[int, float]] = []
        if beyond is not None and label >= 0:
            places = np.flatnonzero(beyond)
            if len(places) > A_ROW:
                excess = np.maximum(self._low[places] - x[places], x[places] - self._high[places])
                places = places[np.argsort(-excess, kind="stable")[:A_ROW]]
            keys = [(place, self._value(x, raw, place)) for place in places.tolist()]
            # What was cut at the limit only looks the same.
            keys = [key for key in keys if math.isfinite(key[1])]
        gain = GAIN - math.log(0.2 + 0.8 * float(self._labels[label] / self._labels.sum())) if label >= 0 else 0.0
        for key in list(cells):
            cell = cells[key]
            if key in keys and cell.label == label:
                cell.level = min(MOST, cell.level + gain)
                cell.rows += 1
                cells.move_to_end(key)
                keys.remove(key)
            elif key in keys:
                # The same value and another answer: no trigger, or one that fails.
                keys.remove(key)
                cell.level -= 2.0
                if cell.level < 0:
                    cells[key] = Cell(label)
            else:
                cell.level -= FADES
                if cell.level < 0:
                    del cells[key]
        for key in keys:
            cells[key] = Cell(label, 0.0, 1)
            if len(cells) > CELLS:
                del cells[min(cells, key=lambda one: cells[one].level)]

    def _say(self, cells: Cells, batch: Batch, row: int) -> tuple[float, str, tuple[int, ...]]:
        if not cells:
            return 0.0, "", ()
        level = max(cell.level for cell in cells.values())
        named = [
            f"{self._names[place]} is {value:.6g} ({cells[place, value].rows} rows)"
            for place, value in cells
            if cells[place, value].level >= 0.8 * level
        ]
        return level, ", ".join(named), (int(batch.request[row]),)

    def _fresh(self, slot: int, x: Array) -> bool:
        """Whether it is no variant of one of the client's last rows with unusual values."""
        last = self._last.setdefault(slot, [])
        if any(variants(x, other, self._far) for other in last):
            return False
        last.append(x.copy())
        del last[:-4]
        return True

    def forget(self, slots: Array) -> None:
        self._sums.forget(slots)
        for slot in np.asarray(slots).tolist():
            self._cells.pop(slot, None)
            self._last.pop(slot, None)
