"""Metrics for Prometheus: plain additions on the way of a request, names and text only when somebody asks.

With several workers on one port, each saves what it counted about once a second, whole, in a file of its own; whoever
is asked answers for all. A worker that starts again in the same place goes on from its own file, so that counters do
not fall. What is no count (queues, memory) is only taken from workers that were heard of lately.

Names follow Prometheus' conventions, and stay: the dashboard and the rules in ``integrations/`` rely on them.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet import __version__
from violet.domain.errors import MissingExtraError
from violet.domain.whole_file import whole_file

if TYPE_CHECKING:
    from violet.domain.alert import Alert
    from violet.domain.guard_status import GuardStatus
    from violet.domain.incident_alert import DeskState

PREFIX = "violet_guard_"
DIRECTORY = "metrics"
"""Below the guard's state directory."""
BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the buckets, seconds."""
CODES = ("none", "1xx", "2xx", "3xx", "4xx", "5xx")
MOST_NAMES = 100
"""Different models, events or routes that are told apart; the rest is ``other``."""
FRESH = 15.0
"""Seconds for which gauges of a worker that is silent are believed."""
LARGEST = 8 << 20

_SUM, _MAX, _MIN = "sum", "max", "min"


@dataclass(frozen=True, slots=True)
class Family:
    """``merge`` says how workers add up: counts and amounts by sum, what all share by max or min."""

    name: str
    kind: str
    help: str
    labels: tuple[str, ...] = ()
    merge: str = _SUM


FAMILIES = (
    Family("requests_total", "counter", "Requests to models that were answered, by status.", ("model", "code")),
    Family("rows_total", "counter", "Rows in requests to models.", ("model",)),
    Family("request_duration_seconds", "histogram", "Time a model took to answer.", ("model",)),
    Family("responses_total", "counter", "Requests by what the guard did with them.", ("model", "response")),
    Family("events_total", "counter", "What else happened to requests: refused, over quota, not readable.", ("event",)),
    Family("proxy_total", "counter", "Requests, and what the proxy met or answered itself, by reason.", ("what",)),
    Family("hook_failures_total", "counter", "Faults of the guard itself, by where it broke.", ("hook",)),
    Family("limits_refused_total", "counter", "Requests over a quota, by which.", ("limit",)),
    Family("identity_failures_total", "counter", "Credentials that did not hold, by why.", ("reason",)),
    Family("alerts_total", "counter", "Alerts of detectors.", ("model", "detector", "severity")),
    Family("detector_rows_total", "counter", "Rows that detectors looked at.", ("detector",)),
    Family("detector_seconds_total", "counter", "Time that detectors took.", ("detector",)),
    Family("detector_up", "gauge", "1 where the detector runs, 0 where it is left out.", ("detector",), _MIN),
    Family("upstream_errors_total", "counter", "Requests that the model could not be asked, or did not answer."),
    Family("clients", "gauge", "Clients that are remembered.", merge=_MAX),
    Family("suspicion_ratio", "gauge", "Highest share of its threshold that a client reaches (1: alert).", merge=_MAX),
    Family("queue_length", "gauge", "Work that waits.", ("queue",)),
    Family("queue_limit", "gauge", "Room for work that waits.", ("queue",)),
    Family("queue_dropped_total", "counter", "Work that was left out for want of room.", ("queue",)),
    Family("spool_bytes", "gauge", "Bytes in the spool.", merge=_MAX),
    Family("spool_limit_bytes", "gauge", "Bytes that the spool may have.", merge=_MAX),
    Family("spool_records_total", "counter", "Exchanges that were given to the spool."),
    Family("spool_left_out_total", "counter", "Exchanges that the spool had no room for."),
    Family("spool_up", "gauge", "1 where exchanges are written, 0 where they cannot be.", merge=_MIN),
    Family("sharing_up", "gauge", "1 where state is shared with others, 0 where this guard goes on alone.", merge=_MIN),
    Family("sharing_peers", "gauge", "Other workers that were heard of.", merge=_MIN),
    Family("sharing_failures_total", "counter", "Rounds of sharing that failed."),
    Family("incidents", "gauge", "Incidents that are open."),
    Family("alerts_taken_total", "counter", "Alerts that the desk took."),
    Family("alerts_acknowledged_total", "counter", "Alerts that are on the disk."),
    Family("notices_total", "counter", "Notices about incidents."),
    Family("alerts_unsaved", "gauge", "1 where alerts or incidents cannot be written.", merge=_MAX),
    Family("route_delivered_total", "counter", "Notices that a route delivered.", ("route",)),
    Family("route_failures_total", "counter", "Attempts of a route that failed.", ("route",)),
    Family("route_dropped_total", "counter", "Notices that a route gave up.", ("route",)),
    Family("route_waiting", "gauge", "Notices that wait for a route.", ("route",)),
    Family("resident_memory_bytes", "gauge", "Memory of all workers."),
    Family("workers", "gauge", "Workers that were heard of lately."),
    Family("started_seconds", "gauge", "When the oldest worker started, seconds since 1970.", merge=_MIN),
    Family("build_info", "gauge", "Always 1.", ("version", "mode"), _MAX),
)
_BY_NAME = {family.name: family for family in FAMILIES}

Labels = tuple[str, ...]
Values = dict[str, dict[Labels, float]]


class _Model:
    __slots__ = ("buckets", "codes", "rows", "seconds")

    def __init__(self) -> None:
        self.codes = [0] * len(CODES)
        self.rows = 0
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0


class Metrics:
    """``directory`` is the guard's state directory (empty: this worker alone). ``status`` and ``desk`` are asked when
    somebody wants the figures, never before."""

    def __init__(
        self,
        directory: str = "",
        worker: str = "0",
        *,
        status: Callable[[], GuardStatus] | None = None,
        desk: Callable[[], DeskState] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.status = status
        self.desk = desk
        self.counted: dict[str, Callable[[], Mapping[str, int]]] = {}
        """What others count, by the name of a family with one label."""
        self._clock = clock
        self._models: dict[str, _Model] = {}
        self._events: dict[str, int] = {}
        self._responses: dict[Labels, int] = {}
        self._alerts: dict[Labels, int] = {}
        self._directory = os.path.join(directory, DIRECTORY) if directory else ""
        self._name = _file_name(worker)
        self._before: Values = {}
        self.started = clock()
        if self._directory:
            os.makedirs(self._directory, mode=0o700, exist_ok=True)
            before = _load(os.path.join(self._directory, self._name))
            self._before = {name: values for name, values in (before.values if before else {}).items() if _counts(name)}

    # -- on the way of a request ----------------------------------------------------------------------

    def request(self, model: str, status: int, seconds: float, rows: int) -> None:
        """A request that was answered (``status`` 0: nothing came back)."""
        known = self._models.get(model)
        if known is None:
            known = self._new(model)
        known.codes[status // 100 if 100 <= status < 600 else 0] += 1
        known.rows += rows
        known.buckets[bisect_left(BOUNDS, seconds)] += 1
        known.seconds += seconds

    def event(self, name: str, amount: int = 1) -> None:
        known = self._events
        if name not in known and len(known) >= MOST_NAMES:
            name = "other"
        known[name] = known.get(name, 0) + amount

    def response(self, model: str, response: str) -> None:
        """What the guard did with a request, where that was not nothing."""
        _add(self._responses, (model, response))

    def alert(self, alert: Alert) -> None:
        _add(self._alerts, (alert.model, alert.detector, str(alert.severity)))

    def _new(self, model: str) -> _Model:
        if len(self._models) >= MOST_NAMES:
            model = "other"
        return self._models.setdefault(model, _Model())

    def totals(self) -> tuple[int, int]:
        """Requests and rows that this process counted."""
        models = self._models.values()
        return sum(sum(one.codes) for one in models), sum(one.rows for one in models)

    def events(self) -> Mapping[str, int]:
        """How often what happened."""
        return self._events

    # -- for who asks ---------------------------------------------------------------------------------

    def values(self) -> Values:
        """Everything this worker counted, with what it had counted before it started again. Names are without
        ``PREFIX``; a histogram is ``NAME_bucket`` (not cumulative), ``NAME_sum``."""
        values: Values = {family.name: {} for family in FAMILIES if family.kind != "histogram"}
        values |= {"request_duration_seconds_bucket": {}, "request_duration_seconds_sum": {}}
        for model, counted in list(self._models.items()):  # the loop may be counting meanwhile
            for code, count in zip(CODES, counted.codes, strict=True):
                if count:
                    values["requests_total"][model, code] = count
            values["rows_total"][(model,)] = counted.rows
            values["request_duration_seconds_sum"][(model,)] = counted.seconds
            for bound, count in zip((*BOUNDS, math.inf), counted.buckets, strict=True):
                values["request_duration_seconds_bucket"][model, _bound(bound)] = count
        values["events_total"] = {(name,): count for name, count in dict(self._events).items()}
        for name, count_of in self.counted.items():
            values[name] = {(what,): count for what, count in dict(count_of()).items()}
        values["responses_total"] = dict(self._responses)
        values["alerts_total"] = dict(self._alerts)
        values["workers"][()] = 1
        values["started_seconds"][()] = self.started
        if self.desk is not None:
            _of_desk(values, self.desk())
        status = self.status() if self.status is not None else None
        if status is not None:
            _of_status(values, status)
        values["build_info"][__version__, status.mode if status is not None else ""] = 1
        for name, earlier in self._before.items():
            here = values.setdefault(name, {})
            for labels, value in earlier.items():
                here[labels] = here.get(labels, 0) + value
        return values

    def save(self) -> None:
        """Write this worker's figures for the others: whole or not at all, and without waiting for the disk, since what
        a power cut takes from them is no loss. Raises ``OSError``."""
        if self._directory:
            document = {
                "version": 1,
                "at": self._clock(),
                "values": {
                    name: [[*labels, value] for labels, value in some.items()] for name, some in self.values().items()
                },
            }
            with whole_file(os.path.join(self._directory, self._name), private=True, synced=False) as file:
                file.write(json.dumps(document, allow_nan=False).encode())

    def together(self) -> Values:
        """The figures of all workers."""
        total = self.values()
        for other in self._others():
            fresh = abs(self._clock() - other.at) <= FRESH
            for name, values in other.values.items():
                if fresh or _counts(name):
                    _merge(name, total.setdefault(name, {}), values)
        return total

    def expose(self, accept: str = "") -> tuple[str, bytes]:
        """Content type and text for ``GET /metrics``; ``accept`` is the header of that name. Raises
        ``MissingExtraError``."""
        try:
            from prometheus_client import CollectorRegistry
            from prometheus_client.exposition import choose_encoder
        except ImportError as error:
            raise MissingExtraError("/metrics", "guard") from error
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Collector(self.together()))
        encode, content_type = choose_encoder(accept)
        return content_type, encode(registry)

    def _others(self) -> Iterator[_Saved]:
        if not self._directory:
            return
        with contextlib.suppress(OSError):
            for name in sorted(os.listdir(self._directory))[:1_000]:
                if name != self._name and re.fullmatch(r"[A-Za-z0-9_.-]+\.json", name):
                    saved = _load(os.path.join(self._directory, name))
                    if saved is not None:
                        yield saved


@dataclass(frozen=True, slots=True)
class _Saved:
    at: float
    values: Values


class _Collector:
    """What prometheus-client asks."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        for family in FAMILIES:
            name = PREFIX + family.name
            if family.kind == "histogram":
                histogram = HistogramMetricFamily(name, family.help, labels=family.labels)
                buckets, sums = (self._values.get(f"{family.name}_{part}", {}) for part in ("bucket", "sum"))
                for labels in sorted(sums):
                    running, cumulative = 0.0, []
                    for bound in (*BOUNDS, math.inf):
                        running += buckets.get((*labels, _bound(bound)), 0)
                        cumulative.append((_bound(bound), running))
                    histogram.add_metric(labels, cumulative, sums[labels])
                yield histogram
                continue
            make = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
            made = make(name, family.help, labels=family.labels)
            for labels, value in sorted(self._values.get(family.name, {}).items()):
                made.add_metric(labels, value)
            yield made


