"""What a station tells of itself: for who watches, and for metrics."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from violet.domain.guard_status import (
    ClientStatus,
    DetectorStatus,
    GuardStatus,
    QueueStatus,
    SharingStatus,
)
from violet.runtime.judging.beside import BACKLOG, BesideJudge
from violet.runtime.judging.inline import InlineJudge

if TYPE_CHECKING:
    from violet.runtime.station import Station

RULINGS = 50
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(slots=True)
class Rates:
    """Per second, between one look and the next, at least half a second apart."""

    at: float = field(default_factory=time.monotonic)
    requests: int = 0
    rows: int = 0
    rate: float = 0.0
    row_rate: float = 0.0

    def look(self, requests: int, rows: int) -> None:
        now = time.monotonic()
        passed = now - self.at
        if passed < 0.5:
            return
        self.rate, self.row_rate = (requests - self.requests) / passed, (rows - self.rows) / passed
        self.at, self.requests, self.rows = now, requests, rows


def status_of(station: Station) -> GuardStatus:
    """Everything, from what the parts count anyway."""
    options, judge = station.options, station.judge
    policy = options.policy
    requests, rows = station.metrics.totals()
    station.rates.look(requests, rows)
    rulings = station.rulings.in_force()
    doing = {ruling.client: ruling.response.value for ruling in reversed(rulings)}
    clients = tuple(
        ClientStatus(
            client=one.client,
            rate=one.rate,
            rows=one.rows,
            suspicion=one.suspicion,
            detector=one.detector,
            response=doing.get(one.client, "allow"),
            seen=one.seen,
        )
        for some in judge.clients().values()
        for one in some
    )
    events = station.metrics.events()
    return GuardStatus(
        worker=options.worker,
        at=time.time(),
        started=station.started,
        pid=os.getpid(),
        host=socket.gethostname(),
        model=", ".join(model.name for model in options.judge.models),
        mode=policy.mode.value,
        upstream=policy.upstream,
        requests=requests,
        rows=rows,
        rate=station.rates.rate,
        row_rate=station.rates.row_rate,
        refused=sum(events.get(name, 0) for name in ("over_quota", "refused_unknown", "refused")),
        delayed=events.get("delayed", 0),
        upstream_errors=events.get("upstream_errors", 0),
        known_clients=judge.known(),
        memory=_memory(),
        clients=clients,
        detectors=_detectors(judge),
        queues=_queues(station),
        sharing=_sharing(station),
        spool=station.spool.status() if station.spool is not None else None,
        alerts=tuple(station.alerts),
        rulings=rulings[:RULINGS],
        notices=tuple(_notices(station)),
    )


def _detectors(judge: Any) -> tuple[DetectorStatus, ...]:
    found = [
        DetectorStatus(
            id=one.id,
            threshold=one.threshold,
            peak=one.top * one.threshold if one.top > 0 else 0.0,
            alerts=one.alerts,
            rows=one.rows,
            microseconds=one.microseconds,
        )
        for some in judge.states().values()
        for one in some
    ]
    left_out: Mapping[str, Mapping[str, str]] = {}
    if isinstance(judge, BesideJudge):
        left_out = judge.left_out()
    elif isinstance(judge, InlineJudge):
        left_out = {name: pipeline.left_out for name, pipeline in judge.pipelines.items()}
    found += [DetectorStatus(id=name, why=why) for some in left_out.values() for name, why in some.items()]
    return tuple(found)


def _queues(station: Station) -> tuple[QueueStatus, ...]:
    judge = station.judge
    waiting = judge.backlog if isinstance(judge, BesideJudge) else 0
    found = [QueueStatus("judge", waiting, BACKLOG, judge.unjudged)]
    if station.spool is not None:
        spool = station.spool.status()
        found.append(QueueStatus("spool", spool.queued, station.spool.options.queue_records, spool.left_out))
    return tuple(found)


def _sharing(station: Station) -> SharingStatus:
    """That of sketches, which the judge beside this process exchanges; else that of rulings."""
    judge = station.judge
    if isinstance(judge, BesideJudge) and judge.shared:
        return SharingStatus(**next(iter(judge.shared.values())))
    return station.sharer.status() if station.sharer is not None else SharingStatus()


def _notices(station: Station) -> list[str]:
    judge = station.judge
    found = []
    if isinstance(judge, BesideJudge):
        if not judge.pid:
            found.append("The judge has ended and is started again: nothing is judged until then.")
        elif judge.deaths:
            found.append(f"The judge has ended {judge.deaths:,} times; what it knew of clients was lost.")
    if judge.unjudged:
        found.append(f"{judge.unjudged:,} rows were not judged, for want of time.")
    broken = [one for some in judge.states().values() for one in some if one.failures]
    if broken:
        found.append(f"Detectors that broke: {', '.join(f'{one.id} ({one.failures:,})' for one in broken)}.")
    for watched in station.hooks.models.values():
        if watched.unfit:
            found.append(f"{watched.unfit:,} requests to {watched.name} did not fit: {watched.last_unfit}.")
    return found


def _memory() -> int:
    """Resident bytes; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0
