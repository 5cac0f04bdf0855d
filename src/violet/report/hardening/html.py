"""Hardening as one self-contained page: no script, nothing fetched. Every value is escaped by the template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.report.hardening.words import STYLES, certified, rows
from violet.report.html import style_and_digest, template
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.report.hardening import HardeningView


def render(view: HardeningView) -> str:
    known = view.hardening
    sheet, digest = style_and_digest("report.css")
    page: str = template("hardening.html").render(
        style=sheet,
        style_digest=digest,
        effect=known.effect.value,
        verdict_class=STYLES[known.effect],
        verdict=visible(known.verdict),
        method=known.method,
        parent=visible(known.parent),
        output=visible(known.output),
        digests=[("Parent", known.parent_digest), ("Hardened", known.output_digest)],
        rows=[tuple(map(visible, (row.name, row.before, row.after, row.change))) for row in rows(known)],
        certified=[visible(sentence) for sentence in certified(known)],
        notes=[visible(note) for note in known.notes],
        steps=[(visible(name), f"{value:.4g}") for name, value in known.steps],
        command=visible(known.command),
        seed=known.seed,
    )
    return page.rstrip("\n") + "\n"
