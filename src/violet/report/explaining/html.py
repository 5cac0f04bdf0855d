"""The explanation as one self-contained page: no script, nothing fetched. Bars are drawn as SVG in the page, heat maps
are pictures in it. Every value is escaped by the template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from violet.domain import Verdict
from violet.report.explaining.png import heat_map, picture
from violet.report.explaining.words import facts, headline, provenance, sections
from violet.report.html import style_and_digest, template
from violet.report.told import Section
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain import Finding
    from violet.domain.explanation import Explanation
    from violet.report import View

_WORDS = {Verdict.ALLOW: "Allowed", Verdict.WARN: "Allowed, with warnings", Verdict.DENY: "Denied"}
_BAR = 120


def render(explanation: Explanation, view: View) -> str:
    sheet, digest = style_and_digest("report.css", "explanation.css")
    page: str = template("explanation.html").render(
        style=sheet,
        style_digest=digest,
        title="Violet explain",
        headline=headline(explanation),
        version=visible(view.report.version),
        verdict=view.decision.verdict.value,
        verdict_words=_WORDS[view.decision.verdict],
        reasons=[visible(reason) for reason in view.decision.reasons],
        facts=facts(explanation),
        plain=[visible(text) for text in explanation.plain],
        findings=[_finding(finding, view) for finding in view.report.findings],
        sections=[_section(section) for section in sections(explanation)],
        pictures=_pictures(explanation),
        restrictions=[visible(text) for text in explanation.restrictions],
        rows=[(name, value) for name, value in provenance(explanation) if value],
        exit_code=view.decision.exit_code,
    )
    return page.rstrip("\n") + "\n"


def _section(section: Section) -> dict[str, Any]:
    bars: list[dict[str, float | str] | None] = [
        {"width": max(round(abs(value) * _BAR, 1), 0.5), "side": "for" if value >= 0 else "against"}
        for value in section.bars
    ]
    return {
        "id": section.id,
        "title": section.title,
        "lead": section.lead,
        "header": section.header,
        "rows": list(zip(section.rows, bars or [None] * len(section.rows), strict=True)),
        "bars": bool(section.bars),
        "after": section.after,
    }


def _pictures(explanation: Explanation) -> dict[str, list[dict[str, Any]]]:
    """Pictures by the section they stand in."""
    if not explanation.shape:
        return {}
    rows, columns = _plane(explanation.shape, explanation.layout)
    made = {"reliance": [_shown("mean size of attribution", heat_map(explanation.heat, rows, columns), rows, columns)]}
    for entry in explanation.inputs:
        if not entry.pixels:
            continue
        rows, columns = _plane(entry.shape, entry.layout)
        made[f"input-{entry.index}"] = [
            _shown("the input", picture(entry.pixels, entry.shape, entry.layout), rows, columns),
            _shown("red speaks for the prediction, blue against", heat_map(entry.heat, rows, columns), rows, columns),
        ]
    return made


def _shown(words: str, uri: str, rows: int, columns: int) -> dict[str, Any]:
    scale = max(1, 176 // max(rows, columns))
    return {"words": words, "uri": uri, "width": columns * scale, "height": rows * scale}


def _plane(shape: tuple[int, ...], layout: str) -> tuple[int, int]:
    return (shape[0], shape[1]) if layout == "hwc" or len(shape) == 2 else (shape[1], shape[2])


def _finding(finding: Finding, view: View) -> dict[str, Any]:
    rule = view.rules.get(finding.rule)
    return {
        "severity": str(finding.severity),
        "rule": visible(finding.rule),
        "title": visible(rule.title) if rule else "",
        "message": visible(finding.message),
        "evidence": visible(finding.evidence),
        "fix": visible(finding.fix),
        "techniques": [visible(name) for name in finding.techniques],
    }
