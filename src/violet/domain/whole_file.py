"""Files that are whole or not there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import IO


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str], *, private: bool = False, synced: bool = True) -> Iterator[IO[bytes]]:
    """A file to write, which takes the place of ``path`` in one step when the block ends well: a reader sees what was
    there before or all that is new, also after a power cut (unless not ``synced``: for what is only of now). One that
    is ``private`` is for its owner alone. Where the block raises, nothing half-written stays. Raises ``OSError``."""
    target = os.fspath(path)
    temporary = f"{target}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb", opener=owned if private else None) as file:
            yield file
            file.flush()
            if synced:
                os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    if synced:
        sync_directory(os.path.dirname(target))


def owned(path: str, flags: int) -> int:
    """For ``open``: a file for its owner alone, and not where a link leads."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def write_all(descriptor: int, data: bytes) -> None:
    """All of it, however little the descriptor takes at a time. Raises ``OSError``."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_directory(folder: str) -> None:
    """Put the names in a directory on the disk; where the system does not open directories, that is left to it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder or ".", os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
