"""Reports of known vulnerabilities: for a terminal, and as JSON of the shape ``violet-vulnerabilities/1``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.domain import Severity
from violet.domain.vulnerability import Exposure, Match
from violet.report.layout import BLANK, Line, Span, columns, line, printed, wrapped
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain import Decision
    from violet.domain.component import Component
    from violet.domain.vulnerability import Advisory, Affected, DatabaseState, VulnerabilityReport

SCHEMA = "violet-vulnerabilities/1"

_MARGIN = 2
_BODY = 4
_NAMES_SHOWN = 6
_GAPS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class VulnerabilityView:
    """What a renderer needs: ``summary`` are the report's figures as a policy sees them, ``command_line`` reproduces
    it, ``width`` is in terminal cells."""

    report: VulnerabilityReport
    decision: Decision
    summary: Mapping[str, Any]
    command_line: str = ""
    width: int | None = None
    color: bool = False


def console(view: VulnerabilityView) -> str:
    """The report for a terminal: problems by component, then what was suppressed and what could not be told."""
    report, width = view.report, columns(view.width)
    lines: list[Line] = []
    for component, matches in _by_component(report.matches):
        lines += [_heading(component), *(entry for match in matches for entry in _match(match, width)), BLANK]
    if report.suppressed:
        lines.append(line(f"Suppressed by VEX, and not counted: {len(report.suppressed):,}", "heading"))
        for match in report.suppressed:
            lines += _suppressed(match, width)
        lines.append(BLANK)
    if report.withdrawn:
        lines.append(line(f"Withdrawn advisories, not counted: {len(report.withdrawn):,}", "heading"))
        for match in report.withdrawn:
            text = f"{match.advisories[0]} for {_name(match.component)}, withdrawn {match.withdrawn[:10]}"
            lines += wrapped(visible(text), width, "dim", _MARGIN)
        lines.append(BLANK)
    if report.skipped:
        lines.append(line(f"Cannot be told: {len(report.skipped):,}", "heading"))
        for gap in report.skipped[:_GAPS_SHOWN]:
            lines += wrapped(visible(f"{gap.location}: {gap.reason}"), width, "", _MARGIN)
        if len(report.skipped) > _GAPS_SHOWN:
            lines.append(line(f"and {len(report.skipped) - _GAPS_SHOWN:,} more", "dim", _MARGIN))
        lines.append(BLANK)
    for warning in report.warnings:
        lines += wrapped(visible(warning), width, "medium")
    lines += _ending(view, width)
    return printed(lines, color=view.color)


def _by_component(matches: Sequence[Match]) -> Iterable[tuple[Component, list[Match]]]:
    found: dict[Component, list[Match]] = {}
    for match in matches:
        found.setdefault(match.component, []).append(match)
    return found.items()


def _heading(component: Component) -> Line:
    spans = [Span(visible(_name(component)), "heading")]
    if component.origin:
        spans.append(Span(f"  {visible(component.origin)}", "dim"))
    return tuple(spans)


def _name(component: Component) -> str:
    return f"{component.name} {component.version or component.specifier}".strip()


def _match(match: Match, width: int) -> list[Line]:
    label = _severity(match)
    spans = [Span(" " * _MARGIN), Span(label, label if match.severity is not None else "high")]
    spans.append(Span("" if match.score is None else f" {match.score:.1f}"))
    spans.append(Span(f"  {visible(match.id)}", "bold"))
    marks = [
        "malicious package" * match.malicious,
        "known to be exploited" * match.known_exploited,
        "allowed, not certain" * (match.exposure is Exposure.POSSIBLE),
    ]
    spans += [Span(f"  [{mark}]", "critical") for mark in marks if mark]
    lines: list[Line] = [tuple(spans)]
    if match.summary:
        lines += wrapped(visible(match.summary), width, "", _BODY)
    others = [name for name in match.names if name != match.id]
    if others:
        left = len(others) - _NAMES_SHOWN
        more = f" and {left} more" if left > 0 else ""
        lines += wrapped(visible(f"also {', '.join(others[:_NAMES_SHOWN])}{more}"), width, "dim", _BODY)
    facts = [f"affected: {match.affected}" if match.affected else "", f"note: {match.note}" if match.note else ""]
    for fact in filter(None, facts):
        lines += wrapped(visible(fact), width, "dim", _BODY)
    if match.vex is not None:
        lines += wrapped(
            visible(f"VEX: {match.vex.status}, says {match.vex.author or match.vex.source}"), width, "", _BODY
        )
    return lines + wrapped(visible(_fix(match)), width, "fix", _BODY)


def _fix(match: Match) -> str:
    if match.malicious:
        return "Fix: remove it, and treat every machine that installed it as compromised."
    if not match.fixed:
        return "Fix: no fixed version is known."
    first, *others = match.fixed
    return f"Fix: {first}" + (f" (or {', '.join(others[:3])})" if others else "")


def _suppressed(match: Match, width: int) -> list[Line]:
    vex = match.vex
    assert vex is not None
    who = ", ".join(vex.signers) or vex.author
    text = f"{_severity(match)} {match.id} in {_name(match.component)}: {vex.status}"
    reason = f"{vex.reason or 'no reason given'} ({who}, {vex.timestamp:%Y-%m-%d}, {vex.source})"
    return [*wrapped(visible(text), width, "", _MARGIN), *wrapped(visible(reason), width, "dim", _BODY)]


def _severity(match: Match) -> str:
    return "unrated" if match.severity is None else str(match.severity)


def _ending(view: VulnerabilityView, width: int) -> list[Line]:
    report = view.report
    verdict = view.decision.verdict.value
    certain = [match for match in report.matches if match.exposure is Exposure.AFFECTED]
    counts = [
        (str(severity), sum(1 for match in certain if match.severity is severity))
        for severity in sorted(Severity, reverse=True)
    ]
    counts.append(("unrated", sum(1 for match in certain if match.severity is None)))
    counts.append(("possible", len(report.matches) - len(certain)))
    text = ", ".join(f"{count:,} {name}" for name, count in counts if count) or "nothing known"
    packages = report.components - report.ignored
    word = "package" if packages == 1 else "packages"
    tail = f"{packages:,} {word}; {len(report.suppressed):,} suppressed; {len(report.skipped):,} not told"
    lines: list[Line] = [(Span(verdict.upper(), verdict), Span(f": {text}; {tail}", "bold"))]
    for reason in view.decision.reasons:
        lines += wrapped(visible(reason), width, "", _MARGIN)
    lines += wrapped(_database_line(report.database), width, "dim")
    if view.command_line:
        lines.append((Span("Again: ", "dim"), Span(visible(view.command_line))))
    return lines


def _database_line(state: DatabaseState) -> str:
    return (
        f"Advisories: {state.advisories:,}, imported {state.imported}, the newest of {state.newest[:10] or 'no date'}"
    )


# -- JSON ---------------------------------------------------------------------------------------------


def json_text(view: VulnerabilityView) -> str:
    """The whole report. Every list is in the order of the report; see ``docs/tasks/match-vulnerabilities.md``."""
    report = view.report
    document = {
        "schema": SCHEMA,
        "generated": report.generated.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "command_line": view.command_line,
        "decision": {
            "verdict": view.decision.verdict.value,
            "reasons": list(view.decision.reasons),
            "exit_code": view.decision.exit_code,
        },
        "summary": dict(view.summary),
        "database": _json_database(report.database),
        "components": report.components,
        "ignored": report.ignored,
        "matches": [_json_match(match) for match in report.matches],
        "suppressed": [_json_match(match) for match in report.suppressed],
        "withdrawn": [_json_match(match) for match in report.withdrawn],
        "skipped": [
            {"path": gap.location.path, "line": gap.location.line, "reason": gap.reason, "what": gap.what}
            for gap in report.skipped
        ],
        "warnings": list(report.warnings),
    }
    return dumped(document)


def dumped(value: Any) -> str:
    """JSON that every reader takes: ASCII, so that text of no valid Unicode is escaped too."""
    return json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _json_database(state: DatabaseState) -> dict[str, Any]:
    return {
        "path": state.path,
        "advisories": state.advisories,
        "withdrawn": state.withdrawn,
        "imported": state.imported,
        "newest": state.newest,
    }


def _json_match(match: Match) -> dict[str, Any]:
    component, vex = match.component, match.vex
    return {
        "id": match.id,
        "advisories": list(match.advisories),
        "aliases": list(match.aliases),
        "component": {
            "name": component.name,
            "version": component.version,
            "specifier": component.specifier,
            "ecosystem": component.ecosystem,
            "purl": component.purl,
            "origin": component.origin,
        },
        "exposure": str(match.exposure),
        "affected": match.affected,
        "fixed": list(match.fixed),
        "severity": None if match.severity is None else str(match.severity),
        "score": match.score,
        "vector": match.vector,
        "rated_by": match.rated_by,
        "summary": match.summary,
        "cwes": list(match.cwes),
        "upstream": list(match.upstream),
        "published": match.published,
        "withdrawn": match.withdrawn,
        "malicious": match.malicious,
        "known_exploited": match.known_exploited,
        "note": match.note,
        "vex": None
        if vex is None
        else {
            "status": str(vex.status),
            "justification": vex.justification,
            "impact": vex.impact,
            "action": vex.action,
            "notes": vex.notes,
            "author": vex.author,
            "timestamp": vex.timestamp.isoformat(),
            "source": vex.source,
            "signers": list(vex.signers),
        },
    }


# -- advisories and the database ------------------------------------------------------------------------


def status_text(state: DatabaseState, age: float | None, warnings: Sequence[str], width: int | None = None) -> str:
    """What is imported, for a terminal."""
    lines: list[Line] = [
        line(f"{state.path} ({state.size / (1 << 20):,.1f} MiB)", "heading"),
        line(f"{state.advisories:,} advisories, {state.withdrawn:,} withdrawn, {state.exploited:,} known exploited"),
        line(f"imported {state.imported} ({'never' if age is None else f'{max(age, 0):.1f} days ago'})"),
        line(f"newest advisory: {state.newest or 'none'}"),
        BLANK,
    ]
    names = max((len(entry.name) for entry in state.ecosystems), default=0)
    for entry in state.ecosystems:
        counts = f"{entry.advisories:>9,} advisories  {entry.packages:>9,} packages"
        lines.append(line(f"{visible(entry.name):<{names}}  {counts}", "", _MARGIN))
    if state.sources:
        lines += [BLANK, line("sources", "heading")]
    for source in state.sources:
        counts = f"{source.added:,} added, {source.changed:,} changed, {source.unchanged:,} unchanged"
        rejected = f", {source.rejected:,} refused" if source.rejected else ""
        lines.append(line(f"{visible(source.name)}", "", _MARGIN))
        lines.append(line(f"{source.imported}  {source.entries:,} entries: {counts}{rejected}", "dim", _BODY))
        lines.append(line(source.digest, "dim", _BODY))
    for warning in warnings:
        lines += [BLANK, *wrapped(warning, columns(width), "medium")]
    return printed(lines, color=False)


def advisory_text(advisory: Advisory, width: int | None = None) -> str:
    """One advisory, for a terminal."""
    wide = columns(width)
    lines: list[Line] = [line(visible(advisory.id), "heading")]
    if advisory.summary:
        lines += wrapped(visible(advisory.summary), wide)
    if advisory.withdrawn:
        lines.append(line(f"WITHDRAWN {advisory.withdrawn}", "high"))
    facts = [
        ("published", advisory.published),
        ("modified", advisory.modified),
        ("aliases", ", ".join(advisory.aliases)),
        ("upstream", ", ".join(advisory.upstream)),
        ("related", ", ".join(advisory.related)),
        ("weaknesses", ", ".join(advisory.cwes)),
        *(("severity", _rating(rating)) for rating in advisory.ratings),
    ]
    for name, value in facts:
        if value:
            lines += wrapped(f"{name:<11}{visible(value)}", wide)
    for affected in advisory.affected:
        lines += [BLANK, *_affected(affected, wide)]
    if advisory.references:
        lines += [BLANK, line("references", "heading")]
        lines += [line(f"{visible(kind):<9} {visible(url)}", "", _MARGIN) for kind, url in advisory.references]
    return printed(lines, color=False)


def _rating(rating: Any) -> str:
    score = "" if rating.score is None else f" = {rating.score:.1f}"
    severity = "malformed" if rating.severity is None else str(rating.severity)
    return f"{rating.system} {rating.value}{score} ({severity})"


def _affected(affected: Affected, width: int) -> list[Line]:
    lines: list[Line] = [line(visible(f"{affected.ecosystem or 'no ecosystem'}: {affected.name}"), "heading")]
    for one in affected.ranges:
        events = ", ".join(f"{event.kind} {event.version}" for event in one.events)
        where = f" of {one.repo}" if one.repo else ""
        lines += wrapped(visible(f"{one.type}{where}: {events}"), width, "", _MARGIN)
    if affected.versions:
        shown = ", ".join(affected.versions[:20])
        more = f" and {len(affected.versions) - 20:,} more" if len(affected.versions) > 20 else ""
        lines += wrapped(visible(f"versions: {shown}{more}"), width, "", _MARGIN)
    lines += [line(visible(_rating(rating)), "", _MARGIN) for rating in affected.ratings]
    return lines


def markdown(view: VulnerabilityView) -> str:
    """The report as Markdown: one table of what counts, lists of the rest."""
    report = view.report
    rows = ["| severity | problem | component | affected | fixed in |", "|---|---|---|---|---|"]
    for match in report.matches:
        score = "" if match.score is None else f" {match.score:.1f}"
        rating = f"{_severity(match)}{score}" + (" (possible)" if match.exposure is Exposure.POSSIBLE else "")
        cells = (rating, match.id, _name(match.component), match.affected, ", ".join(match.fixed[:3]) or "none known")
        rows.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    parts = [f"# Known vulnerabilities: {view.decision.verdict.value}", _database_line(report.database)]
    parts.append("\n".join(rows) if report.matches else "Nothing is known.")
    if report.suppressed:
        entries = [
            f"- {_cell(m.id)} in {_cell(_name(m.component))}: {m.vex.status}, {_cell(m.vex.reason)}"
            for m in report.suppressed
            if m.vex
        ]
        parts.append("## Suppressed by VEX\n\n" + "\n".join(entries))
    if report.skipped:
        gaps = [f"- {_cell(str(gap.location))}: {_cell(gap.reason)}" for gap in report.skipped]
        parts.append("## Cannot be told\n\n" + "\n".join(gaps))
    parts += [f"> {_cell(warning)}" for warning in report.warnings]
    return "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    """Text that Markdown takes for itself."""
    found = visible(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return found.replace("[", "\\[").replace("`", "\\`").replace("*", "\\*").replace("_", "\\_")
