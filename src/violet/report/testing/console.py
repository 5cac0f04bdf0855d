"""The test for a terminal: the headline, why it is withheld, plain words, tables, findings, and the verdict last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.report.console import lay_out as lay_out_report
from violet.report.layout import BLANK, Line, Span, cells, columns, line, printed, wrap, wrapped
from violet.report.testing import words
from violet.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from violet.domain.robustness import CurvePoint, EvasionTest, WorstCase
    from violet.report import View
    from violet.report.told import Section

    _Point = tuple[tuple[str, ...], CurvePoint]

_MARGIN = 2
_GAP = 2
_NARROWEST = 12
"""Cells of a column of text that is wrapped."""
_WIDEST_WORD = 36
_BESIDE = 24
"""Cells that what is said of a figure needs beside it."""
_BAR = 20
_POINTS = 7


def render(test: EvasionTest, view: View) -> str:
    return printed(lay_out(test, view), color=view.color)


def lay_out(test: EvasionTest, view: View) -> list[Line]:
    width = columns(view.width)
    lines: list[Line] = [*wrapped(words.title(test), width, "heading"), BLANK]
    lines += _headline(test, width)
    lines += [*wrapped(words.plain(test), width, "", _MARGIN), BLANK]
    shown = words.sections(test, brief=True)
    for section in shown:
        lines += _section(section, test, width)
    left = len(test.curves) - sum(section.id.startswith("curve-") for section in shown)
    if left > 0:
        more = "curve" if left == 1 else "curves"
        lines += [*wrapped(f"{left:,} more {more} in the HTML and JSON reports.", width, "dim"), BLANK]
    if test.worst:
        lines.append(line("Worst cases", "heading"))
        for case in test.worst:
            lines += _worst(case, test, width)
        lines.append(BLANK)
    if test.restrictions:
        lines.append(line("Restrictions", "heading"))
        for text in words.restrictions(test):
            lines += _item(text, width)
        lines.append(BLANK)
    lines.append(line("How this was measured", "heading"))
    for name, value in words.provenance(test):
        lines += wrapped(f"{name}: {value}", width, "", _MARGIN)
    lines.append(BLANK)
    lines += lay_out_report(view)
    if test.command and not view.command_line:
        lines.append((Span("Again: ", "dim"), Span(visible(test.command))))
    return lines


def _headline(test: EvasionTest, width: int) -> list[Line]:
    """The reasons that withhold the figure stand before every figure."""
    lines: list[Line] = []
    reasons = words.withheld(test)
    if reasons:
        lines.append(line("Robust accuracy is withheld", "deny"))
        for reason in reasons:
            lines += _item(reason, width)
        lines.append(BLANK)
    if words.partial(test):
        lines += [*wrapped(words.partial(test), width, "warn"), BLANK]
    shown = [figure for figure in words.figures(test) if not (figure.missing and reasons)]
    name = max(len(figure.name) for figure in shown)
    value = max(len(figure.value) for figure in shown)
    for number, figure in enumerate(shown):
        start = f"{figure.name:<{name}}  {figure.value:>{value}}"
        style = "bold" if number == 0 and not reasons else ""
        rest = "" if figure.missing else f"({figure.detail}): {figure.about}"
        room = width - _MARGIN - len(start) - 2
        if room < _BESIDE:
            lines += [line(start, style, _MARGIN), *wrapped(rest, width, "dim", 2 * _MARGIN)]
            continue
        first, *more = wrap(rest, room)
        lines.append((Span(" " * _MARGIN), Span(start, style), Span(f"  {first}", "dim")))
        lines += [line(text, "dim", _MARGIN + len(start) + 2) for text in more]
    return [*lines, BLANK]


def _item(text: str, width: int) -> list[Line]:
    first, *more = wrap(text, width - _MARGIN - 2)
    return [line(f"- {first}", "", _MARGIN), *(line(rest, "", _MARGIN + 2) for rest in more)]


def _section(section: Section, test: EvasionTest, width: int) -> list[Line]:
    lines: list[Line] = [line(section.title, "heading"), *wrapped(section.lead, width, "dim", _MARGIN)]
    if section.id.startswith("curve-"):
        lines += _curve(section, test, width)
    else:
        lines += _table(section, width)
    if section.after:
        lines += wrapped(section.after, width, "", _MARGIN)
    return [*lines, BLANK]


def _curve(section: Section, test: EvasionTest, width: int) -> list[Line]:
    """A bar for each point, where there is room for it."""
    points = test.curves[int(section.id.removeprefix("curve-"))].points
    wide = max(cells(row[0]) for row in section.rows)
    most = width - _MARGIN - wide - 2 * _GAP - max(cells(row[1]) for row in section.rows)
    if most < -_GAP:
        return _table(section, width)
    most = min(_BAR, most) if most >= _BAR // 2 else 0
    lines: list[Line] = []
    for (at, accuracy), point in _thinned(list(zip(section.rows, points, strict=True))):
        filled = round(most * point.accuracy.value) if point.accuracy.total else 0
        bar = "█" * filled + "·" * (most - filled) + (" " * _GAP if most else "")
        lines.append((Span(" " * _MARGIN + at.rjust(wide) + " " * _GAP), Span(bar, "code"), Span(accuracy)))
    return lines


def _thinned(points: list[_Point]) -> list[_Point]:
    """At most so many, evenly chosen, the first and the last among them."""
    if len(points) <= _POINTS:
        return points
    return [points[round(at * (len(points) - 1) / (_POINTS - 1))] for at in range(_POINTS)]


def _table(section: Section, width: int) -> list[Line]:
    """Figures keep to one line; text is wrapped into what is left, once spare columns are gone."""
    keep = [at for at in range(len(section.header)) if any(row[at] for row in section.rows)]
    spare = [at for at in section.spare if at in keep]
    while True:
        wide = _widths(section, keep, width - _MARGIN)
        if wide or not spare:
            break
        keep.remove(spare.pop(0))
    if not wide:
        return _stacked(section, keep, width)
    head = [section.header[at] for at in keep]
    lines: list[Line] = [_row(head, [""] * len(keep), keep, wide, section, "dim")]
    for number, row in enumerate(section.rows):
        parts = [wrap(row[at], wide[at]) for at in keep]
        for depth in range(max(map(len, parts))):
            shown = [part[depth] if depth < len(part) else "" for part in parts]
            styles = [section.styles[number] if section.styles and at == 0 else "" for at in range(len(keep))]
            lines.append(_row(shown, styles, keep, wide, section))
    return lines


def _row(
    texts: Sequence[str],
    styles: Sequence[str],
    keep: Sequence[int],
    wide: dict[int, int],
    section: Section,
    all: str = "",
) -> Line:
    spans = [Span(" " * _MARGIN)]
    for number, (text, style, at) in enumerate(zip(texts, styles, keep, strict=True)):
        padding = " " * max(wide[at] - cells(text), 0)
        last = number == len(keep) - 1
        if at in section.numbers:
            spans += [Span(padding), Span(text, all or style)]
        else:
            spans += [Span(text, all or style), Span("" if last else padding)]
        spans.append(Span("" if last else " " * _GAP))
    while len(spans) > 1 and not spans[-1].text.strip(" "):
        spans.pop()
    return tuple(spans)


def _widths(section: Section, keep: Sequence[int], room: int) -> dict[int, int]:
    """Cells for each column; empty where they do not fit. The widest columns of text give way first."""
    need = {at: max(cells(section.header[at]), *(cells(row[at]) for row in section.rows)) for at in keep}
    least = {at: need[at] for at in (*section.numbers, *section.rates) if at in need}
    for at in need:
        longest = max(cells(word) for row in section.rows for word in row[at].split(" "))
        least.setdefault(at, min(need[at], max(_NARROWEST, longest), _WIDEST_WORD))
    room -= _GAP * (len(keep) - 1)
    while sum(need.values()) > room:
        loose = [at for at in keep if need[at] > least[at]]
        if not loose:
            return {}
        widest = max(loose, key=lambda at: need[at])
        need[widest] -= 1
    return need


def _stacked(section: Section, keep: Sequence[int], width: int) -> list[Line]:
    """One row below the other, where there is no room for columns."""
    lines: list[Line] = []
    for number, row in enumerate(section.rows):
        style = section.styles[number] if section.styles else "bold"
        lines += wrapped(row[keep[0]], width, style, _MARGIN)
        for at in keep[1:]:
            if row[at]:
                lines += wrapped(f"{section.header[at]}: {row[at]}", width, "", 2 * _MARGIN)
    return lines


def _worst(case: WorstCase, test: EvasionTest, width: int) -> list[Line]:
    lines = _item(words.worst_case(case, test.threat.norm), width)
    rows, left = words.change_rows(case)
    for feature, before, after in rows:
        lines += wrapped(f"{feature}: {before} -> {after}", width, "evidence", 2 * _MARGIN)
    if left:
        lines.append(line(f"and {left:,} more", "dim", 2 * _MARGIN))
    return lines
