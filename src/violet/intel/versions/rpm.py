"""RPM's versions: epoch, version and release, each by ``rpmvercmp``.

Source: the RPM manual, "Dependencies" (version comparison), with the tilde of RPM 4.10 and the caret of 4.15.
"""

from __future__ import annotations

import re

from violet.intel.versions.base import InvalidVersionError, Key, Scheme

_TOKEN = re.compile(r"~|\^|[0-9]+|[A-Za-z]+", re.ASCII)
_TILDE, _END, _CARET = (0,), (1,), (2,)


def _part(text: str) -> Key:
    """A tilde is below the end, a caret above it, words above that and numbers highest; all else separates."""
    found: list[tuple[int, ...] | tuple[int, str]] = []
    for token in _TOKEN.findall(text):
        if token == "~":
            found.append(_TILDE)
        elif token == "^":
            found.append(_CARET)
        elif token[0].isdigit():
            found.append((4, int(token)))
        else:
            found.append((3, token))
    found.append(_END)
    return tuple(found)


def _parse(version: str) -> Key:
    text = version.strip()
    if not text or not text.isprintable() or " " in text:
        raise InvalidVersionError(f"{version!r} is no RPM version")
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "0", text
    if not (epoch.isascii() and epoch.isdigit()):
        raise InvalidVersionError(f"{version!r} has an epoch that is no number")
    number, hyphen, release = rest.rpartition("-")
    if not hyphen:  # no release at all is below any
        return (int(epoch), _part(rest), ())
    return (int(epoch), _part(number), _part(release))


RPM = Scheme("rpm", _parse)
