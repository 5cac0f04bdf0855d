"""What a guard does at this moment: one frame for a terminal or as JSON, or a terminal that follows it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from violet.domain.errors import UsageError

if TYPE_CHECKING:
    from violet.domain.guard_status import Watched

__all__ = ["FORMATS", "render_watched"]

FORMATS: tuple[str, ...] = ("console", "json")


def render_watched(watched: Watched, fmt: str, *, width: int | None = None, color: bool = False) -> str:
    """One frame as text that ends in one newline, free of control characters whatever names it holds. Raises
    ``UsageError`` for an unknown format."""
    if fmt not in FORMATS:
        raise UsageError(f"{fmt!r} is not a format of this.", f"Use one of {', '.join(FORMATS)}.")
    if fmt == "json":
        text: str = import_module("violet.report.watching.json_").render(watched)
    else:
        text = import_module("violet.report.watching.console").render(watched, width=width, color=color)
    return text
