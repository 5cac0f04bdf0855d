"""The report for a terminal: findings by file, what was not looked at, one summary line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from violet.domain import Confidence, Failed, Finding, Report, Skipped
from violet.report.layout import BLANK, Line, Span, cells, columns, line, printed, wrapped
from violet.report.model import FileGroup, RuleGroup, by_file, gaps, place, sortable, summary
from violet.report.visible import shortened, visible

if TYPE_CHECKING:
    from violet.report import View

T = TypeVar("T")

_PATHS_SHOWN = 3
_MESSAGES_SHOWN = 4
_EVIDENCE_SHOWN = 3
_EVIDENCE_LENGTH = 240
_FINGERPRINTS_SHOWN = 100
_MARGIN = 2
_BODY = 12


def render(view: View) -> str:
    return printed(lay_out(view), color=view.color)


def lay_out(view: View) -> list[Line]:
    """The lines of the report. Nothing in them is longer than the width but paths and commands, which
    are kept whole so that they can be searched for and copied."""
    width = columns(view.width)
    lines: list[Line] = []
    for group in by_file(view.report.findings, merge=not view.fingerprints):
        lines += [*_file(group, width, view.fingerprints), BLANK]
    lines += _gap_section("Not examined", view.report.skipped, width)
    lines += _gap_section("Failed", view.report.failed, width)
    lines += _accepted(view.report, width)
    return lines + _ending(view, width)


def _file(group: FileGroup, width: int, fingerprints: bool) -> list[Line]:
    shown = group.paths[:_PATHS_SHOWN]
    lines: list[Line] = [line(visible(path), "heading") for path in shown]
    left = len(group.paths) - len(shown)
    if left:
        lines.append(line(f"and {_counted(left, 'more file')}", "heading"))
    if len(group.paths) > 1:
        lines.append(line(f"The same in each of these {len(group.paths):,} files:", "dim", _MARGIN))
    for rule_group in group.groups:
        lines += _rule(rule_group, width)
        if fingerprints:
            lines += _fingerprints(rule_group)
    return lines


def _fingerprints(group: RuleGroup) -> list[Line]:
    """What waivers name, each with what was found, so that it is plain which is which."""
    known: dict[str, str] = {}
    for finding in group.findings:
        known.setdefault(finding.fingerprint, finding.key)
    return [
        line(f"{fingerprint}  {shortened(visible(key), 60)}".rstrip(), "dim", _BODY)
        for fingerprint, key in list(known.items())[:_FINGERPRINTS_SHOWN]
    ]


def _rule(group: RuleGroup, width: int) -> list[Line]:
    severity = str(group.severity)
    title = [Span(" " * _MARGIN), Span(severity, severity), Span(" " * (_BODY - _MARGIN - len(severity)))]
    title.append(Span(visible(group.rule), "bold"))
    if len(group.findings) > 1:
        title.append(Span(f"  {len(group.findings):,} findings", "dim"))
    lines: list[Line] = [tuple(title)]
    by_message: dict[str, list[Finding]] = {}
    for finding in group.findings:
        by_message.setdefault(finding.message, []).append(finding)
    for message in list(by_message)[:_MESSAGES_SHOWN]:
        lines += _message(message, by_message[message], width)
    left = sum(len(findings) for findings in list(by_message.values())[_MESSAGES_SHOWN:])
    if left:
        lines += wrapped(f"and {left:,} more of this rule", width, "dim", _BODY)
    techniques = _distinct(name for finding in group.findings for name in finding.techniques)
    if techniques:
        lines += wrapped(f"ATLAS: {', '.join(map(visible, techniques))}", width, "dim", _BODY)
    for fix in _distinct(finding.fix for finding in group.findings if finding.fix)[:_EVIDENCE_SHOWN]:
        lines += wrapped(f"Fix: {visible(fix)}", width, "fix", _BODY)
    return lines


def _message(message: str, findings: Sequence[Finding], width: int) -> list[Line]:
    lines = wrapped(visible(message) + _doubt(findings), width, "", _BODY) if message else []
    distinct = _distinct((finding.evidence, place(finding.location)) for finding in findings)
    seen = [entry for entry in distinct if any(entry)]
    for evidence, where in seen[:_EVIDENCE_SHOWN]:
        lines += _sight(evidence, where, width)
    left = len(seen) - _EVIDENCE_SHOWN
    if left > 0:
        lines.append(line(f"and {left:,} more", "dim", _BODY + 2))
    return lines


def _sight(evidence: str, where: str, width: int) -> list[Line]:
    """What was seen, and where: beside the evidence if that leaves room for it, else below."""
    indent = _BODY + 2
    lines = wrapped(shortened(visible(evidence), _EVIDENCE_LENGTH), width, "evidence", indent) if evidence else []
    if not where:
        return lines
    if lines and sum(cells(span.text) for span in lines[-1]) + 2 + len(where) <= width:
        return [*lines[:-1], (*lines[-1], Span(f"  {where}", "dim"))]
    return [*lines, line(where, "dim", indent)]


def _doubt(findings: Iterable[Finding]) -> str:
    confidence = max(finding.confidence for finding in findings)
    return "" if confidence is Confidence.HIGH else f" ({confidence} confidence)"


def _gap_section(title: str, outcomes: Sequence[Skipped | Failed], width: int) -> list[Line]:
    if not outcomes:
        return []
    lines: list[Line] = [line(f"{title}: {len(outcomes):,}", "heading")]
    for gap in gaps(outcomes):
        lines += _named(visible(gap.reason), gap.paths, width)
    return [*lines, BLANK]


def _accepted(report: Report, width: int) -> list[Line]:
    if not report.accepted:
        return []
    lines: list[Line] = [line(f"Accepted, and not counted: {len(report.accepted):,}", "heading")]
    rules: dict[str, list[str]] = {}
    for finding in report.accepted:
        rules.setdefault(f"{finding.severity} {finding.rule}", []).append(finding.location.path)
    for rule in sorted(rules, key=sortable):
        lines += _named(visible(rule), rules[rule], width)
    return [*lines, BLANK]


def _named(reason: str, paths: Sequence[str], width: int) -> list[Line]:
    """A reason with its count, and a few of the names that it holds for."""
    lines = wrapped(f"{reason}: {len(paths):,}" if len(paths) > 1 else reason, width, "", _MARGIN)
    names = _distinct(sorted(paths, key=sortable))
    for name in names[:_PATHS_SHOWN]:
        lines.append(line(visible(name), "dim", 2 * _MARGIN))
    left = len(names) - _PATHS_SHOWN
    if left > 0:
        lines.append(line(f"and {left:,} more", "dim", 2 * _MARGIN))
    return lines


def _ending(view: View, width: int) -> list[Line]:
    counts = summary(view.report)
    verdict = view.decision.verdict.value
    lines: list[Line] = [
        (Span(verdict.upper(), verdict), Span(f": {counts.severities()}; {counts.examined()}", "bold"))
    ]
    for reason in view.decision.reasons:
        lines += wrapped(visible(reason), width, "", _MARGIN)
    if view.command_line:
        lines.append((Span("Again: ", "dim"), Span(visible(view.command_line))))
    return lines


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _distinct(items: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(items))
