"""The report as SARIF 2.1.0 (OASIS, errata 01), for code-scanning viewers.

Where the standard leaves room, what GitHub code scanning shows decides: every location has a region with
a line (line 1 where the finding has none: a binary has no lines), and severities are repeated as
``security-severity``. SARIF positions are within the artifact that the URI names, so the offset of a
finding in an archive member is told in the message, and the member is a logical location.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from violet.domain import Confidence, Failed, Finding, Location, Rule, Severity, Skipped
from violet.report.model import asset_paths, gap_reason, place, split_member
from violet.report.prose import as_text
from violet.report.visible import visible, visible_lines

if TYPE_CHECKING:
    from violet.domain import Asset
    from violet.report import View

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# Within the ranges that GitHub names critical (9.0 and up), high (7.0), medium (4.0) and low (above 0).
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "3.0"}
_RANKS = {Confidence.HIGH: 90.0, Confidence.MEDIUM: 50.0, Confidence.LOW: 20.0}
_MOST_TAGS = 20
_HASH_NAMES = {"sha1": "sha-1", "sha256": "sha-256", "sha384": "sha-384", "sha512": "sha-512"}
_NOT_EXAMINED, _UNREADABLE = "violet/not-examined", "violet/unreadable"
_WINDOWS_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def render(view: View) -> str:
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(view)]}
    return json.dumps(log, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _run(view: View) -> dict[str, Any]:
    report = view.report
    known = asset_paths(report)
    everything = (*report.findings, *report.accepted)
    shown = {visible(rule): rule for rule in ({finding.rule for finding in everything} | set(view.rules))}
    rules = [shown[rule] for rule in sorted(shown)]
    index = {visible(rule): number for number, rule in enumerate(rules)}
    artifacts = _Artifacts(report.assets, known)
    # SARIF wants suppressions on every result of a run or on none.
    suppressing = bool(report.accepted)
    results = [_result(f, index, artifacts, [] if suppressing else None) for f in report.findings]
    results += [_result(f, index, artifacts, [_ACCEPTED]) for f in report.accepted]
    return {
        "tool": {
            "driver": {
                "name": "Violet",
                "fullName": f"Violet {visible(report.version)}",
                "version": visible(report.version),
                "shortDescription": {"text": "Security of machine-learning models."},
                "rules": [_rule(rule, view, everything) for rule in rules],
                "notifications": _NOTIFICATIONS,
            }
        },
        "invocations": [_invocation(view, known)],
        "artifacts": artifacts.entries,
        "results": results,
        "columnKind": "unicodeCodePoints",
        "properties": {"command": visible(report.command), "verdict": view.decision.verdict.value},
    }


_ACCEPTED = {
    "kind": "external",
    "status": "accepted",
    "justification": "Accepted by a baseline or a policy.",
}


def _notice(notice: str, name: str, level: str, short: str, full: str) -> dict[str, Any]:
    return {
        "id": notice,
        "name": name,
        "shortDescription": {"text": short},
        "fullDescription": {"text": full},
        "help": {"text": full},
        "defaultConfiguration": {"level": level},
    }


_NOTIFICATIONS = [
    _notice(
        _NOT_EXAMINED,
        "NotExamined",
        "warning",
        "Something was not examined.",
        "No check looked into this. That says nothing about whether it is safe to load.",
    ),
    _notice(
        _UNREADABLE,
        "Unreadable",
        "error",
        "A file could not be opened or read.",
        "Nothing is known about this file. Make it readable and run the command again.",
    ),
]


class _Artifacts:
    """The files that results point into, each listed once, with its size and digest where known."""

    def __init__(self, assets: Sequence[Asset], known: frozenset[str]) -> None:
        self.known = known
        self.entries: list[dict[str, Any]] = []
        self._assets = {asset.path: asset for asset in assets}
        self._index: dict[str, int] = {}

    def location(self, file: str) -> dict[str, Any]:
        address = uri(file)
        if address not in self._index:
            self._index[address] = len(self.entries)
            self.entries.append(self._entry(file, address))
        return {"uri": address, "index": self._index[address]}

    def _entry(self, file: str, address: str) -> dict[str, Any]:
        entry: dict[str, Any] = {"location": {"uri": address}}
        asset = self._assets.get(file)
        if asset is not None:
            entry["length"] = asset.size
            entry["properties"] = {"format": visible(asset.format)}
            if asset.digest is not None:
                name = _HASH_NAMES.get(asset.digest.algorithm, asset.digest.algorithm)
                entry["hashes"] = {visible(name): visible(asset.digest.value)}
        return entry


def _rule(rule_id: str, view: View, findings: Iterable[Finding]) -> dict[str, Any]:
    rule = view.rules.get(rule_id) or Rule(rule_id, rule_id, Severity.MEDIUM, "")
    help_text = view.rule_help.get(rule_id, "") or "\n\n".join(filter(None, (rule.title, rule.fix)))
    # Viewers take the severity of an alert from its rule: never say less than a finding does.
    worst = max([rule.severity, *(f.severity for f in findings if f.rule == rule_id)])
    tags = ["security", *rule.techniques, *(f"external/cwe/cwe-{number}" for number in rule.cwe)]
    properties: dict[str, Any] = {"tags": [visible(tag) for tag in dict.fromkeys(tags)][:_MOST_TAGS]}
    if worst in _SCORES:
        properties["security-severity"] = _SCORES[worst]
    properties["stage"] = rule.stage.value
    title = visible(rule.title or rule_id) or "A rule without a name."
    return {
        "id": visible(rule_id),
        "name": _pascal(rule_id),
        "shortDescription": {"text": _unlinked(title)},
        "fullDescription": {"text": _unlinked(visible(rule.fix) or title)},
        "help": {"text": as_text(visible_lines(help_text)), "markdown": visible_lines(help_text)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": properties,
    }


def _result(
    finding: Finding,
    index: dict[str, int],
    artifacts: _Artifacts,
    suppressions: list[dict[str, str]] | None,
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": visible(finding.rule),
        "ruleIndex": index[visible(finding.rule)],
        "level": _LEVELS[finding.severity],
        "rank": _RANKS[finding.confidence],
        "message": {"text": _message(finding, artifacts.known)},
        "locations": [_location(finding.location, artifacts)],
        "partialFingerprints": {"violet/v1": finding.fingerprint},
        "properties": {
            "severity": str(finding.severity),
            "confidence": str(finding.confidence),
            "evidence": visible(finding.evidence),
            "techniques": [visible(technique) for technique in finding.techniques],
        },
    }
    if finding.location.offset is not None:
        result["properties"]["offset"] = finding.location.offset
    if suppressions is not None:
        result["suppressions"] = suppressions
    return result


def _message(finding: Finding, known: frozenset[str]) -> str:
    """What, where and what to do in plain text: it is all that most viewers show beside the line."""
    member = split_member(finding.location.path, known)[1]
    where = place(finding.location)
    if member:
        where = f"{where} of {visible(member)}" if where else visible(member)
    parts = [visible(finding.message)]
    if finding.evidence:
        parts.append(f"Evidence: {visible(finding.evidence)}")
    if where:
        parts.append(f"Where: {where}")
    if finding.fix:
        parts.append(f"Fix: {visible(finding.fix)}")
    return "\n".join(_unlinked(part) for part in parts if part.strip()) or visible(finding.rule) or "Finding"


def _location(location: Location, artifacts: _Artifacts) -> dict[str, Any]:
    file, member = split_member(location.path, artifacts.known)
    region: dict[str, int] = {"startLine": 1}
    if not member:
        if location.line is not None:
            region["startLine"] = max(location.line, 1)
        elif location.offset is not None and location.offset >= 0:
            region["byteOffset"] = location.offset
    return {
        "physicalLocation": {"artifactLocation": artifacts.location(file), "region": region},
        **_logical(location.path, member),
    }


def _logical(path: str, member: str) -> dict[str, Any]:
    if not member:
        return {}
    entry = {"name": visible(member), "fullyQualifiedName": visible(path), "kind": "member"}
    return {"logicalLocations": [entry]}


def _invocation(view: View, known: frozenset[str]) -> dict[str, Any]:
    report = view.report
    notes = [_notification(s, _NOT_EXAMINED, "warning", known) for s in report.skipped]
    notes += [_notification(f, _UNREADABLE, "error", known) for f in report.failed]
    return {
        "commandLine": visible(view.command_line),
        "executionSuccessful": not report.failed,
        "exitCode": view.decision.exit_code,
        "exitCodeDescription": visible(" ".join(view.decision.reasons)) or view.decision.verdict.value,
        "toolExecutionNotifications": notes,
    }


def _notification(outcome: Skipped | Failed, kind: str, level: str, known: frozenset[str]) -> dict[str, Any]:
    file, member = split_member(outcome.location.path, known)
    reason = visible(gap_reason(outcome)) or "No reason was given."
    return {
        "descriptor": {"id": kind, "index": 0 if kind == _NOT_EXAMINED else 1},
        "level": level,
        "message": {"text": _unlinked(reason)},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": uri(file)}},
                **_logical(outcome.location.path, member),
            }
        ],
    }


def uri(path: str) -> str:
    """A percent-encoded URI reference: relative for relative paths, ``file://`` for absolute ones.

    Names that are not UTF-8 are encoded as the bytes they are on disk.
    """
    if os.sep != "/" or _WINDOWS_DRIVE.match(path):
        path = path.replace("\\", "/")
    while path.startswith("./"):
        path = path[2:].lstrip("/")
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = path.encode("utf-8", "surrogatepass")
    if _WINDOWS_DRIVE.match(path):
        return f"file:///{path[0]}:{quote(raw[2:], safe='/')}"
    if path.startswith("/"):
        return f"file:///{quote(raw.lstrip(b'/'), safe='/')}"
    return quote(raw, safe="/") or "."


def _unlinked(text: str) -> str:
    """SARIF reads ``[text](target)`` in messages as a link: brackets that could make one are escaped."""
    if "](" not in text:
        return text
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _pascal(rule_id: str) -> str:
    """``ArtifactPickleCall`` for ``artifact/pickle-call``: the form that SARIF recommends for names."""
    return "".join(word.capitalize() for word in re.split(r"[^A-Za-z0-9]+", rule_id)) or "Rule"
