"""Notice that a model is changed or swapped while it is examined.

A digest says what the files were when they were hashed. Between that and the scan somebody could put other files in
their place, and put the first ones back. The kernel's change time (``ctime``) of every file, directory and link on
the way tells: unlike the modification time, nobody can set it. Of the directories above, whose content is nobody's
business, it tells together with their parents' time of modification: renaming one changes both.

What it cannot tell is a write through a mapping of memory that was there before: the kernel dates those late. Whoever
may write to a model while it is examined has to be kept from it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from violet.domain import VioletError

MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Fence:
    """``seen`` has (device, inode, size, mtime, ctime; times in nanoseconds) by path; ``above`` the same of the
    directories above, the nearest first."""

    path: str
    seen: dict[str, tuple[int, int, int, int, int]]
    above: tuple[tuple[str, tuple[int, int, int, int, int]], ...] = ()

    @classmethod
    def around(cls, path: str) -> Fence:
        """Raises ``VioletError`` for what cannot be listed."""
        return cls(path, _look(path), _above(path))

    def breach(self) -> str:
        """The first path that is not what it was; ``""`` where nothing changed."""
        try:
            now, above = _look(self.path), _above(self.path)
        except VioletError:
            return self.path
        moved = _moved(self.above, above)
        if moved:
            return moved
        for path in sorted(self.seen.keys() | now.keys()):
            if self.seen.get(path) != now.get(path):
                return path
        return ""


def _above(path: str) -> tuple[tuple[str, tuple[int, int, int, int, int]], ...]:
    found = []
    current = os.path.realpath(path)
    try:
        while current != os.path.dirname(current):
            current = os.path.dirname(current)
            found.append((current, _status(current)))
    except OSError as error:
        raise VioletError(f"{error.filename or path} cannot be read: {error.strerror}.") from error
    return tuple(found)


def _moved(
    before: tuple[tuple[str, tuple[int, int, int, int, int]], ...],
    now: tuple[tuple[str, tuple[int, int, int, int, int]], ...],
) -> str:
    """The directory that is another one, or that was renamed, perhaps there and back."""
    if [path for path, _ in before] != [path for path, _ in now]:
        return before[0][0] if before else ""
    touched = [(old[3] != new[3], old[4] != new[4]) for (_, old), (_, new) in zip(before, now, strict=True)]
    for number, ((path, old), (_, new)) in enumerate(zip(before, now, strict=True)):
        parent_written = number + 1 < len(touched) and touched[number + 1][0]
        if old[:2] != new[:2] or (touched[number][1] and parent_written):
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
                    if entry.is_symlink() and os.path.lexists(target := os.path.realpath(entry.path)):
                        seen[target] = _status(target)  # a blob of a Hugging Face cache
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
