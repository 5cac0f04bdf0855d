"""The decision as JSON, schema ``violet-gate/1``.

Every list is in the order of the policy, or of the files' names. Text with unpaired surrogates is written with
their escapes (``\\udc80``), so that every parser takes it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from violet.report.gate import waivers

if TYPE_CHECKING:
    from violet.domain import Finding
    from violet.domain.gate import (
        EvidenceItem,
        GateDecision,
        Requirement,
        RequirementResult,
    )
    from violet.report.gate import GateView

SCHEMA = "violet-gate/1"


def render(view: GateView) -> str:
    return json.dumps(_safe(document(view.decision)), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def document(decision: GateDecision) -> dict[str, Any]:
    """The top-level object."""
    return {
        "schema": SCHEMA,
        "version": decision.version,
        "verdict": decision.verdict.value,
        "exit_code": decision.exit_code,
        "model": {
            "path": decision.path,
            "name": decision.identity.name,
            "digest": str(decision.identity.digest),
            "size": decision.identity.size,
        },
        "environment": decision.environment,
        "time": decision.time.isoformat(),
        "policy": {
            "path": decision.policy,
            "digest": str(decision.policy_digest) if decision.policy_digest is not None else None,
        },
        "reasons": list(decision.reasons),
        "warnings": list(decision.warnings),
        "requirements": [_result(result) for result in decision.results],
        "waivers": [waivers.content(waiver) for waiver in decision.waivers],
        "ineffective_waivers": [waivers.checked(entry) for entry in decision.ineffective],
        "evidence": [_item(item) for item in decision.evidence],
        "missing": [
            {"source": entry.source, "reason": entry.reason, "fix": entry.fix, "failed": entry.failed}
            for entry in decision.missing
        ],
        "refused": [
            {"path": entry.path, "code": entry.code, "reason": entry.reason, "fix": entry.fix}
            for entry in decision.refused
        ],
        "summary": decision.summary,
        "command": decision.command,
    }


def _result(result: RequirementResult) -> dict[str, Any]:
    return {
        **_requirement(result.requirement),
        "outcome": result.outcome.value,
        "reason": result.reason,
        "details": list(result.details),
        "evidence": [_item(item) for item in result.evidence],
        "findings": [_finding(finding) for finding in result.findings],
        "waivers": list(result.waivers),
        "reproduce": result.reproduce,
        "fix": result.fix,
    }


def _requirement(requirement: Requirement) -> dict[str, Any]:
    return {
        "name": requirement.name,
        "expression": requirement.expression,
        "description": requirement.description,
        "enforcement": requirement.enforcement.value,
        "needs": list(requirement.needs),
        "references": list(requirement.references),
        "waivable": requirement.waivable,
        "origin": requirement.origin,
        "loosened": requirement.loosened,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "fingerprint": finding.fingerprint,
        "rule": finding.rule,
        "severity": str(finding.severity),
        "path": finding.location.path,
        "message": finding.message,
        "fix": finding.fix,
    }


def _item(item: EvidenceItem) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "detail": item.detail,
        "path": item.path,
        "digest": item.digest,
        "signers": list(item.signers),
    }


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list):
        return [_safe(item) for item in value]
    if isinstance(value, dict):
        return {name: _safe(entry) for name, entry in value.items()}
    return value
