"""Path configuration files that run code at every start of Python.

## What it looks for

Lines of `.pth` files that begin with `import`: Python's `site` module passes them to `exec`.

## Why it matters

A `.pth` file in `site-packages` runs its lines whenever Python starts, without anything being imported. Stealers
published as packages in 2024-2026 used exactly this.

## Example

    import os; os.system("id")

## Fix

Delete the file, and find out which package brought it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity
from violet.formats.python_path import PathFacts

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="artifact/python-path-import",
    title="Path file runs code at every start of Python",
    severity=Severity.HIGH,
    fix="Delete the file, and find out which package brought it.",
    techniques=("AML.T0011.001", "AML.T0010.001"),
    cwe=(506, 829),
    references=("https://docs.python.org/3/library/site.html",),
)

_KNOWN = (
    "import _virtualenv", "import _distutils_hack", "import os; var = 'SETUPTOOLS_USE_DISTUTILS'",
    "import sys, types, os;has_mfs", "import sys, types, os; has_mfs",
    "import __editable__",
    "import coverage; coverage.process_startup", "import pytest_cov", "import a1_coverage", "import _hypothesis",
    "import matplotlib", "import protobuf", "import zope",
)  # fmt: skip


@check(RULE, formats=("python-path",))
def judge(context: Context) -> Iterable[Outcome]:
    facts = context.facts(PathFacts)
    for number, line in facts.imports if facts else ():
        yield context.finding(
            "Python runs this line every time it starts.",
            evidence=line[:200],
            key=line[:120],
            line=number,
            severity=_severity(line),
        )


def _severity(line: str) -> Severity:
    """What well-known packages put there is low, as long as the code of the line is harmless itself."""
    from violet.checks.artifact._python_acts import severity_of
    from violet.formats.python_source.reader import analyse

    worst = max((severity_of(act, model_code=True) for act in analyse(line).acts), default=Severity.INFO)
    if worst >= Severity.HIGH:
        return Severity.CRITICAL
    return Severity.LOW if line.startswith(_KNOWN) and worst < Severity.MEDIUM else Severity.HIGH
