"""Maven's versions, by its own algorithm.

Source: the Maven POM reference, "Version Order Specification", and the behaviour of Maven's ``ComparableVersion``
(3.8): numbers and words in lists that nest at every hyphen and every change between digits and letters.
"""

from __future__ import annotations

from functools import total_ordering
from typing import Union

from violet.intel.versions.base import InvalidVersionError, Key, Scheme

_Item = Union[int, str, "list[_Item]"]

_QUALIFIERS = ("alpha", "beta", "milestone", "rc", "snapshot", "", "sp")
_RELEASE = (_QUALIFIERS.index(""), "")
_ALIASES = {"ga": "", "final": "", "release": "", "cr": "rc"}
_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}


@total_ordering
class _Version:
    """A parsed version; ``items`` are numbers, words and lists of them."""

    __slots__ = ("items",)

    def __init__(self, items: list[_Item]) -> None:
        self.items = items

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Version) and _compare(self.items, other.items) == 0

    def __lt__(self, other: _Version) -> bool:
        return _compare(self.items, other.items) < 0

    def __hash__(self) -> int:
        return hash(str(self.items))


def _parse(version: str) -> Key:
    text = version.strip().lower()
    if not text or not text.isprintable() or any(c.isspace() for c in text):
        raise InvalidVersionError(f"{version!r} is no Maven version")
    return (_Version(_items(text)),)


def _items(text: str) -> list[_Item]:
    top: list[_Item] = []
    current = top
    lists = [top]

    def deeper() -> None:
        nonlocal current
        inner: list[_Item] = []
        current.append(inner)
        current = inner
        lists.append(inner)

    start = 0
    in_number = False
    for index, character in enumerate(text):
        if character in ".-":
            current.append(_item(text[start:index], in_number) if index > start else 0)
            start = index + 1
            if character == "-":
                deeper()
        elif "0" <= character <= "9":
            if not in_number and index > start:
                if current:  # a word before a number counts as if after a hyphen
                    deeper()
                current.append(_word(text[start:index], before_number=True))
                start = index
                deeper()
            in_number = True
        else:
            if in_number and index > start:
                current.append(int(text[start:index]))
                start = index
                deeper()
            in_number = False
    if start < len(text):
        if not in_number and current:
            deeper()
        current.append(_item(text[start:], in_number))
    for found in reversed(lists):
        _trim(found)
    return top


def _item(text: str, is_number: bool) -> _Item:
    return int(text) if is_number else _word(text)


def _word(text: str, before_number: bool = False) -> str:
    if before_number:
        text = _SHORT.get(text, text)
    return _ALIASES.get(text, text)


def _trim(items: list[_Item]) -> None:
    """Leave out what says nothing at the end, and before a hyphen."""
    for index in range(len(items) - 1, -1, -1):
        item = items[index]
        if item in (0, "") or item == []:
            del items[index]
        elif not isinstance(item, list):
            break


def _rank(word: str) -> tuple[int, str]:
    if word in _QUALIFIERS:
        return (_QUALIFIERS.index(word), "")
    return (len(_QUALIFIERS), word)


def _compare(first: _Item | None, second: _Item | None) -> int:
    """``None`` stands for what the shorter of two versions lacks."""
    if first is None:
        return 0 if second is None else -_compare(second, None)
    if isinstance(first, int):
        if second is None:
            return 1 if first else 0
        return (first > second) - (first < second) if isinstance(second, int) else 1
    if isinstance(first, str):
        if isinstance(second, (int, list)):
            return -1
        one, two = _rank(first), _RELEASE if second is None else _rank(second)
        return (one > two) - (one < two)
    if second is None:
        return next((found for item in first if (found := _compare(item, None))), 0)
    if not isinstance(second, list):
        return -1 if isinstance(second, int) else 1
    for index in range(max(len(first), len(second))):
        found = _compare(
            first[index] if index < len(first) else None,
            second[index] if index < len(second) else None,
        )
        if found:
            return found
    return 0


MAVEN = Scheme("maven", _parse)
