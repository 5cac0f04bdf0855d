"""The report as JSON, in the shape that ``report-1.schema.json`` describes, and its reader."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from violet.domain import (
    Asset,
    Confidence,
    ConfigurationError,
    Decision,
    Digest,
    Failed,
    Finding,
    Location,
    Measurement,
    Report,
    Severity,
    Skipped,
    Verdict,
)
from violet.report.json_values import json_text, text_of
from violet.report.model import Summary, summary

if TYPE_CHECKING:
    from violet.report import View

T = TypeVar("T")

SCHEMA = "violet-report/1"
_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@dataclass(frozen=True, slots=True)
class Stored:
    """What a JSON report holds beyond what can be counted again."""

    report: Report
    decision: Decision
    command_line: str


def render(view: View) -> str:
    return json.dumps(document(view), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def document(view: View) -> dict[str, Any]:
    """The top-level JSON object; every list is in the order of the report."""
    report, decision = view.report, view.decision
    return {
        "schema": SCHEMA,
        "command": json_text(report.command),
        "command_line": json_text(view.command_line),
        "version": json_text(report.version),
        "decision": {
            "verdict": decision.verdict.value,
            "reasons": [json_text(reason) for reason in decision.reasons],
            "exit_code": decision.exit_code,
        },
        "summary": _summary(summary(report)),
        "assets": [_asset(asset) for asset in report.assets],
        "findings": [_finding(finding) for finding in report.findings],
        "skipped": [_skipped(skipped) for skipped in report.skipped],
        "failed": [_failed(failed) for failed in report.failed],
        "measurements": [_measurement(measurement) for measurement in report.measurements],
        "accepted": [_finding(finding) for finding in report.accepted],
    }


def load(text: str) -> Report:
    """The report that ``render`` wrote as ``text``.

    Raises ``ConfigurationError``, naming the place in the document, where it is not such a report.
    """
    return load_stored(text).report


def load_stored(text: str) -> Stored:
    """The report with its decision and command line. Raises ``ConfigurationError`` as ``load`` does."""
    top = _Reader(_parsed(text), "")
    found = top.value.get("schema") if isinstance(top.value, dict) else None
    if found != SCHEMA:
        raise ConfigurationError(
            f"This is not a Violet report of a known version: its schema is {found!r}, not {SCHEMA!r}.",
            "Make it with: violet scan --format json --output FILE",
        )
    decision = top.item("decision")
    return Stored(
        report=Report(
            command=top.text("command"),
            version=top.text("version"),
            assets=top.each("assets", _read_asset),
            findings=top.each("findings", _read_finding),
            skipped=top.each("skipped", _read_skipped),
            failed=top.each("failed", _read_failed),
            measurements=top.each("measurements", _read_measurement),
            accepted=top.each("accepted", _read_finding),
        ),
        decision=Decision(
            decision.named("verdict", Verdict),
            decision.texts("reasons"),
            decision.whole("exit_code"),
        ),
        command_line=top.text("command_line"),
    )


@cache
def schema_text() -> str:
    """The JSON Schema (2020-12) of the report, as published."""
    from importlib.resources import files

    return files("violet.report").joinpath("report-1.schema.json").read_text(encoding="utf-8")


def _summary(counts: Summary) -> dict[str, Any]:
    return {
        "findings": counts.findings,
        **{str(severity): count for severity, count in counts.by_severity.items()},
        "files": counts.files,
        "assets": counts.assets,
        "skipped": counts.skipped,
        "failed": counts.failed,
        "accepted": counts.accepted,
    }


def _asset(asset: Asset) -> dict[str, Any]:
    digest = asset.digest
    return {
        "path": json_text(asset.path),
        "format": json_text(asset.format),
        "size": asset.size,
        "digest": None
        if digest is None
        else {"algorithm": json_text(digest.algorithm), "value": json_text(digest.value)},
    }


def _place(location: Location) -> dict[str, Any]:
    return {"path": json_text(location.path), "offset": location.offset, "line": location.line}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        **_place(finding.location),
        "rule": json_text(finding.rule),
        "severity": str(finding.severity),
        "confidence": str(finding.confidence),
        "message": json_text(finding.message),
        "evidence": json_text(finding.evidence),
        "fix": json_text(finding.fix),
        "techniques": [json_text(technique) for technique in finding.techniques],
        "fingerprint": finding.fingerprint,
        "key": json_text(finding.key),
        "logical_path": json_text(finding.logical_path),
    }


def _skipped(skipped: Skipped) -> dict[str, Any]:
    return {**_place(skipped.location), "reason": json_text(skipped.reason), "what": json_text(skipped.what)}


def _failed(failed: Failed) -> dict[str, Any]:
    return {**_place(failed.location), "error": json_text(failed.error)}


def _measurement(measurement: Measurement) -> dict[str, Any]:
    value: float | str = measurement.value
    if not math.isfinite(measurement.value):
        value = "NaN" if math.isnan(measurement.value) else f"{'-' if measurement.value < 0 else ''}Infinity"
    return {
        **_place(measurement.location),
        "name": json_text(measurement.name),
        "value": value,
        "unit": json_text(measurement.unit),
    }


def _parsed(text: str) -> Any:
    try:
        return json.loads(text.removeprefix("\ufeff"), parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"This report is not JSON: {error}.", _HINT) from None
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"This report cannot be read: {type(error).__name__}.", _HINT) from None


_HINT = "Give the file that --format json wrote, unchanged."


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


@dataclass(frozen=True, slots=True)
class _Reader:
    """A JSON value and where it stands in the document; every method checks what it returns."""

    value: Any
    at: str

    def item(self, key: str) -> _Reader:
        if not isinstance(self.value, dict):
            self.fail("is not an object")
        at = f"{self.at}.{key}" if self.at else key
        if key not in self.value:
            raise ConfigurationError(f"This report lacks {at}.", _HINT)
        return _Reader(self.value[key], at)

    def each(self, key: str, read: Callable[[_Reader], T]) -> tuple[T, ...]:
        inner = self.item(key)
        if not isinstance(inner.value, list):
            inner.fail("is not an array")
        return tuple(read(_Reader(value, f"{inner.at}[{n}]")) for n, value in enumerate(inner.value))

    def text(self, key: str) -> str:
        return _as_text(self.item(key))

    def texts(self, key: str) -> tuple[str, ...]:
        return self.each(key, _as_text)

    def whole(self, key: str) -> int:
        inner = self.item(key)
        value = inner.value
        if not isinstance(value, int) or isinstance(value, bool):
            inner.fail("is not a whole number")
        return value

    def maybe_whole(self, key: str) -> int | None:
        return None if self.item(key).value is None else self.whole(key)

    def number(self, key: str) -> float:
        inner = self.item(key)
        value = inner.value
        if isinstance(value, str) and value in _NON_FINITE:
            return _NON_FINITE[value]
        if isinstance(value, bool) or not isinstance(value, int | float):
            inner.fail("is not a number")
        try:
            return float(value)
        except OverflowError:
            inner.fail("is too large")

    def named(self, key: str, kind: Callable[[str], T]) -> T:
        """One of the names of an enumeration; ``kind`` raises ``ValueError`` for any other."""
        inner = self.item(key)
        try:
            return kind(_as_text(inner))
        except ValueError:
            inner.fail("is not a known name")

    def fail(self, problem: str) -> NoReturn:
        shown = repr(self.value)
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        raise ConfigurationError(f"In this report, {self.at or 'the document'} {problem}: {shown}.", _HINT)


def _as_text(reader: _Reader) -> str:
    if not isinstance(reader.value, str):
        reader.fail("is not text")
    return text_of(reader.value)


def _read_asset(reader: _Reader) -> Asset:
    digest = reader.item("digest")
    return Asset(
        path=reader.text("path"),
        format=reader.text("format"),
        size=reader.whole("size"),
        digest=None if digest.value is None else Digest(digest.text("algorithm"), digest.text("value")),
    )


def _read_place(reader: _Reader) -> Location:
    return Location(reader.text("path"), reader.maybe_whole("offset"), reader.maybe_whole("line"))


def _read_finding(reader: _Reader) -> Finding:
    finding = Finding(
        rule=reader.text("rule"),
        severity=reader.named("severity", Severity.parse),
        confidence=reader.named("confidence", _confidence),
        message=reader.text("message"),
        location=_read_place(reader),
        evidence=reader.text("evidence"),
        fix=reader.text("fix"),
        techniques=reader.texts("techniques"),
        key=reader.text("key"),
        logical_path=reader.text("logical_path"),
    )
    if reader.text("fingerprint") != finding.fingerprint:
        reader.item("fingerprint").fail("does not belong to the finding that it stands in")
    return finding


def _read_skipped(reader: _Reader) -> Skipped:
    return Skipped(_read_place(reader), reader.text("reason"), reader.text("what"))


def _read_failed(reader: _Reader) -> Failed:
    return Failed(_read_place(reader), reader.text("error"))


def _read_measurement(reader: _Reader) -> Measurement:
    return Measurement(_read_place(reader), reader.text("name"), reader.number("value"), reader.text("unit"))


def _confidence(name: str) -> Confidence:
    names: Mapping[str, Confidence] = {str(confidence): confidence for confidence in Confidence}
    if name not in names:
        raise ValueError(name)
    return names[name]
