"""A replay as JSON, schema ``violet-guard/1`` (``docs/schemas/guard-1.json``). Figures that do not exist are
``null``."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from violet.domain.alert import Alert
    from violet.domain.guard_report import GuardReport

SCHEMA = "violet-guard/1"


def render(report: GuardReport) -> str:
    return json.dumps(document(report), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def document(report: GuardReport) -> dict[str, Any]:
    """The top-level object."""
    made = {"schema": SCHEMA, **asdict(report)}
    made["alerts"] = [alert_content(alert) for alert in report.alerts]
    cleaned: dict[str, Any] = plain(made)
    return cleaned


def alert_content(alert: Alert) -> dict[str, Any]:
    """An alert's fields; severity, confidence and response as words."""
    made = asdict(alert)
    made["severity"] = str(alert.severity)
    made["confidence"] = str(alert.confidence)
    made["response"] = alert.response.value
    cleaned: dict[str, Any] = plain(made)
    return cleaned


def alert_json(alert: Alert) -> str:
    """On one line."""
    return json.dumps(alert_content(alert), ensure_ascii=True, allow_nan=False)


def plain(value: Any) -> Any:
    """What JSON has: not-a-numbers and infinities as ``null``, unpaired surrogates escaped."""
    if isinstance(value, dict):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return str(value).encode("utf-8", "backslashreplace").decode("utf-8")
    return value