def _of_status(values: Values, status: GuardStatus) -> None:
    for detector in status.detectors:
        values["detector_up"][(detector.id,)] = 0 if detector.why else 1
        values["detector_rows_total"][(detector.id,)] = detector.rows
        values["detector_seconds_total"][(detector.id,)] = detector.rows * detector.microseconds / 1e6
    for queue in status.queues:
        values["queue_length"][(queue.name,)] = queue.length
        values["queue_limit"][(queue.name,)] = queue.limit
        values["queue_dropped_total"][(queue.name,)] = queue.dropped
    spool = status.spool
    if spool is not None:
        values["spool_bytes"][()] = spool.bytes
        values["spool_limit_bytes"][()] = spool.limit
        values["spool_records_total"][()] = spool.accepted
        values["spool_left_out_total"][()] = spool.left_out
        values["spool_up"][()] = int(spool.state == "writing")
    sharing = status.sharing
    if sharing.state != "off":
        values["sharing_up"][()] = int(sharing.state == "together")
        values["sharing_peers"][()] = sharing.peers
        values["sharing_failures_total"][()] = sharing.failures
    values["upstream_errors_total"][()] = status.upstream_errors
    values["clients"][()] = status.known_clients
    values["resident_memory_bytes"][()] = status.memory
    suspicions = [client.suspicion for client in status.clients if math.isfinite(client.suspicion)]
    values["suspicion_ratio"][()] = max(suspicions, default=0.0)


