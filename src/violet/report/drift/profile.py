"""What was profiled, for a terminal and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.report.json_values import plain
from violet.report.layout import BLANK, DEFAULT_WIDTH, Line, line, printed, wrapped
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.drift import ProfileSummary

SCHEMA = "violet-profile-summary/1"
_SHOWN = 12


def render(summary: ProfileSummary, fmt: str, *, color: bool = False, width: int | None = None) -> str:
    """As text ending in one newline. Raises ``UsageError`` for another format."""
    if fmt == "json":
        return json.dumps({"schema": SCHEMA, **plain(summary)}, indent=2, allow_nan=False) + "\n"
    if fmt != "console":
        raise UsageError(f"{fmt!r} is not a format of profiles.", "Use console or json.")
    room = width or DEFAULT_WIDTH
    lines: list[Line] = [line(visible(f"{summary.source}: {summary.rows:,} rows"), "heading")]
    for name, columns in (
        ("numbers", summary.numbers),
        ("categories", summary.categories),
        ("texts", summary.texts),
        ("vectors", summary.vectors),
    ):
        if columns:
            more = f" and {len(columns) - _SHOWN:,} more" if len(columns) > _SHOWN else ""
            lines += wrapped(visible(f"{len(columns):,} {name}: {', '.join(columns[:_SHOWN])}{more}"), room, "", 2)
    if summary.answers:
        labelled = f", {summary.labelled:,} with a known truth" if summary.labelled else ", none with a known truth"
        lines += wrapped(f"{summary.answers:,} answers of the model{labelled}", room, "", 2)
    if not summary.reference:
        lines += wrapped(
            "no reference for detectors: too few rows, or no columns of numbers or of few words", room, "", 2
        )
    elif summary.kept_rows:
        lines += wrapped(f"{summary.kept_rows:,} raw rows are kept in it; --keep-rows 0 keeps none", room, "dim", 2)
    for note in summary.notes:
        lines += wrapped(visible(note), room, "dim", 2)
    lines += [BLANK, line(visible(f"Wrote {summary.output}: {summary.size / 1e6:.2f} MB, {summary.digest}"), "bold")]
    lines += wrapped(visible(f"Again: {summary.command}"), room, "dim")
    return printed(lines, color=color)
