"""The rules of drift, asked about a comparison: findings and measurements as a report, so that policies, gates and
viewers take it in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from violet import __version__
from violet.domain import Asset, Finding, Location, Measurement, Report, Skipped
from violet.services.testing.judge import outcomes_of

if TYPE_CHECKING:
    from violet.domain.drift import Drift

FORMAT = "drift"
"""What rules name as the format of what they are asked about."""


def report_of(drift: Drift) -> Report:
    found = outcomes_of(drift, FORMAT, drift.current)
    where = Location(drift.current)
    skipped = [o for o in found if isinstance(o, Skipped)]
    skipped += [Skipped(where, column.reason, f"column {column.name}") for column in drift.uncompared]
    return Report(
        command="drift",
        version=__version__,
        assets=(Asset(drift.current, FORMAT, 0),),
        findings=tuple(o for o in found if isinstance(o, Finding)),
        skipped=tuple(skipped),
        measurements=measurements(drift),
    )


def measurements(drift: Drift) -> tuple[Measurement, ...]:
    """Figures that a policy may want to bound; those that were not measured are not there."""
    compared = [column for column in drift.columns if column.effect == column.effect]
    named: list[tuple[str, float]] = [
        ("columns", float(len(drift.columns))),
        ("drifted_columns", float(len(drift.drifted))),
        ("uncompared_columns", float(len(drift.uncompared))),
        ("largest_effect", max((column.effect for column in compared), default=math.nan)),
        ("largest_psi", max((column.psi for column in compared if column.psi == column.psi), default=math.nan)),
    ]
    if drift.joint is not None:
        named.append(("joint_share", drift.joint.share))
    if drift.performance is not None:
        named += [
            ("estimated_accuracy", drift.performance.after),
            ("estimated_accuracy.low", drift.performance.interval.low),
            ("accuracy_before", drift.performance.before),
        ]
    where = Location(drift.current)
    return tuple(Measurement(where, f"drift.{name}", value) for name, value in named if math.isfinite(value))
