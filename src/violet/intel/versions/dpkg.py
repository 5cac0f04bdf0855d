"""Debian's versions.

Source: Debian Policy Manual, section 5.6.12 ("Version").
"""

from __future__ import annotations

import re

from violet.intel.versions.base import InvalidVersionError, Key, Scheme

_TOKEN = re.compile(r"([^0-9]*)([0-9]*)", re.ASCII)

# A tilde comes before the end of the part, that before letters, and these before all else.
_END = "\x02"
_ORDER = {ord("~"): "\x01"} | {code: chr(code + 256) for code in range(33, 127) if not chr(code).isalnum()}
_ORDER[ord("~")] = "\x01"


def _part(text: str) -> Key:
    """Words and numbers in turns, ending in an empty word, which the end of a text is."""
    found: list[object] = []
    for word, number in _TOKEN.findall(text or "0"):
        if not word and not number:
            break
        found.append(word.translate(_ORDER) + _END)
        found.append(int(number or 0))
    found.append(_END)
    return tuple(found)


def _parse(version: str) -> Key:
    text = version.strip()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise InvalidVersionError(f"{version!r} is no Debian version")
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "0", text
    if not epoch.isdigit() or not rest:
        raise InvalidVersionError(f"{version!r} has an epoch that is no number")
    upstream, hyphen, revision = rest.rpartition("-")
    if not hyphen:
        upstream, revision = rest, ""
    return (int(epoch), _part(upstream), _part(revision))


DPKG = Scheme("dpkg", _parse)
