"""What running a model needs beyond the base installation."""

from __future__ import annotations

from violet.domain.errors import MissingExtraError


def require_numbers(what: str) -> None:
    """To be asked first by every command that runs models. Raises ``MissingExtraError`` where numpy is not installed:
    then nothing of the extra is."""
    try:
        import numpy  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(what, "test") from error
