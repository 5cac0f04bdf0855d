"""Thresholds fitted to benign traffic, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.report.guarding.words import figure, moment
from violet.report.layout import Line, line, plain, wrapped
from violet.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from violet.domain.guarding_calibration import AlarmRate, Calibration, DetectorCalibration

WIDTH = 80
_SMALL = 0.001
_HOW = {
    "observed": ("seen", "so often was it reached in this traffic"),
    "extrapolated": ("tail", "by a tail fitted to what was seen: a model, not a count"),
    "floor": ("floor", "a tail would set it lower; it stays what the detector comes with"),
    "lifted": ("lifted", "too little for a tail: above all that was seen"),
}


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
    lines += _fitted([one for one in found.detectors if one.method != "kept"])
    kept = [one for one in found.detectors if one.method == "kept"]
    if kept:
        names = ", ".join(f"{one.id} ({figure(one.threshold)})" for one in kept)
        lines += wrapped(f"Of {len(kept)} this traffic says too little; they keep what they come with: {names}.", WIDTH)
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


def _fitted(detectors: Sequence[DetectorCalibration]) -> list[Line]:
    if not detectors:
        return []
    wide = max(len(one.id) for one in detectors)
    lines = [line(f"{'detector':<{wide}}  threshold      own  in 10,000  at most  how")]
    for one in detectors:
        figures = (
            f"{figure(one.threshold):>9}  {figure(one.default):>7}  {_share(one.expected):>9}  {_share(one.high):>7}"
        )
        lines.append(line(f"{one.id:<{wide}}  {figures}  {_HOW[one.method][0]}{'' if one.stable else '*'}"))
    for method in dict.fromkeys(one.method for one in detectors):
        lines += wrapped(": ".join(_HOW[method]) + ".", WIDTH, "", 2)
    if not all(one.stable for one in detectors):
        lines += wrapped("*: differs from day to day.", WIDTH, "", 2)
    return [*lines, ()]


def _share(value: float) -> str:
    """False alarms in 10,000, to a thousandth: no tail can say more."""
    if value < _SMALL:
        return f"<{_SMALL}"
    return f"{value:.3f}" if value < 1 else figure(value)


def _rate(rate: AlarmRate) -> str:
    return f"{figure(rate.per_10000)} ({figure(rate.low)} to {figure(rate.high)}; {rate.episodes:,} alarms)"
