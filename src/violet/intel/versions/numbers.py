"""Versions that are numbers and nothing else: R's packages and Haskell's.

Source: the R manual page ``package_version`` (numbers between dots or hyphens, the shorter of two that agree is
the lower); the Haskell Package Versioning Policy.
"""

from __future__ import annotations

import re

from violet.intel.versions.base import InvalidVersionError, Key, Scheme

_SHAPE = re.compile(r"\s*v?([0-9]+(?:[.\-][0-9]+)*)\s*", re.ASCII)


def _parse(version: str) -> Key:
    match = _SHAPE.fullmatch(version)
    if match is None:
        raise InvalidVersionError(f"{version!r} is not made of numbers")
    return tuple(int(part) for part in match[1].replace("-", ".").split("."))


NUMBERS = Scheme("numbers", _parse)
