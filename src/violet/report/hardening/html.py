"""Hardening as one self-contained page: no script, nothing fetched. Every value is escaped by the template."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from violet.report.hardening.words import STYLES, certified, rows
from violet.report.visible import visible

if TYPE_CHECKING:
    import jinja2

    from violet.report.hardening import HardeningView


def render(view: HardeningView) -> str:
    known = view.hardening
    sheet = _resource("report.css")
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    page: str = _template().render(
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


@cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_resource("hardening.html"))


def _resource(name: str) -> str:
    return files("violet.report").joinpath("templates", name).read_text(encoding="utf-8")
