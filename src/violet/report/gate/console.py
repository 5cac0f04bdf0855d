"""The decision for a terminal: each requirement with its reason, its evidence and a command; the verdict last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain.gate import Outcome
from violet.report.gate.words import (
    OUTCOMES,
    described,
    ineffective_line,
    item_line,
    ordered,
    provenance_rows,
    style,
    tally,
    waiver_line,
)
from violet.report.layout import BLANK, Line, Span, columns, line, printed, wrapped
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.gate import GateDecision, RequirementResult
    from violet.report.gate import GateView

_MARGIN = 2
_BODY = 12
_EVIDENCE_SHOWN = 3


def render(view: GateView) -> str:
    return printed(lay_out(view), color=view.color)


def lay_out(view: GateView) -> list[Line]:
    """The lines of the decision; only paths and commands are longer than the width."""
    width = columns(view.width)
    decision = view.decision
    lines: list[Line] = []
    for result in ordered(decision):
        lines += _requirement(result, width)
    if decision.results:
        lines.append(BLANK)
    lines += _listed("Waived", [waiver_line(waiver) for waiver in decision.waivers], width)
    lines += _listed("Waivers that do not count", [ineffective_line(e) for e in decision.ineffective], width)
    lines += _listed("Not believed", [_refused(r.code, r.reason, r.fix) for r in decision.refused], width)
    lines += _listed("Notes", [visible(text) for text in decision.warnings], width)
    return lines + _ending(decision, width)


def _requirement(result: RequirementResult, width: int) -> list[Line]:
    word = OUTCOMES[result.outcome]
    gap = " " * (_BODY - _MARGIN - len(word))
    title = [Span(" " * _MARGIN), Span(word, style(result)), Span(gap), Span(visible(result.requirement.name), "bold")]
    if str(result.requirement.enforcement) == "warn":
        title.append(Span("  (warns only)", "dim"))
    lines: list[Line] = [tuple(title)]
    if result.outcome is Outcome.MET:
        lines += wrapped(described(result), width, "dim", _BODY)
        return lines + _evidence(result)
    if result.requirement.description:
        lines += wrapped(described(result), width, "dim", _BODY)
    lines += wrapped(visible(result.reason), width, "", _BODY)
    for detail in result.details:
        lines += wrapped(visible(detail), width, "evidence", _BODY + 2)
    if result.requirement.references:
        lines += wrapped("Serves: " + "; ".join(map(visible, result.requirement.references)), width, "dim", _BODY)
    lines += _evidence(result)
    if result.reproduce:
        lines.append(_command("Again: ", result.reproduce, "code"))
    if result.fix:
        lines.append(_command("Fix: ", result.fix, "fix"))
    return lines


def _evidence(result: RequirementResult) -> list[Line]:
    items = [item_line(item) for item in result.evidence]
    lines: list[Line] = [line(f"Evidence: {text}", "dim", _BODY) for text in items[:_EVIDENCE_SHOWN]]
    if len(items) > _EVIDENCE_SHOWN:
        lines.append(line(f"and {len(items) - _EVIDENCE_SHOWN:,} more", "dim", _BODY))
    return lines


def _command(label: str, command: str, look: str) -> Line:
    return (Span(" " * _BODY), Span(label, "dim"), Span(visible(command), look))


def _listed(title: str, texts: list[str], width: int) -> list[Line]:
    if not texts:
        return []
    lines: list[Line] = [line(f"{title}: {len(texts):,}", "heading")]
    for text in texts:
        lines += wrapped(text, width, "", _MARGIN)
    return [*lines, BLANK]


def _refused(code: str, reason: str, fix: str) -> str:
    return visible(" ".join(filter(None, (f"{code}:", reason, fix))))


def _ending(decision: GateDecision, width: int) -> list[Line]:
    verdict = decision.verdict.value
    where = f" for {visible(decision.environment)}" if decision.environment else ""
    head = f"{where}: {tally(decision)}"
    lines: list[Line] = [(Span(verdict.upper(), verdict), Span(head, "bold"))]
    for reason in decision.reasons:
        lines += wrapped(visible(reason), width, "", _MARGIN)
    for name, value in provenance_rows(decision):
        lines.append((Span(f"{name}: ", "dim"), Span(value)))
    return lines
