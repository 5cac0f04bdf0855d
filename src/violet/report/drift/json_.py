"""The comparison as JSON of the shape ``violet-drift/1`` (``drift-1.schema.json``): every part of it, and the ordinary
report. Figures that do not exist (NaN, infinity) are ``null``."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from violet.report.json_ import document as report_document
from violet.report.json_values import plain

if TYPE_CHECKING:
    from violet.domain.drift import Drift
    from violet.report import View

SCHEMA = "violet-drift/1"


def render(drift: Drift, view: View) -> str:
    return json.dumps(document(drift, view), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def document(drift: Drift, view: View) -> dict[str, Any]:
    """The top-level object. Columns are in the order of the reference."""
    made: dict[str, Any] = plain(drift)
    for column, known in zip(made["columns"], drift.columns, strict=True):
        column["new_words"] = [{"word": word, "share": share} for word, share in plain(known.new_words)]
    return {"schema": SCHEMA, "drift": made, "report": report_document(view)}


@cache
def schema_text() -> str:
    """The JSON Schema (2020-12) of the document, as published."""
    from importlib.resources import files

    return files("violet.report").joinpath("drift", "drift-1.schema.json").read_text(encoding="utf-8")
