"""Hardening as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.report.hardening.words import certified, rows
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.report.hardening import HardeningView


def render(view: HardeningView) -> str:
    known = view.hardening
    lines = [
        f"# Hardened: {_cell(known.output)}",
        "",
        f"**{known.effect.value}.** {_cell(known.verdict)}",
        "",
        f"By {known.method} from {_cell(known.parent)}, seed {known.seed}.",
        "",
        "| | before | after | change |",
        "|---|---|---|---|",
        *(f"| {' | '.join(map(_cell, (row.name, row.before, row.after, row.change)))} |" for row in rows(known)),
        "",
    ]
    if sentences := certified(known):
        lines += [_cell(sentences[0]), "", *(f"- {_cell(sentence)}" for sentence in sentences[1:]), ""]
    lines += [f"- {_cell(note)}" for note in known.notes]
    lines += ["", "```sh", visible(known.command), "```"]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    made = visible(text)
    for sign in "\\`*_[]<>|":
        made = made.replace(sign, "\\" + sign)
    return made
