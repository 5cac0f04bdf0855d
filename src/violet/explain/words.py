"""What a classifier of texts relies on: the words of each text share its score out among themselves.

The players are the words of one text (of a long one, runs of neighbouring words); a coalition is the text with the
words of the others taken out. Shapley values are estimated as kernel SHAP does (``violet.explain.kernel``); a text of
few words is computed exactly. Words are compared between texts by their lower-case form.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.explanation import FeatureReliance, InputExplanation, Part
from violet.domain.rate import Rate
from violet.explain.base import Attributions, scores_of
from violet.explain.kernel import design, solve
from violet.explain.statistics import percentiles, weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from violet.targets.base import Target

    Array = NDArray[Any]

WORD = re.compile(r"\w+(?:['’-]\w+)*")
PLAYERS = 40
"""Words of one text that are told apart; a longer one is cut into as many runs."""
COALITIONS = 128
"""Beyond two for each word: a text costs that many rows, and two more."""
ASKED = 4096
"""Texts in one call of the model."""
LISTED = 200
"""Words that are ranked; the others are summed up."""
PARTS = 12


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text in the order of its players: ``words`` as they stand there, ``spans`` where, ``of`` the player of each."""

    text: str
    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    of: tuple[int, ...]
    players: int

    def keeping(self, kept: Array) -> str:
        """The text with the words of the other players taken out; what stands between words stays, its spaces closed
        up."""
        parts: list[str] = []
        end = 0
        for (begin, stop), player in zip(self.spans, self.of, strict=True):
            if not kept[player]:
                parts.append(self.text[end:begin])
                end = stop
        parts.append(self.text[end:])
        return " ".join("".join(parts).split())


