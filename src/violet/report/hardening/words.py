"""What all hardening reports say, in the same words and the same order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain.hardening import Effect

if TYPE_CHECKING:
    from violet.domain.hardening import Hardening, Paired
    from violet.domain.rate import Rate
    from violet.domain.robustness import EvasionTest

STYLES = {Effect.HARDER: "allow", Effect.NO_BETTER: "warn", Effect.MASKS: "deny", Effect.COSTS_TOO_MUCH: "warn"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table before and after."""

    name: str
    before: str
    after: str
    change: str = ""


def rate(value: Rate | None) -> str:
    return "withheld" if value is None else str(value)


def paired(change: Paired) -> str:
    """``+41.5 points (34.0 to 48.1; 90 gained, 7 lost)``."""
    low, high = 100 * change.interval.low, 100 * change.interval.high
    return (
        f"{100 * change.difference:+.1f} points ({low:+.1f} to {high:+.1f}; {change.gained} gained, {change.lost} lost)"
    )


def rows(hardening: Hardening) -> list[Row]:
    before, after = hardening.before, hardening.after
    found = [
        Row("clean accuracy", str(before.clean), str(after.clean), paired(hardening.clean)),
        Row(f"withstand {after.threat}, at most", str(before.bound), str(after.bound), paired(hardening.robust)),
        Row("robust accuracy", rate(before.robust), rate(after.robust)),
        Row("sanity checks failed", _failed(before), _failed(after)),
    ]
    if hardening.calibration is not None:
        known = hardening.calibration
        change = f"temperature {known.temperature:.3g}"
        found.append(Row("calibration error", f"{known.before:.4f}", f"{known.after:.4f}", change))
    return found


def _failed(test: EvasionTest) -> str:
    return ", ".join(c.id for c in test.sanity if c.outcome.value == "failed" and c.decisive) or "none"


def certified(hardening: Hardening) -> list[str]:
    """What is proven, in sentences."""
    known = hardening.certificate
    if known is None:
        return []
    head = (
        f"Certified by randomised smoothing (sigma {known.sigma:g}, {known.votes:,} votes a sample, each right with"
        f" probability {1 - known.alpha:g}); abstained on {known.abstained}."
    )
    return [head, *(f"within L2 {point.radius:.3g}: {point.accuracy}" for point in known.points)]
