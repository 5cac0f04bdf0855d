"""A replay as JSON, schema ``violet-guard/1`` (``docs/schemas/guard-1.json``). Figures that do not exist are
``null``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from violet.report.json_values import plain

if TYPE_CHECKING:
    from violet.domain.alert import Alert
    from violet.domain.guard_report import GuardReport

SCHEMA = "violet-guard/1"


def render(report: GuardReport) -> str:
    return json.dumps(document(report), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def document(report: GuardReport) -> dict[str, Any]:
    """The top-level object."""
    return {"schema": SCHEMA, **plain(report)}


def alert_json(alert: Alert) -> str:
    """On one line."""
    return json.dumps(plain(alert), ensure_ascii=True, allow_nan=False)
