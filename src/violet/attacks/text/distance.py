"""How far a text was moved: the number of words that were changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

WORD = re.compile(r"\S+")


def split(text: str) -> list[str]:
    """A text as blanks and words in turn, blanks at even places: ``"".join`` gives it back."""
    parts: list[str] = []
    end = 0
    for found in WORD.finditer(text):
        parts += [text[end : found.start()], found.group()]
        end = found.end()
    return [*parts, text[end:]]


def changed_words(a: Array, b: Array) -> Array:
    """For texts ``(n,)`` twice, how many words were replaced, put in or left out: ``(n,)`` float64.

    Words are what stands between blanks. Where texts have as many words it is those that differ, place by place (what
    substitutions change), else Levenshtein's distance over words.
    """
    return np.array(
        [_apart(str(one).split(), str(other).split()) for one, other in zip(a, b, strict=True)], dtype=float
    )


def _apart(a: list[str], b: list[str]) -> float:
    if len(a) == len(b):
        return float(sum(one != other for one, other in zip(a, b, strict=True)))
    row = list(range(len(b) + 1))
    for place, one in enumerate(a, 1):
        before, row[0] = row[0], place
        for at, other in enumerate(b, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (one != other))
    return float(row[-1])
