"""The arithmetic of a calibration: outliers among clients, tails of detectors, rates with their intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Accuses
from violet.domain.guarding_calibration import AlarmRate, DayOfScores, DetectorCalibration, SuspiciousClient
from violet.services.guarding.tails import Tail, dispersed, fit_tail, poisson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Facts
    from violet.services.guarding.calibrate import CalibrateOptions, Measured
    from violet.services.guarding.score_log import ScoreLog

    Array = NDArray[Any]

PEAKS = 100
"""Episodes over the base that a tail is fitted to, about."""
FEWEST_PEAKS = 15
FEWEST_SCORES = 4
NEAR = 0.6
"""A detector's own threshold is kept where benign scores reach no more than this share of it."""
LADDER = (0.0, 0.5, 0.75, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999)
OFTEN = 0.1
"""The greatest share of scores that may reach the base."""
PILED = 0.2
"""The greatest share of peaks that may be no higher than the base."""
FAR = 5.0
"""An outlier lies so many times as far above the clients' upper tenth as that lies above their median."""
HIGH = 2.0
"""A threshold so many times a detector's own asks for a look at who lifted it."""
RESAMPLED = 200
SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """Episodes of one detector over ``base``: greatest scores and clients, in the order in which they opened."""

    base: float
    value: Array
    client: Array


