"""Hardening as JSON of the shape ``violet-hardening/1``. Numbers that are none (NaN, infinity) are ``null``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from violet.report.json_values import plain
from violet.report.testing.json_ import test_object

if TYPE_CHECKING:
    from violet.report.hardening import HardeningView

SCHEMA = "violet-hardening/1"


def render(view: HardeningView) -> str:
    return json.dumps(document(view), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def document(view: HardeningView) -> dict[str, Any]:
    """The top-level object. ``before`` and ``after`` are tests as in ``violet-test/1``."""
    known = view.hardening
    made: dict[str, Any] = plain(known)
    tests = {"before": test_object(known.before), "after": test_object(known.after)}
    return {"schema": SCHEMA, **made, **tests}


def schema_text() -> str:
    """The JSON Schema (2020-12) of the document, as published."""
    from importlib.resources import files

    return files("violet.report").joinpath("hardening", "hardening-1.schema.json").read_text(encoding="utf-8")
