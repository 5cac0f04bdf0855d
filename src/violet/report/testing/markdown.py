"""The test as GitHub-flavoured Markdown, short enough for a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain import Verdict
from violet.report.markdown import code, escape
from violet.report.testing import words
from violet.report.visible import shortened, visible

if TYPE_CHECKING:
    from violet.domain.robustness import EvasionTest, WorstCase
    from violet.report import View
    from violet.report.told import Section

# GitHub refuses comments of more than 65,536 characters.
_LONGEST = 60_000
_ROWS = 12
_LISTED = 20
_TEXT = 500
_WORDS = {Verdict.ALLOW: "allowed", Verdict.WARN: "allowed with warnings", Verdict.DENY: "denied"}
_OPEN = frozenset({"attacks", "groups"})
"""Sections that are not folded."""


def render(test: EvasionTest, view: View) -> str:
    lines = [f"## {_clip(words.title(test))}: {_WORDS[view.decision.verdict]}", ""]
    lines += _headline(test)
    lines += [f"- {_clip(reason)}" for reason in view.decision.reasons[:_LISTED]]
    lines += [""] if view.decision.reasons else []
    lines += [escape(shortened(words.plain(test), 2000)), ""]
    lines += _findings(view)
    tail = _tail(test, view)
    room = _LONGEST - sum(len(text) + 1 for text in (*lines, *tail))
    for made in (*map(_section, words.sections(test, brief=True)), _worst(test)):
        room -= sum(len(text) + 1 for text in made)
        if room < 0:
            lines += ["**More is not shown here**: see the full report.", ""]
            break
        lines += made
    return "\n".join([*lines, *tail]).rstrip() + "\n"


def _headline(test: EvasionTest) -> list[str]:
    """The reasons that withhold the figure stand before every figure."""
    lines: list[str] = []
    reasons = words.withheld(test)
    if reasons:
        lines += ["**Robust accuracy is withheld:**", ""]
        lines += [*(f"- {_clip(reason)}" for reason in reasons[:_LISTED]), ""]
    if words.partial(test):
        lines += [f"**{escape(words.partial(test))}**", ""]
    lines += ["| | | 95 % interval |", "|---|--:|---|"]
    for figure in words.figures(test):
        detail = _cell(f"{figure.detail}: {figure.about}")
        lines.append(f"| {_cell(figure.name)} | **{_cell(figure.value)}** | {detail} |")
    return [*lines, ""]


def _findings(view: View) -> list[str]:
    findings = view.report.findings
    lines = [
        f"- **{finding.severity}** {code(shortened(finding.rule, 100))}: {_cell(visible(finding.message))}"
        f" Fix: {_clip(finding.fix)}"
        for finding in findings[:_LISTED]
    ]
    left = len(findings) - _LISTED
    lines += [f"- and {left:,} more findings"] if left > 0 else []
    return [*lines, ""] if lines else []


def _section(section: Section) -> list[str]:
    """A table, folded where it is not of the first to be read."""
    folded = section.id not in _OPEN and "deny" not in section.styles
    title = escape(section.title)
    lines = [f"<details><summary>{title}</summary>" if folded else f"### {title}", "", escape(section.lead), ""]
    lines.append(f"| {' | '.join(section.header)} |")
    lines.append("|" + "|".join("--:" if at in section.numbers else "---" for at in range(len(section.header))) + "|")
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in section.rows[:_ROWS]]
    left = len(section.rows) - _ROWS
    lines += ["", f"and {left:,} more"] if left > 0 else []
    lines += ["", _clip(section.after)] if section.after else []
    return [*lines, "", *(["</details>", ""] if folded else [])]


def _worst(test: EvasionTest) -> list[str]:
    if not test.worst:
        return []
    lines = ["<details><summary>Worst cases</summary>", ""]
    for case in test.worst:
        lines.append(f"- {_clip(words.worst_case(case, test.threat.norm))}")
        lines += _changes(case)
    return [*lines, "", "</details>", ""]


def _changes(case: WorstCase) -> list[str]:
    rows, left = words.change_rows(case)
    lines = [f"  - {_cell(feature)}: {_cell(before)} → {_cell(after)}" for feature, before, after in rows]
    return [*lines, f"  - and {left:,} more"] if left else lines


def _tail(test: EvasionTest, view: View) -> list[str]:
    lines: list[str] = []
    restrictions = words.restrictions(test)
    if restrictions:
        lines += ["### Restrictions", "", *(f"- {_clip(text)}" for text in restrictions[:_LISTED]), ""]
    lines += ["<details><summary>How this was measured</summary>", ""]
    lines += [f"- {name}: {_clip(value)}" for name, value in words.provenance(test)]
    lines += ["", "</details>", ""]
    again = view.command_line or test.command
    return [*lines, f"Again: {code(shortened(visible(again), 2000))}"] if again else lines


def _cell(text: str) -> str:
    """Text within a line: what would begin a list at its start needs no escape."""
    return escape(f"a{shortened(text, 200)}")[1:] if text else ""


def _clip(text: str) -> str:
    return escape(shortened(visible(text), _TEXT))
