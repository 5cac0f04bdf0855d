"""One frame as one line of JSON, of the shape ``violet-watch/1``: the fields of ``domain.guard_status.Watched``, and of
what is in it. A number that is none (NaN) or has no bound (infinity) is ``null``."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from violet.domain.outcome import Confidence, Severity
from violet.report.json_ import _text as json_text

if TYPE_CHECKING:
    from violet.domain.guard_status import Watched

SCHEMA = "violet-watch/1"


def render(watched: Watched) -> str:
    return json.dumps({"schema": SCHEMA, **_plain(watched)}, ensure_ascii=True, allow_nan=False) + "\n"


@cache
def schema_text() -> str:
    """The JSON Schema (2020-12) of a frame, as published."""
    from importlib.resources import files

    return files("violet.report").joinpath("watching", "watch-1.schema.json").read_text(encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, Severity | Confidence):
        return str(value)
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, str):
        return json_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {json_text(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return value
