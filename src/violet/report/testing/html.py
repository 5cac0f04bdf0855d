"""The test as one self-contained page: no script, nothing fetched. Curves are drawn as SVG in the page, worst cases are
pictures in it; the findings look as they do in every report. Every value is escaped by the template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.report.html import style_and_digest, template, values
from violet.report.testing import words
from violet.report.testing.charts import curve_chart
from violet.report.testing.pictures import Shown, pictures
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.robustness import EvasionTest
    from violet.report import View
    from violet.report.told import Section

_BEFORE_CURVES = frozenset({"attacks", "checks", "groups"})


@dataclass(frozen=True, slots=True)
class Drawn:
    """A curve: its table, and the chart where there is enough to draw."""

    section: Section
    svg: str


@dataclass(frozen=True, slots=True)
class Case:
    """A worst case, as the page shows it."""

    words: str
    pictures: tuple[Shown, ...]
    changes: list[tuple[str, str, str]]
    more: int


def render(test: EvasionTest, view: View) -> str:
    style, digest = style_and_digest("report.css", "testing.css")
    made = words.sections(test)
    curves = [section for section in made if section.id.startswith("curve-")]
    tables = [section for section in made if section not in curves]
    shown = {
        **values(view),
        "style": style,
        "style_digest": digest,
        "heading": words.title(test),
        "withheld": words.withheld(test),
        "partial": words.partial(test),
        "figures": words.figures(test),
        "plain": words.plain(test),
        "first_sections": [section for section in tables if section.id in _BEFORE_CURVES],
        "sections": [section for section in tables if section.id not in _BEFORE_CURVES],
        "curves": [_drawn(section, test) for section in curves],
        "worst": _cases(test),
        "restrictions": words.restrictions(test),
        "provenance": words.provenance(test),
        "again": visible(view.command_line or test.command),
    }
    page: str = template("testing.html").render(shown)
    return page.strip("\n") + "\n"


def _drawn(section: Section, test: EvasionTest) -> Drawn:
    number = int(section.id.removeprefix("curve-"))
    curve = test.curves[number]
    mark = test.threat.eps if curve.over == "eps" else None
    return Drawn(section, curve_chart(curve, number, mark))


def _cases(test: EvasionTest) -> list[Case]:
    cases = []
    for case in test.worst:
        rows, left = words.change_rows(case)
        cases.append(Case(words.worst_case(case, test.threat.norm), pictures(case), rows, left))
    return cases
