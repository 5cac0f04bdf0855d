"""The test as JSON of the shape ``violet-test/1`` (``test-1.schema.json``): every part of it, and the ordinary report.

Rates carry their Wilson interval of 95 %. A number that is none (NaN) or has no bound (infinity) is ``null``. Text with
unpaired surrogates is written as in the ordinary report.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import math
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from violet.domain.rate import Rate
from violet.report.json_ import _text as json_text
from violet.report.json_ import document as report_document

if TYPE_CHECKING:
    from violet.domain.robustness import EvasionTest
    from violet.report import View

SCHEMA = "violet-test/1"
_PAIRS = frozenset({"options", "versions", "figures"})
"""Fields that hold pairs of name and value, which JSON can say as objects."""
_INDENT = "  "


def render(test: EvasionTest, view: View) -> str:
    return _laid_out(document(test, view), "\n") + "\n"


def document(test: EvasionTest, view: View) -> dict[str, Any]:
    """The top-level object; every list is in the order of the test."""
    return {"schema": SCHEMA, "test": test_object(test), "report": report_document(view)}


def test_object(test: EvasionTest) -> dict[str, Any]:
    """The test alone, as it stands in this document and in those of hardenings."""
    made: dict[str, Any] = plain(test)
    for name in ("moved", "relied"):
        made[name] = [{"feature": json_text(feature), "share": plain(share)} for feature, share in getattr(test, name)]
    return made


@cache
def schema_text() -> str:
    """The JSON Schema (2020-12) of the document, as published."""
    from importlib.resources import files

    return files("violet.report").joinpath("testing", "test-1.schema.json").read_text(encoding="utf-8")


def plain(value: Any) -> Any:
    """Values that JSON has: dataclasses as objects, with what can be computed of a rate."""
    if isinstance(value, Rate):
        return _rate(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _pairs(getattr(value, field.name))
            if field.name in _PAIRS
            else plain(getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, str):
        return json_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return _pairs(tuple(value.items()))
    if isinstance(value, tuple | list):
        return [plain(entry) for entry in value]
    return value


def _pairs(pairs: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    return {json_text(name): plain(value) for name, value in pairs}


def _rate(rate: Rate) -> dict[str, Any]:
    interval = rate.interval()
    return {
        "hits": rate.hits,
        "total": rate.total,
        "value": plain(rate.value),
        "low": interval.low,
        "high": interval.high,
    }


def _laid_out(value: Any, line: str) -> str:
    """JSON with an entry a line, but lists of numbers in one: images have tens of thousands of them."""
    if isinstance(value, dict) and value:
        deeper = line + _INDENT
        entries = [f"{json.dumps(name)}: {_laid_out(entry, deeper)}" for name, entry in value.items()]
        return "{" + deeper + f",{deeper}".join(entries) + line + "}"
    if isinstance(value, list) and any(isinstance(entry, dict | list | str) for entry in value):
        deeper = line + _INDENT
        return "[" + deeper + f",{deeper}".join(_laid_out(entry, deeper) for entry in value) + line + "]"
    return json.dumps(value, ensure_ascii=True, allow_nan=False)
