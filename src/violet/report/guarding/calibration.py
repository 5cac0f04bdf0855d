"""Thresholds fitted to benign traffic, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.report.guarding.words import figure, moment
from violet.report.layout import Line, line, plain, wrapped
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.guarding_calibration import AlarmRate, Calibration

WIDTH = 100


def render(found: Calibration, path: str) -> str:
    """``path`` is where it was written (empty: nowhere)."""
    lines: list[Line] = [
        line(
            f"{found.queries:,} benign rows of {found.clients:,} clients, {moment(found.begin)} to {moment(found.end)}"
        ),
        line(f"Asked for: {found.asked:g} false alarms in 10,000 rows, all detectors together."),
        line(f"With these thresholds the trace itself has {_rate(found.seen)},"),
        line(f"and clients that the thresholds were not fitted to have {_rate(found.crossed)}."),
        (),
    ]
    wide = max((len(one.id) for one in found.detectors), default=8)
    lines.append(line(f"{'detector':<{wide}}  threshold  as it comes  false alarms in 10,000   how"))
    for one in found.detectors:
        rate = f"{figure(one.expected)} ({figure(one.low)} to {figure(one.high)})"
        unsteady = "" if one.stable else ", differs from day to day"
        lines.append(
            line(
                f"{one.id:<{wide}}  {figure(one.threshold):>9}  {figure(one.default):>11}  {rate:<22}   "
                f"{one.method}{unsteady}"
            )
        )
    notes = [f"{one.id}: {one.note}" for one in found.detectors if one.note and one.method != "kept"]
    notes += [
        f"{one.id} rests on {visible(one.influential)} alone: without it, it would be {one.influence:.1f} times lower."
        for one in found.detectors
        if one.influence >= 1.5 and one.influential
    ]
    if notes:
        lines.append(())
        for note in notes:
            lines += wrapped(visible(note), WIDTH)
    suspicious = [one for one in found.suspicious if one.left_out]
    if suspicious:
        lines.append(())
        lines += wrapped(
            "Left out, because what they did is beyond what all others do, and would raise a detector's alarm as it"
            " comes: look at them before you believe this traffic to be benign.",
            WIDTH,
        )
        for odd in suspicious:
            lines.append(
                line(
                    f"  {visible(odd.client)}: {odd.detector} {figure(odd.score)}, others at most {figure(odd.bound)};"
                    f" {odd.rows:,} rows"
                )
            )
    lines += [(), *(part for note in found.notes for part in wrapped(visible(note), WIDTH))]
    if path:
        lines.append(line(f"Wrote {visible(path)}."))
    lines += wrapped(f"Again: {visible(found.command)}", WIDTH)
    return plain(lines)


def _rate(rate: AlarmRate) -> str:
    return f"{figure(rate.per_10000)} ({figure(rate.low)} to {figure(rate.high)}; {rate.episodes:,} alarms)"
