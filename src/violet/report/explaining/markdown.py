"""The explanation as GitHub-flavoured Markdown, short enough for a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.report.explaining.words import facts, headline, provenance, sections
from violet.report.markdown import escape
from violet.report.told import Section, cell, clipped, finding_items, markdown_page
from violet.report.visible import shortened, visible

if TYPE_CHECKING:
    from violet.domain.explanation import Explanation
    from violet.report import View

_ROWS = 8


def render(explanation: Explanation, view: View) -> str:
    lines = [f"## {escape(headline(explanation))}", ""]
    lines += [f"- {name}: {clipped(value)}" for name, value in facts(explanation)]
    lines.append("")
    for text in explanation.plain:
        lines += [f"> {escape(shortened(visible(text), 1000))}", ">"]
    if explanation.plain:
        lines[-1] = ""
    lines += finding_items(view)
    made = (_section(section) for section in sections(explanation))
    return markdown_page(lines, made, explanation.restrictions, provenance(explanation))


def _section(section: Section) -> list[str]:
    folded = section.id.startswith("input-")
    lines = [f"<details><summary>{escape(section.title)}</summary>"] if folded else [f"### {escape(section.title)}"]
    lines += ["", escape(section.lead), ""]
    if section.rows:
        lines += [f"| {' | '.join(section.header)} |", "|---" * len(section.header) + "|"]
        lines += [f"| {' | '.join(map(cell, row))} |" for row in section.rows[:_ROWS]]
        if len(section.rows) > _ROWS:
            lines.append(f"| and {len(section.rows) - _ROWS:,} more |{' |' * (len(section.header) - 1)}")
        lines.append("")
    lines += [escape(section.after), ""] if section.after else []
    return [*lines, "</details>", ""] if folded else lines
