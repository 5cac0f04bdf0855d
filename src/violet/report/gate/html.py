"""The decision as one self-contained page: no script, nothing fetched. Every value is escaped by the template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from violet.report.gate.words import (
    OUTCOMES,
    VERDICTS,
    described,
    ineffective_line,
    item_line,
    ordered,
    provenance_rows,
    style,
    tally,
    waiver_line,
)
from violet.report.html import style_and_digest, template
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.gate import RequirementResult
    from violet.report.gate import GateView

_BADGES = {"allow": "info", "warn": "medium", "deny": "critical"}
"""Which colour of the style sheet stands for what."""


def render(view: GateView) -> str:
    decision = view.decision
    sheet, digest = style_and_digest("report.css")
    lists = (
        ("Waived", "These are accepted for a time. The decision rests on them.", map(waiver_line, decision.waivers)),
        ("Waivers that do not count", "They change nothing.", map(ineffective_line, decision.ineffective)),
        (
            "Not believed",
            "Signed statements that the gate refused.",
            (visible(f"{entry.code}: {entry.reason} {entry.fix}") for entry in decision.refused),
        ),
        ("Evidence", "What the decision rests on.", map(item_line, decision.evidence)),
        ("Notes", "What is odd about the policy, and evidence that was passed over.", map(visible, decision.warnings)),
    )
    page: str = template("gate.html").render(
        style=sheet,
        style_digest=digest,
        title="Violet gate",
        version=visible(decision.version),
        verdict=decision.verdict.value,
        verdict_words=_capital(VERDICTS[decision.verdict]),
        model=visible(decision.path),
        environment=visible(decision.environment),
        reasons=[f"{_capital(tally(decision))}.", *map(visible, decision.reasons)],
        requirements=[_requirement(result) for result in ordered(decision)],
        lists=[(heading, lead, list(texts)) for heading, lead, texts in lists],
        rows=provenance_rows(decision),
        exit_code=decision.exit_code,
    )
    return page.rstrip("\n") + "\n"


def _requirement(result: RequirementResult) -> dict[str, Any]:
    return {
        "name": visible(result.requirement.name),
        "badge": _BADGES[style(result)],
        "outcome": OUTCOMES[result.outcome],
        "asks": described(result),
        "expression": visible(result.requirement.expression),
        "met": result.passed and result.outcome.value == "met",
        "warns": result.requirement.enforcement.value == "warn",
        "reason": visible(result.reason),
        "details": [visible(detail) for detail in result.details],
        "references": [visible(text) for text in result.requirement.references],
        "evidence": [item_line(item) for item in result.evidence],
        "reproduce": visible(result.reproduce),
        "fix": visible(result.fix),
    }


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
