"""What the checks of packages share: everything that a file has installed, wherever it says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.checks.base import Context
    from violet.formats.project.facts import Dependency, DependencyFacts, Setting

LISTS = ("requirements", "python-project", "lock-file", "setup-script")
"""Formats that list packages."""
SCRIPTS = ("dockerfile", "pipeline", "notebook", "shell")
"""Formats that hold commands that install packages."""


def listed(context: Context) -> DependencyFacts | None:
    """The facts of a file that lists packages."""
    from violet.formats.project.facts import DependencyFacts

    return context.facts(DependencyFacts)


def entries(context: Context) -> Iterator[tuple[Dependency | Setting, int | None]]:
    """Each package and each option that a file names, with its line."""
    facts = listed(context)
    if facts is not None:
        both: list[Dependency | Setting] = [*facts.dependencies, *facts.settings]
        for entry in both:
            yield entry, entry.line
    else:
        yield from _in_scripts(context)


def dependencies(context: Context) -> Iterator[tuple[Dependency, int | None]]:
    """The packages among the entries."""
    from violet.formats.project.facts import Dependency

    for entry, line in entries(context):
        if isinstance(entry, Dependency):
            yield entry, line


def _in_scripts(context: Context) -> Iterator[tuple[Dependency | Setting, int | None]]:
    if context.node.format is None:
        return
    from violet.formats.project.installs import installs

    for text, line in _scripts(context):
        if "install" in text or " add" in text:
            for entry in installs(text):
                yield entry, line + entry.line - 1


def _scripts(context: Context) -> Iterator[tuple[str, int]]:
    """Shell text and the line at which it starts."""
    from violet.formats.notebook.cells import NotebookFacts
    from violet.formats.shell.commands import ShellFacts

    facts = context.node.parsed.facts
    if isinstance(facts, NotebookFacts):
        for shell in facts.shell:
            yield shell.text, shell.line
        return
    if isinstance(facts, ShellFacts):
        yield facts.document.text, 1
        return
    from violet.formats.project.dockerfile import DockerfileFacts
    from violet.formats.project.pipelines import PipelineFacts

    if isinstance(facts, DockerfileFacts):
        for instruction in facts.of("RUN"):
            yield instruction.command, facts.document.line(instruction.start)
            for heredoc in instruction.heredocs:
                yield heredoc.text, facts.document.line(heredoc.start)
    elif isinstance(facts, PipelineFacts):
        for script in facts.scripts:
            if script.language == "shell":
                yield script.text, script.line


def without_password(text: str) -> str:
    """An address or line as it may be shown."""
    return re.sub(r"//[^/@\s]+@", "//***@", text)[:200]


def host(address: str) -> str:
    """The host of an address, in lower case; ``""`` where there is none."""
    match = re.search(r"://(?:[^/@\s]*@)?(\[[^\]]+\]|[^/:\s'\"]+)", address.lower())
    return match.group(1) if match else ""


def names(found: list[str], most: int = 5) -> str:
    """``a, b and 3 more``."""
    unique = list(dict.fromkeys(found))
    shown = unique[:most]
    rest = len(unique) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")
