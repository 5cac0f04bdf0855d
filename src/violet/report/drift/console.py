"""The comparison for a terminal: the sentence first, then every table, findings, and the verdict last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain.drift import Change
from violet.report.drift.words import STYLES, Section, facts, headline, provenance, sections
from violet.report.layout import BLANK, Line, Span, cells, columns, line, printed, wrapped
from violet.report.told import ending_lines, finding_lines
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.drift import Drift
    from violet.report import View

_MARGIN = 2
_NAME = 34


def render(drift: Drift, view: View) -> str:
    return printed(lay_out(drift, view), color=view.color)


def lay_out(drift: Drift, view: View) -> list[Line]:
    width = columns(view.width)
    lines: list[Line] = [line(headline(drift), "heading")]
    for name, value in facts(drift):
        lines += wrapped(f"{name}: {value}", width, "dim", _MARGIN)
    style = STYLES[drift.change] if drift.change is not Change.UNCOMPARED else "warn"
    lines += [BLANK, *wrapped(visible(drift.summary), width, style), BLANK]
    for section in sections(drift):
        lines += _section(section, width)
    if drift.restrictions:
        lines.append(line("Restrictions", "heading"))
        for text in drift.restrictions:
            lines += wrapped(visible(text), width, "", _MARGIN)
        lines.append(BLANK)
    for finding in view.report.findings:
        lines += finding_lines(finding, width)
    return lines + ending_lines(view, provenance(drift), width)


def _section(section: Section, width: int) -> list[Line]:
    lines: list[Line] = [line(section.title, "heading"), *wrapped(section.lead, width, "dim", _MARGIN)]
    if section.rows:
        lines += _table(section, width)
    if section.after:
        lines += wrapped(section.after, width, "", _MARGIN)
    return [*lines, BLANK]


def _table(section: Section, width: int) -> list[Line]:
    """Columns as wide as what stands in them; empty ones are left out, and those that can be spared where there is no
    room."""
    rows = [tuple(_cut(cell) for cell in row) for row in section.rows]
    head = section.header
    wide = [max(cells(row[at]) for row in (head, *rows)) for at in range(len(head))]
    keep = [at for at in range(len(head)) if any(row[at] for row in rows)]
    for spared in section.spare:
        if _MARGIN + sum(wide[at] + 2 for at in keep) - 2 > width and spared in keep:
            keep.remove(spared)
    right = set(section.numbers)
    titles = "  ".join(_padded(head[at], wide[at], at in right) for at in keep).rstrip()
    lines: list[Line] = [line(" " * _MARGIN + titles, "dim")]
    for place, row in enumerate(rows):
        style = section.styles[place] if section.styles else ""
        spans = [Span(" " * _MARGIN)]
        for at in keep:
            text = _padded(row[at], wide[at], at in right) + "  "
            spans.append(Span(text, style if at == 0 else ""))
        last = spans.pop()
        lines.append((*spans, Span(last.text.rstrip(), last.style)))
    return lines


def _padded(text: str, width: int, right: bool) -> str:
    room = " " * (width - cells(text))
    return room + text if right else text + room


def _cut(text: str) -> str:
    return text if len(text) <= _NAME else f"{text[: _NAME - 1]}…"
