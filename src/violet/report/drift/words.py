"""What every format says of a comparison: figures, and tables with a sentence before and after, in the report's
order."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from violet.domain.drift import Carriers, Change, Course
from violet.report.told import Section
from violet.report.visible import shortened, visible

if TYPE_CHECKING:
    from violet.domain.drift import ClientCarriage, ColumnDrift, Drift, JointDrift, Performance

SHOWN = 20
WINDOWS = 16
SEGMENTS = 8
NAME = 60
CARRIED = 0.01
"""The part of a change from which a client is named."""
_ORDER = {Change.DRIFT: 0, Change.MODERATE: 1, Change.UNCOMPARED: 2, Change.STABLE: 3}
STYLES = {Change.DRIFT: "deny", Change.MODERATE: "warn", Change.UNCOMPARED: "dim", Change.STABLE: "allow"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the large figures at the head of a page."""

    name: str
    value: str
    detail: str
    alarming: bool = False


def headline(drift: Drift) -> str:
    return visible(f"{drift.current} against {drift.reference}")


def facts(drift: Drift) -> list[tuple[str, str]]:
    return [
        ("Rows", f"{drift.rows_after:,} against {drift.rows_before:,} of the reference"),
        (
            "Threshold",
            f"effect {drift.threshold:g}, PSI {drift.psi_threshold:g}; chance {drift.level:g} over all columns",
        ),
    ]


def figures(drift: Drift) -> list[Figure]:
    drifted, compared = len(drift.drifted), len(drift.columns) - len(drift.uncompared)
    made = [Figure("columns drifted", f"{drifted:,}", f"of {compared:,} compared", bool(drifted))]
    worst = max((c for c in drift.columns if known(c.effect)), key=lambda c: c.excess, default=None)
    if worst is not None:
        made.append(Figure("largest effect", number(worst.effect), shortened(visible(worst.name), NAME), bool(drifted)))
    if drift.joint is not None:
        made.append(
            Figure("joint", percent(drift.joint.share), str(drift.joint.change), drift.joint.change is Change.DRIFT)
        )
    if drift.performance is not None:
        value = drift.performance
        made.append(
            Figure(
                "expected accuracy", percent(value.after), f"was {percent(value.before)}", value.change is Change.DRIFT
            )
        )
    if drift.clients is not None and drift.clients.carriers is not Carriers.UNKNOWN:
        detail = f"{drift.clients.few:,} of {drift.clients.clients:,} clients"
        if drift.clients.carriers is Carriers.MANY:
            detail = f"{percent(drift.clients.spread)} of the rows"
        made.append(Figure("carried by", str(drift.clients.carriers), detail, drift.clients.carriers is Carriers.FEW))
    return made


def sections(drift: Drift) -> list[Section]:
    """All that was measured. What was not is not here, but among the restrictions."""
    made = [_columns(drift)]
    if drift.clients is not None:
        made.append(_clients(drift.clients))
    if drift.performance is not None:
        made.append(_performance(drift.performance))
    if drift.joint is not None:
        made.append(_joint(drift.joint))
    if drift.segments:
        made.append(_segments(drift))
    if drift.windows:
        made.append(_windows(drift))
    if drift.uncompared:
        made.append(_uncompared(drift))
    return [replace(one, lead=visible(one.lead), after=visible(one.after)) for one in made]


def provenance(drift: Drift) -> list[tuple[str, str]]:
    return [
        ("Again", visible(drift.command)),
        ("Seed", str(drift.seed)),
        ("Bins", visible(drift.reference_digest)),
        ("Time", f"{drift.seconds:.2f} s"),
        ("Versions", visible(", ".join(f"{name} {version}" for name, version in drift.versions))),
    ]


def ranked(drift: Drift) -> list[ColumnDrift]:
    """The worst first."""
    return sorted(drift.columns, key=lambda c: (_ORDER[c.change], -c.excess, -_known(c.effect), c.name))


def _columns(drift: Drift) -> Section:
    compared = [column for column in ranked(drift) if column.change is not Change.UNCOMPARED]
    shown = compared[:SHOWN]
    rows = tuple(
        (
            str(column.change),
            shortened(visible(column.name), NAME),
            number(column.effect),
            number(max(_known(column.noise), _known(column.natural))),
            number(column.psi),
            number(column.wasserstein_normed),
            number(column.jensen_shannon),
            p_value(column.ks_p if known(column.ks_p) else column.chi2_p),
            f"{short(column.mean_before)} → {short(column.mean_after)}" if known(column.mean_before) else "",
            _missing(column),
            _course(column),
        )
        for column in shown
    )
    left = len(compared) - len(shown)
    return Section(
        "columns",
        "Columns",
        "The effect is the Kolmogorov-Smirnov distance of numbers, the total variation of words. A verdict needs it to "
        "be beyond chance, and beyond what windows of the reference differ by. Wasserstein is in standard deviations.",
        ("verdict", "column", "effect", "chance", "PSI", "Wasserstein", "JS", "p", "mean", "missing", "course"),
        rows,
        f"{left:,} more columns are in the JSON report." if left else "",
        (2, 3, 4, 5, 6, 7),
        tuple(STYLES[column.change] for column in shown),
        (6, 7, 9, 5, 8, 10, 4),
    )


