"""The evidence of an artifact as a table or as JSON: what is believed, what is not, and why."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from violet.domain.provenance import Attestation, Evidence, Refusal, Written
from violet.report.layout import BLANK, Line, Span, columns, line, printed, wrapped
from violet.report.visible import visible

SCHEMA = "violet-attestations/1"
_VERDICTS = {True: ("VERIFIED", "allow"), False: ("NOT VERIFIED", "deny"), None: ("EVIDENCE", "bold")}
_MARGIN = 2
_BODY = 12
_DETAIL = 4
"""So narrow that a digest with its algorithm stays on one line of 80 cells."""


@dataclass(slots=True, eq=False, repr=False)
class EvidenceView:
    """``kinds`` are the short names of predicate types by URI; ``says`` what each believed attestation says, by
    path; ``identity_command`` prints the artifact's digest without Violet."""

    evidence: Evidence
    kinds: Mapping[str, str] = field(default_factory=dict)
    says: Mapping[str, str] = field(default_factory=dict)
    command_line: str = ""
    identity_command: str = ""
    verified: bool | None = None
    reasons: tuple[str, ...] = ()
    width: int | None = None
    color: bool = False

    def kind(self, uri: str) -> str:
        return self.kinds.get(uri, uri)


def render(view: EvidenceView, fmt: str) -> str:
    """``console`` or ``json``, ending in one newline."""
    if fmt == "json":
        return json.dumps(document(view), indent=2, ensure_ascii=True) + "\n"
    return printed(_lines(view), color=view.color)


def document(view: EvidenceView) -> dict[str, Any]:
    """``schema``; ``subject`` (``name``, ``digest``, ``size``); ``verified`` (``null`` where that was not asked) and
    ``reasons``; lists ``believed``, ``refused`` and ``superseded``."""
    identity = view.evidence.identity
    return {
        "schema": SCHEMA,
        "subject": {"name": visible(identity.name), "digest": str(identity.digest), "size": identity.size},
        "verified": view.verified,
        "reasons": [visible(reason) for reason in view.reasons],
        "believed": [_attestation(view, a) for a in view.evidence.attestations],
        "refused": [_refusal(view, r) for r in view.evidence.refused],
        "superseded": [_refusal(view, r) for r in view.evidence.superseded],
    }


def render_written(written: Written, note: str, next_command: str, fmt: str) -> str:
    """What was written, after ``note`` (``""``: none), ending in one newline.

    JSON: ``path``, ``type``, ``digest``, ``subject``, ``key_id``, ``issued``, ``expires``."""
    if fmt == "json":
        value = {
            "path": visible(written.path),
            "type": written.kind,
            "digest": str(written.digest),
            "subject": str(written.subject),
            "key_id": written.key_id,
            "issued": _time(written.issued) or None,
            "expires": _time(written.expires) or None,
        }
        return json.dumps(value, indent=2) + "\n"
    until = f"until {_time(written.expires)}" if written.expires else "without an end"
    lines = [
        *([note] if note else []),
        f"{written.kind}: {visible(written.path)}",
        f"  of {written.subject}",
        f"  signed by the key {written.key_id[:16]}, {until}",
        f"  Next: {visible(next_command)}",
    ]
    return "\n".join(lines) + "\n"


def _attestation(view: EvidenceView, attestation: Attestation) -> dict[str, Any]:
    return {
        "path": visible(attestation.path),
        "digest": str(attestation.digest),
        "type": view.kind(attestation.statement.predicate_type),
        "predicate_type": attestation.statement.predicate_type,
        "says": visible(view.says.get(attestation.path, "")),
        "signers": [visible(name) for name in attestation.signers],
        "key_ids": list(attestation.key_ids),
        "issued": _time(attestation.issued) or None,
        "expires": _time(attestation.expires) or None,
        "environment": visible(attestation.environment),
        "check": visible(attestation.check),
    }


def _refusal(view: EvidenceView, refusal: Refusal) -> dict[str, Any]:
    return {
        "path": visible(refusal.path),
        "code": refusal.code,
        "reason": visible(refusal.reason),
        "fix": visible(refusal.fix),
        "type": view.kind(refusal.predicate_type),
        "predicate_type": visible(refusal.predicate_type),
    }


def _lines(view: EvidenceView) -> list[Line]:
    evidence, width = view.evidence, columns(view.width)
    lines: list[Line] = [
        (Span(visible(evidence.identity.name), "heading"), Span(f"  {evidence.identity.digest}", "dim")),
        BLANK,
    ]
    for attestation in evidence.attestations:
        lines += _believed(view, attestation, width)
    for refusal in evidence.refused:
        lines += _not_believed(view, refusal, "refused", "deny", width)
    for refusal in evidence.superseded:
        lines += _not_believed(view, refusal, "old", "dim", width)
    if len(lines) > 2:
        lines.append(BLANK)
    counts = f"{len(evidence.attestations):,} believed, {len(evidence.refused):,} refused"
    if evidence.superseded:
        counts += f", {len(evidence.superseded):,} superseded"
    verdict, style = _VERDICTS[view.verified]
    lines.append((Span(verdict, style), Span(f": {counts}", "bold")))
    for reason in view.reasons:
        lines += wrapped(visible(reason), width, "", _MARGIN)
    for name, command in (("Again", view.command_line), ("The digest without Violet", view.identity_command)):
        if command:
            lines.append((Span(f"{name}: ", "dim"), Span(visible(command))))
    return lines


def _believed(view: EvidenceView, attestation: Attestation, width: int) -> list[Line]:
    kind = visible(view.kind(attestation.statement.predicate_type))
    lines: list[Line] = [_title("believed", "allow", kind)]
    says = view.says.get(attestation.path, "")
    if says:
        lines += wrapped(visible(says), width, "", _DETAIL)
    parts = [f"by {', '.join(attestation.signers)}"]
    if attestation.issued:
        parts.append(f"on {_time(attestation.issued)}")
    parts.append(f"until {_time(attestation.expires)}" if attestation.expires else "without an end")
    if attestation.environment:
        parts.append(f"for {attestation.environment}")
    lines += wrapped(visible(", ".join(parts)), width, "dim", _DETAIL)
    return [*lines, line(visible(attestation.path), "dim", _DETAIL)]


def _not_believed(view: EvidenceView, refusal: Refusal, word: str, style: str, width: int) -> list[Line]:
    kind = visible(view.kind(refusal.predicate_type)) if refusal.predicate_type else ""
    lines: list[Line] = [_title(word, style, f"{kind}  {refusal.code}".strip())]
    reason = refusal.reason.removeprefix(f"{refusal.path}: ").removeprefix(f"{refusal.path} ")
    lines += wrapped(visible(reason), width, "", _DETAIL)
    if refusal.fix:
        lines += wrapped(f"Fix: {visible(refusal.fix)}", width, "fix", _DETAIL)
    return [*lines, line(visible(refusal.path), "dim", _DETAIL)]


def _title(word: str, style: str, rest: str) -> Line:
    gap = " " * (_BODY - _MARGIN - len(word))
    return (Span(" " * _MARGIN), Span(word, style), Span(gap), Span(rest, "bold"))


def _time(time: datetime.datetime | None) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ") if time else ""
