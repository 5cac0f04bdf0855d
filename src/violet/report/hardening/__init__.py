"""Hardening reports: before and after, by the same test."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.domain.hardening import Hardening

FORMATS = ("console", "json", "markdown", "html")
_MODULES = {"console": "console", "json": "json_", "markdown": "markdown", "html": "html"}


@dataclass(frozen=True, slots=True)
class HardeningView:
    """``width`` is in terminal cells (``None``: 80)."""

    hardening: Hardening
    width: int | None = None
    color: bool = False


def render_hardening(view: HardeningView, fmt: str) -> str:
    """As text of one of ``FORMATS``, ending in one newline."""
    text: str = import_module(f"violet.report.hardening.{_MODULES[fmt]}").render(view)
    return text
