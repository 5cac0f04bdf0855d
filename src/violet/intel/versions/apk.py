"""Alpine's versions.

Source: the manual page apk-package(5) and the behaviour of apk-tools 2.14 and 3.0 (``apk version -t``): numbers,
a letter, suffixes before (``_alpha``) and after (``_p``) the release, a commit, and a package revision (``-r2``).
"""

from __future__ import annotations

import re

from violet.intel.versions.base import InvalidVersionError, Key, Scheme

_SHAPE = re.compile(
    r"\s*([0-9]+(?:\.[0-9]+)*)([a-z])?((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*)(?:~([0-9a-f]+))?(?:-r([0-9]+))?\s*",
    re.ASCII,
)
_SUFFIX = re.compile(r"_([a-z]+)([0-9]*)", re.ASCII)
_BEFORE = {"alpha": 0, "beta": 1, "pre": 2, "rc": 3}
_AFTER = {"cvs": 0, "svn": 1, "git": 2, "hg": 3, "p": 4}

# What may stand at one place, from the lowest: of two versions that agree so far, the one that goes on is the
# higher, unless it goes on with a suffix that comes before the release.
_PRE, _END, _REVISION, _COMMIT, _SUFFIX_NUMBER, _POST, _LETTER, _DIGIT = range(8)


def _parse(version: str) -> Key:
    match = _SHAPE.fullmatch(version)
    if match is None:
        raise InvalidVersionError(f"{version!r} is no Alpine version")
    digits, letter, suffixes, commit, revision = match.groups()
    first, *others = digits.split(".")
    found: list[tuple[object, ...]] = [(_DIGIT, 1, int(first))]
    for part in others:  # with a leading zero it is a fraction, which compares as text and below the others
        found.append((_DIGIT, 0, part) if part[0] == "0" else (_DIGIT, 1, int(part)))
    if letter:
        found.append((_LETTER, letter))
    for name, number in _SUFFIX.findall(suffixes):
        found.append((_PRE, _BEFORE[name]) if name in _BEFORE else (_POST, _AFTER[name]))
        if number:
            found.append((_SUFFIX_NUMBER, int(number)))
    if commit:
        found.append((_COMMIT, commit))
    if revision is not None:
        found.append((_REVISION, int(revision)))
    found.append((_END,))
    return tuple(found)


APK = Scheme("apk", _parse)
