"""The explanation as GitHub-flavoured Markdown, short enough for a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.report.explaining.words import Section, facts, headline, provenance, sections
from violet.report.markdown import code, escape
from violet.report.told import clipped, finding_items
from violet.report.visible import shortened, visible

if TYPE_CHECKING:
    from violet.domain.explanation import Explanation
    from violet.report import View

_ROWS = 8
_LONGEST = 60_000


def render(explanation: Explanation, view: View) -> str:
    lines = [f"## {escape(headline(explanation))}", ""]
    lines += [f"- {name}: {clipped(value)}" for name, value in facts(explanation)]
    lines.append("")
    for text in explanation.plain:
        lines += [f"> {escape(shortened(visible(text), 1000))}", ">"]
    if explanation.plain:
        lines[-1] = ""
    lines += finding_items(view)
    tail = [f"- {clipped(text)}" for text in explanation.restrictions]
    tail = ["### Restrictions", "", *tail, ""] if tail else []
    tail += [f"{name}: {code(shortened(value, 2000))}  " for name, value in provenance(explanation) if value]
    room = _LONGEST - sum(len(text) + 1 for text in (*lines, *tail))
    for section in sections(explanation):
        made = _section(section)
        room -= sum(len(text) + 1 for text in made)
        if room < 0:
            lines += ["**More is not shown here**: see the full report.", ""]
            break
        lines += made
    return "\n".join([*lines, *tail]).rstrip() + "\n"


def _section(section: Section) -> list[str]:
    folded = section.id.startswith("input-")
    lines = [f"<details><summary>{escape(section.title)}</summary>"] if folded else [f"### {escape(section.title)}"]
    lines += ["", escape(section.lead), ""]
    if section.rows:
        lines += [f"| {' | '.join(section.header)} |", "|---" * len(section.header) + "|"]
        lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in section.rows[:_ROWS]]
        if len(section.rows) > _ROWS:
            lines.append(f"| and {len(section.rows) - _ROWS:,} more |{' |' * (len(section.header) - 1)}")
        lines.append("")
    lines += [escape(section.after), ""] if section.after else []
    return [*lines, "</details>", ""] if folded else lines


def _cell(text: str) -> str:
    return escape(shortened(text, 120)) if text else ""
