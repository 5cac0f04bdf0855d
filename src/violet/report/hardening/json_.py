"""Hardening as JSON of the shape ``violet-hardening/1``. Numbers that are none (NaN, infinity) are ``null``."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from violet.report.hardening import HardeningView

SCHEMA = "violet-hardening/1"


def render(view: HardeningView) -> str:
    document = {"schema": SCHEMA, **plain(view.hardening)}
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """Dataclasses as objects, rates with their value and interval."""
    from violet.domain.rate import Rate

    if isinstance(value, Rate):
        interval = value.interval()
        return {
            "hits": value.hits,
            "total": value.total,
            "value": _number(value.value),
            "low": interval.low,
            "high": interval.high,
        }
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, tuple | list):
        return [plain(entry) for entry in value]
    if isinstance(value, dict):
        return _object(value)
    return value


def _object(value: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): plain(entry) for name, entry in value.items()}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
