"""The explanation as JSON, schema ``violet-explanation/1`` (``docs/schemas/explanation-1.json``).

Figures that do not exist (NaN) are ``null``. Every list is in the order of the explanation, findings in that of the
report.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from violet.domain import Finding
    from violet.domain.explanation import Explanation
    from violet.report import View

SCHEMA = "violet-explanation/1"


def render(explanation: Explanation, view: View) -> str:
    return json.dumps(document(explanation, view), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def document(explanation: Explanation, view: View) -> dict[str, Any]:
    """The top-level object."""
    made: dict[str, Any] = {"schema": SCHEMA, **asdict(explanation)}
    made["versions"] = dict(explanation.versions)
    made["verdict"] = view.decision.verdict.value
    made["exit_code"] = view.decision.exit_code
    made["findings"] = [_finding(finding) for finding in view.report.findings]
    made["accepted"] = [_finding(finding) for finding in view.report.accepted]
    cleaned: dict[str, Any] = _plain(made)
    return cleaned


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "fingerprint": finding.fingerprint,
        "rule": finding.rule,
        "severity": str(finding.severity),
        "confidence": str(finding.confidence),
        "message": finding.message,
        "evidence": finding.evidence,
        "fix": finding.fix,
        "techniques": list(finding.techniques),
    }


def _plain(value: Any) -> Any:
    """Values that JSON has: rates with their interval, NaN as ``null``, text with escapes for unpaired surrogates."""
    if isinstance(value, dict):
        if set(value) == {"hits", "total"}:
            return _rate(value["hits"], value["total"])
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return str(value).encode("utf-8", "backslashreplace").decode("utf-8")
    return value


def _rate(hits: int, total: int) -> dict[str, Any]:
    from violet.domain.rate import Rate

    rate = Rate(hits, total)
    interval = rate.interval()
    return {
        "hits": hits,
        "total": total,
        "value": rate.value if total else None,
        "low": interval.low,
        "high": interval.high,
    }
