"""Thresholds from the user's own benign traffic, to a stated rate of false alarms.

The trace is replayed through the detectors. Their scores make episodes (one alert each), and a threshold is the score
that so many episodes reach as are allowed: the rate asked for is shared over the detectors, more of it to those whose
scores have long tails, so that alarms of all together stay within it whether they coincide or not. What is rarer than
the trace is long is extrapolated (see ``tails``); where that would be a guess, it is refused.

A trace that was called benign may hold an attack. Clients whose scores lie far beyond those of all others *and* reach
the detector's own threshold are named, and left out, unless the user says that they are honest; so no client can lift
a threshold out of its own reach. Leaving out is bounded: where too many would be, the trace is not what it is called.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from violet.domain.errors import UsageError
from violet.domain.guarding_calibration import Calibration, SuspiciousClient
from violet.services.guarding.watched import model_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from violet.detectors.base import Facts
    from violet.detectors.reference import Reference
    from violet.domain.traffic import Exchange
    from violet.runtime.pipeline import Threshold
    from violet.services.guarding.score_log import Clients, ScoreLog
    from violet.services.guarding.watched import WatchedOptions

FEWEST_EPISODES = 0.05
"""Episodes of one detector that the trace must be long enough to expect: beyond that it would be a guess."""
FEWEST_CLIENTS = 20
BATCH = 256
LARGEST_BATCH = 1 << 16
"""Rows."""
PASSES = 3
"""How often a trace is replayed again, as clients that hid behind others come out."""


@dataclass(frozen=True, slots=True, eq=False)
class CalibrateOptions:
    """``rate`` false alarms in 10,000 benign queries, of all detectors together. ``trusted`` clients are honest
    whatever they do. ``most_left_out`` is the greatest share of clients that may be left out as suspicious. ``force``
    says thresholds although the data are too few. ``floor``: no threshold becomes less than this share of the
    detector's own, which bounds false alarms by itself: honest users will come who are not in the trace. ``only`` and
    ``off`` go by detector id."""

    rate: float = 1.0
    model: str = "model"
    trusted: frozenset[str] = frozenset()
    most_left_out: float = 0.1
    floor: float = 1.0
    clients: int = 10_000
    seed: int = 0
    quiet: float = 900.0
    force: bool = False
    off: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()
    options: Mapping[str, Mapping[str, float | int | str | bool]] = field(default_factory=dict)
    constraints: object | None = None


@dataclass(slots=True, eq=False)
class Measured:
    """What the detectors said of a trace."""

    logs: dict[str, ScoreLog]
    facts: dict[str, Facts]
    clients: Clients
    days: Counter[str]
    """Rows by day (UTC)."""
    queries: int = 0
    unread: int = 0
    begin: float = math.inf
    end: float = -math.inf
    digest: str = ""


def measure(
    exchanges: Iterable[Exchange],
    reference: Reference | None,
    options: CalibrateOptions,
    without: frozenset[str] = frozenset(),
) -> Measured:
    """Replay the trace, as if the clients in ``without`` had not been there. Rows that do not fit the profile are
    counted, and no more."""
    from hashlib import sha256

    from violet.detectors.base import Accuses
    from violet.runtime.batching import Observed, observed
    from violet.runtime.pipeline import Pipeline, PipelineOptions
    from violet.services.guarding.score_log import Clients, ScoreLog, Tapped

    pipeline = Pipeline(
        PipelineOptions(
            model=options.model,
            clients=options.clients,
            seed=options.seed,
            off=options.off,
            only=options.only,
            options=options.options,
            constraints=options.constraints,
            strict=True,
        ),
        reference,
        lambda alert: None,
    )
    found = Measured({}, {}, Clients(), Counter())
    for arm in pipeline.arms:
        log = found.logs[arm.facts.id] = ScoreLog()
        found.facts[arm.facts.id] = arm.facts
        arm.detector = Tapped(arm.detector, log, found.clients, arm.facts.accuses is Accuses.MODEL)
    digest = sha256()
    waiting: list[Observed] = []
    size = 0
    for exchange in exchanges:
        if exchange.client in without:
            continue
        try:
            taken = observed(exchange, reference)
        except ValueError:
            found.unread += max(1, len(exchange.rows))
            continue
        rows = len(taken.raw)
        digest.update(f"{exchange.id}\0{exchange.at!r}\0{exchange.client}\0{rows}\n".encode("utf-8", "replace"))
        found.queries += rows
        found.begin, found.end = min(found.begin, exchange.at), max(found.end, exchange.at)
        found.clients.count(exchange.client, rows)
        found.days[datetime.fromtimestamp(exchange.at, UTC).date().isoformat()] += rows
        waiting.append(taken)
        size += rows
        if len(waiting) >= BATCH or size >= LARGEST_BATCH:
            pipeline.observe(waiting)
            waiting, size = [], 0
    pipeline.observe(waiting)
    found.digest = "sha256:" + digest.hexdigest()
    return found


def calibrate(
    exchanges: Iterable[Exchange] | Callable[[], Iterable[Exchange]],
    reference: Reference | None,
    options: CalibrateOptions | None = None,
    *,
    source: str = "",
    command: str = "",
) -> Calibration:
    """Thresholds for every detector that can run on this traffic. Where clients are left out, the trace is replayed
    again without them, so that what they did to scores of others is undone as well: ``exchanges`` is a sequence, or a
    function that reads them anew; what can be read but once is replayed once, and that is noted. Raises ``UsageError``
    where the traffic is too little to say, and says how much is needed."""
    options = options or CalibrateOptions()
    if not 0 < options.rate <= 10_000:
        raise UsageError(f"{options.rate:g} false alarms in 10,000 queries cannot be.", "Say a number above 0.")
    read = exchanges if callable(exchanges) else lambda: exchanges
    once = not callable(exchanges) and iter(exchanges) is exchanges
    measured = measure(read(), reference, options)
    whole = measured.digest
    found = fit(measured, options)
    for _ in range(PASSES if not once else 0):
        out = found.left_out
        if not out or set(out).isdisjoint(measured.clients.names):
            break
        measured = measure(read(), reference, options, frozenset(out))
        found = fit(measured, options, found.suspicious)
    notes = found.notes
    if once and found.left_out:
        notes = (*notes, "The trace could be read only once: scores of others may still show what was left out.")
    profile = reference.digest if reference is not None else ""
    return replace(found, notes=notes, digest=whole, reference=profile, source=source, command=command)


def calibrate_trace(
    path: str,
    watched: WatchedOptions,
    output: str = "",
    *,
    rate: float = 1.0,
    trusted: frozenset[str] = frozenset(),
    force: bool = False,
    complain: Callable[[int, str], None] | None = None,
    command: str = "",
) -> Calibration:
    """Thresholds for what ``watched`` names, from a trace (``-``: standard input, which is read but once), written to
    ``output`` (empty: nowhere). ``complain`` is told of each line that cannot be read, whenever it is."""
    from violet.runtime.calibration_file import write_calibration
    from violet.runtime.judging.spec import constraints_of, reference_of
    from violet.runtime.trace import read_trace

    spec, _ = model_spec(watched)
    reference = reference_of(spec)
    options = CalibrateOptions(
        rate=rate,
        model=spec.name,
        trusted=trusted,
        clients=watched.clients,
        seed=watched.seed,
        force=force,
        off=frozenset(spec.off),
        only=frozenset(spec.only),
        options=spec.options,
        constraints=constraints_of(spec, reference),
    )

    def traffic() -> Iterable[Exchange]:
        return read_trace(path, complain=complain)

    once = traffic() if path == "-" else traffic
    found = calibrate(once, reference, options, source=path, command=command)
    if output:
        write_calibration(output, found)
    return found


def fit(measured: Measured, options: CalibrateOptions, before: tuple[SuspiciousClient, ...] = ()) -> Calibration:
    """Thresholds from what was measured. ``before`` are clients that were named already, of whom those left out are not
    in it any more."""
    import numpy as np

    from violet import __version__
    from violet.services.guarding.fitting import Fit

    _require_enough(measured, options)
    fitted = Fit(measured, options, before)
    return Calibration(
        asked=options.rate,
        model=options.model,
        detectors=fitted.detectors,
        queries=fitted.queries,
        clients=fitted.clients,
        begin=measured.begin,
        end=measured.end,
        seen=fitted.seen,
        crossed=fitted.crossed,
        suspicious=fitted.suspicious,
        notes=fitted.notes,
        digest=measured.digest,
        seed=options.seed,
        quiet=options.quiet,
        versions={"violet": __version__, "numpy": np.__version__},
    )


def needed(rate: float, detectors: int) -> int:
    """How many benign queries it takes to say thresholds for this rate."""
    return math.ceil(round(FEWEST_EPISODES * max(1, detectors) * 10_000 / rate, 6))


def _require_enough(measured: Measured, options: CalibrateOptions) -> None:
    speaking = sum(1 for log in measured.logs.values() if log.count)
    queries, clients = measured.queries, len(measured.clients.names)
    enough = needed(options.rate, speaking)
    if not measured.queries:
        raise UsageError("There is no query in it that fits the profile.", "Give a trace of the model's own traffic.")
    if options.force:
        return
    if queries < enough:
        least = options.rate * enough / queries
        raise UsageError(
            f"{queries:,} benign queries are too few to say thresholds of {speaking} detectors for {options.rate:g} "
            f"false alarms in 10,000: that takes {enough:,}.",
            f"Record more, or ask for --false-alarms {least:.2g} or more.",
        )
    if clients < FEWEST_CLIENTS:
        raise UsageError(
            f"{clients} clients are too few to say what clients do.", f"Record traffic of {FEWEST_CLIENTS} or more."
        )


def thresholds(calibration: Calibration) -> dict[str, Threshold]:
    """As the pipeline takes them."""
    from violet.runtime.pipeline import Threshold

    return {one.id: Threshold(one.threshold, one.expected) for one in calibration.detectors}
