"""Comparisons and profiles in every format: they are read here, and never changed.

Each format is one module, loaded when it is asked for. What all of them say stands in ``words``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from violet.domain import UsageError

if TYPE_CHECKING:
    from violet.domain.drift import Drift, ProfileSummary
    from violet.report import View

__all__ = ["FORMATS", "render_drift", "render_profile"]

FORMATS: tuple[str, ...] = ("console", "json", "markdown", "html")

_MODULES = {"console": "console", "json": "json_", "markdown": "markdown", "html": "html"}


def render_drift(drift: Drift, view: View, fmt: str) -> str:
    """The comparison, and the findings and decision of ``view``, as text of the format ``fmt`` ending in one newline:
    well formed, of valid Unicode, and free of control characters whatever names it holds. Raises ``UsageError`` for an
    unknown format."""
    module = _MODULES.get(fmt)
    if module is None:
        raise UsageError(f"{fmt!r} is not a format of comparisons.", f"Use one of {', '.join(FORMATS)}.")
    text: str = import_module(f"violet.report.drift.{module}").render(drift, view)
    return text


def render_profile(summary: ProfileSummary, fmt: str, *, color: bool = False, width: int | None = None) -> str:
    """What was profiled, for a terminal (``console``) or as JSON (``json``)."""
    from violet.report.drift.profile import render

    return render(summary, fmt, color=color, width=width)
