"""A test of robustness in every format for people, and as JSON: it is read here, and never changed.

Each format is one module, loaded when it is asked for. What all of them say stands in ``words``. The formats for
machines that take findings only (SARIF, JUnit) are those of ``violet.report``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from violet.domain import UsageError

if TYPE_CHECKING:
    from violet.domain.robustness import EvasionTest
    from violet.report import View

__all__ = ["FORMATS", "render_test"]

FORMATS: tuple[str, ...] = ("console", "json", "markdown", "html")

_MODULES = {name: f"violet.report.testing.{name}" for name in FORMATS} | {"json": "violet.report.testing.json_"}


def render_test(test: EvasionTest, view: View, fmt: str) -> str:
    """The test, with the findings and the decision of ``view``, as text of the format ``fmt``, ending in one newline:
    well formed, of valid Unicode, and free of control characters whatever names it holds. Raises ``UsageError`` for an
    unknown format."""
    module = _MODULES.get(fmt)
    if module is None:
        raise UsageError(f"{fmt!r} is not a format of tests.", f"Use one of {', '.join(FORMATS)}.")
    text: str = import_module(module).render(test, view)
    return text
