"""Commits and tags against ranges of commits. Without the repository only the ends of a range can be judged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.domain.vulnerability import Range

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)


def commit_verdict(version: str, ranges: Sequence[Range], tags: Sequence[str]) -> str:
    """``affected``, ``""`` (not affected), or why it cannot be told."""
    text = version.strip().lower()
    if not text:
        return "its version is not known"
    if not _COMMIT.fullmatch(text):
        plain = text.removeprefix("v")
        if any(tag.lower().removeprefix("v") == plain for tag in tags):
            return "affected"
        return "" if tags else "only commits are known to be affected, and it is not named by one"
    events = {(event.kind, event.version.lower()) for one in ranges for event in one.events}
    if ("introduced", text) in events or ("last_affected", text) in events:
        return "affected"
    if ("fixed", text) in events:
        return ""
    return "whether its commit lies in a range of commits cannot be told without the repository"
