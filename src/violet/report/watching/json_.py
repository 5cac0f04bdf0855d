"""One frame as one line of JSON, of the shape ``violet-watch/1``: the fields of ``domain.guard_status.Watched``, and of
what is in it. A number that is none (NaN) or has no bound (infinity) is ``null``."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from violet.report.json_values import plain

if TYPE_CHECKING:
    from violet.domain.guard_status import Watched

SCHEMA = "violet-watch/1"


def render(watched: Watched) -> str:
    return json.dumps({"schema": SCHEMA, **plain(watched)}, ensure_ascii=True, allow_nan=False) + "\n"


@cache
def schema_text() -> str:
    """The JSON Schema (2020-12) of a frame, as published."""
    from importlib.resources import files

    return files("violet.report").joinpath("watching", "watch-1.schema.json").read_text(encoding="utf-8")