def _of_desk(values: Values, desk: DeskState) -> None:
    values["alerts_taken_total"][()] = desk.taken
    values["alerts_acknowledged_total"][()] = desk.acknowledged
    values["notices_total"][()] = desk.notices
    values["incidents"][()] = desk.open if desk.leading else 0
    values["alerts_unsaved"][()] = int(bool(desk.unsaved))
    for route in desk.routes[:MOST_NAMES]:
        values["route_delivered_total"][(route.name,)] = route.delivered
        values["route_failures_total"][(route.name,)] = route.failed
        values["route_dropped_total"][(route.name,)] = route.dropped
        values["route_waiting"][(route.name,)] = route.waiting


def _add(counts: dict[Labels, int], labels: Labels) -> None:
    if labels not in counts and len(counts) >= MOST_NAMES * 10:
        labels = ("other", *labels[1:-1], labels[-1])
        if labels not in counts and len(counts) >= MOST_NAMES * 20:
            labels = ("other",) * len(labels)
    counts[labels] = counts.get(labels, 0) + 1


def _counts(name: str) -> bool:
    return name not in _BY_NAME or _BY_NAME[name].kind == "counter"


def _merge(name: str, total: dict[Labels, float], values: Mapping[Labels, float]) -> None:
    merge = _BY_NAME[name].merge if name in _BY_NAME else _SUM
    for labels, value in values.items():
        here = total.get(labels)
        if here is None:
            total[labels] = value
        elif merge == _SUM:
            total[labels] = here + value
        else:
            total[labels] = max(here, value) if merge == _MAX else min(here, value)


def _load(path: str) -> _Saved | None:
    """Another worker's figures; ``None`` where there are none that can be used."""
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
        document = json.loads(data) if len(data) <= LARGEST else {}
        known = {*_BY_NAME, "request_duration_seconds_bucket", "request_duration_seconds_sum"}
        values: Values = {}
        for name, entries in document["values"].items():
            if name in known:
                width = _width(name)
                values[name] = {
                    tuple(map(str, entry[:-1])): float(entry[-1]) for entry in entries if len(entry) == width + 1
                }
        return _Saved(float(document["at"]), values)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _width(name: str) -> int:
    if name in _BY_NAME:
        return len(_BY_NAME[name].labels)
    return 2 if name.endswith("_bucket") else 1


def _bound(bound: float) -> str:
    return "+Inf" if math.isinf(bound) else str(bound)


def _file_name(worker: str) -> str:
    safe = re.sub(r"[^A-Za-z0-9_.-]", "_", worker)[:64]
    return f"{safe or '_'}.json"
