"""What the checks of unsafe loading share: the calls of source files and notebooks, and how loud to be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain import Confidence, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.checks.base import Context
    from violet.domain import Finding
    from violet.formats.project.pins import Pin
    from violet.formats.python_source.loading import UnsafeCall

FORMATS = ("python", "notebook")
MOST_TOLD = 50
"""Findings of one rule in one file; a file with more has made its point."""


@dataclass(frozen=True, slots=True)
class Call:
    """An unsafe call, the cell it stands in (0: no notebook), and the pins of the project around it."""

    call: UnsafeCall
    cell: int
    pins: tuple[Pin, ...]

    def pin(self, name: str) -> Pin | None:
        """What the project asks for of a package, where that was looked up."""
        return next((pin for pin in self.pins if pin.name == name), None)


def calls(context: Context, *kinds: str) -> Iterator[Call]:
    """The calls of these kinds in the source or notebook that is looked at."""
    facts = context.node.parsed.facts
    if not getattr(facts, "loads", ()):
        return
    from violet.formats.notebook.cells import NotebookFacts
    from violet.formats.python_source.acts import PythonFacts

    if isinstance(facts, PythonFacts):
        found = [Call(call, 0, facts.pins) for call in facts.loads if call.kind in kinds]
    elif isinstance(facts, NotebookFacts):
        found = [Call(call, cell, facts.pins) for cell, call in facts.loads if call.kind in kinds]
    else:
        return
    yield from found[:MOST_TOLD]


def told(context: Context, one: Call, message: str, severity: Severity, fix: str = "") -> Finding:
    """A finding on a call. In test suites and in packages that others maintain it is never more than low."""
    call = one.call
    if is_elsewhere(context.node.path) or is_test(context.node.logical_path):
        severity = min(severity, Severity.LOW)
    where = f"Cell {one.cell}: " if one.cell else ""
    return context.finding(
        f"{where}{message}",
        evidence=call.text,
        key=f"{one.cell or ''}:{call.name}:{call.text[:120]}",
        line=call.line,
        severity=severity,
        confidence=Confidence.HIGH if call.form == "call" else Confidence.MEDIUM,
        fix=fix,
    )


def is_elsewhere(path: str) -> bool:
    """Whether a file lies in an installed package or a copy of somebody else's code."""
    return (
        re.search(r"(?:^|/)(?:site-packages|dist-packages|node_modules|\.?venv|vendor|third_party)/", path) is not None
    )


def is_test(path: str) -> bool:
    """Whether a file belongs to a test suite."""
    return re.search(r"(?:^|/)(?:tests?/|testing/|test_[^/]*$|conftest\.py$)|_test\.py$", path) is not None


def version_text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
