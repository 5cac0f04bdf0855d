"""References to container images: ``registry/name:tag@digest``.

Source: the OCI distribution specification and Docker's grammar of references.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Image:
    """``name`` includes the registry where one is named. ``known`` is false where parts of the reference are
    variables whose values are not known."""

    text: str
    name: str
    tag: str = ""
    digest: str = ""
    known: bool = True


@cache
def _reference() -> re.Pattern[str]:
    return re.compile(r"([^\s@]+?)(?::([\w][\w.-]{0,127}))?(?:@([A-Za-z0-9_+.-]+:[0-9a-fA-F]{32,}))?")


def image(text: str) -> Image:
    """The parts of a reference."""
    text = text.strip().strip("\"'")
    if "$" in text:
        return Image(text, text, known=False)
    match = _reference().fullmatch(text)
    if match is None:
        return Image(text, text)
    return Image(text, match.group(1), match.group(2) or "", match.group(3) or "")
