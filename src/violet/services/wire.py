"""Examinations as JSON lists, for the way from a worker to its parent.

A worker that was taken over can send anything, so decoding believes nothing: every field is checked for its
type, and a message that does not fit is a ``ValueError``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from violet.domain import (
    Asset,
    Confidence,
    Digest,
    Failed,
    Finding,
    Location,
    Measurement,
    Outcome,
    Severity,
    Skipped,
)

if TYPE_CHECKING:
    from violet.checks.examine import Examination


def encode(examination: Examination) -> list[Any]:
    assets = [
        [a.path, a.format, a.size, None if a.digest is None else [a.digest.algorithm, a.digest.value]]
        for a in examination.assets
    ]
    return [assets, [_encode_outcome(outcome) for outcome in examination.outcomes]]


def _encode_outcome(outcome: Outcome) -> list[Any]:
    where = outcome.location
    place = [where.path, where.offset, where.line]
    if isinstance(outcome, Finding):
        return [
            "finding",
            place,
            outcome.rule,
            int(outcome.severity),
            int(outcome.confidence),
            outcome.message,
            outcome.evidence,
            outcome.fix,
            list(outcome.techniques),
            outcome.key,
            outcome.logical_path,
        ]
    if isinstance(outcome, Skipped):
        return ["skipped", place, outcome.reason, outcome.what]
    if isinstance(outcome, Failed):
        return ["failed", place, outcome.error]
    return ["measurement", place, outcome.name, outcome.value, outcome.unit]


def decode(message: Any) -> tuple[list[Asset], list[Outcome]]:
    """Assets and outcomes, as the examination listed them. Raises ``ValueError`` for anything that ``encode`` does not
    produce."""
    try:
        assets, outcomes = message
        return (
            [_asset(*entry) for entry in assets],
            [_OUTCOMES[kind](_location(*place), *rest) for kind, place, *rest in outcomes],
        )
    except (TypeError, KeyError) as error:
        raise ValueError(f"not an examination: {error}") from error


def _asset(path: Any, format_id: Any, size: Any, digest: Any) -> Asset:
    made = None if digest is None else Digest(*(_text(part) for part in digest))
    return Asset(_text(path), _text(format_id), _whole(size), made)


def _location(path: Any, offset: Any, line: Any) -> Location:
    return Location(_text(path), _whole_or_none(offset), _whole_or_none(line))


def _finding(
    where: Location,
    rule: Any,
    severity: Any,
    confidence: Any,
    message: Any,
    evidence: Any,
    fix: Any,
    techniques: Any,
    key: Any,
    logical_path: Any,
) -> Finding:
    return Finding(
        rule=_text(rule),
        severity=Severity(_whole(severity)),
        confidence=Confidence(_whole(confidence)),
        message=_text(message),
        location=where,
        evidence=_text(evidence),
        fix=_text(fix),
        techniques=tuple(_text(t) for t in techniques),
        key=_text(key),
        logical_path=_text(logical_path),
    )


def _skipped(where: Location, reason: Any, what: Any) -> Skipped:
    return Skipped(where, _text(reason), _text(what))


def _failed(where: Location, error: Any) -> Failed:
    return Failed(where, _text(error))


def _measurement(where: Location, name: Any, value: Any, unit: Any) -> Measurement:
    if type(value) not in (int, float):
        raise ValueError("a measurement's value must be a number")
    return Measurement(where, _text(name), value, _text(unit))


_OUTCOMES: dict[str, Any] = {
    "finding": _finding,
    "skipped": _skipped,
    "failed": _failed,
    "measurement": _measurement,
}


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError(f"expected text, got {type(value).__name__}")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(f"expected a whole number, got {type(value).__name__}")
    return value


def _whole_or_none(value: Any) -> int | None:
    return None if value is None else _whole(value)
