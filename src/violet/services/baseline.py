"""Baselines: the findings of an earlier report, accepted from then on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from violet.domain import ConfigurationError, Finding, Report

VERSION = 1


def read_baseline(path: str) -> frozenset[str]:
    """The fingerprints in ``path``: a baseline file, or a JSON report (its accepted findings count too).
    Raises ``ConfigurationError`` where it is neither."""
    import json

    try:
        with open(path, encoding="utf-8") as file:
            content: Any = json.load(file)
    except OSError as error:
        raise ConfigurationError(f"The baseline {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"The baseline {path} is not JSON: {error}.", _HINT) from error
    if not isinstance(content, dict) or not isinstance(content.get("findings"), list):
        raise ConfigurationError(f"The baseline {path} holds no findings list.", _HINT)
    accepted = content.get("accepted", [])
    entries = content["findings"] + (accepted if isinstance(accepted, list) else [])
    prints = [entry.get("fingerprint") for entry in entries if isinstance(entry, dict)]
    if len(prints) != len(entries) or not all(isinstance(text, str) for text in prints):
        raise ConfigurationError(f"The baseline {path} has findings without a fingerprint.", _HINT)
    return frozenset(text for text in prints if isinstance(text, str))


_HINT = "Make one with: violet scan PATH --write-baseline FILE"


def accept(report: Report, baseline: frozenset[str]) -> Report:
    """Move the findings that are in the baseline from ``findings`` to ``accepted``."""
    accepted = tuple(f for f in report.findings if f.fingerprint in baseline)
    if not accepted:
        return report
    remaining = tuple(f for f in report.findings if f.fingerprint not in baseline)
    return replace(report, findings=remaining, accepted=report.accepted + accepted)


def baseline_text(report: Report) -> str:
    """A baseline that accepts every finding of this report, by fingerprint, readable in a review."""
    import json

    known: dict[str, Finding] = {f.fingerprint: f for f in (*report.findings, *report.accepted)}
    findings = [
        {
            "fingerprint": fingerprint,
            "rule": finding.rule,
            "severity": str(finding.severity),
            "path": finding.logical_path or finding.location.path,
            "message": finding.message,
        }
        for fingerprint, finding in known.items()
    ]
    findings.sort(key=lambda f: (f["path"], f["rule"], f["fingerprint"]))
    return json.dumps({"violet_baseline": VERSION, "findings": findings}, indent=2) + "\n"
