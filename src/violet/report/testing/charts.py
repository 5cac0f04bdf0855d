"""Security curves as SVG in a page: accuracy from 0 to 100 %, with the interval of each point as a band.

No script and no style of its own: classes are coloured by the page's sheet, in light and in dark. A title and a
description say in words what is drawn, and the figures stand in a table beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from violet.report.testing.words import curve_axis

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from violet.domain.robustness import Curve, CurvePoint

WIDTH, HEIGHT = 560, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 16, 14, 44
_TICKS = 6
_DECADES = 1.5
"""Powers of ten that positive positions must span for a logarithmic axis."""


@dataclass(frozen=True, slots=True)
class _Axis:
    place: Callable[[float], float]
    ticks: tuple[float, ...]


def curve_chart(curve: Curve, number: int, mark: float | None = None) -> str:
    """The curve as an ``<svg>`` element; ``number`` makes its ids unique, ``mark`` is a position to point out (the
    radius of the threat). Empty where fewer than two points have a figure."""
    points = [point for point in curve.points if point.accuracy.total and math.isfinite(point.at)]
    if len(points) < 2:
        return ""
    axis = _axis([point.at for point in points], logarithmic=curve.over == "queries")
    name = f"chart-{number}"
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{name}-title {name}-desc">',
        f'<title id="{name}-title">{escape(_title(curve))}</title>',
        f'<desc id="{name}-desc">{escape(_description(curve, points))}</desc>',
        *_grid(axis, curve_axis(curve)),
    ]
    if mark is not None and points[0].at < mark < points[-1].at:
        x = _number(axis.place(mark))
        parts.append(f'<line class="mark" x1="{x}" y1="{_TOP}" x2="{x}" y2="{HEIGHT - _BOTTOM}"/>')
        parts.append(f'<text class="mark-name" x="{x}" y="{_TOP + 10}" dx="5">the threat</text>')
    parts += _drawn(points, axis)
    return "\n".join([*parts, "</svg>"])


def _title(curve: Curve) -> str:
    return f"Accuracy by {curve_axis(curve)}"


def _description(curve: Curve, points: Sequence[CurvePoint]) -> str:
    first, last = points[0], points[-1]
    return (
        f"Accuracy goes from {100 * first.accuracy.value:.0f} % at {first.at:g} to {100 * last.accuracy.value:.0f} %"
        f" at {last.at:g}. The band is the 95 % interval of each point."
    )


def _axis(positions: Sequence[float], *, logarithmic: bool) -> _Axis:
    """Even where positions are near each other, or by powers of ten where they are not. 0 has a place on both."""
    low, high = min(positions), max(positions)
    positive = [position for position in positions if position > 0]
    decades = math.log10(max(positive) / min(positive)) if positive else 0.0
    room = WIDTH - _LEFT - _RIGHT
    if (not logarithmic and decades < _DECADES) or decades == 0 or low < 0:
        span = high - low or 1.0
        return _Axis(lambda at: _LEFT + room * (at - low) / span, _round_ticks(low, high))
    least = math.log10(min(positive))
    # Where 0 is among them, it stands half a decade left of the least.
    start = least - 0.5 if low == 0 else least
    scale = room / (math.log10(high) - start)

    def place(at: float) -> float:
        return _LEFT + (scale * (math.log10(at) - start) if at > 0 else 0.0)

    powers = [10.0**power for power in range(math.ceil(least - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)]
    step = -(-len(powers) // _TICKS)
    return _Axis(place, (*((0.0,) if low == 0 else ()), *powers[::step]))


def _round_ticks(low: float, high: float) -> tuple[float, ...]:
    """Multiples of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / (_TICKS - 1) or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return tuple(step * at for at in range(first, math.floor(high / step + 1e-9) + 1))


def _grid(axis: _Axis, label: str) -> list[str]:
    bottom = HEIGHT - _BOTTOM
    parts = ['<g class="grid">']
    for percent in range(0, 101, 25):
        y = _number(_height(percent / 100))
        parts.append(f'<line x1="{_LEFT}" y1="{y}" x2="{WIDTH - _RIGHT}" y2="{y}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y}" dy="4" text-anchor="end">{percent} %</text>')
    for tick in axis.ticks:
        x = _number(axis.place(tick))
        parts.append(f'<line x1="{x}" y1="{bottom}" x2="{x}" y2="{bottom + 5}"/>')
        parts.append(f'<text x="{x}" y="{bottom + 19}" text-anchor="middle">{_tick(tick)}</text>')
    middle = _number((_LEFT + WIDTH - _RIGHT) / 2)
    parts.append(f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{escape(label)}</text>')
    return [*parts, "</g>"]


def _drawn(points: Sequence[CurvePoint], axis: _Axis) -> list[str]:
    intervals = [point.accuracy.interval() for point in points]
    x = [_number(axis.place(point.at)) for point in points]
    above = [f"{at},{_number(_height(interval.high))}" for at, interval in zip(x, intervals, strict=True)]
    below = [f"{at},{_number(_height(interval.low))}" for at, interval in zip(x, intervals, strict=True)]
    line = [f"{at},{_number(_height(point.accuracy.value))}" for at, point in zip(x, points, strict=True)]
    dots = [
        f'<circle cx="{at}" cy="{_number(_height(point.accuracy.value))}" r="3.5">'
        f"<title>{_tick(point.at)}: {escape(str(point.accuracy))}</title></circle>"
        for at, point in zip(x, points, strict=True)
    ]
    return [
        f'<polygon class="band" points="{" ".join([*above, *reversed(below)])}"/>',
        f'<polyline class="line" points="{" ".join(line)}"/>',
        f'<g class="dots">{"".join(dots)}</g>',
    ]


def _height(share: float) -> float:
    return _TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - share)


def _number(value: float) -> str:
    return f"{value:.1f}"


def _tick(value: float) -> str:
    return f"{value:,.4g}" if abs(value) < 1e6 else f"{value:.0e}"
