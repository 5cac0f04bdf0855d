"""A report as bytes that a statement can carry, and back.

JSON of the shape ``violet-outcomes/1``: an object with ``command``, ``version``, ``outcomes`` (what
``violet.services.wire`` encodes: assets, then findings, skipped, failed and measurements) and ``accepted`` (the
same, of findings only). Figures that are no numbers in JSON are the texts ``NaN``, ``Infinity`` and ``-Infinity``.
"""

from __future__ import annotations

import math
from typing import Any

from violet.domain import Failed, Finding, Measurement, Outcome, Report, Skipped
from violet.provenance.strict_json import canonical, parse
from violet.services.wire import decode, encode

SCHEMA = "violet-outcomes/1"
MEDIA_TYPE = "application/vnd.violet.outcomes+json"
LARGEST = 64 << 20

_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def report_content(report: Report) -> bytes:
    """Always the same bytes for the same report."""
    from violet.checks.examine import Examination

    outcomes: list[Outcome] = [*report.findings, *report.skipped, *report.failed, *report.measurements]
    return canonical(
        {
            "schema": SCHEMA,
            "command": report.command,
            "version": report.version,
            "outcomes": _spelled(encode(Examination(list(report.assets), outcomes))),
            "accepted": encode(Examination([], list(report.accepted))),
        }
    )


def report_of(content: bytes) -> Report:
    """The report that ``report_content`` wrote. Raises ``ValueError`` with a clause that says what is wrong."""
    value = parse(content, LARGEST)
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise ValueError(f"it is no report of the shape {SCHEMA}")
    command, version = value.get("command"), value.get("version")
    if not isinstance(command, str) or not isinstance(version, str):
        raise ValueError("its command or version is no text")
    assets, outcomes = decode(_numbers(value.get("outcomes")))
    _, accepted = decode(value.get("accepted"))
    if not all(isinstance(outcome, Finding) for outcome in accepted):
        raise ValueError("it accepts something that is no finding")
    return Report(
        command=command,
        version=version,
        assets=tuple(assets),
        findings=tuple(o for o in outcomes if isinstance(o, Finding)),
        skipped=tuple(o for o in outcomes if isinstance(o, Skipped)),
        failed=tuple(o for o in outcomes if isinstance(o, Failed)),
        measurements=tuple(o for o in outcomes if isinstance(o, Measurement)),
        accepted=tuple(o for o in accepted if isinstance(o, Finding)),
    )


_VALUE = 3
"""Where a measurement's value stands in its list."""


def _spelled(message: list[Any]) -> list[Any]:
    for outcome in message[1]:
        if outcome[0] == "measurement" and not math.isfinite(outcome[_VALUE]):
            value = outcome[_VALUE]
            outcome[_VALUE] = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return message


def _numbers(message: Any) -> Any:
    if isinstance(message, list) and len(message) == 2 and isinstance(message[1], list):
        for outcome in message[1]:
            if isinstance(outcome, list) and len(outcome) > _VALUE and outcome[0] == "measurement":
                value = outcome[_VALUE]
                outcome[_VALUE] = _NOT_FINITE.get(value, value) if isinstance(value, str) else value
    return message
