"""Path patterns of waivers: ``*`` and ``?`` stay within one directory or member, ``**`` does not."""

from __future__ import annotations

import re
from functools import lru_cache


def matches(pattern: str, path: str) -> bool:
    """Whether ``pattern`` names ``path`` (POSIX, archive members after ``!``). A pattern without ``!``
    speaks for the file and for everything inside it."""
    expression = _compiled(pattern)
    if expression.fullmatch(path):
        return True
    return "!" not in pattern and "!" in path and expression.fullmatch(path.partition("!")[0]) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    index = 0
    while index < len(pattern):
        if pattern.startswith("**/", index):
            parts.append("(?:.*/)?")
            index += 3
        elif pattern.startswith("**", index):
            parts.append(".*")
            index += 2
        else:
            character = pattern[index]
            parts.append({"*": "[^/!]*", "?": "[^/!]"}.get(character) or re.escape(character))
            index += 1
    return re.compile("".join(parts), re.DOTALL)