def _missing(column: ColumnDrift) -> str:
    if not known(column.missing_before) or (column.missing_before == 0 and column.missing_after == 0):
        return ""
    return f"{percent(column.missing_before)} → {percent(column.missing_after)}"


def _course(column: ColumnDrift) -> str:
    if column.course in (Course.UNKNOWN, Course.NONE):
        return ""
    return (
        f"{column.course}, from {column.since}"
        if column.since and column.course is not Course.CONSTANT
        else str(column.course)
    )


def _clients(found: ClientCarriage) -> Section:
    top = [client for client in found.top if client.change >= CARRIED] or list(found.top[:1])
    rows = tuple((shortened(visible(c.client), NAME), percent(c.rows), percent(c.change)) for c in top)
    return Section(
        "clients",
        "Who carries it",
        found.reason,
        ("client", "rows", "of the change"),
        rows,
        f"The effect is {number(found.effect)} with them, {number(found.without)} without."
        if known(found.effect)
        else "",
        (1, 2),
    )


def _performance(found: Performance) -> Section:
    rows = tuple(
        (
            shortened(visible(c.name), NAME),
            f"{percent(c.share_before)} → {percent(c.share_after)}",
            percent(c.before),
            f"{percent(c.after)} ({percent(c.interval.low)} to {percent(c.interval.high)})",
        )
        for c in found.classes
    )
    after = f"It assumes: {' '.join(found.assumptions)}"
    if found.labelled:
        after = f"Measured on {found.labelled:,} rows with labels: {percent(found.realised)}. {after}"
    return Section(
        "performance",
        "Expected accuracy",
        found.reason,
        ("where it says", "share of answers", "right before", "expected now"),
        rows,
        after,
        (2, 3),
    )


def _joint(found: JointDrift) -> Section:
    rows = tuple(
        (
            shortened(visible(pair.one), NAME),
            shortened(visible(pair.other), NAME),
            f"{pair.before:+.2f}",
            f"{pair.after:+.2f}",
            f"{abs(pair.errors):.1f}",
        )
        for pair in found.pairs
    )
    return Section(
        "joint",
        "Columns together",
        found.reason,
        ("column", "and", "correlation before", "after", "standard errors"),
        rows,
        f"On {found.rows_before:,} and {found.rows_after:,} sampled rows; p {p_value(found.p)}.",
        (2, 3, 4),
    )


def _segments(drift: Drift) -> Section:
    out = [segment for segment in drift.segments if segment.change is not Change.STABLE]
    if not out:
        return Section(
            "segments", "Segments", f"None of {len(drift.segments)} groups of rows stands out from the others."
        )
    shown = out[:SEGMENTS]
    rows = tuple(
        (
            str(segment.change),
            shortened(visible(f"{segment.column}: {segment.name}"), NAME),
            f"{percent(segment.share_before)} → {percent(segment.share_after)}",
            shortened(visible(segment.worst), NAME),
            number(segment.effect),
            number(segment.noise),
            number(segment.elsewhere),
        )
        for segment in shown
    )
    return Section(
        "segments",
        "Segments",
        "Groups of rows with the column that changed more within them than elsewhere.",
        ("verdict", "segment", "share of rows", "column", "effect", "chance", "elsewhere"),
        rows,
        "",
        (4, 5, 6),
        tuple(STYLES[segment.change] for segment in shown),
        (5, 2),
    )


def _windows(drift: Drift) -> Section:
    step = max(1, -(-len(drift.windows) // WINDOWS))
    rows = tuple(
        (
            visible(window.start),
            f"{window.rows:,}",
            f"{window.drifted:,}",
            shortened(visible(window.worst), NAME),
            number(window.effect),
            percent(window.confidence) if known(window.confidence) else "",
            percent(window.realised) if known(window.realised) else "",
        )
        for window in drift.windows[::step]
    )
    return Section(
        "windows",
        "Windows",
        "Each compared with the whole reference." if step == 1 else f"Each compared with the reference; one in {step}.",
        ("from", "rows", "drifted", "largest effect in", "effect", "confidence", "right"),
        rows,
        "",
        (1, 2, 4, 5, 6),
        (),
        (6, 5, 1),
    )


def _uncompared(drift: Drift) -> Section:
    rows = tuple((shortened(visible(c.name), NAME), visible(c.reason)) for c in drift.uncompared[:SHOWN])
    left = len(drift.uncompared) - len(rows)
    return Section(
        "uncompared",
        "Not compared",
        "Nothing is known about these.",
        ("column", "why"),
        rows,
        f"{left:,} more." if left else "",
    )


def known(value: float) -> bool:
    return not math.isnan(value)


def _known(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def number(value: float) -> str:
    """Three digits behind the point; empty where there is no figure."""
    if math.isnan(value):
        return ""
    if math.isinf(value) or abs(value) >= 1e4:
        return f"{value:.3g}"
    return f"{value:.3f}"


def short(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.4g}"


def percent(value: float) -> str:
    return "" if math.isnan(value) else f"{100 * value:.1f} %"


def p_value(value: float) -> str:
    if math.isnan(value):
        return ""
    return "<1e-4" if value < 1e-4 else f"{value:.2g}"
