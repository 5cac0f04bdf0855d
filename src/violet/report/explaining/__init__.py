"""An explanation in every format: it is read here, and never changed.

Each format is one module, loaded when it is asked for. What all of them say stands in ``words``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from violet.domain import UsageError

if TYPE_CHECKING:
    from violet.domain.explanation import Explanation
    from violet.report import View

__all__ = ["FORMATS", "render_explanation"]

FORMATS: tuple[str, ...] = ("console", "json", "markdown", "html")

_MODULES = {name: f"violet.report.explaining.{name}" for name in FORMATS} | {"json": "violet.report.explaining.json_"}


def render_explanation(explanation: Explanation, view: View, fmt: str) -> str:
    """The explanation, and the findings and decision of ``view``, as text of the format ``fmt`` ending in one newline:
    well formed, of valid Unicode, and free of control characters whatever names it holds. Raises ``UsageError`` for an
    unknown format."""
    module = _MODULES.get(fmt)
    if module is None:
        raise UsageError(f"{fmt!r} is not a format of explanations.", f"Use one of {', '.join(FORMATS)}.")
    text: str = import_module(module).render(explanation, view)
    return text
