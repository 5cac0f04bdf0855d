"""How often the model is still right, told from its own confidence, without labels.

Confidence-based performance estimation: the expected accuracy of a set of answers is the mean of how often answers of
that confidence are right, which labelled answers of the reference say (Guillory et al. 2021 and Garg et al. 2022 study
such estimates and where they fail; the name is NannyML's).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.drift import Change, ClassEstimate, Performance
from violet.domain.rate import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.profile.profile import Profile

    Array = NDArray[Any]

FEWEST = 100
"""Labelled answers from which confidence is calibrated."""
FEWEST_CLASS = 300
LOST = 0.05
"""Points of accuracy whose loss is drift; half of it is moderate."""
CLASSES = 20
Z = 1.959964

ASSUMPTIONS = (
    "Inputs may have changed, but what is right for an input has not: such a change (concept drift) is not seen here.",
    "Answers of one confidence are right as often as they were in the reference, also for new kinds of inputs.",
)
UNCALIBRATED = (
    "The reference has too few labels to calibrate by: confidence is taken at its word, and most models are surer than "
    "they should be."
)


def estimate(before: Profile, after: Profile) -> Performance | None:
    """``None`` where either has no scores of the model."""
    a, b = before.outputs, after.outputs
    n, m = int(a.answers.sum()), int(b.answers.sum())
    if not n or not m:
        return None
    calibrated = int(a.known.sum()) >= FEWEST
    right, spread = _calibration(before, calibrated=calibrated)
    share = b.answers / m
    value = float((share * right).sum())
    # What calibration does not know, plus what so many answers scatter by.
    variance = float((_by_bin(share, calibrated=calibrated) ** 2 * spread).sum()) + value * (1 - value) / m
    if calibrated:
        was = float(a.right.sum() / a.known.sum())
        variance_before = was * (1 - was) / float(a.known.sum())
    else:
        was = float((a.answers * right).sum() / n)
        variance_before = was * (1 - was) / n
    half = Z * math.sqrt(variance)
    interval = Interval(max(0.0, value - half), min(1.0, value + half), 0.95, "normal")
    lost = was - value
    sure = lost > Z * math.sqrt(variance + variance_before)
    if sure and lost >= LOST:
        change = Change.DRIFT
    elif sure and lost >= LOST / 2:
        change = Change.MODERATE
    else:
        change = Change.STABLE
    known = int(b.known.sum())
    return Performance(
        change=change,
        reason=_reason(was, value, interval, calibrated=calibrated),
        calibrated=calibrated,
        before=was,
        after=value,
        interval=interval,
        answers_before=n,
        answers_after=m,
        realised=float(b.right.sum() / known) if known else math.nan,
        labelled=known,
        classes=_classes(before, after, right),
        assumptions=ASSUMPTIONS if calibrated else (*ASSUMPTIONS, UNCALIBRATED),
    )


def _reason(was: float, value: float, interval: Interval, *, calibrated: bool) -> str:
    known = "was right" if calibrated else "was sure to be right"
    return (
        f"The model {known} in {100 * was:.1f} % of the reference; now it is expected to be in {100 * value:.1f} % "
        f"({100 * interval.low:.1f} to {100 * interval.high:.1f})."
    )


def _calibration(profile: Profile, *, calibrated: bool) -> tuple[Array, Array]:
    """How often answers of each class and confidence are right ``(classes + 1, 64)``, and the variance of that: of the
    same shape where it is told by class, in the first row alone where all classes share it."""
    outputs = profile.outputs
    if not calibrated:
        middle = (np.arange(outputs.answers.shape[1]) + 0.5) / outputs.answers.shape[1]
        with np.errstate(invalid="ignore", divide="ignore"):
            said = np.where(outputs.answers > 0, outputs.confidence / outputs.answers, middle)
        return said, np.zeros_like(said)
    pooled = isotonic(outputs.right.sum(axis=0), outputs.known.sum(axis=0))
    right = np.tile(pooled[0], (len(outputs.known), 1))
    for place, known in enumerate(outputs.known[:-1]):
        if known.sum() >= FEWEST_CLASS:
            right[place] = isotonic(outputs.right[place], known)[0]
    spread = np.zeros_like(right)
    spread[0] = pooled[1]
    return right, spread


def _by_bin(share: Array, *, calibrated: bool) -> Array:
    """Shares of answers as the variance of calibration counts them: bins of all classes together."""
    if not calibrated:
        return share
    found = np.zeros_like(share)
    found[0] = share.sum(axis=0)
    return found


def isotonic(right: Array, known: Array) -> tuple[Array, Array]:
    """Shares that never fall with confidence (pool adjacent violators; Ayer et al. 1955), and their variances. Bins
    without labels take the value of the nearest one with some."""
    blocks: list[list[float]] = []
    for at, (hits, total) in enumerate(zip(right.tolist(), known.tolist(), strict=True)):
        if not total:
            continue
        blocks.append([hits, total, at, at])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            hits, total, _, last = blocks.pop()
            blocks[-1] = [blocks[-1][0] + hits, blocks[-1][1] + total, blocks[-1][2], last]
    if not blocks:
        return np.full(len(known), 0.5), np.full(len(known), 0.25)
    places = [(first + last) / 2 for _, _, first, last in blocks]
    values = [hits / total for hits, total, _, _ in blocks]
    # A block of few rows that were all right is not certain: one pseudo-count each way.
    spreads = [(hits + 1) / (total + 2) * (1 - (hits + 1) / (total + 2)) / total for hits, total, _, _ in blocks]
    nearest = np.argmin(np.abs(np.arange(len(known))[:, None] - np.array(places)[None, :]), axis=1)
    for index, (_, _, first, last) in enumerate(blocks):
        nearest[int(first) : int(last) + 1] = index
    return np.array(values)[nearest], np.array(spreads)[nearest]


def _classes(before: Profile, after: Profile, right: Array) -> tuple[ClassEstimate, ...]:
    a, b = before.outputs, after.outputs
    n, m = a.answers.sum(), b.answers.sum()
    found = []
    for place, name in enumerate(before.layout.classes[:CLASSES]):
        answers = int(b.answers[place].sum())
        if not answers and not a.answers[place].sum():
            continue
        known = int(a.known[place].sum())
        was = float(a.right[place].sum() / known) if known else float(_mean(a.answers[place], right[place]))
        value = float(_mean(b.answers[place], right[place]))
        half = Z * math.sqrt(max(value * (1 - value), 0.0) * (1 / max(1, answers) + 1 / max(1, known or answers)))
        found.append(
            ClassEstimate(
                name=name[:100],
                share_before=float(a.answers[place].sum() / n),
                share_after=float(answers / m),
                before=was,
                after=value,
                interval=Interval(max(0.0, value - half), min(1.0, value + half), 0.95, "normal"),
            )
        )
    return tuple(found)


def _mean(weights: Array, values: Array) -> float:
    total = weights.sum()
    return float((weights * values).sum() / total) if total else math.nan
