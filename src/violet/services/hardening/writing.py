"""Write a file in one step."""

from __future__ import annotations

from violet.domain.errors import UsageError
from violet.domain.whole_file import whole_file


def replace_file(path: str, text: str) -> None:
    """A reader never sees half of it. Raises ``UsageError`` where it cannot be written."""
    try:
        with whole_file(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
