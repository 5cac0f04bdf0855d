"""Write a file in one step."""

from __future__ import annotations

import os

from violet.domain.errors import UsageError


def replace_file(path: str, text: str) -> None:
    """A reader never sees half of it. Raises ``UsageError`` where it cannot be written."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)
