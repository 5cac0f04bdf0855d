"""How people write who are in a hurry: capitals, blanks, slips, no punctuation."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from violet.attacks.text._edits import typo
from violet.attacks.text.distance import split

if TYPE_CHECKING:
    from collections.abc import Callable

SHARES = (0.05, 0.1, 0.2, 0.35, 0.5)
"""Of the words, by strength."""


def letter_case(text: str, strength: int, chance: random.Random) -> str:
    """Words in capitals, others without."""
    return _each(text, SHARES[strength - 1], chance, lambda word: word.lower() if word.isupper() else word.upper())


def whitespace(text: str, strength: int, chance: random.Random) -> str:
    """Blanks doubled, tabs and line ends among them."""
    parts = split(text)
    for place in range(2, len(parts) - 1, 2):
        if chance.random() < SHARES[strength - 1]:
            parts[place] += chance.choice((" ", "\t", "\n", "   "))
    return "".join(parts) + " " * chance.randrange(strength)


def typos(text: str, strength: int, chance: random.Random) -> str:
    return _each(text, SHARES[strength - 1], chance, lambda word: typo(word, chance))


def punctuation(text: str, strength: int, chance: random.Random) -> str:
    """Left out."""
    share = (0.2, 0.4, 0.6, 0.8, 1.0)[strength - 1]
    return "".join(c for c in text if c.isalnum() or c.isspace() or chance.random() >= share)


def _each(text: str, share: float, chance: random.Random, change: Callable[[str], str]) -> str:
    parts = split(text)
    for place in range(1, len(parts), 2):
        if chance.random() < share:
            parts[place] = change(parts[place])
    return "".join(parts)


TEXTS = {"case": letter_case, "whitespace": whitespace, "typos": typos, "punctuation": punctuation}
