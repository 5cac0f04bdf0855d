"""Python's versions.

Source: "Version specifiers" of the Python Packaging User Guide (PEP 440). What does not follow it (``2013-02b``)
comes before all that does, ordered among itself as setuptools did before version 66.
"""

from __future__ import annotations

import re
from math import inf

from violet.intel.versions.base import InvalidVersionError, Key, Scheme

_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)*", re.ASCII)
_VERSION = re.compile(
    r"""\s*v?
    (?:(?P<epoch>[0-9]+)!)?
    (?P<release>[0-9]+(?:\.[0-9]+)*)
    (?:[-_.]?(?P<pre>alpha|beta|preview|pre|a|b|c|rc)[-_.]?(?P<pre_number>[0-9]+)?)?
    (?:-(?P<implicit_post>[0-9]+)|[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_number>[0-9]+)?)?
    (?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_number>[0-9]+)?)?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?
    \s*""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_PRE = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}

NO_PRE: tuple[int, ...] = (3,)
DEV_ONLY: tuple[int, ...] = (-1,)
"""Where the pre-release stands: a development release of the final one comes before all pre-releases."""

ANY_LOCAL: tuple[tuple[int, ...], ...] = ((2,),)
"""After every local version of a release."""


def _parse(version: str) -> Key:
    if _PLAIN.fullmatch(version):
        return (0, _release(version), NO_PRE, -1, inf, ())
    match = _VERSION.fullmatch(version)
    if match is None:
        return _legacy(version)
    epoch, release, pre, pre_number, implicit, post, post_number, dev, dev_number, local = match.groups()
    is_post = implicit is not None or post is not None
    if pre is not None:
        before: tuple[int, ...] = (_PRE[pre.lower()], int(pre_number or 0))
    else:
        before = DEV_ONLY if dev is not None and not is_post else NO_PRE
    return (
        int(epoch or 0),
        _release(release),
        before,
        int(implicit or post_number or 0) if is_post else -1,
        int(dev_number or 0) if dev is not None else inf,
        _local(local) if local else (),
    )


def _release(text: str) -> tuple[int, ...]:
    """The numbers without trailing zeros: 1.0 and 1.0.0 are one version."""
    numbers = [int(part) for part in text.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _local(text: str) -> tuple[tuple[int, int | str], ...]:
    parts = re.split(r"[-_.]", text.lower())
    return tuple((1, int(part)) if part.isdigit() else (0, part) for part in parts)


_LEGACY_PARTS = re.compile(r"[0-9]+|[a-z]+|-|[^0-9a-z.\-]+")
_LEGACY_NAMES = {"pre": "c", "preview": "c", "-": "final-", "rc": "c", "dev": "@"}


def _legacy(version: str) -> Key:
    text = version.strip().lower()
    if not text or any(c.isspace() or not c.isprintable() for c in text):
        raise InvalidVersionError(f"{version!r} is no version")
    parts: list[str] = []
    for found in [*_LEGACY_PARTS.findall(text), None]:
        if found is not None and found.isdigit():
            parts.append(found.zfill(8))
            continue
        word = "*final" if found is None else f"*{_LEGACY_NAMES.get(found, found)}"
        if word < "*final":
            while parts and parts[-1] == "*final-":  # a hyphen before a pre-release says nothing
                parts.pop()
        while parts and parts[-1] == "00000000":
            parts.pop()
        parts.append(word)
    return (-1, tuple(parts))


PEP440 = Scheme("pep440", _parse)
