"""Packagist's versions.

Source: Composer's documentation, "Versions and constraints", and the PHP manual on ``version_compare``.
"""

from __future__ import annotations

import re

from violet.intel.versions.base import InvalidVersionError, Key, Scheme

_TOKEN = re.compile(r"[0-9]+|[A-Za-z]+", re.ASCII)
_SHAPE = re.compile(r"\s*v?[0-9]+(?:[.\-_+ ]?[0-9A-Za-z#]+)*\s*", re.ASCII | re.IGNORECASE)
_BRANCH = re.compile(r"(?:\.[x*])+(?:-dev)?$", re.IGNORECASE)

# Unknown words, then these, then the end of the version, then numbers, then patches.
_STAGES = {"dev": 1, "alpha": 2, "a": 2, "beta": 3, "b": 3, "rc": 4}
_END, _NUMBER, _PATCH = 5, 6, 7
_HIGHEST = 9_999_999


def _parse(version: str) -> Key:
    text = version.strip()
    if text.lower().startswith("dev-") or not _SHAPE.fullmatch(_BRANCH.sub("", text)):
        raise InvalidVersionError(f"{version!r} is no version of a release")
    text = text.lstrip("vV").partition("+")[0].partition("#")[0]
    branch = _BRANCH.search(text)
    found: list[tuple[object, ...]] = []
    numbers = 0
    for token in _TOKEN.findall(text[: branch.start()] if branch else text):
        if token.isdigit():
            found.append((_NUMBER, int(token)))
            numbers += all(entry[0] == _NUMBER for entry in found)
            continue
        word = token.lower()
        if word == "stable":
            continue
        _pad(found, numbers, 0)
        numbers = max(numbers, 4)
        if word in _STAGES:
            found.append((_STAGES[word],))
        elif word in ("p", "pl", "patch"):
            found.append((_PATCH,))
        else:
            found.append((0, word))
    _pad(found, numbers, _HIGHEST if branch else 0)
    if branch:
        found.append((_STAGES["dev"],))
    found.append((_END,))
    return tuple(found)


def _pad(found: list[tuple[object, ...]], numbers: int, value: int) -> None:
    """Composer writes every version with four numbers."""
    if numbers == len(found):
        found.extend([(_NUMBER, value)] * (4 - numbers))


COMPOSER = Scheme("composer", _parse)
