"""The use case: what changed between a reference and what came later."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from violet.domain.drift import Carriers, Change, ClientCarriage, Course, Drift
from violet.domain.errors import UsageError
from violet.services.drifting.judge import report_of
from violet.services.drifting.options import DriftOptions, Roles

if TYPE_CHECKING:
    from violet.detectors.profile.profile import Profile
    from violet.domain import Report
    from violet.domain.drift import ColumnDrift, JointDrift, Performance, SegmentDrift
    from violet.services.drifting.clients import ClientTable
    from violet.services.drifting.reading import Source

    Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """The comparison, with its findings and measurements as a report."""

    drift: Drift
    report: Report


def compare(options: DriftOptions, *, progress: Progress | None = None, command: str = "") -> Compared:
    """Profile what ``options`` names where it is data, and compare. Raises ``VioletError`` where something cannot be
    read, ``UsageError`` for what does not fit."""
    from violet.detectors.profile.file import is_profile, load_profile
    from violet.services.drifting.clients import ClientTable
    from violet.services.drifting.count import TOGETHER_CLIENTS, count_current, count_reference
    from violet.services.drifting.reading import open_source

    begun = time.monotonic()
    notes: dict[str, str] = {}
    kept: Roles | None = None
    if is_profile(options.reference):
        before, facts = load_profile(options.reference)
        kept = Roles.from_text(facts.get("roles", ""))
    else:
        counted = count_reference(
            open_source(options.reference, options.roles),
            segments=options.segments,
            columns=options.roles.columns,
            keep=1024,
            seed=options.seed,
            progress=progress,
        )
        before, notes = counted.profile, counted.notes
    layout = before.layout
    restrictions = [f"{name} was left out: it {why}." for name, why in notes.items()]
    table: ClientTable | None = None
    if is_profile(options.current):
        after, _ = load_profile(options.current)
        if after.layout.digest != layout.digest:
            raise UsageError(
                f"{options.current} was counted against other bins than {options.reference}.",
                "Make it with violet profile DATA --like REFERENCE.",
            )
        found: dict[str, str] = {}
        if options.window or options.span:
            restrictions.append("The windows of a profile are those it was made with.")
    else:
        source, roles = _opened(options, kept, frozenset(layout.texts))
        table = ClientTable(layout, min(source.rows, TOGETHER_CLIENTS)) if _has_clients(source, roles) else None
        current = count_current(
            source,
            layout,
            window=options.window,
            span=options.span,
            watch=table.watch if table is not None else None,
            progress=progress,
        )
        after, found = current.profile, current.notes
        if options.span and not math.isfinite(after.first):
            raise UsageError("--by-time needs to know when rows were.", "Say which column holds it: --time-column.")
        left_out = getattr(source, "left_out", 0)
        if current.unknown:
            names = ", ".join(current.unknown[:5])
            more = f" and {len(current.unknown) - 5:,} more" if len(current.unknown) > 5 else ""
            restrictions.append(f"The reference does not have {names}{more}.")
        if left_out:
            restrictions.append(f"{left_out:,} rows have another width than the others, and were left out.")
    drift = compare_profiles(before, after, options, notes=found, table=table, restrictions=restrictions)
    drift = replace(drift, command=command, seconds=time.monotonic() - begun, versions=_versions())
    return Compared(drift, report_of(drift))


def _opened(options: DriftOptions, kept: Roles | None, texts: frozenset[str]) -> tuple[Source, Roles]:
    """What is to be compared, with the roles that were asked for; what they leave open is as in the reference, for
    columns that are there."""
    from violet.services.drifting.reading import MissingColumnError, open_source

    asked = options.roles
    roles = asked if kept is None else replace(asked.or_as(kept), columns=())
    while True:
        try:
            return open_source(options.current, roles, texts), roles
        except MissingColumnError as error:
            # What is left out need not be there, where it is the reference's.
            if error.name in asked.special or (kept is None and error.name in (*asked.exclude, *asked.columns)):
                raise
            roles = roles.without(error.name)


def compare_profiles(
    before: Profile,
    after: Profile,
    options: DriftOptions,
    *,
    notes: dict[str, str] | None = None,
    table: ClientTable | None = None,
    restrictions: list[str] | None = None,
) -> Drift:
    """Compare profiles of one layout. ``notes`` say why columns could not be read; ``table`` is who asked what."""
    from violet.services.drifting.clients import carriage
    from violet.services.drifting.columns import Rules, compare_columns
    from violet.services.drifting.performance import estimate
    from violet.services.drifting.whole import compare_segments, compare_together
    from violet.services.drifting.windows import Windows

    sources = [_source_of(name, before) for name in before.layout.names]
    for name in options.roles.columns:
        if name not in sources and name not in before.layout.texts:
            raise UsageError(f"{options.reference} has no column {name!r}.", f"It has {', '.join(sources[:20])}.")
    asked = [options.roles.asks_for(source) for source in sources]
    said = list(restrictions or [])
    count = len(before.layout.names) + len(before.layout.texts)
    rules = Rules(options.threshold, options.psi_threshold, options.level, count)
    series = Windows(before, after, rules)
    columns = compare_columns(series, notes or {})
    joint = compare_together(before, after, rules) if _complete(before, after, asked) else None
    segments = compare_segments(before, after, rules, asked)
    windows = series.all(columns, asked) if len(after.parts) > 1 else []
    columns = [column for column in columns if options.roles.asks_for(_source_of(column.name, before))]
    performance = estimate(before, after)
    clients: ClientCarriage | None = None
    if table is not None and table.known:
        clients = carriage(table, before, columns, rules)
    said += _restrictions(before, after, joint, performance, clients)
    change = _overall(columns, joint, segments, performance)
    return Drift(
        reference=options.reference,
        reference_digest=before.layout.digest,
        current=options.current,
        rows_before=before.rows,
        rows_after=after.rows,
        threshold=options.threshold,
        psi_threshold=options.psi_threshold,
        level=options.level,
        change=change,
        summary=summary_of(change, columns, joint, segments, clients),
        columns=tuple(columns),
        joint=joint,
        segments=tuple(segments),
        windows=tuple(windows),
        clients=clients,
        performance=performance,
        restrictions=tuple(dict.fromkeys(said)),
        seed=before.layout.seed,
    )


def _complete(before: Profile, after: Profile, asked: list[bool]) -> bool:
    """Whether all columns that are looked at together are there, and asked for."""
    reference = before.layout.reference
    names = before.layout.names
    there = {name for place, name in enumerate(names) if after.present[place] and asked[place]}
    return reference is not None and there.issuperset(reference.names)


def _source_of(name: str, before: Profile) -> str:
    """The column that one was derived from."""
    for column in before.layout.numbers:
        if column.name == name:
            return column.of
    return name.removesuffix(" (characters)") if name.removesuffix(" (characters)") in before.layout.texts else name


def _overall(
    columns: list[ColumnDrift],
    joint: JointDrift | None,
    segments: list[SegmentDrift],
    performance: Performance | None,
) -> Change:
    said = {column.change for column in columns} | {segment.change for segment in segments}
    said |= {part.change for part in (joint, performance) if part is not None}
    for change in (Change.DRIFT, Change.MODERATE):
        if change in said:
            return change
    return Change.STABLE if Change.STABLE in said else Change.UNCOMPARED


def summary_of(
    change: Change,
    columns: list[ColumnDrift],
    joint: JointDrift | None,
    segments: list[SegmentDrift],
    clients: ClientCarriage | None,
) -> str:
    """One or two sentences for people."""
    drifted = sorted((c for c in columns if c.change is Change.DRIFT), key=lambda c: -c.excess)
    if drifted:
        names = ", ".join(column.name for column in drifted[:3])
        more = f" and {len(drifted) - 3} more" if len(drifted) > 3 else ""
        courses = {c.course for c in drifted[:3]} - {Course.UNKNOWN, Course.NONE}
        how = f" ({', '.join(sorted(courses))})" if courses else ""
        text = f"{len(drifted)} of {len(columns)} columns drifted: {names}{more}{how}."
    elif any(segment.change is Change.DRIFT for segment in segments):
        one = segments[0]
        text = f"No column drifted as a whole; within {one.column} = {one.name}, {one.worst} did."
    elif joint is not None and joint.change is Change.DRIFT:
        text = "No single column drifted; what columns do together did."
    elif change is Change.DRIFT:
        text = "No column drifted; the model is expected to be right less often."
    elif change is Change.MODERATE:
        moderate = [c.name for c in columns if c.change is Change.MODERATE]
        text = f"No drift; moderate changes of {', '.join(moderate[:3]) or 'what columns do together'}."
    elif change is Change.STABLE:
        text = "No drift."
    else:
        text = "Nothing could be compared."
    if clients is not None and clients.carriers is not Carriers.UNKNOWN:
        text += " Few clients carry it." if clients.carriers is Carriers.FEW else " Many clients carry it."
    return text


def _restrictions(
    before: Profile,
    after: Profile,
    joint: JointDrift | None,
    performance: Performance | None,
    clients: ClientCarriage | None,
) -> list[str]:
    said = []
    if joint is None:
        said.append("Columns were not compared together: some are not there, or not asked for, or there are too many.")
    elif after.joint.rows < after.rows:
        said.append(
            f"Joint distribution and segments are those of {after.joint.rows:,} sampled rows; columns of all rows."
        )
    if performance is None:
        said.append("The model's accuracy was not estimated: that needs its scores on both sides.")
    if clients is None:
        said.append("Drift was not told from attack: it is not known which client sent which row.")
    if len(before.parts) < 8:
        said.append("The reference is too short to say how much it differs from itself.")
    return said


def _has_clients(source: object, roles: Roles) -> bool:
    from violet.services.drifting.traces import ExchangeSource

    return bool(roles.client) or isinstance(source, ExchangeSource)


def _versions() -> tuple[tuple[str, str], ...]:
    import platform
    import sys

    from violet import __version__

    found = [("violet", __version__), ("python", platform.python_version())]
    for name in ("numpy", "pyarrow"):
        version = getattr(sys.modules.get(name), "__version__", None)
        if version is not None:
            found.append((name, str(version)))
    return tuple(found)
