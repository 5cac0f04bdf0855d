"""The rules of explanations, asked about one: findings and measurements as a report, so that policies, gates and
viewers take it in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from violet import __version__
from violet.domain import Asset, Finding, Location, Measurement, Report, Skipped
from violet.services.testing.judge import outcomes_of

if TYPE_CHECKING:
    from violet.domain.explanation import Explanation

FORMAT = "explanation"
"""What rules name as the format of what they are asked about."""


def report_of(explanation: Explanation) -> Report:
    found = outcomes_of(explanation, FORMAT, explanation.subject)
    return Report(
        command="explain",
        version=__version__,
        assets=(Asset(explanation.subject, FORMAT, 0),),
        findings=tuple(o for o in found if isinstance(o, Finding)),
        skipped=tuple(o for o in found if isinstance(o, Skipped)),
        measurements=measurements(explanation),
    )


def measurements(explanation: Explanation) -> tuple[Measurement, ...]:
    """Figures that a policy may want to bound; those that were not measured are not there."""
    named: list[tuple[str, float]] = [
        ("accuracy", explanation.accuracy.value),
        ("completeness_error", explanation.completeness.relative),
    ]
    if explanation.reliance:
        named.append(("largest_reliance", explanation.reliance[0].share))
    if explanation.detection is not None:
        named.append(("attribution_shift_auc", explanation.detection.shift.auc))
    if explanation.shortcuts is not None:
        strongest = max((one.least for one in explanation.shortcuts.strongest), default=0.0)
        named.append(("strongest_shortcut", strongest))
    if explanation.stability is not None:
        named.append(("stability_overlap", explanation.stability.overlap))
    where = Location(explanation.subject)
    return tuple(Measurement(where, f"explain.{name}", value) for name, value in named if math.isfinite(value))
