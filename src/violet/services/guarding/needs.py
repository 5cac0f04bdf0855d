"""What the guard needs beyond the base installation."""

from __future__ import annotations

from violet.services.needs import require

REPLAY = ("numpy", "msgspec")
GATEWAY = (*REPLAY, "uvicorn", "httptools", "aiohttp")


def require_guard(packages: tuple[str, ...] = REPLAY) -> None:
    """To be asked first. Raises ``MissingExtraError``."""
    require("The guard", "guard", packages)
