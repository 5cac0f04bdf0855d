"""Data of many people in the answers to one client: a model, or what it looks things up in, is being emptied.

## What it sees
E-mail addresses, phone numbers with their country, IBANs, payment cards, national numbers of seven countries and public
IP addresses, by their form and, where they have them, their checksums. Each datum counts once for a client; what stands
in the question as well does not count, nor what three clients have got before (the service's own address). Cards, bank
accounts and numbers of persons weigh 2, IP addresses a quarter; each answer adds 6 at most and takes a fifth away.
Evidence has counts by kind, never a value.

## Needs
Answers (of language models).

## Cost
About 60 microseconds an answer of 1,000 characters; at most 10 milliseconds, as 32,000 are read. 200 bytes a client,
and 16,384 hashes of data for all.

## Misses
Names, addresses of houses, dates of birth: without a form there is no telling. What is spelled out or cut in two. A
service whose purpose it is to tell such data accuses everybody: calibrate it, or switch it off.

## Source
Carlini et al. 2021, "Extracting training data from large language models", section 6; forms and checksums as in
``outputs/_personal_forms``.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from hashlib import blake2b
from secrets import token_bytes
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import NOTHING, Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.odds import stepped
from violet.detectors.outputs._personal_forms import Piece, personal_in
from violet.detectors.outputs.secrets import clipped
from violet.detectors.sums import Cusum, Summing
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="outputs/personal_data",
    title="Personal data of many in the answers to one client",
    severity=Severity.HIGH,
    stage=Stage.WINDOW,
    needs=Needs.ANSWERS,
    threshold=10.0,
    unit="pieces of data",
    width=1,
    microseconds=60.0,
    techniques=("AML.T0057",),
    references=("https://arxiv.org/abs/2012.07805",),
    options={"free": 0.2},
)

AN_ANSWER = 6.0
ASKED = 64_000
"""Characters of the question in which data of the answer are looked for."""
REMEMBERED = 16_384
COMMON = 3
"""Clients after which a datum is the service's own."""
HELD = 8
"""Clients remembered of a datum that is not common yet."""


@detector(FACTS)
class PersonalData(Summing[Cusum]):
    """``free`` is how much an answer may hold on average."""

    def __init__(self, setup: Setup) -> None:
        self._sums = Cusum(setup.clients, 100.0)
        self._free = float(setup.options["free"])
        self._key = token_bytes(16)
        """Of hashes that no one outside of this process can compare anything with."""
        self._had: OrderedDict[bytes, tuple[int, ...]] = OrderedDict()

    def forget(self, slots: Array) -> None:
        # Whoever has the slot now is another client; that it is taken for the one before with some datum costs little.
        self._sums.forget(slots)

    def observe(self, batch: Batch) -> Scores:
        if batch.answers is None or not len(batch):
            return NOTHING
        increments = np.full(len(batch), -self._free)
        kinds: dict[int, Counter[str]] = {}
        for row, answer in enumerate(batch.answers):
            if len(answer) < 8:
                continue
            found = list(personal_in(clipped(answer)))
            if not found:
                continue
            asked = batch.texts[row][:ASKED] if batch.texts is not None else ""
            plain = "".join(filter(str.isalnum, asked))
            slot = int(batch.client[row])
            new = [one for one in found if one.value not in asked.lower() and one.value.lstrip("+") not in plain]
            new = [one for one in new if self._new(one, slot)]
            if new:
                increments[row] += min(sum(one.weight for one in new), AN_ANSWER)
                kinds[row] = Counter(one.kind for one in new)
        rows, value = stepped(batch, self._sums, increments)

        def explain(index: int) -> Evidence:
            row = int(rows[index])
            slot = int(batch.client[row])
            here = ", ".join(f"{kind} ({count})" for kind, count in kinds.get(row, Counter()).most_common(5))
            return Evidence(
                f"{self._sums.raised(slot)} of the latest {self._sums.since(slot)} answers to this client hold "
                "personal data that it had not asked with" + (f"; this one: {here}." if here else "."),
                {"answers": float(self._sums.raised(slot)), "of": float(self._sums.since(slot)), "what": here},
                self._sums.queries(slot, batch.exchange),
                "forms and checksums; each datum counts once, what many get does not count",
            )

        return Scores(rows, value, explain)

    def _new(self, piece: Piece, slot: int) -> bool:
        """Whether the client has not had it before, nor three others."""
        key = blake2b(piece.value.encode(), digest_size=8, key=self._key).digest()
        had = self._had.pop(key, ())
        new = slot not in had and len(had) < COMMON
        self._had[key] = (*had, slot) if slot not in had and len(had) < HELD else had
        if len(self._had) > REMEMBERED:
            self._had.popitem(last=False)
        return new
