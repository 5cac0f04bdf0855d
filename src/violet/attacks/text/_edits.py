"""Other ways to write a word: as fingers slip, and as eyes are deceived."""

from __future__ import annotations

import random

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
LOOKALIKES = {
    "a": "а",  # Cyrillic from here on, unless said otherwise
    "c": "с",
    "e": "е",
    "i": "і",
    "j": "ј",
    "o": "о",
    "p": "р",
    "s": "ѕ",
    "x": "х",
    "y": "у",
    "v": "ν",  # Greek
    "A": "А",
    "B": "В",
    "C": "С",
    "E": "Е",
    "H": "Н",
    "K": "К",
    "M": "М",
    "O": "О",
    "P": "Р",
    "T": "Т",
    "X": "Х",
}
UNSEEN = ("\u200b", "\u200c", "\u2060", "\u00ad")
"""Zero-width space and non-joiner, word joiner, soft hyphen."""
LEET = {"a": "@", "e": "3", "i": "1", "o": "0", "s": "$", "t": "7", "l": "1"}


def neighbours(letter: str) -> str:
    """Keys beside this one on a QWERTY keyboard."""
    for number, row in enumerate(ROWS):
        at = row.find(letter)
        if at >= 0:
            found = row[max(0, at - 1) : at] + row[at + 1 : at + 2]
            for other in ROWS[max(0, number - 1) : number] + ROWS[number + 1 : number + 2]:
                found += other[max(0, at - 1) : at + 1]
            return found
    return ""


def typo(word: str, rng: random.Random) -> str:
    """One slip: two letters swapped, one left out, doubled, or hit beside; the ends stay, so that it can be read."""
    inner = [place for place, letter in enumerate(word) if letter.isalpha()]
    if len(inner) < 3:
        return word
    at = rng.choice(inner[1:-1])
    kind = rng.randrange(4)
    if kind == 0 and at + 1 < inner[-1]:
        return word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
    if kind in (0, 1):
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    near = neighbours(word[at].lower())
    return word[:at] + rng.choice(near) + word[at + 1 :] if near else word


def lookalike(word: str, rng: random.Random) -> str:
    """One letter replaced by another script's that looks the same."""
    places = [place for place, letter in enumerate(word) if letter in LOOKALIKES]
    if not places:
        return word
    at = rng.choice(places)
    return word[:at] + LOOKALIKES[word[at]] + word[at + 1 :]


def unseen(word: str, rng: random.Random) -> str:
    """A character without width put between two letters."""
    if len(word) < 2:
        return word
    at = rng.randrange(1, len(word))
    return word[:at] + rng.choice(UNSEEN) + word[at:]


def leet(word: str, rng: random.Random) -> str:
    """One letter as a digit or sign that resembles it."""
    places = [place for place, letter in enumerate(word) if letter.lower() in LEET]
    if not places:
        return word
    at = rng.choice(places)
    return word[:at] + LEET[word[at].lower()] + word[at + 1 :]


def variants(word: str, rng: random.Random, count: int, hidden: bool) -> list[str]:
    """Up to ``count`` different ways to write the word; with ``hidden`` those that eyes do not see as well."""
    kinds = (typo, leet, lookalike, unseen) if hidden else (typo, leet)
    found: dict[str, None] = {}
    for turn in range(4 * count):
        made = kinds[turn % len(kinds)](word, rng)
        if made != word:
            found.setdefault(made)
        if len(found) == count:
            break
    return list(found)
