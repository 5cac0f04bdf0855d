"""Files beside the one examined, without ever leaving the directory that is examined."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from violet.formats.source import BytesSource, FileSource, Source

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_LISTED = 5_000
MOST_READ = 16 << 20


def directory_siblings(path: str, root: str) -> tuple[Callable[[str], Source | None], Callable[[], list[str]]]:
    """``sibling`` and ``siblings`` (see ``Reading``) for a file on disk; nothing outside ``root`` opens."""
    directory = os.path.dirname(path) or "."

    def sibling(relative: str) -> Source | None:
        if os.path.isabs(relative) or "\x00" in relative:
            return None
        limit = os.path.realpath(root or directory)
        target = os.path.realpath(os.path.join(directory, relative))
        if os.path.commonpath([limit, target]) != limit:
            return None
        try:
            with FileSource.open(target) as source:
                return BytesSource(source.read(0, min(source.size, MOST_READ)))
        except OSError:
            return None

    def siblings() -> list[str]:
        found: list[str] = []
        for parent, folders, names in os.walk(directory):
            folders[:] = sorted(f for f in folders if not f.startswith("."))
            relative = os.path.relpath(parent, directory).replace(os.sep, "/")
            for name in sorted(names):
                found.append(name if relative == "." else f"{relative}/{name}")
                if len(found) >= MOST_LISTED:
                    return found
        return found

    return sibling, siblings
