"""Semantic versions, and the ecosystems that nearly follow them.

Source: Semantic Versioning 2.0.0, section 11 (precedence); "Go Modules Reference", sections "Versions" and
"Pseudo-versions"; "NuGet package versioning"; Dart's "Package versioning". Read leniently, as registries hold
versions with fewer or more numbers than three.
"""

from __future__ import annotations

import re

from violet.intel.versions.base import InvalidVersionError, Key, Scheme

_FINAL: Key = (1,)
_SHAPE = re.compile(
    r"\s*[vV=]?\s*([0-9]+(?:\.[0-9]+)*)(?:-([0-9A-Za-z.\-]*)|([A-Za-z][0-9A-Za-z.\-]*))?(?:\+([0-9A-Za-z.\-]*))?\s*",
    re.ASCII,
)


def _parts(version: str) -> tuple[tuple[int, ...], str, str]:
    """The numbers (without trailing zeros), the pre-release and the build of a version."""
    match = _SHAPE.fullmatch(version)
    if match is None:
        raise InvalidVersionError(f"{version!r} is no semantic version")
    numbers = [int(part) for part in match[1].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers), match[2] or match[3] or "", match[4] or ""


def _identifiers(text: str) -> Key:
    """Numbers before words; of two that agree, the longer is the higher."""
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in text.split("."))


def _semver(version: str) -> Key:
    numbers, pre, _build = _parts(version)
    return (numbers, (0, *_identifiers(pre)) if pre else _FINAL)


_GO_RELEASE = re.compile(r"\s*(?:go)?([0-9]+(?:\.[0-9]+)*)(rc|beta)([0-9]+)\s*", re.ASCII)


def _go(version: str) -> Key:
    release = _GO_RELEASE.fullmatch(version)
    if release:  # the toolchain itself: go1.21rc2
        numbers, _, _ = _parts(release[1])
        return (numbers, (0, (1, release[2]), (0, int(release[3]))))
    return _semver(version.removeprefix("go"))


def _nuget(version: str) -> Key:
    numbers, pre, _build = _parts(version)
    return (numbers, (0, *_identifiers(pre.lower())) if pre else _FINAL)


def _pub(version: str) -> Key:
    """Dart orders builds, too: one with a build is higher than the one without."""
    numbers, pre, build = _parts(version)
    return (numbers, (0, *_identifiers(pre)) if pre else _FINAL, _identifiers(build) if build else ())


SEMVER = Scheme("semver", _semver)
GO = Scheme("go", _go)
NUGET = Scheme("nuget", _nuget)
PUB = Scheme("pub", _pub)
