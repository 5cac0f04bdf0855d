"""Which alerts belong together, and when somebody has to be told again.

Repeats of the same (``Alert.key``) are counted in one ``Sighting``. Several detectors on one client are one incident,
and make it worse. Several clients with the same technique on the same model are one campaign, as are those that a
detector names together. An alert about nobody is about the model. Tables are bounded: what no longer fits is counted
in one incident a model (``IncidentKind.CROWD``), and never lost in silence.

Nothing here reads a clock: ``now`` is monotonic, in seconds, and decides what is recent; ``Alert.at`` is only shown. A
clock that jumps changes neither what belongs together nor when an incident ends.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from violet.domain.alert import STRENGTH, Alert, Response
from violet.domain.incident_alert import Incident, IncidentKind, Notice, NoticeEvent, Sighting
from violet.domain.outcome import Severity
from violet.runtime.alerts.documents import MOST_NAMES


@dataclass(frozen=True, slots=True)
class CorrelationOptions:
    """Times in seconds. An incident ends after ``quiet`` without an alert; while it goes on, a reminder goes out every
    ``remind``. ``campaign_clients`` clients with one technique within ``campaign_window`` are a campaign. At most
    ``incidents`` are open, each of at most ``sightings``. ``severities`` are pairs of a pattern of detector ids and the
    severity that the policy gives their alerts, the first that matches."""

    quiet: float = 900.0
    remind: float = 3600.0
    campaign_clients: int = 3
    campaign_window: float = 600.0
    incidents: int = 1_000
    sightings: int = 64
    severities: tuple[tuple[str, Severity], ...] = ()


class _Open:
    """An open incident, as it grows."""

    __slots__ = (
        "clients",
        "count",
        "detectors",
        "enforced",
        "heard",
        "id",
        "key",
        "kind",
        "last",
        "latest",
        "models",
        "more",
        "opened",
        "response",
        "severity",
        "sightings",
        "techniques",
        "told",
        "told_clients",
        "worst",
    )

    def __init__(self, key: str, kind: IncidentKind, alert: Alert, identity: str = "") -> None:
        self.id = identity or f"inc-{secrets.token_hex(8)}"
        self.key = key
        self.kind = kind
        self.severity = Severity.INFO
        self.worst = Severity.INFO
        self.opened = self.last = alert.at
        self.count = self.more = 0
        self.models: dict[str, None] = {}
        self.clients: dict[str, None] = {}
        self.detectors: dict[str, None] = {}
        self.techniques: dict[str, None] = {}
        self.sightings: dict[tuple[str, str, str], Sighting] = {}
        self.latest = alert
        self.response = Response.ALLOW
        self.enforced = False
        self.heard = self.told = 0.0
        self.told_clients = 0


class Correlator:
    """Holds what is open. ``take`` and ``tick`` give what is to be told, numbered from ``number`` on."""

    def __init__(self, options: CorrelationOptions | None = None) -> None:
        self.options = options or CorrelationOptions()
        self.number = 0
        self._open: dict[str, _Open] = {}
        self._recent: OrderedDict[str, OrderedDict[str, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def incidents(self) -> tuple[Incident, ...]:
        """Those that are open, the oldest first."""
        return tuple(_frozen(entry) for entry in self._open.values())

    def restore(self, incidents: Iterable[Incident], number: int, now: float) -> None:
        """Go on from what was written down. Each is taken as heard of just now: time spent dead is no quiet."""
        self.number = number
        for incident in incidents:
            self._open[incident.key] = _thawed(incident, now)

    def take(self, alert: Alert, repeats: int, now: float) -> list[Notice]:
        """An alert that stands for ``repeats`` of the same. It has to be ``bounded``."""
        notices: list[Notice] = []
        entry, fresh = self._place(alert, now, notices)
        notices.extend(self._join(entry, alert, repeats, now, fresh))
        return notices

    def tick(self, at: float, now: float) -> list[Notice]:
        """End what has been quiet; ``at`` is the time to show."""
        notices = []
        for entry in [entry for entry in self._open.values() if now - entry.heard >= self.options.quiet]:
            del self._open[entry.key]
            reason = f"No alert for {self.options.quiet / 60:.0f} minutes."
            notices.append(self._notice(entry, max(at, entry.last), NoticeEvent.CLOSED, reason, still=False))
        return notices

    # -- where an alert belongs -----------------------------------------------------------------------

    def _place(self, alert: Alert, now: float, notices: list[Notice]) -> tuple[_Open, bool]:
        matter = alert.techniques[0] if alert.techniques else _family(alert.detector)
        if not alert.client and not alert.evidence.others:
            return self._enter(f"model:{alert.model}:{_family(alert.detector)}", IncidentKind.MODEL, alert)
        key = f"campaign:{alert.model}:{matter}"
        if key in self._open:
            return self._open[key], False
        acting = self._acting(key, alert, now)
        if alert.evidence.others or len(acting) >= self.options.campaign_clients:
            entry, fresh = self._enter(key, IncidentKind.CAMPAIGN, alert)
            if entry.kind is IncidentKind.CAMPAIGN:
                self._recent.pop(key, None)
                self._merge(entry, (*acting, *alert.evidence.others, alert.client), matter, alert, notices)
            return entry, fresh
        return self._enter(f"client:{alert.client}", IncidentKind.CLIENT, alert)

    def _enter(self, key: str, kind: IncidentKind, alert: Alert) -> tuple[_Open, bool]:
        found = self._open.get(key)
        if found is None and len(self._open) >= self.options.incidents:
            key, kind = f"crowd:{alert.model}", IncidentKind.CROWD
            found = self._open.get(key)
            if found is None and len(self._open) >= self.options.incidents + 64:
                key = "crowd:"
                found = self._open.get(key)
        if found is not None:
            return found, False
        entry = self._open[key] = _Open(key, kind, alert)
        return entry, True

    def _acting(self, key: str, alert: Alert, now: float) -> tuple[str, ...]:
        """Clients with alerts of this matter within the window, this one included."""
        if not alert.client:
            return ()
        clients = self._recent.setdefault(key, OrderedDict())
        self._recent.move_to_end(key)
        clients[alert.client] = now
        clients.move_to_end(alert.client)
        while len(clients) > max(MOST_NAMES, self.options.campaign_clients):
            clients.popitem(last=False)
        while len(self._recent) > 1_000:
            self._recent.popitem(last=False)
        for client, heard in list(clients.items()):
            if now - heard <= self.options.campaign_window:
                break
            del clients[client]
        return tuple(clients)

    def _merge(self, into: _Open, clients: Iterable[str], matter: str, alert: Alert, notices: list[Notice]) -> None:
        """Take over what the clients' own incidents hold of this matter; those with nothing else in them end."""
        for client in dict.fromkeys(clients):
            entry = self._open.get(f"client:{client}")
            if entry is None or not self._only(entry, matter, alert.model):
                continue
            del self._open[entry.key]
            into.count += entry.count
            into.opened = min(into.opened, entry.opened)
            into.worst = max(into.worst, entry.worst)
            for name in ("models", "clients", "detectors", "techniques"):
                getattr(into, name).update(getattr(entry, name))
            into.sightings.update(entry.sightings)
            reason = f"It is part of a campaign: {into.id}."
            notices.append(self._notice(entry, alert.at, NoticeEvent.CLOSED, reason, still=False, merged=into.id))

    def _only(self, entry: _Open, matter: str, model: str) -> bool:
        families = {_family(detector) for detector in entry.detectors}
        same = len(families) == 1 and (matter in entry.techniques or matter in families)
        return same and set(entry.models) == {model}

    # -- what it does to the incident -----------------------------------------------------------------

    def _join(self, entry: _Open, alert: Alert, repeats: int, now: float, fresh: bool) -> Iterator[Notice]:
        severity = self._severity(alert)
        news = self._count(entry, alert, severity, repeats)
        entry.heard = now
        before = entry.severity
        entry.severity = max(before, _risen(entry))
        if fresh:
            yield self._notice(entry, alert.at, NoticeEvent.OPENED, alert.evidence.summary or alert.title, now)
        elif entry.severity > before:
            reason = f"Severity rose from {before} to {entry.severity}: {alert.evidence.summary or alert.title}"
            yield self._notice(entry, alert.at, NoticeEvent.RAISED, reason, now)
        elif news:
            yield self._notice(entry, alert.at, NoticeEvent.GREW, news, now)
        elif now - entry.told >= self.options.remind:
            reason = f"It goes on: {entry.count:,} alerts so far."
            yield self._notice(entry, alert.at, NoticeEvent.CONTINUES, reason, now)

    def _count(self, entry: _Open, alert: Alert, severity: Severity, repeats: int) -> str:
        """Add the alert; gives why somebody should hear of it at once, or nothing."""
        entry.count += repeats
        entry.last = max(entry.last, alert.at)
        entry.latest = alert
        entry.worst = max(entry.worst, severity)
        news = []
        if alert.detector not in entry.detectors and len(entry.detectors) < MOST_NAMES:
            entry.detectors[alert.detector] = None
            news.append(f"{alert.detector} sees it too.")
        if STRENGTH[alert.response] > STRENGTH[entry.response]:
            entry.response = alert.response
            news.append(f"The response is now: {alert.response}.")
        if alert.enforced and not entry.enforced:
            entry.enforced = True
            news.append("The response is being enforced.")
        for client in (alert.client, *alert.evidence.others):
            if client and len(entry.clients) < MOST_NAMES:
                entry.clients[client] = None
        if len(entry.clients) >= 2 * max(1, entry.told_clients):
            news.append(f"{len(entry.clients)} clients take part.")
        if alert.model and len(entry.models) < MOST_NAMES:
            entry.models[alert.model] = None
        for technique in alert.techniques:
            if len(entry.techniques) < MOST_NAMES:
                entry.techniques[technique] = None
        self._sight(entry, alert, severity, repeats)
        return " ".join(news)

    def _sight(self, entry: _Open, alert: Alert, severity: Severity, repeats: int) -> None:
        place = (alert.model, alert.client, alert.detector)
        known = entry.sightings.get(place)
        if known is None and len(entry.sightings) >= self.options.sightings:
            entry.more += 1
            return
        entry.sightings[place] = Sighting(
            alert.client,
            alert.detector,
            alert.model,
            alert.title,
            severity if known is None else max(severity, known.severity),
            repeats + (known.count if known else 0),
            known.first if known else alert.at,
            max(alert.at, known.last) if known else alert.at,
            max(alert.score, known.peak) if known else alert.score,
            alert.threshold,
            alert.id,
        )

    def _severity(self, alert: Alert) -> Severity:
        for pattern, severity in self.options.severities:
            if fnmatchcase(alert.detector, pattern):
                return severity
        return alert.severity

    def _notice(
        self,
        entry: _Open,
        at: float,
        event: NoticeEvent,
        reason: str,
        now: float | None = None,
        *,
        still: bool = True,
        merged: str = "",
    ) -> Notice:
        self.number += 1
        if now is not None:
            entry.told = now
            entry.told_clients = len(entry.clients)
        return Notice(self.number, at, event, _frozen(entry, still, merged), reason)


