"""The comparison as GitHub-flavoured Markdown, short enough for a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.report.drift.words import facts, headline, provenance, sections
from violet.report.markdown import escape
from violet.report.told import Section, cell, clipped, finding_items, markdown_page
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.drift import Drift
    from violet.report import View


def render(drift: Drift, view: View) -> str:
    lines = [f"## {escape(headline(drift))}", "", escape(visible(drift.summary)), ""]
    lines += [f"- {name}: {clipped(value)}" for name, value in facts(drift)]
    lines += ["", *finding_items(view)]
    made = (_section(section) for section in sections(drift))
    return markdown_page(lines, made, drift.restrictions, provenance(drift))


def _section(section: Section) -> list[str]:
    lines = [f"### {escape(section.title)}", "", escape(section.lead), ""]
    keep = [at for at in range(len(section.header)) if any(row[at] for row in section.rows)]
    if keep:
        rule = "".join("|---:" if at in section.numbers else "|---" for at in keep)
        lines += [f"| {' | '.join(section.header[at] for at in keep)} |", f"{rule}|"]
        lines += [f"| {' | '.join(cell(row[at]) for at in keep)} |" for row in section.rows]
        lines.append("")
    return [*lines, escape(section.after), ""] if section.after else lines
