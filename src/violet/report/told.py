"""What the reports about one model share: tables with a sentence before and after, findings, what could not be looked
at, and the end with the verdict and what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.report.layout import BLANK, Line, Span, cells, line, wrapped
from violet.report.markdown import code, escape
from violet.report.visible import shortened, visible

if TYPE_CHECKING:
    from violet.domain import Finding
    from violet.report import View

_MARGIN = 2
_BAR = 10
_TEXT = 400
_LONGEST = 60_000
"""Characters of Markdown: what a comment on a pull request may have."""


@dataclass(frozen=True, slots=True)
class Section:
    """A table with a sentence before and after it; ``id`` is for links. ``numbers`` are the columns that hold figures,
    ``rates`` those that hold a share with its interval, ``spare`` those to leave out where there is no room, the first
    one first. Of each row (empty: of none), ``styles`` colour the first cell, and ``bars``, numbers between -1 and 1,
    are drawn."""

    id: str
    title: str
    lead: str = ""
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    after: str = ""
    numbers: tuple[int, ...] = ()
    styles: tuple[str, ...] = ()
    spare: tuple[int, ...] = ()
    rates: tuple[int, ...] = ()
    bars: tuple[float, ...] = ()


def section_lines(section: Section, width: int) -> list[Line]:
    """One section for a terminal."""
    lines: list[Line] = [line(section.title, "heading"), *wrapped(section.lead, width, "dim", _MARGIN)]
    if section.rows:
        lines += _table(section, width)
    if section.after:
        lines += wrapped(section.after, width, "", _MARGIN)
    return [*lines, BLANK]


def _table(section: Section, width: int) -> list[Line]:
    """Columns as wide as what stands in them; empty ones are left out, and those that can be spared where there is no
    room."""
    head, rows = section.header, section.rows
    wide = [max(cells(row[at]) for row in (head, *rows)) for at in range(len(head))]
    keep = [at for at in range(len(head)) if any(row[at] for row in rows)]
    indent = _MARGIN + (_BAR + 1 if section.bars else 0)
    for spared in section.spare:
        if indent + sum(wide[at] + 2 for at in keep) - 2 > width and spared in keep:
            keep.remove(spared)

    def laid(row: Sequence[str]) -> str:
        texts = []
        for at in keep:
            room = " " * (wide[at] - cells(row[at]))
            texts.append(room + row[at] if at in section.numbers else row[at] + room)
        return "  ".join(texts).rstrip()

    lines: list[Line] = [line(" " * indent + laid(head), "dim")]
    for place, row in enumerate(rows):
        spans = [Span(" " * _MARGIN)]
        if section.bars:
            value = section.bars[place]
            spans += [Span(_bar(value), "code" if value >= 0 else "evidence"), Span(" ")]
        text, first = laid(row), 0
        if section.styles and 0 in keep:
            first = len(row[0])
            spans.append(Span(text[:first], section.styles[place]))
        lines.append((*spans, Span(text[first:])))
    return lines


def _bar(value: float) -> str:
    filled = min(_BAR, max(round(abs(value) * _BAR), 0))
    return ("█" if value >= 0 else "▒") * filled + " " * (_BAR - filled)


def cut(text: str, most: int) -> str:
    """For a cell of a terminal's table."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def restriction_lines(restrictions: Iterable[str], width: int) -> list[Line]:
    """What could not be looked at, for a terminal; nothing where there is none."""
    said = [part for text in restrictions for part in wrapped(visible(text), width, "", _MARGIN)]
    return [line("Restrictions", "heading"), *said, BLANK] if said else []


def finding_lines(finding: Finding, width: int) -> list[Line]:
    """One finding for a terminal: severity and rule, then what, evidence and fix."""
    severity = str(finding.severity)
    lines: list[Line] = [(Span(severity, severity), Span("  "), Span(visible(finding.rule), "bold"))]
    lines += wrapped(visible(finding.message), width, "", _MARGIN)
    if finding.evidence:
        lines += wrapped(visible(finding.evidence), width, "evidence", _MARGIN)
    lines += wrapped(f"Fix: {visible(finding.fix)}", width, "fix", _MARGIN)
    return [*lines, BLANK]


def ending_lines(view: View, provenance: Iterable[tuple[str, str]], width: int) -> list[Line]:
    """The verdict with its reasons, then names and values of ``provenance`` that are not empty."""
    verdict = view.decision.verdict.value
    lines: list[Line] = [(Span(verdict.upper(), verdict), Span(f": {counted(view)}", "bold"))]
    for reason in view.decision.reasons:
        lines += wrapped(visible(reason), width, "", _MARGIN)
    for name, value in provenance:
        if value:
            lines.append((Span(f"{name}: ", "dim"), Span(value)))
    return lines


def finding_items(view: View) -> list[str]:
    """Verdict and findings as Markdown."""
    lines = [f"**{view.decision.verdict.value}**: {counted(view)}", ""]
    for finding in view.report.findings:
        lines.append(
            f"- **{finding.severity}** {code(finding.rule)}: {clipped(finding.message)} {clipped(finding.fix)}"
        )
    return [*lines, ""] if view.report.findings else lines


def markdown_page(
    lines: Sequence[str],
    sections: Iterable[Sequence[str]],
    restrictions: Iterable[str],
    provenance: Iterable[tuple[str, str]],
) -> str:
    """``lines`` first, then as many sections as there is room for, then restrictions and provenance."""
    tail = [f"- {clipped(text)}" for text in restrictions]
    tail = ["### Restrictions", "", *tail, ""] if tail else []
    tail += [f"{name}: {code(shortened(value, 2000))}  " for name, value in provenance if value]
    room = _LONGEST - sum(len(text) + 1 for text in (*lines, *tail))
    shown = [*lines]
    for section in sections:
        room -= sum(len(text) + 1 for text in section)
        if room < 0:
            shown += ["**More is not shown here**: see the full report.", ""]
            break
        shown += section
    return "\n".join([*shown, *tail]).rstrip() + "\n"


def cell(text: str) -> str:
    """For a table in Markdown."""
    return escape(shortened(text, 120)) if text else ""


def counted(view: View) -> str:
    """As in "2 findings"."""
    count = len(view.report.findings)
    return f"{count:,} finding{'' if count == 1 else 's'}"


def clipped(text: str) -> str:
    """Text that Markdown shows as it is, cut where it is long."""
    return escape(shortened(visible(text), _TEXT))
