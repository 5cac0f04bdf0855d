"""The cells of a notebook: Python split from magics and shell lines, outputs searched for active content.

Source: nbformat's schema (versions 3 and 4) and IPython's input transformations.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from violet.formats.base import Defect, Parsed, Reading
from violet.formats.json_text.reader import JsonFacts, parse
from violet.formats.python_source.acts import Act
from violet.formats.python_source.loading import UnsafeCall, kinds_of, moved
from violet.formats.shell.commands import Command, hostile_commands
from violet.formats.source import Source
from violet.formats.text.document import Document, read_document, unexamined_parts

if TYPE_CHECKING:
    from violet.formats.project.pins import Pin

MOST_CELLS = 20_000
CODE_AT_MOST = 4 << 20


@dataclass(frozen=True, slots=True)
class ShellLine:
    """A line that a notebook gives to a shell, in cell ``cell`` (from 1), line ``line`` of that cell."""

    cell: int
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class ActiveOutput:
    """Script in a stored output or in a Markdown cell: ``kind`` is ``script``, ``handler``, ``frame`` or
    ``javascript``; ``stored`` says that it is in an output."""

    cell: int
    kind: str
    text: str
    stored: bool


@dataclass(slots=True)
class NotebookFacts:
    document: Document
    acts: list[tuple[int, Act]] = field(default_factory=list)
    shell: list[ShellLine] = field(default_factory=list)
    hostile: list[tuple[ShellLine, Command]] = field(default_factory=list)
    active: list[ActiveOutput] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)
    language: str = "python"
    loads: list[tuple[int, UnsafeCall]] = field(default_factory=list)
    """Calls that load unsafely, each with its cell; lines are those of the cell, positions mean nothing."""
    pins: tuple[Pin, ...] = ()


def read(source: Source, reading: Reading) -> Parsed:
    document = read_document(source, reading)
    facts = NotebookFacts(document)
    parsed = Parsed(facts=facts, unexamined=unexamined_parts(document))
    values = JsonFacts(document)
    parse(values, source)
    notebook = values.value
    if document.size > 32 << 20:
        parsed.unexamined.append("a notebook of more than 32 MiB")
        return parsed
    if not isinstance(notebook, dict):
        parsed.defects.append(Defect("malformed", f"is not a notebook: {values.problem or 'no object'}", key="json"))
        parsed.unexamined.append("the cells of a notebook that is not valid JSON")
        return parsed
    facts.language = _language(notebook)
    _cells(facts, _cells_of(notebook), parsed)
    if facts.loads:
        from violet.formats.project.pins import pins_for

        facts.pins = pins_for(kinds_of(call for _, call in facts.loads), reading)
    return parsed


def _language(notebook: dict[str, object]) -> str:
    metadata = notebook.get("metadata")
    for key, inner in (("kernelspec", "language"), ("language_info", "name")):
        part = metadata.get(key) if isinstance(metadata, dict) else None
        if isinstance(part, dict) and isinstance(part.get(inner), str):
            return str(part[inner]).lower()
    return "python"


def _cells_of(notebook: dict[str, object]) -> list[dict[str, object]]:
    """Cells of nbformat 4, and of the worksheets of nbformat 3."""
    found: list[object] = []
    cells = notebook.get("cells")
    if isinstance(cells, list):
        found.extend(cells)
    worksheets = notebook.get("worksheets")
    if isinstance(worksheets, list):
        for sheet in worksheets[:100]:
            inner = sheet.get("cells") if isinstance(sheet, dict) else None
            if isinstance(inner, list):
                found.extend(inner)
    return [cell for cell in found[:MOST_CELLS] if isinstance(cell, dict)]


def _text(value: object) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _cells(facts: NotebookFacts, cells: list[dict[str, object]], parsed: Parsed) -> None:
    left = CODE_AT_MOST
    code: list[tuple[int, str]] = []
    for number, cell in enumerate(cells, 1):
        source = _text(cell.get("source")) or _text(cell.get("input"))
        left -= len(source)
        if left < 0:
            parsed.unexamined.append(f"cells from number {number} on")
            break
        if cell.get("cell_type") == "code":
            code.append((number, source))
            if _is_hidden(cell) and source.strip():
                facts.hidden.append(number)
        elif "<" in source:
            facts.active.extend(_active(number, source, stored=False))
        _outputs(facts, number, cell.get("outputs"))
    if facts.language in ("python", "ipython", "python3", "python2", ""):
        _analyse(facts, code)
    elif code:
        facts.shell.extend(_bash_lines(facts, code))
        if facts.language != "bash":
            parsed.unexamined.append(f"the code of a notebook in {facts.language[:40]}")
    for line in facts.shell:
        for command in hostile_commands(line.text):
            facts.hostile.append((line, command))


def _bash_lines(facts: NotebookFacts, code: list[tuple[int, str]]) -> list[ShellLine]:
    return [ShellLine(number, 1, source) for number, source in code] if facts.language == "bash" else []


def _is_hidden(cell: dict[str, object]) -> bool:
    metadata = cell.get("metadata")
    if not isinstance(metadata, dict):
        return False
    jupyter = metadata.get("jupyter")
    tags = metadata.get("tags")
    return (isinstance(jupyter, dict) and jupyter.get("source_hidden") is True) or (
        isinstance(tags, list) and any(tag in ("hide-input", "hide_input", "remove-input", "hide-cell") for tag in tags)
    )


def _analyse(facts: NotebookFacts, code: list[tuple[int, str]]) -> None:
    """All cells as one module, so that names of one cell are known in the next; lines map back to cells."""
    from violet.formats.python_source.reader import analyse

    plain: list[tuple[int, str]] = []
    for number, source in code:
        python = _split_magics(facts, number, source)
        if not _parses(python) and python.strip():
            analysis = analyse(python)
            facts.problems.append((number, analysis.problem or "cannot be parsed"))
            facts.acts.extend((number, act) for act in analysis.acts)
            facts.loads.extend((number, call) for call in analysis.loads)
        else:
            plain.append((number, python))
    starts: list[tuple[int, int]] = []
    lines = 0
    for number, python in plain:
        starts.append((lines, number))
        lines += python.count("\n") + 1
    analysis = analyse("\n".join(python for _, python in plain))
    for act in analysis.acts:
        start, number = max((s for s in starts if s[0] < act.line), default=(0, 1))
        facts.acts.append((number, Act(act.kind, act.call, act.line - start, act.when, act.detail)))
    for call in analysis.loads:
        start, number = max((s for s in starts if s[0] < call.line), default=(0, 1))
        facts.loads.append((number, moved(call, start)))
    facts.acts.sort(key=lambda item: (item[0], item[1].line))


def _parses(python: str) -> bool:
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(python)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


@cache
def _assigned() -> re.Pattern[str]:
    return re.compile(r"^(\s*)([\w\s,.\[\]'\"]+=\s*)(!|%)(.*)$")


_SHELL_CELLS = ("%%bash", "%%sh", "%%script", "%%system", "%%sx", "%%cmd", "%%!")
_SHELL_MAGICS = ("%system ", "%sx ", "%sc ", "!!", "!")


def _split_magics(facts: NotebookFacts, number: int, source: str) -> str:
    """The Python of a cell with magics emptied; what they give to a shell is kept in ``facts.shell``."""
    stripped = source.lstrip()
    if stripped.startswith("%%"):
        first, _, rest = stripped.partition("\n")
        name = first.split()[0]
        if name in _SHELL_CELLS or name == "%%perl" or name == "%%ruby":
            facts.shell.append(ShellLine(number, 1, f"{first[len(name) :].strip()}\n{rest}"))
            return ""
        if name in ("%%time", "%%timeit", "%%capture", "%%prun", "%%python", "%%python3", "%%pypy", "%%memit"):
            return f"\n{rest}"
        return ""
    lines = source.split("\n")
    for index, line in enumerate(lines):
        lines[index] = _python_of(facts, number, index + 1, line)
    return "\n".join(lines)


def _python_of(facts: NotebookFacts, cell: int, number: int, line: str) -> str:
    stripped = line.strip()
    indent = line[: len(line) - len(line.lstrip())]
    if stripped.startswith(("!", "%system ", "%sx ", "%sc ")):
        for prefix in _SHELL_MAGICS:
            if stripped.startswith(prefix):
                facts.shell.append(ShellLine(cell, number, stripped[len(prefix) :].strip()))
                break
        return f"{indent}pass"
    if stripped.startswith(("%pip ", "%conda ")):
        facts.shell.append(ShellLine(cell, number, stripped[1:]))
        return f"{indent}pass"
    if stripped.startswith("%"):
        return f"{indent}pass"
    if stripped.endswith("?") or (stripped.startswith("?") and len(stripped) > 1):
        return f"{indent}pass"
    match = _assigned().match(line) if "!" in line or "%" in line else None
    if match is not None and "==" not in match.group(2):
        if match.group(3) == "!":
            facts.shell.append(ShellLine(cell, number, match.group(4).strip()))
        elif match.group(4).startswith(("sx ", "system ")):
            facts.shell.append(ShellLine(cell, number, match.group(4).partition(" ")[2]))
        return f"{match.group(1)}{match.group(2)}None"
    return line


@cache
def _scripts() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return (
        ("script", re.compile(r"<script\b[^>]{0,400}>[\s\S]{0,4000}", re.IGNORECASE)),
        (
            "handler",
            re.compile(r"<[a-z][^>]{0,400}\son(?:error|load|click|mouseover|focus)\s*=[^>]{0,200}", re.IGNORECASE),
        ),
        ("frame", re.compile(r"<(?:iframe|object|embed)\b[^>]{0,400}>", re.IGNORECASE)),
        ("javascript", re.compile(r"(?:href|src)\s*=\s*[\"']?\s*javascript:[^\"'>]{0,200}", re.IGNORECASE)),
    )


def _active(cell: int, text: str, *, stored: bool) -> list[ActiveOutput]:
    found = []
    for kind, pattern in _scripts():
        match = pattern.search(text)
        if match is not None:
            found.append(ActiveOutput(cell, kind, " ".join(match.group(0).split()), stored))
    return found


def _outputs(facts: NotebookFacts, number: int, outputs: object) -> None:
    if not isinstance(outputs, list):
        return
    for output in outputs[:1_000]:
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        parts = data if isinstance(data, dict) else output
        for key, value in parts.items():
            if not isinstance(key, str):
                continue
            if key in ("application/javascript", "javascript"):
                text = _text(value)
                if text.strip():
                    facts.active.append(ActiveOutput(number, "javascript", " ".join(text.split())[:4_000], True))
            elif key in ("text/html", "html", "image/svg+xml", "svg", "text/markdown"):
                text = _text(value)
                if "<" in text:
                    facts.active.extend(_active(number, text[: 1 << 20], stored=True))
