"""The comparison as one self-contained page: no script, nothing fetched. Charts are SVG in the page; the findings look
as they do in every report. Every value is escaped by the template, or where SVG is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain.drift import Change
from violet.report.drift import words
from violet.report.drift.charts import share_chart, spark, window_chart
from violet.report.html import style_and_digest, template, values
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.drift import ColumnDrift, Drift
    from violet.report import View

CHARTS = 24
"""Columns that are drawn: the worst first."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A column's card."""

    name: str
    verdict: str
    style: str
    reason: str
    details: list[tuple[str, str]]
    chart: str
    spark: str


def render(drift: Drift, view: View) -> str:
    style, digest = style_and_digest("report.css", "testing.css", "drift.css")
    made = words.sections(drift)
    shown = {
        **values(view),
        "style": style,
        "style_digest": digest,
        "heading": words.headline(drift),
        "summary": visible(drift.summary),
        "about": words.facts(drift),
        "figures": words.figures(drift),
        "sections": made,
        "columns": [_drawn(column, drift) for column in _chosen(drift)],
        "window_chart": window_chart(drift),
        "restrictions": [visible(text) for text in drift.restrictions],
        "provenance": [(name, value) for name, value in words.provenance(drift)[1:] if value],
        "again": visible(view.command_line or drift.command),
    }
    page: str = template("drift.html").render(shown)
    return page.strip("\n") + "\n"


def _chosen(drift: Drift) -> list[ColumnDrift]:
    return [column for column in words.ranked(drift) if column.change is not Change.UNCOMPARED][:CHARTS]


def _drawn(column: ColumnDrift, drift: Drift) -> Drawn:
    details = [
        ("effect", words.number(column.effect)),
        ("95 % interval", _interval(column)),
        ("chance gives", words.number(column.noise)),
        ("windows of the reference", words.number(column.natural)),
        ("PSI", words.number(column.psi)),
        ("Wasserstein", words.short(column.wasserstein)),
        ("in standard deviations", words.number(column.wasserstein_normed)),
        ("Jensen-Shannon", words.number(column.jensen_shannon)),
        ("chi-square p", words.p_value(column.chi2_p)),
        ("words not in the reference", words.percent(column.unseen)),
        ("new", ", ".join(visible(word) for word, _ in column.new_words[:3])),
        ("rows", f"{column.rows_before:,} → {column.rows_after:,}"),
    ]
    return Drawn(
        name=visible(column.name),
        verdict=str(column.change),
        style=words.STYLES[column.change],
        reason=visible(column.reason),
        details=[(name, value) for name, value in details if value],
        chart=share_chart(column.bars, column.name) if column.bars is not None else "",
        spark=spark(column.series, drift.threshold),
    )


def _interval(column: ColumnDrift) -> str:
    if column.interval is None:
        return ""
    return f"{words.number(column.interval.low)} to {words.number(column.interval.high)}"
