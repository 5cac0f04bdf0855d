"""A gate's decision in every format: it is read here, and never changed.

Each format is one module, loaded when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from violet.domain import UsageError

if TYPE_CHECKING:
    from violet.domain import Rule
    from violet.domain.gate import GateDecision

__all__ = ["FORMATS", "GateView", "render"]

FORMATS: tuple[str, ...] = ("console", "json", "sarif", "junit", "markdown", "html")

_MODULES = {name: f"violet.report.gate.{name}" for name in FORMATS} | {"json": "violet.report.gate.json_"}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GateView:
    """A decision, with the rules of its findings and their help (Markdown) by id; some may be missing. ``width`` is
    in terminal cells (``None``: 80)."""

    decision: GateDecision
    rules: Mapping[str, Rule] = field(default_factory=dict)
    rule_help: Mapping[str, str] = field(default_factory=dict)
    width: int | None = None
    color: bool = False


def render(view: GateView, fmt: str) -> str:
    """The decision as text of the format ``fmt``, ending in one newline: well formed, of valid Unicode, and free of
    control characters whatever the names in it hold. Raises ``UsageError`` for an unknown format."""
    module = _MODULES.get(fmt)
    if module is None:
        raise UsageError(f"{fmt!r} is not a format of the gate.", f"Use one of {', '.join(FORMATS)}.")
    text: str = import_module(module).render(view)
    return text
