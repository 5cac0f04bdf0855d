"""What a file is, by its content."""

from __future__ import annotations

import os

from violet.domain.errors import UsageError


def formats_of(path: str) -> tuple[str, ...]:
    """Ids of the formats (``violet.formats``) that the content is, the main one first. Raises ``UsageError`` where it
    cannot be read."""
    from violet.formats.registry import identify
    from violet.formats.source import FileSource

    try:
        with FileSource.open(path) as source:
            return tuple(found.id for found in identify(source, os.path.basename(path)))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from error
