"""The test as JSON of the shape ``violet-test/1`` (``test-1.schema.json``): every part of it, and the ordinary report.

Rates carry their Wilson interval of 95 %. A number that is none (NaN) or has no bound (infinity) is ``null``. Text with
unpaired surrogates is written as in the ordinary report.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from violet.report.json_ import document as report_document
from violet.report.json_values import json_text, plain

if TYPE_CHECKING:
    from violet.domain.robustness import EvasionTest
    from violet.report import View

SCHEMA = "violet-test/1"
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
