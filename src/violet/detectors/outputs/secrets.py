"""Keys and tokens in answers: what a language model has learned by heart, or was told in its instructions.

## What it sees
Private keys, tokens of some dozen services, and JSON Web Tokens, by their form, their checksum where they have one
(GitHub, npm), what is inside (JWT), and entropy. One that is certain reaches the threshold; of those that only look
like it, it takes two. What stands in the question as well is no leak. Evidence names the kind and the length, never the
value.

## Needs
Answers (of language models). Labels that are words reach the detectors as numbers, and are not read.

## Cost
About 25 microseconds an answer of 1,000 characters; at most 5 milliseconds, as 32,000 are read. 200 bytes a client.

## Misses
Passwords and keys without a form; secrets cut in two, spelled out or encoded, as who extracts them on purpose asks
for. A secret that a model makes up looks like a real one.

## Source
Carlini et al. 2021, "Extracting training data from large language models", for what models remember; forms of keys as
in ``outputs/_secret_forms``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import NOTHING, Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.odds import Odds
from violet.detectors.outputs._secret_forms import Found, secrets_in
from violet.detectors.sums import Summing
from violet.domain.alert import Evidence, Response
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="outputs/secrets",
    title="Keys or tokens in answers",
    severity=Severity.HIGH,
    stage=Stage.WINDOW,
    needs=Needs.ANSWERS,
    threshold=6.0,
    unit="nats",
    width=1,
    microseconds=25.0,
    response=Response.SLOW,
    techniques=("AML.T0057",),
    references=("https://arxiv.org/abs/2012.07805",),
    options={"usual": 0.001, "attack": 0.5},
)

HEAD, TAIL = 24_000, 8_000
ASKED = 64_000
"""Characters of the question in which secrets of the answer are looked for."""
MOST = 12.0


@detector(FACTS)
class Secrets(Summing[Odds]):
    """``usual`` and ``attack`` are the shares of answers with a secret in them that honest clients may get, and
    attackers get."""

    def __init__(self, setup: Setup) -> None:
        self._sums = Odds(setup, float(setup.options["usual"]), float(setup.options["attack"]), MOST)

    def observe(self, batch: Batch) -> Scores:
        if batch.answers is None or not len(batch):
            return NOTHING
        strength = np.zeros(len(batch))
        said: dict[int, str] = {}
        for row, answer in enumerate(batch.answers):
            if len(answer) < 20:
                continue
            asked = batch.texts[row][:ASKED] if batch.texts is not None else ""
            found = [one for one in secrets_in(clipped(answer)) if one.text not in asked]
            if found:
                strength[row] = min(sum(1.0 if one.certain else 0.5 for one in found), 2.0)
                said[row] = told(found)
        rows, value = self._sums.take(batch, strength)

        def explain(index: int) -> Evidence:
            row = int(rows[index])
            slot = int(batch.client[row])
            what = said.get(row, "")
            count = self._sums.raised(slot)
            return Evidence(
                f"{count} of the latest {self._sums.since(slot)} answers to this client hold what looks like a secret"
                + (f"; this one {what}." if what else "."),
                {"answers": float(count), "of": float(self._sums.since(slot)), "what": what},
                self._sums.queries(slot, batch.exchange),
                "forms and checksums of keys and tokens",
            )

        return Scores(rows, value, explain)


def clipped(text: str) -> str:
    """Of long texts the beginning and the end."""
    return text if len(text) <= HEAD + TAIL else text[:HEAD] + "\n" + text[-TAIL:]


def told(found: list[Found]) -> str:
    """Kinds and lengths, no values."""
    return ", ".join(f"{one.name} ({len(one.text)} characters)" for one in found[:5])
