"""Prometheus Alertmanager, API v2: open incidents are sent again before they would lapse, ended ones are resolved.

An alert there is its labels. Severity is one, because routes and inhibitions need it; where it rises, the alert with
the old severity is resolved in the same request.

Source: Alertmanager, ``api/v2/openapi.yaml`` (``postableAlert``).
"""

from __future__ import annotations

import json
import time
from typing import Any

from violet.domain.incident_alert import Incident, Notice, NoticeEvent
from violet.runtime.alerts.documents import LONGEST_TEXT, clean, replay_command, timestamp
from violet.runtime.alerts.routing import Route
from violet.runtime.alerts.sinks.http import Poster
from violet.runtime.alerts.text import plain

AGAIN = 60.0
LASTS = 240.0
"""Seconds after which an incident that is not sent again counts as resolved there: four rounds, as Prometheus does."""
MOST_REMEMBERED = 2_000


class Alertmanager:
    each = False
    refresh_every = AGAIN

    def __init__(self, route: Route, state: str) -> None:
        self._route = route
        self._state = state
        self._poster = Poster(route, public_only=False)
        self._sent: dict[str, dict[str, str]] = {}
        base = route.url.rstrip("/")
        self._url = base if base.endswith("/api/v2/alerts") else f"{base}/api/v2/alerts"

    async def send(self, notice: Notice) -> None:
        await self._post([notice.incident], test=notice.event is NoticeEvent.TEST)

    async def refresh(self, incidents: tuple[Incident, ...]) -> None:
        if incidents:
            await self._post(list(incidents), test=False)

    async def close(self) -> None:
        await self._poster.close()

    async def _post(self, incidents: list[Incident], test: bool) -> None:
        now = time.time()
        alerts: list[dict[str, Any]] = []
        remembered: dict[str, dict[str, str] | None] = {}
        for incident in incidents:
            labels = _labels(incident, test)
            before = self._sent.get(incident.id)
            if before is not None and before != labels:
                alerts.append(self._alert(incident, before, now, now))
            alerts.append(self._alert(incident, labels, now, now + LASTS if incident.open and not test else now + 1))
            remembered[incident.id] = labels if incident.open and not test else None
        await self._poster.post(self._url, json.dumps(alerts).encode(), {"content-type": "application/json"})
        for identity, kept in remembered.items():
            self._sent.pop(identity, None)
            if kept is not None:
                self._sent[identity] = kept
        while len(self._sent) > MOST_REMEMBERED:
            del self._sent[next(iter(self._sent))]

    def _alert(self, incident: Incident, labels: dict[str, str], now: float, ends: float) -> dict[str, Any]:
        latest = incident.latest
        annotations = {
            "summary": plain(incident.title),
            "description": plain(latest.evidence.summary or latest.title),
            "clients": plain(", ".join(incident.clients[:20])),
            "detectors": ", ".join(incident.detectors[:20]),
            "techniques": ", ".join(incident.techniques[:20]),
            "incident": incident.id,
            "count": str(incident.count),
            "response": f"{incident.response}{'' if incident.enforced else ' (not enforced)'}",
        }
        if self._state:
            annotations["replay"] = replay_command(latest, self._state)
        ends = min(ends, now) if not incident.open else ends
        return {
            "labels": labels,
            "annotations": {name: clean(value, LONGEST_TEXT) for name, value in annotations.items() if value},
            "startsAt": timestamp(min(incident.opened, ends)),
            "endsAt": timestamp(ends),
        }


def _labels(incident: Incident, test: bool) -> dict[str, str]:
    """Equal on every replica for the same matter: Alertmanager then sees one alert."""
    labels = {
        "alertname": "VioletGuardTest" if test else "VioletGuardIncident",
        "severity": str(incident.severity),
        "kind": str(incident.kind),
        "key": plain(incident.key),
        "model": plain(incident.models[0]) if len(incident.models) == 1 else "",
        "job": "violet-guard",
    }
    return {name: value for name, value in labels.items() if value}
