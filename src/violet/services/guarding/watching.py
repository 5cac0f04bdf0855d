"""What a guard does at this moment, all workers together; and what its spool holds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from violet.domain.alert import Response, Ruling
from violet.domain.errors import MissingExtraError, UsageError
from violet.domain.guard_status import (
    ClientStatus,
    DetectorStatus,
    GuardStatus,
    QueueStatus,
    Watched,
    WorkerSeen,
)

if TYPE_CHECKING:
    from violet.domain.alert import Alert
    from violet.domain.traffic import Exchange
    from violet.runtime.spool.reader import Kept, Losses

CLIENTS = 100
ALERTS = 50
_STRENGTH = {response.value: place for place, response in enumerate(Response)}
T = TypeVar("T")


def watched(directory: str, now: float | None = None) -> Watched:
    """The state directory at this moment; where no worker tells anything, the alerts that were written down. Raises
    ``ConfigurationError`` where there is none."""
    try:
        from violet.runtime.alerts.log import latest_alerts
        from violet.runtime.state import StateDirectory
    except ImportError as error:
        raise MissingExtraError("violet watch", "guard") from error
    at = time.time() if now is None else now
    state = StateDirectory(directory, make=False)
    found = together(directory, at, state.statuses(at))
    if found.live:
        return found
    kept = latest_alerts(state.path("alerts"), ALERTS)
    notices = (*found.notices, "Alerts are those that were written down before.") if kept else found.notices
    return replace(found, alerts=kept, notices=notices)


def together(directory: str, at: float, workers: tuple[WorkerSeen, ...]) -> Watched:
    """What the workers told, added up. What is out of date counts no more, and is said."""
    live = [seen.status for seen in workers if seen.status is not None and not seen.problem]
    notices = [f"Worker {seen.worker}: {seen.problem}." for seen in workers if seen.problem]
    if not workers:
        notices.append("No worker runs.")
    for status in live:
        notices += _notices(status, several=len(live) > 1)
    return Watched(
        directory=directory,
        at=at,
        workers=workers,
        clients=_clients(live),
        detectors=_detectors(live),
        queues=_queues(live),
        alerts=_latest((alert for status in live for alert in status.alerts), lambda alert: alert.id),
        rulings=_rulings((ruling for status in live for ruling in status.rulings), at),
        notices=tuple(dict.fromkeys(notices)),
        requests=sum(status.requests for status in live),
        rows=sum(status.rows for status in live),
        rate=sum(status.rate for status in live),
        row_rate=sum(status.row_rate for status in live),
        refused=sum(status.refused for status in live),
        delayed=sum(status.delayed for status in live),
        upstream_errors=sum(status.upstream_errors for status in live),
        known_clients=max((status.known_clients for status in live), default=0),
        memory=sum(status.memory for status in live),
        model=_words(status.model for status in live),
        mode=_words(status.mode for status in live),
        upstream=_words(status.upstream for status in live),
    )


def _notices(status: GuardStatus, several: bool) -> list[str]:
    who = f"Worker {status.worker}: " if several else ""
    found = [f"{who}{notice}" for notice in status.notices]
    if status.sharing.state == "alone":
        found.append(f"{who}sharing: alone: {status.sharing.why}")
    if status.sharing.refused:
        found.append(f"{who}sharing: {status.sharing.refused:,} posts of others were refused.")
    if status.spool is not None and status.spool.state == "stopped":
        found.append(f"{who}spool: stopped: {status.spool.why}.")
    if status.spool is not None and status.spool.left_out:
        found.append(f"{who}spool: {status.spool.left_out:,} exchanges found no room.")
    return found


def _clients(live: Iterable[GuardStatus]) -> tuple[ClientStatus, ...]:
    """By suspicion, then by rate."""
    found: dict[str, ClientStatus] = {}
    for status in live:
        for one in status.clients:
            known = found.get(one.client)
            if known is None:
                found[one.client] = one
                continue
            worse = one if one.suspicion > known.suspicion else known
            harder = max(one, known, key=lambda client: _STRENGTH.get(client.response, 0))
            found[one.client] = replace(
                worse,
                rate=one.rate + known.rate,
                rows=one.rows + known.rows,
                response=harder.response,
                seen=max(one.seen, known.seen),
            )
    return tuple(sorted(found.values(), key=lambda one: (-one.suspicion, -one.rate, one.client))[:CLIENTS])


def _detectors(live: Iterable[GuardStatus]) -> tuple[DetectorStatus, ...]:
    found: dict[str, DetectorStatus] = {}
    for status in live:
        for one in status.detectors:
            known = found.get(one.id)
            if known is None:
                found[one.id] = one
                continue
            rows = one.rows + known.rows
            cost = (one.microseconds * one.rows + known.microseconds * known.rows) / rows if rows else 0.0
            found[one.id] = replace(
                known,
                why=known.why and one.why,
                peak=max(one.peak, known.peak),
                alerts=one.alerts + known.alerts,
                rows=rows,
                microseconds=cost,
            )
    return tuple(found[name] for name in sorted(found))


def _queues(live: Iterable[GuardStatus]) -> tuple[QueueStatus, ...]:
    found: dict[str, QueueStatus] = {}
    for status in live:
        for one in status.queues:
            known = found.get(one.name, QueueStatus(one.name, 0, 0))
            found[one.name] = QueueStatus(
                one.name, known.length + one.length, known.limit + one.limit, known.dropped + one.dropped
            )
    return tuple(found.values())


def _latest(alerts: Iterable[Alert], key: Callable[[Alert], str]) -> tuple[Alert, ...]:
    known = {key(alert): alert for alert in alerts}
    return tuple(sorted(known.values(), key=lambda alert: -alert.at)[:ALERTS])


def _rulings(rulings: Iterable[Ruling], at: float) -> tuple[Ruling, ...]:
    """In force, each once."""
    known: dict[tuple[str, str, str], Ruling] = {}
    for one in rulings:
        key = (one.client, one.model, one.response)
        if one.until > at and one.response is not Response.ALLOW and (key not in known or known[key].at < one.at):
            known[key] = one
    return tuple(sorted(known.values(), key=lambda one: -one.at)[:CLIENTS])


def _words(words: Iterable[str]) -> str:
    return ", ".join(sorted({word for word in words if word}))


# -- the spool -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SpoolQuery:
    """``since`` and ``until`` in seconds since 1970; ``client`` and ``model`` empty: all; ``reader`` a name under which
    the place is kept; ``most`` 0: all."""

    directory: str
    since: float = -math.inf
    until: float = math.inf
    client: str = ""
    model: str = ""
    reader: str = ""
    follow: bool = False
    most: int = 0
    ocsf: bool = False


def _traced() -> Callable[[Exchange], bytes]:
    from violet.runtime.trace import encode

    return encode


def _ocsf() -> Callable[[Exchange], bytes]:
    """API Activity (class 6003) with what was asked of a model."""
    import json

    from violet.runtime.alerts.ocsf import inference

    return lambda exchange: json.dumps(inference(exchange), ensure_ascii=True, allow_nan=False).encode()


class SpoolLines:
    """Exchanges of a spool as lines of a trace, or as events of OCSF. ``losses`` says, once it is read, what could not
    be."""

    def __init__(self, query: SpoolQuery, wait: Callable[[float], None] = time.sleep) -> None:
        try:
            from violet.runtime.spool.reader import SpoolReader
        except ImportError as error:
            raise MissingExtraError("Reading a spool", "guard") from error
        self._query = query
        self._wait = wait
        self._reader = SpoolReader(query.directory, query.reader)

    @property
    def losses(self) -> Losses:
        return self._reader.losses

    def lines(self) -> Generator[bytes]:
        """Each without its end. The place of a reader with a name is kept when there is nothing new, and at the end:
        behind the last line after which another was asked for."""
        say = _ocsf() if self._query.ocsf else _traced()
        query, cursor = self._query, dict(self._reader.cursor)
        given = 0
        try:
            for kept in self._records():
                if self._wanted(kept):
                    try:
                        line = say(kept.exchange)
                    except ValueError:  # a time that is none: no trace can hold it
                        self.losses.undecodable += 1
                        continue
                    here = self._reader.cursor.pop(kept.stream)
                    if kept.stream in cursor:
                        self._reader.cursor[kept.stream] = cursor[kept.stream]
                    yield line
                    self._reader.cursor[kept.stream] = here
                    given += 1
                cursor[kept.stream] = self._reader.cursor[kept.stream]
                if query.most and given >= query.most:
                    break
        finally:
            if query.reader:
                self._reader.commit()

    def _records(self) -> Iterator[Kept]:
        if not self._query.follow:
            return self._reader.read()
        return self._reader.follow(wait=self._between)

    def _between(self, pause: float) -> None:
        if self._query.reader:
            self._reader.commit()
        self._wait(pause)

    def _wanted(self, kept: Kept) -> bool:
        query, exchange = self._query, kept.exchange
        return (
            query.since <= exchange.at <= query.until
            and query.client in ("", exchange.client)
            and query.model in ("", exchange.model)
        )


def moment(text: str, now: float | None = None) -> float:
    """``2026-12-01T10:00:00Z`` (or with an offset), seconds since 1970, or so long ago: ``30s``, ``15m``, ``2h``,
    ``1d``. Raises ``UsageError``."""
    import datetime

    units = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
    try:
        if text[-1:] in units and text[:-1].replace(".", "", 1).isdecimal():
            return (time.time() if now is None else now) - float(text[:-1]) * units[text[-1]]
        if text.replace(".", "", 1).isdecimal():
            return float(text)
        found = datetime.datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is no time.", "Write it like 2026-12-01T10:00:00Z, or 15m for a while ago."
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=datetime.UTC)).timestamp()
