"""Which words matter, and then word after word: what the attacks on text share."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.base import Goal
from violet.attacks.tally import Tally, margin
from violet.attacks.text.distance import split
from violet.domain.errors import UsageError
from violet.targets.base import Offers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from violet.attacks.base import Problem

    Array = NDArray[Any]
    Variants = Callable[[str, random.Random], list[str]]


class Greedy:
    """All texts in lockstep. ``variants`` gives other ways to write a word; at most ``share`` of a text's words, and at
    least one, is changed, and never more than the threat's radius."""

    def __init__(self, problem: Problem, variants: Variants, share: float) -> None:
        if problem.x.ndim != 1 or problem.x.dtype.kind not in "OUT":
            raise UsageError(f"Inputs of shape {problem.x.shape} and type {problem.x.dtype} are no texts.")
        if not 0 < share <= 1:
            raise UsageError("The share of words that can be changed must be above 0 and at most 1.")
        self.problem = problem = replace(problem, x=problem.x.astype(object))
        self.variants = variants
        self.share = share
        self.parts = [split(str(text)) for text in problem.x]
        self.most = np.array([self._limit(len(parts) // 2) for parts in self.parts])
        self.tally = Tally(problem, self._measure)
        self.by_scores = Offers.SCORES in problem.target.offers
        self.rng = np.random.default_rng(problem.seed)
        self.chance = random.Random(problem.seed)  # for letters; numpy's is slow for single numbers

    def _measure(self, texts: Array, originals: Array) -> Array:
        """Changed words; infinite where words were left out, which only asks how much they matter."""
        found = np.full(len(texts), np.inf)
        for place, (text, original) in enumerate(zip(texts, originals, strict=True)):
            new, old = str(text).split(), str(original).split()
            if len(new) == len(old):
                count = sum(one != other for one, other in zip(new, old, strict=True))
                limit = self._limit(len(old))
                found[place] = count if count <= limit else np.inf
        return found

    def _limit(self, words: int) -> float:
        return min(self.problem.threat.eps, max(1, int(self.share * words)))

    def ask(self, rows: Array, texts: Sequence[str]) -> Array:
        """Losses ``(r,)``: the margin, or +1 and -1 by labels."""
        batch = np.array(texts, dtype=object)
        y = self.problem.y[rows]
        if not self.by_scores:
            return np.where(self.tally.labels(rows, batch) != y, -1.0, 1.0)
        scores = self.tally.scores(rows, batch)
        return np.where(scores.argmax(axis=1) != y, np.minimum(margin(scores, y), -1e-12), margin(scores, y))

    # -- the search --------------------------------------------------------------------------------

    def run(self) -> None:
        if self.by_scores:
            order, base = self._importance()
            self._word_by_word(order, base)
        self._at_random()
        if self.problem.goal is Goal.SMALLEST:
            self._take_back()

    def _importance(self) -> tuple[list[Array], Array]:
        """Places of the words of each text, those first whose absence lowers the margin most; and the margins."""
        n = len(self.parts)
        base = np.full(n, np.inf)
        rows = self.tally.active()
        if len(rows):
            base[rows] = self.ask(rows, [str(self.problem.x[row]) for row in rows])
        order = [self.rng.permutation(len(parts) // 2) for parts in self.parts]
        owners: list[int] = []
        places: list[int] = []
        texts: list[str] = []
        for row in self.tally.active().tolist():
            room = int(self.tally.left(np.array([row]))[0]) // 2
            for place in order[row][:room].tolist():
                parts = self.parts[row]
                owners.append(row)
                places.append(place)
                texts.append("".join(parts[: 2 * place] + parts[2 * place + 2 :]))
        if owners:
            losses = self.ask(np.array(owners), texts)
            drops = [np.full(len(parts) // 2, -np.inf) for parts in self.parts]
            for row, place, loss in zip(owners, places, losses.tolist(), strict=True):
                drops[row][place] = base[row] - loss
            order = [np.argsort(-drop, kind="stable") for drop in drops]
        return order, base

    def _word_by_word(self, order: list[Array], base: Array) -> None:
        states = [list(parts) for parts in self.parts]
        best = base.copy()
        changed = np.zeros(len(states))
        for rank in range(max((len(places) for places in order), default=0)):
            owners: list[int] = []
            texts: list[str] = []
            made: list[tuple[int, str]] = []
            for row in self.tally.active().tolist():
                if rank >= len(order[row]) or changed[row] >= self.most[row] or best[row] < 0:
                    continue
                at = 2 * int(order[row][rank]) + 1
                state = states[row]
                room = int(self.tally.left(np.array([row]))[0])
                for word in self.variants(state[at], self.chance)[:room]:
                    owners.append(row)
                    made.append((at, word))
                    texts.append("".join([*state[:at], word, *state[at + 1 :]]))
            if not owners:
                continue
            rows = np.array(owners)
            losses = self.ask(rows, texts)
            self.tally.approach(rows, np.array(texts, dtype=object), losses)
            for place in np.argsort(-losses, kind="stable").tolist():  # the best comes last, and stays
                row, (at, word) = owners[place], made[place]
                if losses[place] < best[row]:
                    changed[row] += states[row][at] == self.parts[row][at]
                    best[row] = losses[place]
                    states[row][at] = word

    def _at_random(self) -> None:
        """As many words as are allowed, any of them in any way, until the budget is spent or nothing new comes up."""
        seen: dict[int, set[str]] = {}
        idle = 0
        while idle < 10:
            rows = self.tally.active()
            rows = rows[~self.tally.fooled[rows]]
            if not len(rows):
                return
            copies = np.minimum(max(1, 256 // len(rows)), self.tally.left(rows))
            owners: list[int] = []
            texts: list[str] = []
            for row in np.repeat(rows, copies).tolist():
                text = self._random_text(row)
                known = seen.setdefault(row, set())
                if text is not None and text not in known:
                    known.add(text)
                    owners.append(row)
                    texts.append(text)
            if not owners:
                idle += 1
                continue
            idle = 0
            asked = np.array(owners)
            losses = self.ask(asked, texts)
            self.tally.approach(asked, np.array(texts, dtype=object), losses)

    def _random_text(self, row: int) -> str | None:
        state = list(self.parts[row])
        places = list(range(len(state) // 2))
        self.chance.shuffle(places)
        changed = 0
        for place in places:
            found = self.variants(state[2 * place + 1], self.chance)
            if found:
                state[2 * place + 1] = self.chance.choice(found)
                changed += 1
            if changed >= self.most[row]:
                break
        return "".join(state) if changed else None

    def _take_back(self) -> None:
        """Of what fooled, each changed word back to what it was, where it still fools without."""
        tried: dict[int, set[int]] = {}
        while True:
            owners: list[int] = []
            texts: list[str] = []
            for row in self.tally.active().tolist():
                if not self.tally.fooled[row]:
                    continue
                state = split(str(self.tally.best[row]))
                done = tried.setdefault(row, set())
                moved = [at for at in range(1, len(state), 2) if state[at] != self.parts[row][at] and at not in done]
                if moved and self.tally.distance[row] > 1:
                    at = moved[0]
                    done.add(at)
                    state[at] = self.parts[row][at]
                    owners.append(row)
                    texts.append("".join(state))
            if not owners:
                return
            self.ask(np.array(owners), texts)
