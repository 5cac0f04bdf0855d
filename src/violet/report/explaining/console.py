"""The explanation for a terminal: plain language first, then every table with bars, findings and the verdict last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.report.explaining.words import Section, facts, headline, provenance, sections
from violet.report.layout import BLANK, Line, Span, cells, columns, line, printed, wrapped
from violet.report.told import ending_lines, finding_lines
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.explanation import Explanation
    from violet.report import View

_MARGIN = 2
_BAR = 10
_NAME = 38


def render(explanation: Explanation, view: View) -> str:
    return printed(lay_out(explanation, view), color=view.color)


def lay_out(explanation: Explanation, view: View) -> list[Line]:
    width = columns(view.width)
    lines: list[Line] = [line(headline(explanation), "heading")]
    for name, value in facts(explanation):
        lines += wrapped(f"{name}: {value}", width, "dim", _MARGIN)
    lines.append(BLANK)
    if explanation.plain:
        lines.append(line("In plain words", "heading"))
        for text in explanation.plain:
            lines += [*wrapped(visible(text), width, "", _MARGIN), BLANK]
    for section in sections(explanation):
        lines += _section(section, width)
    if explanation.restrictions:
        lines.append(line("Restrictions", "heading"))
        for text in explanation.restrictions:
            lines += wrapped(visible(text), width, "", _MARGIN)
        lines.append(BLANK)
    for finding in view.report.findings:
        lines += finding_lines(finding, width)
    return lines + ending_lines(view, provenance(explanation), width)


def _section(section: Section, width: int) -> list[Line]:
    lines: list[Line] = [line(section.title, "heading"), *wrapped(section.lead, width, "dim", _MARGIN)]
    if section.rows:
        lines += _table(section, width)
    if section.after:
        lines += wrapped(section.after, width, "", _MARGIN)
    return [*lines, BLANK]


def _table(section: Section, width: int) -> list[Line]:
    """Columns as wide as what stands in them, but for the first, which is cut; empty ones are left out, and those that
    can be spared where there is no room."""
    rows = [tuple(_cut(cell, _NAME) if at == 0 else cell for at, cell in enumerate(row)) for row in section.rows]
    head = section.header
    wide = [max(cells(row[at]) for row in (head, *rows)) for at in range(len(head))]
    keep = [at for at in range(len(head)) if any(row[at] for row in rows)]
    indent = _MARGIN + (_BAR + 1 if section.bars else 0)
    for spared in section.spare:
        if indent + sum(wide[at] + 2 for at in keep) - 2 > width and spared in keep:
            keep.remove(spared)
    titles = "  ".join(_padded(head[at], wide[at]) for at in keep).rstrip()
    lines: list[Line] = [line(" " * indent + titles, "dim")]
    for number, row in enumerate(rows):
        text = "  ".join(_padded(row[at], wide[at]) for at in keep).rstrip()
        spans = [Span(" " * _MARGIN)]
        if section.bars:
            value = section.bars[number]
            spans += [Span(_bar(value), "code" if value >= 0 else "evidence"), Span(" ")]
        lines.append((*spans, Span(text)))
    return lines


def _bar(value: float) -> str:
    filled = min(_BAR, max(round(abs(value) * _BAR), 0))
    return ("█" if value >= 0 else "▒") * filled + " " * (_BAR - filled)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cells(text))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