class Fit:
    """Does it all in ``__init__``."""

    def __init__(
        self, measured: Measured, options: CalibrateOptions, before: tuple[SuspiciousClient, ...] = ()
    ) -> None:
        self._measured = measured
        self._options = options
        self._rows = measured.clients.rows.astype(np.float64)
        self._names = measured.clients.names
        self.notes: tuple[str, ...] = ()
        self.suspicious, self._counts = self._outliers([one for one in before if one.left_out])
        self._queries = float(self._rows[self._counts].sum())
        self.queries = int(self._queries)
        self.clients = int(self._counts.sum())
        thresholds, shares = self._thresholds(self._counts, final=True)
        self.detectors = tuple(self._described(name, thresholds[name], shares[name]) for name in thresholds)
        self.seen = self._seen({name: threshold for name, (threshold, _, _) in thresholds.items()}, self._counts)
        self.crossed = self._crossed()

    # -- clients that do not belong ------------------------------------------------------------------------------------

    def _outliers(self, gone: list[SuspiciousClient]) -> tuple[tuple[SuspiciousClient, ...], Array]:
        """Who is named, and which clients count (bool by number)."""
        count = len(self._names)
        before = len({one.client for one in gone} - set(self._names))
        trusted = np.array([name in self._options.trusted for name in self._names], dtype=bool)
        found: list[tuple[float, int, str, float, float]] = []
        for name, log in self._measured.logs.items():
            facts = self._measured.facts[name]
            if facts.accuses is not Accuses.CLIENT and facts.accuses is not Accuses.CLIENTS:
                continue
            greatest = _greatest(log, count)
            known = greatest[np.isfinite(greatest)]
            if len(known) < 10:
                continue
            bound = _bound(known)
            limit = max(bound, facts.threshold) if math.isfinite(facts.threshold) else bound
            for place in np.flatnonzero(greatest > limit).tolist():
                how_far = float(greatest[place] - bound) / max(1e-12, abs(limit))
                found.append((how_far, place, name, float(greatest[place]), bound))
        found.sort(key=lambda one: (-one[0], self._names[one[1]], one[2]))
        most = max(0, int(self._options.most_left_out * (count + before)) - before)
        left_out: dict[int, None] = {}
        for _, place, *_ in found:
            if not trusted[place] and len(left_out) < most:
                left_out.setdefault(place)
        named = {place for _, place, *_ in found if not trusted[place]}
        if len(named) > len(left_out):
            told, most = f"{len(named) + before} of {count + before} clients behave like attackers", most + before
            why = f"{told}, and {most} are the most that are left out"
            self.notes = (f"{why}: this traffic is not benign, or these detectors do not suit it.",)
        said = tuple(
            SuspiciousClient(
                client=self._names[place],
                detector=name,
                score=score,
                bound=bound,
                rows=int(self._rows[place]),
                left_out=place in left_out,
                trusted=bool(trusted[place]),
            )
            for _, place, name, score, bound in found
        )
        counts = np.ones(count, dtype=bool)
        counts[list(left_out)] = False
        return (*gone, *said), counts

    # -- thresholds ----------------------------------------------------------------------------------------------------

    def _thresholds(
        self, among: Array, final: bool = False
    ) -> tuple[dict[str, tuple[float, Peaks | None, str]], dict[str, float]]:
        """By detector, its threshold, the peaks it rests on (``None``: too few) and why it was not lower; and its share
        of the rate, in episodes a query."""
        queries = float(self._rows[among].sum())
        total = self._options.rate / 10_000
        peaks: dict[str, Peaks | None] = {}
        for name, log in self._measured.logs.items():
            peaks[name] = _peaks(log, self._options.quiet, self._among(name, among))
        fitted = [name for name, one in peaks.items() if one is not None]
        share = dict.fromkeys(peaks, total / max(1, len(peaks)))
        # Who gains most by a larger share has a tail that is long for its height: with exponential tails the sum of the
        # thresholds' relative heights is least where shares go by scale / threshold.
        even = total / max(1, len(peaks))
        weights = {}
        for name in fitted:
            tail = _tail(peaks[name], queries)
            level = tail.level(min(even, tail.rate))
            weights[name] = min(4.0, max(0.25, 10 * tail.scale / max(abs(level), 1e-9)))
        if weights:
            pot = even * len(fitted)
            whole = sum(weights.values())
            share.update({name: pot * weight / whole for name, weight in weights.items()})
        found = {name: self._threshold(name, peaks[name], share[name], among, queries) for name in peaks}
        return found, share

    def _among(self, name: str, among: Array) -> Array | None:
        return None if self._measured.facts[name].accuses is Accuses.MODEL else among

    def _threshold(
        self, name: str, peaks: Peaks | None, rate: float, among: Array, queries: float
    ) -> tuple[float, Peaks | None, str]:
        log, facts = self._measured.logs[name], self._measured.facts[name]
        default = facts.threshold
        if peaks is None:
            some = self._among(name, among)
            if math.isfinite(default) and _seen_at_most(log, some) >= NEAR * default:
                lifted = _lifted(log, some, rate, queries)
                if lifted > default:
                    return lifted, None, "lifted"
            return default, None, "kept"
        tail = _tail(peaks, queries)
        level = tail.level(min(rate, tail.rate))
        level = max(level, _observed_level(log, self._options.quiet, self._among(name, among), rate * queries, peaks))
        method = "observed" if rate * queries >= 5 else "extrapolated"
        if math.isfinite(default) and level < self._options.floor * default:
            return self._options.floor * default, peaks, "floor"
        return level, peaks, method

    # -- what is said of them ------------------------------------------------------------------------------------------

    def _described(self, name: str, fitted: tuple[float, Peaks | None, str], rate: float) -> DetectorCalibration:
        threshold, peaks, method = fitted
        log, facts = self._measured.logs[name], self._measured.facts[name]
        among = self._among(name, self._counts)
        days, stable = self._days(log, among, peaks)
        greatest = _seen_at_most(log, among)
        base = DetectorCalibration(
            id=name,
            threshold=threshold,
            default=facts.threshold,
            expected=math.nan,
            low=0.0,
            high=math.nan,
            method=method,
            greatest=greatest if math.isfinite(greatest) else math.nan,
            stable=stable,
            days=days,
        )
        if peaks is None:
            episodes = len(log.episodes(threshold, self._options.quiet, among)) if threshold >= log.level else 0
            low, high = (10_000 * bound / self._queries for bound in poisson_interval(episodes))
            note = "it never spoke" if not log.count else "too few of its scores differ to say how rare others are"
            return replace(base, expected=10_000 * episodes / self._queries, low=low, high=high, note=note)
        tail = _tail(peaks, self._queries)
        threshold = max(threshold, peaks.base)
        low, high = self._interval(peaks, threshold, facts)
        influence, influential = self._influence(peaks, rate, tail, facts)
        note = ""
        if math.isfinite(facts.threshold) and threshold > HIGH * facts.threshold > 0:
            note = f"more than {HIGH:g} times its own: what it is for is done by {self._foremost(peaks, facts)}"
        return replace(
            base,
            note=note,
            expected=10_000 * tail.above(threshold),
            low=low,
            high=high,
            base=peaks.base,
            shape=tail.shape,
            scale=tail.scale,
            peaks=len(peaks.value),
            clients=len(np.unique(peaks.client)),
            influence=influence,
            influential=influential,
        )

    def _interval(self, peaks: Peaks, threshold: float, facts: Facts) -> tuple[float, float]:
        """Clients are drawn again, with all that they asked; the middle 95 % of what the tail then says. Where a
        detector is about nobody, its episodes are."""
        rng = np.random.default_rng([self._options.seed, 71])
        members = np.flatnonzero(self._counts)
        alone = facts.accuses is Accuses.MODEL
        owner = peaks.client
        found = []
        for _ in range(RESAMPLED):
            if alone:
                chosen, queries = rng.integers(0, len(peaks.value), rng.poisson(len(peaks.value))), self._queries
            else:
                times = np.bincount(rng.choice(members, len(members)), minlength=len(self._names))
                chosen = np.repeat(np.arange(len(owner)), times[owner])
                queries = float((times * self._rows).sum())
            if len(chosen) < 5 or queries <= 0:
                continue
            found.append(10_000 * fit_tail(peaks.value[chosen], peaks.base, queries).above(threshold))
        if len(found) < RESAMPLED // 2:
            return 0.0, math.nan
        low, high = np.quantile(found, [0.025, 0.975])
        return float(low), float(high)

    def _influence(self, peaks: Peaks, rate: float, tail: Tail, facts: Facts) -> tuple[float, str]:
        """The client without whom the threshold would be lowest, and by what factor."""
        if facts.accuses is Accuses.MODEL:
            return 1.0, ""
        level, best, who = tail.level(min(rate, tail.rate)), 1.0, ""
        top = peaks.client[np.argsort(-peaks.value, kind="stable")[:10]]
        for client in dict.fromkeys(top.tolist()):
            rest = peaks.value[peaks.client != client]
            if len(rest) < 5:
                continue
            without = fit_tail(rest, peaks.base, self._queries - float(self._rows[client]))
            lower = without.level(min(rate, without.rate))
            if lower > 0 and level / lower > best:
                best, who = float(level / lower), self._names[client]
        return best, who

    def _foremost(self, peaks: Peaks, facts: Facts) -> str:
        if facts.accuses is Accuses.MODEL:
            return "honest traffic as a whole"
        top = peaks.client[np.argsort(-peaks.value, kind="stable")]
        return ", ".join(self._names[client] for client in list(dict.fromkeys(top.tolist()))[:3])

    def _days(self, log: ScoreLog, among: Array | None, peaks: Peaks | None) -> tuple[tuple[DayOfScores, ...], bool]:
        client, value, at = log.columns()
        if among is not None and len(client):
            some = among[client]
            client, value, at = client[some], value[some], at[some]
        days = sorted(self._measured.days)
        if not len(value) or not days:
            return (), True
        day = (at // SECONDS_A_DAY).astype(np.int64)
        opened = np.empty(0, np.int64)
        if peaks is not None:
            from violet.detectors.episodes import spans

            level = float(np.sort(peaks.value)[-min(len(peaks.value), 5 * len(days))])
            opened = day[spans(max(level, log.level), client, value, at, self._options.quiet).start]
        found = []
        for name in days:
            number = int(datetime.fromisoformat(name).replace(tzinfo=UTC).timestamp() // SECONDS_A_DAY)
            own = value[day == number]
            greatest = float(own.max()) if len(own) and np.isfinite(own.max()) else math.nan
            found.append(DayOfScores(name, self._measured.days[name], int(np.sum(opened == number)), greatest))
        counts = np.array([one.episodes for one in found], dtype=float)
        weights = np.array([one.queries for one in found], dtype=float)
        return tuple(found), not dispersed(counts, weights)

    # -- how often all together ----------------------------------------------------------------------------------------

    def _seen(self, thresholds: dict[str, float], among: Array) -> AlarmRate:
        episodes = sum(
            len(log.episodes(max(thresholds[name], log.level), self._options.quiet, self._among(name, among)))
            for name, log in self._measured.logs.items()
            if math.isfinite(thresholds[name])
        )
        return _rate(episodes, int(self._rows[among].sum()))

    def _crossed(self) -> AlarmRate:
        """Thresholds from half of the clients, alarms in the other half, both ways."""
        rng = np.random.default_rng([self._options.seed, 72])
        members = rng.permutation(np.flatnonzero(self._counts))
        halves = []
        for begin in range(2):
            half = np.zeros(len(self._names), dtype=bool)
            half[members[begin::2]] = True
            halves.append(half)
        episodes, queries = 0, 0
        for one, other in (halves, halves[::-1]):
            fitted, _ = self._thresholds(one)
            seen = self._seen({name: threshold for name, (threshold, _, _) in fitted.items()}, other)
            episodes, queries = episodes + seen.episodes, queries + seen.queries
        return _rate(episodes, queries)


def _rate(episodes: int, queries: int) -> AlarmRate:
    low, high = poisson_interval(episodes)
    each = 10_000 / max(1, queries)
    return AlarmRate(episodes, queries, episodes * each, low * each, high * each)


def _greatest(log: ScoreLog, clients: int) -> Array:
    """By client, its greatest score (``-inf``: none that was kept)."""
    found = np.full(clients, -np.inf)
    client, value, _ = log.columns()
    np.maximum.at(found, client, value)
    return found


def _bound(greatest: Array) -> float:
    """Beyond which a client's greatest score is none that the others' allow: with exponential tails one client in some
    30,000 would be."""
    middle, upper = np.quantile(greatest, [0.5, 0.9])
    return float(upper + FAR * max(upper - middle, 1e-9 * max(1.0, abs(upper))))


def _seen_at_most(log: ScoreLog, among: Array | None) -> float:
    client, value, _ = log.columns()
    if among is not None and len(client):
        value = value[among[client]]
    return float(value.max()) if len(value) else -math.inf


def _lifted(log: ScoreLog, among: Array | None, rate: float, queries: float) -> float:
    """Where there are too few episodes for a tail: an exponential one through the upper half of the clients' greatest
    scores (of all scores, where they are about nobody); half as high again as the greatest, where even those are
    few."""
    if among is None:
        value = log.columns()[1]
    else:
        value = _greatest(log, len(among))[among]
    value = value[np.isfinite(value)]
    greatest = float(value.max())
    upper = value[value > np.median(value)]
    if len(upper) < FEWEST_SCORES or len(np.unique(upper)) < FEWEST_SCORES:
        return greatest + 0.5 * abs(greatest)
    base = float(np.median(value))
    # Exponential, of a scale that n excesses tell: the next one is generalised Pareto with shape 1 / n.
    level = Tail(base, 1.0 / len(upper), float(upper.mean()) - base, len(upper) / queries).level(rate)
    return max(level, float(np.nextafter(greatest, math.inf)))


def _peaks(log: ScoreLog, quiet: float, among: Array | None) -> Peaks | None:
    """Some ``PEAKS`` episodes, over whichever of a ladder of levels gives about so many; ``None`` where there are too
    few different ones. Levels at which scores pile up (0, above all) are none: a tail begins above them. So are levels
    that many scores reach: episodes run together there."""
    client, value, _ = log.columns()
    if among is not None and len(client):
        value = value[among[client]]
    kinds = np.unique(value[np.isfinite(value)])
    if len(kinds) < 4:
        return None
    ladder = np.unique([*np.quantile(value[value > kinds[0]], LADDER), *np.quantile(kinds, LADDER)])
    most = OFTEN * (log.count if among is None else log.count * np.mean(among))
    best = None
    for base in ladder[ladder >= log.level].tolist():
        if np.sum(value >= base) > most:
            continue
        found = log.episodes(base, quiet, among)
        if len(found) < FEWEST_PEAKS:
            break
        piled = np.mean(found.peak == base) > PILED
        if not piled and len(np.unique(found.peak)) >= 4:
            if best is None or abs(len(found) - PEAKS) < abs(len(best.value) - PEAKS):
                best = Peaks(base, found.peak, found.slot)
    return best


def _tail(peaks: Peaks | None, queries: float) -> Tail:
    assert peaks is not None
    return fit_tail(peaks.value, peaks.base, queries)


def _observed_level(log: ScoreLog, quiet: float, among: Array | None, allowed: float, peaks: Peaks) -> float:
    """The lowest score at which the trace itself has no more episodes than allowed (whole ones)."""
    most = math.floor(allowed)
    values = np.unique(peaks.value)
    low, high = 0, len(values)
    while low < high:  # episodes become fewer, but for splits, as the threshold rises
        middle = (low + high) // 2
        above = float(np.nextafter(values[middle], math.inf))
        low, high = (low, middle) if len(log.episodes(above, quiet, among)) <= most else (middle + 1, high)
    return float(np.nextafter(values[min(low, len(values) - 1)], math.inf))
