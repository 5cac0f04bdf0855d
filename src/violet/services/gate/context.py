"""The words of the domain as values that expressions ask about (``violet.policy.schema`` says which there are).

The engine takes texts of valid Unicode and whole numbers of 64 bits; what a hostile file puts into a report is made
to fit, never passed over.
"""

from __future__ import annotations

import datetime
import math
from typing import TYPE_CHECKING, Any

from violet.policy import BY_CHOICE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from violet.domain import Failed, Finding, Measurement, Skipped
    from violet.domain.provenance import Attestation, Identity, Refusal

LEFT_OUT = BY_CHOICE - {"ignored"}
"""What a scan may leave out and still be complete for the gate: never what somebody chose to ignore."""
_LARGEST = 2**63 - 1
_DEEPEST = 24


def model_entry(identity: Identity) -> dict[str, Any]:
    return {
        "name": text(identity.name),
        "digest": str(identity.digest),
        "size": whole(identity.size),
        "files": len(identity.files) or 1,
        "directory": identity.is_directory,
    }


def finding_entry(finding: Finding) -> dict[str, Any]:
    return {
        "rule": text(finding.rule),
        "severity": int(finding.severity),
        "level": str(finding.severity),
        "confidence": int(finding.confidence),
        "fingerprint": finding.fingerprint,
        "path": text(finding.location.path),
        "message": text(finding.message),
        "techniques": [text(name) for name in finding.techniques],
    }


def skipped_entry(skipped: Skipped) -> dict[str, Any]:
    return {
        "path": text(skipped.location.path),
        "reason": text(skipped.reason),
        "what": text(skipped.what),
        "by_choice": skipped.what in LEFT_OUT,
    }


def failed_entry(failed: Failed) -> dict[str, Any]:
    return {"path": text(failed.location.path), "error": text(failed.error)}


def measurement_entry(measurement: Measurement) -> dict[str, Any]:
    value = float(measurement.value)
    return {
        "name": text(measurement.name),
        **({"value": value} if math.isfinite(value) else {}),  # no figure: whoever asks for it is told so
        "unit": text(measurement.unit),
        "path": text(measurement.location.path),
    }


def attestation_entry(attestation: Attestation, now: datetime.datetime) -> dict[str, Any]:
    from violet.provenance.statement import short_name

    uri = attestation.statement.predicate_type
    entry: dict[str, Any] = {
        "type": _type(short_name(uri)),
        "uri": text(uri),
        "check": text(attestation.check),
        "environment": text(attestation.environment),
        "signers": [text(name) for name in attestation.signers],
        "digest": str(attestation.digest),
        "predicate": plain(attestation.statement.predicate),
    }
    if attestation.issued is not None:
        entry["issued"] = attestation.issued
        entry["age"] = age(attestation.issued, now)
    if attestation.expires is not None:
        entry["expires"] = attestation.expires
    result = _result(attestation.statement.predicate)
    if result:
        entry["result"] = result
    return entry


def refusal_entry(refusal: Refusal) -> dict[str, Any]:
    from violet.provenance.statement import short_name

    return {
        "code": text(refusal.code),
        "reason": text(refusal.reason),
        "type": _type(short_name(refusal.predicate_type)) if refusal.predicate_type else "",
        "path": text(refusal.path),
    }


def age(since: datetime.datetime, now: datetime.datetime) -> datetime.timedelta:
    """How long ago it was; nothing for what lies a little in the future."""
    return max(now - since, datetime.timedelta(0))


def text(value: str) -> str:
    """Unicode that can be encoded: what cannot is written as an escape."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value


def whole(value: int) -> int:
    return max(-_LARGEST, min(value, _LARGEST))


def plain(value: Any, depth: int = 0) -> Any:
    """A JSON value in the types that the engine knows; what is nested too deeply is left as its text."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return whole(value)
    if isinstance(value, str):
        return text(value)
    if depth >= _DEEPEST:
        return "..."
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {text(str(name)): plain(entry, depth + 1) for name, entry in value.items()}
    return text(str(value))


def _type(name: str) -> str:
    from violet.policy.schema import ATTESTATION_TYPES

    return name if name in ATTESTATION_TYPES else "other"


def _result(predicate: Mapping[str, Any]) -> str:
    """The outcome of a test result or of a verification summary."""
    for name in ("result", "verificationResult"):
        if predicate.get(name) in ("PASSED", "WARNED", "FAILED"):
            return str(predicate[name])
    return ""
