"""What the reports about one model share: its findings, and the end with the verdict and what was measured."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from violet.report.layout import BLANK, Line, Span, wrapped
from violet.report.markdown import code, escape
from violet.report.visible import shortened, visible

if TYPE_CHECKING:
    from violet.domain import Finding
    from violet.report import View

_MARGIN = 2
_TEXT = 400


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


def counted(view: View) -> str:
    """As in "2 findings"."""
    count = len(view.report.findings)
    return f"{count:,} finding{'' if count == 1 else 's'}"


def clipped(text: str) -> str:
    """Text that Markdown shows as it is, cut where it is long."""
    return escape(shortened(visible(text), _TEXT))
