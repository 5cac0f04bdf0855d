"""The comparison for a terminal: the sentence first, then every table, findings, and the verdict last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from violet.domain.drift import Change
from violet.report.drift.words import STYLES, facts, headline, provenance, sections
from violet.report.layout import BLANK, Line, columns, line, printed, wrapped
from violet.report.told import cut, ending_lines, finding_lines, restriction_lines, section_lines
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.drift import Drift
    from violet.report import View

_MARGIN = 2
_CELL = 34


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
        rows = tuple(tuple(cut(cell, _CELL) for cell in row) for row in section.rows)
        lines += section_lines(replace(section, rows=rows), width)
    lines += restriction_lines(drift.restrictions, width)
    for finding in view.report.findings:
        lines += finding_lines(finding, width)
    return lines + ending_lines(view, provenance(drift), width)
