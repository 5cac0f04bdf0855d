"""Honest clients: ordinary ones, and the heavy users that simple detectors mistake for thieves.

Everything is drawn from one seed. Rates are per client and day; a client asks by day and sleeps at night, with an hour
of its own at which it is busiest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.traffic.trace import DAY, START, Piece, Trace, assemble

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.traffic.world import World

    Array = NDArray[Any]

SHARES: Mapping[str, float] = {
    "application": 0.72,
    "analyst": 0.06,
    "seeker": 0.03,
    "retries": 0.05,
    "power": 0.06,
    "newcomer": 0.05,
    "bulk": 0.015,
    "portfolio": 0.005,
    "probe": 0.01,
}
"""How many clients of each kind, of all."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """``queries`` is about how many rows honest clients send in all; ``shares`` of clients by kind (at least one
    client of each kind that has a share). Bulk scoring is most of the rows: ``bulk`` is its share of them."""

    clients: int = 200
    days: float = 14.0
    queries: int = 60_000
    bulk: float = 0.35
    shares: Mapping[str, float] = field(default_factory=lambda: dict(SHARES))


def benign(world: World, seed: int, mixture: Mixture | None = None, start: float = START) -> Trace:
    """Some days of honest traffic."""
    return assemble(world, benign_pieces(world, seed, mixture, start), seed)


def benign_pieces(world: World, seed: int, mixture: Mixture | None = None, start: float = START) -> list[Piece]:
    mixture = mixture or Mixture()
    rng = np.random.default_rng([seed, 7])
    total = sum(mixture.shares.values())
    found: list[Piece] = []
    counts = {k: max(1, round(mixture.clients * s / total)) for k, s in mixture.shares.items() if s > 0}
    heavy = sum(counts.get(kind, 0) for kind in ("bulk", "portfolio"))
    light = max(1, sum(counts.values()) - heavy - counts.get("probe", 0))
    each = mixture.queries * (1 - mixture.bulk) / light
    # Heavy-tailed: a few clients send most (Pareto, shape 1.5), nobody more than 30 times the mean.
    rates = np.clip(rng.pareto(1.5, light) + 0.1, 0, 40)
    rates = np.minimum(rates / rates.mean(), 30) * each
    place = 0
    for kind, count in counts.items():
        for number in range(count):
            client = f"key:{kind}-{number}"
            span = Span(start, mixture.days)
            if kind in ("bulk", "portfolio"):
                rows = max(20, int(mixture.queries * mixture.bulk / max(1, heavy) / max(1.0, mixture.days)))
                found.append(MAKERS[kind](world, rng, client, span, rows))
            elif kind == "probe":
                found.append(MAKERS[kind](world, rng, client, span, max(20, mixture.queries // 50)))
            else:
                found.append(MAKERS[kind](world, rng, client, span, max(3, int(rates[place]))))
                place += 1
    return found


@dataclass(frozen=True, slots=True)
class Span:
    start: float
    days: float

    def times(self, rng: np.random.Generator, n: int, earliest: float = 0.0) -> Array:
        """``n`` times by daily rhythm, sorted; none before day ``earliest``. Visits come in clusters: somebody works
        through a pile."""
        busy = rng.normal(13.5, 1.5)
        piles = max(1, int(rng.binomial(n, 0.4)))
        whole = max(1, int(np.ceil(self.days)))
        day = rng.integers(min(int(earliest), whole - 1), whole, 4 * piles)
        week = np.array([1, 1, 1, 1, 0.95, 0.35, 0.25])[day % 7]
        day = day[rng.random(len(day)) < week][:piles]
        day = day if len(day) else np.zeros(1, dtype=int)
        hour = np.clip(rng.normal(busy, 3.0, len(day)), 0.0, 23.9)
        begin = (day + hour / 24.0) * DAY
        pile = rng.integers(0, len(begin), n)
        at = begin[pile] + rng.exponential(240.0, n)
        low, high = earliest * DAY, self.days * DAY
        return np.sort(self.start + np.clip(at, low, np.nextafter(high, 0) - rng.random(n)))


def application(world: World, rng: np.random.Generator, client: str, span: Span, n: int) -> Piece:
    """Asks about the population, a part of it more than others; some cases come back revised, some exactly."""
    at = span.times(rng, n)
    return Piece(client, "benign:application", at, _cases(world, rng, span, at))


def _cases(world: World, rng: np.random.Generator, span: Span, at: Array, group: int = -1) -> Array:
    people, n = world.population, len(at)
    day = (at - span.start) / DAY
    rows = people.draw(rng, n, day=day, group=group)
    if group < 0:
        own = np.flatnonzero(rng.random(n) < rng.beta(1, 3))
        if len(own):
            rows[own] = people.draw(rng, len(own), day=day[own], group=int(rng.integers(people.groups)))
    again = np.flatnonzero(rng.random(n) < 0.06)
    again = again[again > 0]
    earlier = np.maximum(again - rng.geometric(0.2, len(again)), 0)
    rows[again] = people.revise(rng, rows[earlier])
    same = again[rng.random(len(again)) < 0.25]
    rows[same] = rows[np.maximum(same - 1, 0)]
    return rows


def analyst(world: World, rng: np.random.Generator, client: str, span: Span, n: int) -> Piece:
    """What if: takes a case and varies one thing over it, 20 to 60 values, a second or three apart."""
    rows: list[Array] = []
    times: list[Array] = []
    begins = iter(span.times(rng, n // 20 + 2).tolist())
    left = n
    for begin in begins:
        if left <= 0:
            break
        base = world.population.draw(rng, 2, day=(begin - span.start) / DAY)[0]
        for _ in range(int(rng.integers(1, 4))):
            sweep = world.population.vary(rng, base, int(rng.integers(20, 61)))
            rows.append(sweep)
            times.append(begin + np.cumsum(rng.uniform(0.3, 3.0, len(sweep))))
            begin = float(times[-1][-1]) + float(rng.uniform(5, 60))
            left -= len(sweep)
    return Piece(client, "benign:analyst", np.concatenate(times), np.concatenate(rows))


def seeker(world: World, rng: np.random.Generator, client: str, span: Span, n: int) -> Piece:
    """An adviser who looks for what would just be granted: halves one quantity on the application's grid, some six
    times a case, among ordinary cases."""
    rows: list[Array] = []
    times: list[float] = []
    for begin in span.times(rng, max(1, n // 8)).tolist():
        base = world.population.draw(rng, 2, day=(begin - span.start) / DAY)[0]
        ladder = world.population.vary(rng, base, 60)
        low, high = 0, len(ladder) - 1
        label = int(world.labels(ladder[:1])[0])
        at = begin
        for row in (base, *ladder[[low, high]]):
            rows.append(row)
            times.append(at)
            at += float(rng.uniform(3, 25))
        while high - low > 1:
            middle = (low + high) // 2
            rows.append(ladder[middle])
            times.append(at)
            at += float(rng.uniform(3, 25))
            low, high = (middle, high) if int(world.labels(ladder[middle][None])[0]) == label else (low, middle)
    return Piece(client, "benign:seeker", np.array(times), np.array(rows))


def retries(world: World, rng: np.random.Generator, client: str, span: Span, n: int) -> Piece:
    """An ordinary client whose requests fail at times: it sends the same again after 1, 2, 4, 8 s."""
    at = span.times(rng, n)
    rows = _cases(world, rng, span, at)
    failures = rng.geometric(0.6, n) * (rng.random(n) < 0.12)
    failures = np.minimum(failures, 5)
    index = np.repeat(np.arange(n), failures + 1)
    attempt = np.arange(len(index)) - np.repeat(np.cumsum(failures + 1) - failures - 1, failures + 1)
    when = at[index] + np.where(attempt > 0, 2.0**attempt - 1, 0.0) + attempt * rng.uniform(0, 0.3, len(index))
    return Piece(client, "benign:retries", when, rows[index], failed=attempt < failures[index])


def power(world: World, rng: np.random.Generator, client: str, span: Span, n: int) -> Piece:
    """Many cases of one narrow part of the population."""
    at = span.times(rng, 3 * n)
    group = int(rng.integers(world.population.groups))
    return Piece(client, "benign:power", at, _cases(world, rng, span, at, group))


def newcomer(world: World, rng: np.random.Generator, client: str, span: Span, n: int) -> Piece:
    """A customer from elsewhere, who comes later and asks about other people."""
    at = span.times(rng, n, earliest=span.days * float(rng.uniform(0.2, 0.7)))
    rows = world.population.others(rng, n)
    again = np.flatnonzero(rng.random(n) < 0.06)
    rows[again] = world.population.revise(rng, rows[np.maximum(again - 1, 0)])
    return Piece(client, "benign:newcomer", at, rows)


def bulk(world: World, rng: np.random.Generator, client: str, span: Span, n: int) -> Piece:
    """Scores the new cases of the day by night, 100 rows a request."""
    return _nightly(rng, client, "benign:bulk", span, [world.population.draw(rng, n, day=d) for d in _nights(span)])


def portfolio(world: World, rng: np.random.Generator, client: str, span: Span, n: int) -> Piece:
    """Scores the same customers every night: most have changed a little or not at all."""
    rows = world.population.draw(rng, n)
    nights = []
    for _ in _nights(span):
        nights.append(rows)
        changed = rng.random(n) < 0.3
        rows = rows.copy()
        rows[changed] = world.population.revise(rng, rows[changed])
    return _nightly(rng, client, "benign:portfolio", span, nights)


def _nights(span: Span) -> list[int]:
    return list(range(max(1, int(span.days))))


def _nightly(rng: np.random.Generator, client: str, kind: str, span: Span, nights: list[Array]) -> Piece:
    hour = float(rng.uniform(1.0, 4.0))
    at, group, base = [], [], 0
    for day, rows in enumerate(nights):
        request = np.arange(len(rows)) // 100
        at.append(span.start + day * DAY + hour * 3600 + rng.uniform(0, 60) + request * 0.8)
        group.append(base + request)
        base += int(request[-1]) + 1
    return Piece(client, kind, np.concatenate(at), np.concatenate(nights), group=np.concatenate(group))


def probe(world: World, rng: np.random.Generator, client: str, span: Span, n: int) -> Piece:
    """Asks the same every some seconds, day and night: is the model alive?"""
    every = max(10.0, span.days * DAY / n)
    at = span.start + np.arange(int(span.days * DAY / every)) * every
    at = at + rng.normal(0, 0.05, len(at)).clip(-0.2, 0.2) + 0.5
    row = world.population.draw(rng, 2)[0]
    return Piece(client, "benign:probe", at, np.tile(row, (len(at), 1)))


MAKERS = {
    "application": application,
    "analyst": analyst,
    "seeker": seeker,
    "retries": retries,
    "power": power,
    "newcomer": newcomer,
    "bulk": bulk,
    "portfolio": portfolio,
    "probe": probe,
}
