"""What profiles and comparisons need beyond the base installation."""

from __future__ import annotations

from violet.domain.errors import MissingExtraError


def require_arrays(what: str) -> None:
    """Raises ``MissingExtraError`` where numpy is not installed: then nothing of the extra is."""
    try:
        import numpy  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(what, "guard") from error
