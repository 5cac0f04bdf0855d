"""Texts that people do not type: hidden characters, encoded blobs, endless repetition.

It says how a text is made, not what it asks for: **it is no classifier of prompt injections or jailbreaks**, and plain
words that mislead a model pass it.

## What it sees
Of each text: control characters; characters that nobody sees (zero width between letters, tags of Unicode's plane 14);
overrides of the direction of writing; words of Latin and Cyrillic letters together; base64 or hexadecimal of 200
characters and more; text that shrinks to a twentieth when compressed, or hardly at all; and text eight times as long as
what 99 in 100 of the first 256 were. A sequential test adds texts up; the same text again counts once.

## Needs
Texts (prompts or documents).

## Cost
About 3 microseconds a text of 200 characters, 30 from 600 characters on; at most 2 milliseconds, as 20,000 characters
are read. 200 bytes a client.

## Misses
All that is written in ordinary letters. Attackers who hide one text among 50 clean ones. Honest users who paste keys,
logs or files are odd as well: three such texts in a row reach the threshold.

## Source
Boucher et al. 2022, "Bad characters: imperceptible NLP attacks" (IEEE S&P), for what cannot be seen; Nasr et al. 2023,
"Scalable extraction of training data from (production) language models", for repetition; Unicode Technical Standard 39
for mixed scripts. The test: Page 1954, of Bernoulli trials.
"""

from __future__ import annotations

import math
import re
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import NOTHING, Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.odds import Odds, Warm
from violet.detectors.sums import Summing
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="inputs/text_anomalies",
    title="Texts that people do not type",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.TEXTS,
    threshold=9.0,
    unit="nats",
    width=1,
    microseconds=3.0,
    techniques=("AML.T0068", "AML.T0043.003"),
    references=("https://arxiv.org/abs/2106.09898", "https://arxiv.org/abs/2311.17035"),
    options={"usual": 0.02, "attack": 0.4},
)

HEAD, TAIL = 16_000, 4_000
LEARNED = 256
LONGER = 8.0
# Every expression is of single characters, or of one repeated class: linear on any text.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd\ufdd0-\ufdef]")
_HIDDEN = re.compile(r"[\u200b\u2060-\u2064\u180e\u3164\uffa0\U000e0001]|(?<=[A-Za-z0-9 ])[\u200c\u200d\ufeff\u00ad]")
_TAGS = re.compile(r"[\U000e0020-\U000e007f]")
_OVERRIDE = re.compile(r"[\u202d\u202e]")
_EMBEDDING = re.compile(r"[\u202a\u202b\u2066-\u2068]")
_RTL = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_MIXED = re.compile(r"[A-Za-z][\u0400-\u04ff]|[\u0400-\u04ff][A-Za-z]")
_BLOB = re.compile(r"[A-Za-z0-9+/_=-]{200,}")
_HEX = re.compile(r"[0-9a-fA-F]+")
_FLAG = "\U0001f3f4"
"""Flags of regions are written with tags."""


@detector(FACTS)
class TextAnomalies(Summing[Odds]):
    """``usual`` and ``attack`` are the shares of such texts that honest clients may have, and attackers have."""

    def __init__(self, setup: Setup) -> None:
        self._sums = Odds(setup, float(setup.options["usual"]), float(setup.options["attack"]))
        self._warm = Warm(LEARNED, 1)
        self._long = math.inf

    def observe(self, batch: Batch) -> Scores:
        if batch.texts is None or not len(batch):
            return NOTHING
        strength = np.zeros(len(batch))
        said: dict[int, list[str]] = {}
        lengths = np.log1p(np.array([len(text) for text in batch.texts], np.float64))
        begin = 0
        if not self._warm.ready():
            begin = self._warm.fill(batch.client, lengths[:, None])
            if self._warm.ready():
                self._long = float(np.quantile(self._warm.rows[:, 0], 0.99)) + math.log(LONGER)
        for row, text in enumerate(batch.texts):
            found = signs(text)
            if row >= begin and lengths[row] > self._long:
                found.append((1.0, f"{len(text):,} characters, where most have less than an eighth of it"))
            if found:
                strength[row] = min(sum(weight for weight, _ in found), 1.8)
                said[row] = [what for _, what in found]
        rows, value = self._sums.take(batch, strength)

        def explain(index: int) -> Evidence:
            row = int(rows[index])
            slot = int(batch.client[row])
            what = "; ".join(said.get(row, ()))
            return Evidence(
                f"{self._sums.raised(slot)} of the latest {self._sums.since(slot)} texts are such as people do not type"
                + (f"; this one: {what}." if what else "."),
                {"odd": float(self._sums.raised(slot)), "texts": float(self._sums.since(slot)), "what": what},
                self._sums.queries(slot, batch.exchange),
                "how texts are written",
            )

        return Scores(rows, value, explain)


def signs(text: str) -> list[tuple[float, str]]:
    """What is odd about a text, each with its weight (1: by itself). Of long texts the first 16,000 and the last 4,000
    characters are read. Nothing of the text itself is said."""
    if len(text) > HEAD + TAIL:
        text = text[:HEAD] + text[-TAIL:]
    found: list[tuple[float, str]] = []
    if not text.isascii():
        _unseen(text, found)
    controls = sum(1 for _ in _CONTROL.finditer(text))
    if controls >= 3 and controls > 0.002 * len(text):
        found.append((1.0, f"{controls} control or broken characters"))
    blob = max(_BLOB.findall(text), key=len, default="")
    if blob and _encoded(blob):
        found.append((0.8, f"an encoded run of {len(blob):,} characters"))
    if len(text) >= 600:
        data = text.encode("utf-8", "surrogatepass")
        ratio = len(zlib.compress(data, 1)) / len(data)
        if ratio < 0.05:
            found.append((1.0, f"repetition: it shrinks to {ratio:.1%} when compressed"))
        elif ratio > 0.75 and not blob and text.isascii():
            found.append((0.8, f"no order: it shrinks to {ratio:.0%} only when compressed"))
    return found


def _unseen(text: str, found: list[tuple[float, str]]) -> None:
    hidden = len(_HIDDEN.findall(text))
    if hidden >= 3:
        found.append((1.0, f"{hidden} characters of no width"))
    tags = len(_TAGS.findall(text))
    if tags > 8 * text.count(_FLAG):
        found.append((1.8, f"{tags} tag characters, which nobody sees"))
    overrides = len(_OVERRIDE.findall(text))
    if overrides:
        found.append((1.0, f"{overrides} overrides of the direction of writing"))
    elif len(_EMBEDDING.findall(text)) >= 2 and not _RTL.search(text):
        found.append((0.8, "changes of the direction of writing, without such writing"))
    mixed = len(_MIXED.findall(text))
    if mixed >= 3:
        found.append((0.8, f"Latin and Cyrillic letters together in {mixed} places"))


def _encoded(blob: str) -> bool:
    """Base64 or hexadecimal, and no rule of dashes or one word over and over."""
    kinds = len(set(blob[:4096]))
    if _HEX.fullmatch(blob):
        return kinds >= 12
    mixed = any(c.isdigit() for c in blob) and any(c.islower() for c in blob) and any(c.isupper() for c in blob)
    return mixed and kinds >= 32
