"""Values as JSON has them, in the way of every report.

Text with unpaired surrogates (a file name that is not UTF-8, for one) cannot be written as JSON that every parser
takes. It is written as ``escaped:`` and the text with ``\\`` doubled and each surrogate as ``\\udc80``; so is text that
begins with ``escaped:`` itself, which makes the mapping reversible.
"""

from __future__ import annotations

import dataclasses
import enum
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from violet.domain.outcome import Confidence, Severity
from violet.domain.rate import Rate

_PREFIX = "escaped:"
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPE = re.compile(r"\\(\\|u(d[89a-f][0-9a-f]{2}))")
_PAIRS = frozenset({"options", "versions", "figures"})
"""Fields that hold names and values as pairs, which JSON can say as objects."""


def json_text(text: str) -> str:
    if not _SURROGATE.search(text) and not text.startswith(_PREFIX):
        return text
    body = text.replace("\\", "\\\\")
    return _PREFIX + _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", body)


def text_of(text: str) -> str:
    """What ``json_text`` was given."""
    if not text.startswith(_PREFIX):
        return text
    body = text[len(_PREFIX) :]
    return _ESCAPE.sub(lambda match: chr(int(match[2], 16)) if match[2] else "\\", body)


def plain(value: Any) -> Any:
    """Dataclasses as objects, with what can be computed of a rate; severity and confidence as words. A number that is
    none (NaN) or has no bound (infinity) is ``None``."""
    if isinstance(value, Rate):
        return _rate(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _pairs(getattr(value, field.name))
            if field.name in _PAIRS
            else plain(getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
    if isinstance(value, Severity | Confidence):
        return str(value)
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, str):
        return json_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return _pairs(value)
    if isinstance(value, tuple | list):
        return [plain(entry) for entry in value]
    return value


def _pairs(pairs: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {json_text(name): plain(value) for name, value in dict(pairs).items()}


def _rate(rate: Rate) -> dict[str, Any]:
    interval = rate.interval()
    return {
        "hits": rate.hits,
        "total": rate.total,
        "value": plain(rate.value),
        "low": interval.low,
        "high": interval.high,
    }
