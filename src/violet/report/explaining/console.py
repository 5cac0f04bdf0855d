"""The explanation for a terminal: plain language first, then every table with bars, findings and the verdict last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from violet.report.explaining.words import facts, headline, provenance, sections
from violet.report.layout import BLANK, Line, columns, line, printed, wrapped
from violet.report.told import cut, ending_lines, finding_lines, restriction_lines, section_lines
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.explanation import Explanation
    from violet.report import View

_MARGIN = 2
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
        rows = tuple((cut(first, _NAME), *rest) for first, *rest in section.rows)
        lines += section_lines(replace(section, rows=rows), width)
    lines += restriction_lines(explanation.restrictions, width)
    for finding in view.report.findings:
        lines += finding_lines(finding, width)
    return lines + ending_lines(view, provenance(explanation), width)
