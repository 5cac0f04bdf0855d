"""What stands before a model in production: reads its traffic, judges it, answers, remembers, and tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from violet.runtime.middleware import GuardMiddleware as GuardMiddleware

__all__ = ["GuardMiddleware"]


def __getattr__(name: str) -> Any:
    """Loaded when used: commands that do not guard need nothing of it."""
    if name == "GuardMiddleware":
        from violet.runtime.middleware import GuardMiddleware

        return GuardMiddleware
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
