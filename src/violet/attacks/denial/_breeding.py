"""Inputs to begin with, and how two of them make a third: numbers within their domain, texts within a length."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.tabular._moves import ranges, rules_of
from violet.targets.base import InputKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.base import InputDomain

    Array = NDArray[Any]

PIECES = (
    "a", "0", " ", ".", "!?", "\t", "aA1", "-_", "((", "))", '"', "\\", "//", "<a>", "&amp;", "http://", "@", "#",
    "é", "e\u0301\u0301\u0301", "\u200d", "漢字", "🙂", "\U0001f468\u200d\U0001f467", "ﷺ", "ß", "x" * 24, "qzxj ",
    "1,000.0 ", "ab ab ",
)  # fmt: skip
"""Of texts: what tokenizers split finely, what normalisation makes longer, what regular expressions go back over."""


class Numbers:
    """Rows and images. With a schema, children are repaired by its rules, as variants of a usual row."""

    def __init__(self, usual: Array, domain: InputDomain, seed: int) -> None:
        self.usual = usual
        self.domain = domain
        self.rng = np.random.default_rng(seed)
        self.rules = rules_of(domain) if domain.kind is InputKind.TABLE and len(domain.shape) == 1 else None
        if self.rules is not None:
            low, high = ranges(self.rules, domain, usual)
        else:
            low, high = (np.broadcast_to(np.asarray(end, dtype=np.float64), domain.shape) for end in _ends(domain))
        self.low = np.where(np.isfinite(low), low, np.nanmin(usual, initial=0.0))
        self.high = np.where(np.isfinite(high), high, np.nanmax(usual, initial=1.0))

    def beginning(self, count: int) -> Array:
        """The ends of the domain, numbers so small that processors slow down on them, noise, and usual inputs."""
        shape = self.domain.shape
        rows = [self.low, self.high, (self.low + self.high) / 2, np.clip(np.full(shape, 1e-40), self.low, self.high)]
        rows += list(self.usual[: count // 2 - len(rows)]) if count > 8 else []
        rows += [self._anywhere() for _ in range(count - len(rows))]
        return self._valid(np.stack([np.broadcast_to(row, shape) for row in rows]))[:count]

    def children(self, parents: Array, count: int) -> Array:
        first, second = (parents[self.rng.integers(0, len(parents), count)] for _ in range(2))
        made = np.where(self.rng.random(first.shape) < 0.5, first, second).astype(np.float64)
        new = np.stack([self._anywhere() for _ in range(count)])
        ends = np.where(self.rng.random(first.shape) < 0.5, self.low, self.high)
        new = np.where(self.rng.random(first.shape) < 0.3, ends, new)
        share = self.rng.choice([0.02, 0.1, 0.4], count).reshape((count,) + (1,) * (first.ndim - 1))
        return self._valid(np.where(self.rng.random(first.shape) < share, new, made))

    def _anywhere(self) -> Array:
        return np.asarray(self.low + self.rng.random(self.domain.shape) * (self.high - self.low))

    def _valid(self, rows: Array) -> Array:
        rows = np.clip(rows, self.low, self.high).astype(self.usual.dtype)
        if self.rules is None:
            return rows
        base = self.usual[self.rng.integers(0, len(self.usual), len(rows))]
        return self.rules.repair(base, rows)


class Texts:
    """Texts of at most ``longest`` characters."""

    def __init__(self, usual: Array, longest: int, seed: int) -> None:
        self.usual = usual
        self.longest = longest
        self.chance = random.Random(seed)

    def beginning(self, count: int) -> Array:
        made = [(piece * self.longest)[: self.longest] for piece in PIECES]
        made += ["".join(self.chance.choice(PIECES) for _ in range(self.longest))[: self.longest] for _ in range(4)]
        self.chance.shuffle(made)
        return _objects([*made[: count - min(4, count // 4)], *map(str, self.usual[: count // 4])][:count])

    def children(self, parents: Array, count: int) -> Array:
        made: list[str] = []
        for _ in range(count):
            one, other = (str(self.chance.choice(parents.tolist())) for _ in range(2))
            at = self.chance.randrange(len(one) + 1)
            text = one[:at] + other[at:]
            for _ in range(self.chance.randrange(1, 4)):
                at = self.chance.randrange(len(text) + 1)
                reach = self.chance.randrange(1, max(2, len(text) // 4 + 1))
                piece = self.chance.choice(PIECES)
                text = text[:at] + (piece * reach)[:reach] + text[at + reach :]
            made.append(text[: self.longest])
        return _objects(made)


def _objects(texts: list[str]) -> Array:
    found = np.empty(len(texts), dtype=object)
    found[:] = texts
    return found


def _ends(domain: InputDomain) -> tuple[Array, Array]:
    return domain.low, domain.high
