"""The comparison as GitHub-flavoured Markdown, short enough for a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.report.drift.words import Section, facts, headline, provenance, sections
from violet.report.markdown import code, escape
from violet.report.told import clipped, finding_items
from violet.report.visible import shortened, visible

if TYPE_CHECKING:
    from violet.domain.drift import Drift
    from violet.report import View

_LONGEST = 60_000


def render(drift: Drift, view: View) -> str:
    lines = [f"## {escape(headline(drift))}", "", escape(visible(drift.summary)), ""]
    lines += [f"- {name}: {clipped(value)}" for name, value in facts(drift)]
    lines += ["", *finding_items(view)]
    tail = [f"- {clipped(text)}" for text in drift.restrictions]
    tail = ["### Restrictions", "", *tail, ""] if tail else []
    tail += [f"{name}: {code(shortened(value, 2000))}  " for name, value in provenance(drift) if value]
    room = _LONGEST - sum(len(text) + 1 for text in (*lines, *tail))
    for section in sections(drift):
        made = _section(section)
        room -= sum(len(text) + 1 for text in made)
        if room < 0:
            lines += ["**More is not shown here**: see the full report.", ""]
            break
        lines += made
    return "\n".join([*lines, *tail]).rstrip() + "\n"


def _section(section: Section) -> list[str]:
    lines = [f"### {escape(section.title)}", "", escape(section.lead), ""]
    keep = [at for at in range(len(section.header)) if any(row[at] for row in section.rows)]
    if keep:
        rule = "".join("|---:" if at in section.numbers else "|---" for at in keep)
        lines += [f"| {' | '.join(section.header[at] for at in keep)} |", f"{rule}|"]
        lines += [f"| {' | '.join(_cell(row[at]) for at in keep)} |" for row in section.rows]
        lines.append("")
    return [*lines, escape(section.after), ""] if section.after else lines


def _cell(text: str) -> str:
    return escape(shortened(text, 120)) if text else ""