def _family(detector: str) -> str:
    return detector.partition("/")[0]


def _risen(entry: _Open) -> Severity:
    """One step up where detectors that work differently agree, and one where clients act together. Critical is only
    what a detector called high by itself."""
    steps = (len(entry.detectors) > 1) + (entry.kind is IncidentKind.CAMPAIGN and len(entry.clients) > 1)
    highest = Severity.CRITICAL if entry.worst >= Severity.HIGH else Severity.HIGH
    return max(entry.worst, min(highest, Severity(min(Severity.CRITICAL, entry.worst + steps))))


def _title(entry: _Open) -> str:
    alert = entry.latest
    if entry.kind is IncidentKind.CLIENT:
        others = len(entry.detectors) - 1
        return f"{alert.title}: {alert.client}" + (f" (and {others} more detectors)" if others > 0 else "")
    if entry.kind is IncidentKind.CAMPAIGN:
        return f"{alert.title}: {len(entry.clients)} clients on {alert.model or 'all models'}"
    if entry.kind is IncidentKind.CROWD:
        return f"More alerts than are told apart, on {alert.model or 'all models'}: {entry.count:,}"
    return f"{alert.title}: {alert.model or 'all models'}"


def _frozen(entry: _Open, still: bool = True, merged: str = "") -> Incident:
    return Incident(
        entry.id,
        entry.key,
        entry.kind,
        entry.severity,
        _title(entry),
        entry.opened,
        entry.last,
        entry.count,
        tuple(entry.models),
        tuple(entry.clients),
        tuple(entry.detectors),
        tuple(entry.techniques),
        tuple(entry.sightings.values()),
        entry.latest,
        entry.more,
        entry.response,
        entry.enforced,
        still,
        merged,
    )


def _thawed(incident: Incident, now: float) -> _Open:
    entry = _Open(incident.key, incident.kind, incident.latest, incident.id)
    entry.severity = incident.severity
    entry.worst = max((sighting.severity for sighting in incident.sightings), default=incident.severity)
    entry.opened, entry.last = incident.opened, incident.last
    entry.count, entry.more = incident.count, incident.more
    entry.models = dict.fromkeys(incident.models)
    entry.clients = dict.fromkeys(incident.clients)
    entry.detectors = dict.fromkeys(incident.detectors)
    entry.techniques = dict.fromkeys(incident.techniques)
    entry.sightings = {(s.model, s.client, s.detector): s for s in incident.sightings}
    entry.response, entry.enforced = incident.response, incident.enforced
    entry.heard = entry.told = now
    entry.told_clients = len(incident.clients)
    return entry
