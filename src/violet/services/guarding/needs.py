"""What the guard needs beyond the base installation."""

from __future__ import annotations

from importlib.util import find_spec

from violet.domain.errors import MissingExtraError

REPLAY = ("numpy", "msgspec")
GATEWAY = (*REPLAY, "uvicorn", "httptools", "aiohttp")


def require_guard(packages: tuple[str, ...] = REPLAY, what: str = "The guard") -> None:
    """To be asked first. Raises ``MissingExtraError``."""
    if any(find_spec(name) is None for name in packages):
        raise MissingExtraError(what, "guard")
