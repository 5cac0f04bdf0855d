"""RubyGems' versions.

Source: the documentation of ``Gem::Version``: numbers and words; a word makes a pre-release, and is below any
number; missing parts count as zero.
"""

from __future__ import annotations

import re

from violet.intel.versions.base import InvalidVersionError, Key, Scheme

_SHAPE = re.compile(r"\s*[0-9]+(?:\.[0-9a-zA-Z]+)*(?:-[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*)?\s*", re.ASCII)
_SEGMENT = re.compile(r"[0-9]+|[A-Za-z]+", re.ASCII)
_WORD, _END, _NUMBER = range(3)


def _parse(version: str) -> Key:
    if not _SHAPE.fullmatch(version):
        raise InvalidVersionError(f"{version!r} is no gem version")
    segments = _SEGMENT.findall(version.strip().replace("-", ".pre."))
    first_word = next((i for i, s in enumerate(segments) if not s.isdigit()), len(segments))
    numbers = [int(s) for s in segments[:first_word]]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    # As if followed by zeros without end: a word is lower than a zero, and the lower the earlier it stands; a
    # number above zero is higher, and the higher the earlier.
    key: list[tuple[object, ...]] = [(_NUMBER, -i, n) for i, n in enumerate(numbers) if n]
    for i, segment in enumerate(segments[first_word:], len(numbers)):
        if not segment.isdigit():
            key.append((_WORD, i, segment))
        elif int(segment):
            key.append((_NUMBER, -i, int(segment)))
    key.append((_END,))
    return tuple(key)


GEM = Scheme("gem", _parse)
