"""The decision as GitHub-flavoured Markdown, short enough for a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain.gate import Enforcement, Outcome
from violet.report.gate.words import (
    OUTCOMES,
    VERDICTS,
    described,
    ineffective_line,
    item_line,
    ordered,
    provenance_rows,
    tally,
    waiver_line,
)
from violet.report.markdown import code, escape
from violet.report.visible import shortened, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from violet.domain.gate import RequirementResult
    from violet.report.gate import GateView

_LONGEST = 60_000
_LONGEST_TABLE = 25_000
_TEXT = 400


def render(view: GateView) -> str:
    decision = view.decision
    where = f" for {escape(decision.environment)}" if decision.environment else ""
    lines = [f"## Violet gate: {VERDICTS[decision.verdict]}{where}", ""]
    lines += [f"{code(decision.path)}: {tally(decision)}.", ""]
    lines += [f"- {_clip(reason)}" for reason in decision.reasons[:20]]
    lines += [""] if decision.reasons else []
    if decision.results:
        lines += ["| outcome | requirement | what it asks |", "|---|---|---|"]
        lines += _table(ordered(decision))
        lines.append("")
    room = _LONGEST - sum(len(text) + 1 for text in lines)
    for result in ordered(decision):
        made = [] if result.outcome is Outcome.MET else _detail(result)
        room -= sum(len(text) + 1 for text in made)
        if room < 8_000:
            lines += ["**More is not shown here**: see the full report.", ""]
            break
        lines += made
    lines += _folded("Waived", [waiver_line(waiver) for waiver in decision.waivers])
    lines += _folded("Waivers that do not count", [ineffective_line(entry) for entry in decision.ineffective])
    lines += _folded("Not believed", [f"{entry.code}: {entry.reason}" for entry in decision.refused])
    lines += _folded("Notes", list(decision.warnings))
    lines += [f"{name}: {code(shortened(value, 2000))}  " for name, value in provenance_rows(decision)]
    return "\n".join(lines).rstrip() + "\n"


def _table(results: Sequence[RequirementResult]) -> list[str]:
    rows: list[str] = []
    room = _LONGEST_TABLE
    for number, result in enumerate(results):
        row = _row(result)
        room -= len(row) + 1
        if room < 0:
            return [*rows, f"| | | and {len(results) - number:,} more |"]
        rows.append(row)
    return rows


def _row(result: RequirementResult) -> str:
    word = OUTCOMES[result.outcome]
    if not result.passed:
        word = f"**{word}**" if result.requirement.enforcement is Enforcement.DENY else f"{word} (warns)"
    return f"| {word} | {code(result.requirement.name)} | {_clip(described(result))} |"


def _detail(result: RequirementResult) -> list[str]:
    lines = [f"### {code(result.requirement.name)}: {OUTCOMES[result.outcome]}", "", _clip(result.reason), ""]
    lines += [f"- {code(shortened(detail, _TEXT))}" for detail in result.details]
    lines += [f"- Serves: {_clip('; '.join(result.requirement.references))}"] if result.requirement.references else []
    lines += [f"- Evidence: {_clip(item_line(item))}" for item in result.evidence[:3]]
    for name, value in (("Again", result.reproduce), ("Fix", result.fix)):
        lines += [f"- {name}: {code(shortened(value, _TEXT))}"] if value else []
    return [*lines, ""]


def _folded(title: str, texts: list[str]) -> list[str]:
    if not texts:
        return []
    lines = [f"<details><summary>{title}: {len(texts):,}</summary>", ""]
    lines += [f"- {_clip(text)}" for text in texts[:20]]
    lines += [f"- and {len(texts) - 20:,} more"] if len(texts) > 20 else []
    return [*lines, "", "</details>", ""]


def _clip(text: str) -> str:
    return escape(shortened(visible(text), _TEXT))
