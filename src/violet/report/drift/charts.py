"""Charts as SVG in a page: shares before and after, and effects over windows. No script and no style of their own."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.drift import Bars, Drift

WIDTH, HEIGHT = 300, 96
_BASE = 84
_WIDE, _TALL = 720, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 12, 34


def share_chart(bars: Bars, name: str) -> str:
    """Two bars a bin, before and after; each says its figures when pointed at."""
    count = len(bars.labels)
    top = max((*bars.before, *bars.after), default=0.0)
    if not count or top <= 0:
        return ""
    step = WIDTH / count
    said = escape(f"{visible(name)}: shares before and after")
    parts = [f'<svg class="bars" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">']
    for at, (label, before, after) in enumerate(zip(bars.labels, bars.before, bars.after, strict=True)):
        x = at * step
        title = f"{visible(label)}: {100 * before:.1f} % before, {100 * after:.1f} % after"
        parts.append(f"<g><title>{escape(title)}</title>")
        for offset, share, kind in ((0.06, before, "before"), (0.5, after, "after")):
            tall = _BASE * share / top
            parts.append(
                f'<rect class="{kind}" x="{x + offset * step:.1f}" y="{_BASE - tall:.1f}" width="{0.44 * step:.1f}" '
                f'height="{max(tall, 0.0):.1f}"/>'
            )
        parts.append("</g>")
    parts.append(f'<line class="floor" x1="0" y1="{_BASE}" x2="{WIDTH}" y2="{_BASE}"/></svg>')
    return "".join(parts)


def spark(series: tuple[float, ...], threshold: float) -> str:
    """A small line of the effect over windows, with the threshold."""
    known = [value for value in series if math.isfinite(value)]
    if len(known) < 2:
        return ""
    width, height = 120.0, 24.0
    top = max(*known, 1.2 * threshold)
    step = width / (len(series) - 1)
    points = " ".join(
        f"{at * step:.1f},{height - 2 - (height - 4) * value / top:.1f}"
        for at, value in enumerate(series)
        if math.isfinite(value)
    )
    level = height - 2 - (height - 4) * threshold / top
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    return (
        f'<svg class="spark" {size} aria-hidden="true">'
        f'<line class="mark" x1="0" y1="{level:.1f}" x2="{width:g}" y2="{level:.1f}"/>'
        f'<polyline class="line" points="{points}"/></svg>'
    )


def window_chart(drift: Drift) -> str:
    """The largest effect of each window, and the threshold."""
    windows = [window for window in drift.windows if math.isfinite(window.effect)]
    if len(windows) < 2:
        return ""
    top = max(max(window.effect for window in windows), 1.25 * drift.threshold)
    room, floor = _WIDE - _LEFT - _RIGHT, _TALL - _BOTTOM

    def height(value: float) -> float:
        return floor - (floor - _TOP) * value / top

    step = room / (len(windows) - 1)
    first, last = windows[0], windows[-1]
    said = f"Largest effect by window, from {visible(first.start)} to {visible(last.end)}"
    parts = [
        f'<svg class="chart" viewBox="0 0 {_WIDE} {_TALL}" role="img" aria-label="{escape(said)}">',
        '<g class="grid">',
    ]
    for share in (0.0, 0.5, 1.0):
        y = height(share * top)
        parts.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDE - _RIGHT}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y:.1f}" dy="4" text-anchor="end">{share * top:.2f}</text>')
    parts.append(f'<text x="{_LEFT}" y="{_TALL - 10}">{escape(visible(first.start))}</text>')
    parts.append(
        f'<text x="{_WIDE - _RIGHT}" y="{_TALL - 10}" text-anchor="end">{escape(visible(last.end))}</text></g>'
    )
    mark = height(drift.threshold)
    parts.append(f'<line class="mark" x1="{_LEFT}" y1="{mark:.1f}" x2="{_WIDE - _RIGHT}" y2="{mark:.1f}"/>')
    places = [(_LEFT + at * step, height(window.effect)) for at, window in enumerate(windows)]
    parts.append(f'<polyline class="line" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>')
    for (x, y), window in zip(places, windows, strict=True):
        title = f"{visible(window.start)}: {window.effect:.3f} in {visible(window.worst)}, {window.drifted} drifted"
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"><title>{escape(title)}</title></circle>')
    return "".join([*parts, "</svg>"])
