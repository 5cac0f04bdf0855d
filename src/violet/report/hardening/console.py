"""Hardening for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.report.hardening.words import STYLES, certified, rows
from violet.report.layout import BLANK, Line, Span, columns, line, printed, wrapped
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.report.hardening import HardeningView


def render(view: HardeningView) -> str:
    known, width = view.hardening, columns(view.width)
    lines: list[Line] = [line(visible(f"{known.parent} -> {known.output} by {known.method}"), "heading"), BLANK]
    for row in rows(known):
        lines.append(line(visible(row.name), "bold", 2))
        lines += wrapped(visible(f"before {row.before}"), width, "", 4)
        lines += wrapped(visible(f"after  {row.after}"), width, "", 4)
        if row.change:
            lines += wrapped(visible(row.change), width, "dim", 4)
    for number, sentence in enumerate(certified(known)):
        lines += wrapped(visible(sentence), width, "bold" if not number else "", 2 if not number else 4)
    for note in known.notes:
        lines += wrapped(visible(note), width, "dim", 2)
    lines.append(BLANK)
    label = known.effect.value.upper()
    first, *rest = wrapped(visible(f"{label}: {known.verdict}"), width)
    text = "".join(span.text for span in first)
    lines.append((Span(label, STYLES[known.effect]), Span(text.removeprefix(label))))
    lines += rest
    lines += wrapped(visible(f"Model: {known.output}, {known.output_digest}, from {known.parent_digest}"), width, "dim")
    lines += wrapped(visible(f"Again: {known.command}"), width, "dim")
    return printed(lines, color=view.color)
