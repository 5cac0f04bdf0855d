"""Notice that a model is changed or swapped while it is examined.

A digest says what the files were when they were hashed. Between that and the scan somebody could put other files in
their place, and put the first ones back. The kernel's change time (``ctime``) of every file, directory and link on
the way tells: unlike the modification time, nobody can set it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from violet.domain import VioletError

MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Fence:
    """``seen`` has (device, inode, size, mtime, ctime; times in nanoseconds) by path."""

    path: str
    seen: dict[str, tuple[int, int, int, int, int]]

    @classmethod
    def around(cls, path: str) -> Fence:
        """Raises ``VioletError`` for what cannot be listed."""
        return cls(path, _look(path))

    def breach(self) -> str:
        """The first path that is not what it was; ``""`` where nothing changed."""
        try:
            now = _look(self.path)
        except VioletError:
            return self.path
        for path in sorted(self.seen.keys() | now.keys()):
            if self.seen.get(path) != now.get(path):
                return path
        return ""


def _look(path: str) -> dict[str, tuple[int, int, int, int, int]]:
    try:
        seen = {part: _status(part) for part in _way(path)}
        pending = [path] if os.path.isdir(path) else []
        while pending:
            folder = pending.pop()
            with os.scandir(folder) as entries:
                for entry in entries:
                    seen[entry.path] = _status(entry.path)
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
            if len(seen) > MOST:
                raise VioletError(f"{path} holds more than {MOST:,} files.")
    except OSError as error:
        raise VioletError(f"{error.filename or path} cannot be read: {error.strerror}.") from error
    return seen


def _way(path: str) -> list[str]:
    """The path itself, what it leads to, and the links on the way there."""
    found = [path]
    current = os.path.abspath(path)
    for _ in range(64):
        found += _links_above(current)
        if not os.path.islink(current):
            break
        current = os.path.normpath(os.path.join(os.path.dirname(current), os.readlink(current)))
        found.append(current)
    return list(dict.fromkeys(found))


def _links_above(path: str) -> list[str]:
    found = []
    parent = os.path.dirname(path)
    while parent != os.path.dirname(parent):
        if os.path.islink(parent):
            found.append(parent)
        parent = os.path.dirname(parent)
    return found


def _status(path: str) -> tuple[int, int, int, int, int]:
    status = os.lstat(path)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
