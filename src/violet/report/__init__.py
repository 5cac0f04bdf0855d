"""Renderers: they read a report and a decision, and write text. They never decide.

Each format is one module, loaded when it is asked for, so that ``import violet.report`` costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from violet.domain import Severity, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from violet.domain import Decision, Report, Rule

__all__ = ["FORMATS", "View", "render"]

FORMATS: tuple[str, ...] = ("console", "json", "sarif", "junit", "markdown", "html")

_MODULES = {name: f"violet.report.{name}" for name in FORMATS} | {"json": "violet.report.json_"}


@dataclass(slots=True, eq=False, repr=False)
class View:
    """Everything a renderer needs.

    ``rules`` and ``rule_help`` (Markdown) are by rule id, and may lack some: a report is shown all the
    same. ``command_line`` reproduces the report. ``width`` is in terminal cells (``None``: 80).
    ``fail_on`` is the least severity that fails the policy: JUnit shows findings below it as output of
    a test that passed. ``fingerprints`` has the console name them, as waivers do (other formats always do).
    """

    report: Report
    decision: Decision
    rules: Mapping[str, Rule] = field(default_factory=dict)
    rule_help: Mapping[str, str] = field(default_factory=dict)
    command_line: str = ""
    width: int | None = None
    color: bool = False
    fail_on: Severity = Severity.HIGH
    fingerprints: bool = False


def render(view: View, fmt: str) -> str:
    """The report as text of the format ``fmt``, one of ``FORMATS``, ending in one newline.

    Whatever the names, messages and evidence in the report hold, the text is well formed, of valid
    Unicode, and free of control characters other than newlines (and colour, where it was asked for).
    Raises ``UsageError`` for an unknown format.
    """
    module = _MODULES.get(fmt)
    if module is None:
        raise UsageError(f"{fmt!r} is not a report format.", f"Use one of {', '.join(FORMATS)}.")
    text: str = import_module(module).render(view)
    return text