def taken_apart(text: str, players: int = PLAYERS) -> Pieces:
    """Its words, each a player of its own up to ``players`` of them."""
    found = list(WORD.finditer(text))
    count = min(len(found), players)
    of = tuple(place * count // len(found) for place in range(len(found)))
    return Pieces(text, tuple(one[0] for one in found), tuple((one.start(), one.end()) for one in found), of, count)


@dataclass(frozen=True, slots=True, eq=False)
class WordAttributions:
    """``values[i]`` ``(words of text i,)`` float64: a player's value is shared equally among its words. ``baseline``
    and ``output`` ``(n,)`` are the scores of the text without any word, and as it is; ``exact`` whether every text is
    computed rather than estimated."""

    pieces: tuple[Pieces, ...]
    values: tuple[Array, ...]
    baseline: Array
    output: Array
    exact: bool

    def padded(self) -> Attributions:
        """The same as one array, texts filled up with words that add nothing."""
        longest = max((len(value) for value in self.values), default=1)
        found = np.zeros((len(self.values), max(longest, 1)))
        for place, value in enumerate(self.values):
            found[place, : len(value)] = value
        return Attributions(found, self.baseline, self.output)

    def by_word(self) -> list[dict[str, float]]:
        """Of each text, the absolute attribution of each word in lower case."""
        found: list[dict[str, float]] = []
        for pieces, value in zip(self.pieces, self.values, strict=True):
            sums: dict[str, float] = defaultdict(float)
            for word, amount in zip(pieces.words, value.tolist(), strict=True):
                sums[word.lower()] += abs(amount)
            found.append(dict(sums))
        return found


def attributed(
    target: Target, texts: Sequence[str], classes: Array, *, seed: int, coalitions: int = 0
) -> WordAttributions:
    """What each word adds to the score of its text's class. ``classes`` ``(n,)`` int."""
    pieces = tuple(taken_apart(str(text)) for text in texts)
    chosen: list[Array] = []
    heavy: list[Array] = []
    exact = True
    for number, one in enumerate(pieces):
        most = coalitions or COALITIONS + 2 * one.players
        rows, weight, whole = design(one.players, most, np.random.default_rng((seed, number)))
        chosen.append(rows)
        heavy.append(weight)
        exact = exact and whole
    asked: list[str] = []
    for one, rows in zip(pieces, chosen, strict=True):
        asked += [one.text, one.keeping(np.zeros(max(one.players, 1), dtype=bool))]
        asked += [one.keeping(row) for row in rows]
    scores = in_calls(target, asked)
    values: list[Array] = []
    baseline, output = np.empty(len(pieces)), np.empty(len(pieces))
    begin = 0
    for number, (one, rows) in enumerate(zip(pieces, chosen, strict=True)):
        own = scores[begin : begin + 2 + len(rows), classes[number]]
        begin += 2 + len(rows)
        output[number], baseline[number] = own[0], own[1]
        if not one.players:
            values.append(np.zeros(0))
            continue
        totals = solve(rows, heavy[number], (own[2:] - own[1])[None], np.array([own[0] - own[1]]))[0]
        of = np.asarray(one.of)
        values.append(totals[of] / np.bincount(of, minlength=one.players)[of])
    return WordAttributions(pieces, tuple(values), baseline, output, exact)


def in_calls(target: Target, texts: Sequence[str]) -> Array:
    """Scores ``(n, classes)``, so many texts at a time; a text that comes twice is asked about once."""
    distinct = list(dict.fromkeys(texts))
    places = {text: place for place, text in enumerate(distinct)}
    found = [
        scores_of(target, np.array(distinct[begin : begin + ASKED], dtype=object))
        for begin in range(0, len(distinct), ASKED)
    ]
    return np.asarray(np.concatenate(found)[[places[text] for text in texts]])


def labels_of(target: Target, texts: Sequence[str]) -> Array:
    """Labels ``(n,)`` int64, so many texts at a time."""
    rows = np.array(list(texts), dtype=object)
    found = [np.asarray(target.labels(rows[begin : begin + ASKED])) for begin in range(0, len(rows), ASKED)]
    return np.concatenate(found).astype(np.int64) if found else np.empty(0, np.int64)


def reliance(
    target: Target, found: WordAttributions, said: Array, *, seed: int, listed: int = LISTED
) -> tuple[FeatureReliance, ...]:
    """Words by their share of all attribution, the largest first, with an interval by bootstrap over the texts.
    ``mean`` is over all texts; ``flips`` counts those with the word whose label changes when it is taken out. Words
    beyond ``listed`` are one entry, the last."""
    texts = found.by_word()
    totals: dict[str, float] = defaultdict(float)
    for sums in texts:
        for word, amount in sums.items():
            totals[word] += amount
    ranked = sorted(totals, key=lambda word: (-totals[word], word))
    named, rest = ranked[:listed], ranked[listed:]
    columns = {word: place for place, word in enumerate(named)}
    sizes = np.zeros((len(texts), len(named) + bool(rest)))
    for row, sums in enumerate(texts):
        for word, amount in sums.items():
            sizes[row, columns.get(word, len(named))] += amount
    mean = sizes.mean(axis=0)
    whole = max(float(mean.sum()), 1e-300)
    drawn = weights(len(sizes), seed) @ sizes
    drawn = drawn / np.maximum(drawn.sum(axis=1, keepdims=True), 1e-300)
    flips = word_flips(target, found, said, named)
    entries = [
        FeatureReliance(word, float(mean[at]) / whole, percentiles(drawn[:, at]), float(mean[at]), flips[at])
        for at, word in enumerate(named)
    ]
    if rest:
        last = len(named)
        name = f"{len(rest):,} other words together"
        entries.append(FeatureReliance(name, float(mean[last]) / whole, percentiles(drawn[:, last]), float(mean[last])))
    return tuple(entries)


def word_flips(target: Target, found: WordAttributions, said: Array, words: Sequence[str]) -> list[Rate]:
    """For each word, of the texts that hold it those whose label changes when it is taken out wherever it stands."""
    holders: dict[str, list[int]] = defaultdict(list)
    wanted = set(words)
    for row, pieces in enumerate(found.pieces):
        for word in {one.lower() for one in pieces.words} & wanted:
            holders[word].append(row)
    asked: list[str] = []
    rows: list[int] = []
    for word in words:
        for row in holders[word]:
            asked.append(without_word(found.pieces[row], word))
            rows.append(row)
    changed = labels_of(target, asked) != said[np.array(rows, dtype=np.int64)] if asked else np.empty(0, dtype=bool)
    made: list[Rate] = []
    begin = 0
    for word in words:
        count = len(holders[word])
        made.append(Rate(int(changed[begin : begin + count].sum()), count))
        begin += count
    return made


def without_word(pieces: Pieces, word: str) -> str:
    """The text without this word (lower case), wherever it stands."""
    single = Pieces(pieces.text, pieces.words, pieces.spans, tuple(range(len(pieces.words))), len(pieces.words))
    return single.keeping(np.array([one.lower() != word for one in pieces.words], dtype=bool))


def explained_text(index: int, label: str, predicted: str, found: WordAttributions, row: int) -> InputExplanation:
    """Text ``row`` of the attributions, which is input ``index`` of the data: its words with what they add."""
    words, values = found.pieces[row].words, found.values[row]
    order = np.argsort(-np.abs(values), kind="stable")
    parts = [Part(words[at], f"word {at + 1:,} of {len(words):,}", float(values[at])) for at in order[:PARTS]]
    if len(order) > PARTS:
        parts.append(Part(f"{len(order) - PARTS:,} others together", "", float(values[order[PARTS:]].sum())))
    error = abs(float(found.output[row] - found.baseline[row]) - float(values.sum()))
    return InputExplanation(
        index, label, predicted, float(found.output[row]), float(found.baseline[row]), tuple(parts), error
    )
