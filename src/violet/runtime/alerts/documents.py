"""Alerts, incidents and notices as JSON, and back: what lies in files and goes out over routes.

The names at the top of a notice are stable: rules of a SIEM (``integrations/sigma``) and receivers of webhooks rely on
them. Everything a client could have chosen is bounded here, once, before it is kept or sent.
"""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from violet.domain.alert import Alert, Evidence, Response
from violet.domain.incident_alert import Incident, IncidentKind, Notice, NoticeEvent, Sighting
from violet.domain.outcome import Confidence, Severity
from violet.domain.shell import join

VERSION = 1
LONGEST_NAME = 256
"""Characters of a client's, model's or detector's name that are kept."""
LONGEST_TEXT = 2_000
MOST_VALUES = 64
MOST_QUERIES = 20
MOST_NAMES = 256
"""Clients, models, detectors or techniques that one incident names."""


def clean(text: str, longest: int = LONGEST_NAME) -> str:
    """``text`` as valid Unicode, at most ``longest`` characters."""
    text = text if len(text) <= longest else text[: longest - 1] + "…"
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def bounded(alert: Alert) -> Alert:
    """The alert with everything in it that a client could have made long cut short."""
    evidence = alert.evidence
    values = {
        clean(str(name)): clean(value) if isinstance(value, str) else float(value)
        for name, value in list(evidence.values.items())[:MOST_VALUES]
    }
    return replace(
        alert,
        id=clean(alert.id, 128),
        at=float(alert.at) if math.isfinite(alert.at) else 0.0,
        score=float(alert.score),
        threshold=float(alert.threshold),
        false_alarms=float(alert.false_alarms),
        after=int(alert.after),
        enforced=bool(alert.enforced),
        model=clean(alert.model),
        client=clean(alert.client),
        detector=clean(alert.detector, 128),
        title=clean(alert.title, 300),
        query=clean(alert.query, 128),
        worker=clean(alert.worker, 128),
        techniques=_names(alert.techniques, 32),
        evidence=Evidence(
            clean(evidence.summary, LONGEST_TEXT),
            values,
            tuple(clean(query, 128) for query in evidence.queries[-MOST_QUERIES:]),
            clean(evidence.reference, LONGEST_TEXT),
            _names(evidence.others, MOST_NAMES),
        ),
    )


def replay_command(alert: Alert, state: str) -> str:
    """The command that prints the exchanges an alert rests on, ready to paste; ``state`` is the guard's directory."""
    return join(("violet", "guard", "replay", "--state", state, "--alert", alert.id))


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC, with milliseconds. Times that no calendar has are those of its end."""
    try:
        moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    except (OverflowError, ValueError, OSError):
        moment = datetime.datetime.fromtimestamp(0 if not seconds > 0 else 253402300799, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def alert_document(alert: Alert) -> dict[str, Any]:
    """The alert as JSON: figures that are not finite are ``null``."""
    evidence = alert.evidence
    return {
        "id": alert.id,
        "at": alert.at,
        "model": alert.model,
        "client": alert.client,
        "detector": alert.detector,
        "title": alert.title,
        "severity": str(alert.severity),
        "confidence": str(alert.confidence),
        "score": _finite(alert.score),
        "threshold": _finite(alert.threshold),
        "false_alarms": _finite(alert.false_alarms),
        "query": alert.query,
        "after": alert.after,
        "techniques": list(alert.techniques),
        "response": str(alert.response),
        "enforced": alert.enforced,
        "worker": alert.worker,
        "evidence": {
            "summary": evidence.summary,
            "values": {
                name: value if isinstance(value, str) else _finite(value) for name, value in evidence.values.items()
            },
            "queries": list(evidence.queries),
            "reference": evidence.reference,
            "others": list(evidence.others),
        },
    }


def alert_of(document: Mapping[str, Any]) -> Alert:
    """The alert that ``alert_document`` wrote. Raises ``ValueError`` for anything else."""
    try:
        evidence = document["evidence"]
        return bounded(
            Alert(
                id=_text(document["id"]),
                at=float(document["at"]),
                model=_text(document["model"]),
                client=_text(document["client"]),
                detector=_text(document["detector"]),
                title=_text(document["title"]),
                severity=Severity.parse(document["severity"]),
                confidence=Confidence[document["confidence"].upper()],
                score=_number(document["score"], math.inf),
                threshold=_number(document["threshold"], math.inf),
                evidence=Evidence(
                    _text(evidence["summary"]),
                    {
                        _text(name): value if isinstance(value, str) else _number(value, math.nan)
                        for name, value in evidence["values"].items()
                    },
                    _texts(evidence["queries"]),
                    _text(evidence["reference"]),
                    _texts(evidence["others"]),
                ),
                query=_text(document["query"]),
                after=int(document["after"]),
                techniques=_texts(document["techniques"]),
                false_alarms=_number(document["false_alarms"], math.nan),
                response=Response(document["response"]),
                enforced=bool(document["enforced"]),
                worker=_text(document["worker"]),
            )
        )
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise ValueError(f"not an alert: {error}") from error


def notice_document(notice: Notice, state: str = "") -> dict[str, Any]:
    """A notice as it goes out and as the incident file keeps it. ``state`` is the guard's directory, for the command
    that replays; empty: no command."""
    incident = notice.incident
    latest = incident.latest
    return {
        "version": VERSION,
        "time": timestamp(notice.at),
        "at": notice.at,
        "number": notice.number,
        "event": str(notice.event),
        "severity": str(incident.severity),
        "title": incident.title,
        "reason": notice.reason,
        "incident": incident.id,
        "incident_key": incident.key,
        "kind": str(incident.kind),
        "open": incident.open,
        "opened": incident.opened,
        "last": incident.last,
        "count": incident.count,
        "client": latest.client,
        "clients": list(incident.clients),
        "model": latest.model,
        "models": list(incident.models),
        "detector": latest.detector,
        "detectors": list(incident.detectors),
        "techniques": list(incident.techniques),
        "response": str(incident.response),
        "enforced": incident.enforced,
        "merged_into": incident.merged_into,
        "sightings": [_sighting_document(sighting) for sighting in incident.sightings],
        "more": incident.more,
        "alert": alert_document(latest),
        "replay": replay_command(latest, state) if state else "",
        "omitted": notice.omitted,
        "omitted_by": dict(notice.omitted_by),
    }


def notice_of(document: Mapping[str, Any]) -> Notice:
    """The notice that ``notice_document`` wrote. Raises ``ValueError`` for anything else."""
    try:
        incident = Incident(
            id=_text(document["incident"]),
            key=_text(document["incident_key"]),
            kind=IncidentKind(document["kind"]),
            severity=Severity.parse(document["severity"]),
            title=_text(document["title"]),
            opened=float(document["opened"]),
            last=float(document["last"]),
            count=int(document["count"]),
            models=_texts(document["models"]),
            clients=_texts(document["clients"]),
            detectors=_texts(document["detectors"]),
            techniques=_texts(document["techniques"]),
            sightings=tuple(_sighting_of(entry) for entry in document["sightings"]),
            latest=alert_of(document["alert"]),
            more=int(document["more"]),
            response=Response(document["response"]),
            enforced=bool(document["enforced"]),
            open=bool(document["open"]),
            merged_into=_text(document["merged_into"]),
        )
        omitted_by = tuple((_text(name), int(count)) for name, count in document["omitted_by"].items())
        return Notice(
            int(document["number"]),
            float(document["at"]),
            NoticeEvent(document["event"]),
            incident,
            _text(document["reason"]),
            int(document["omitted"]),
            omitted_by,
        )
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise ValueError(f"not a notice: {error}") from error


def dump(document: Mapping[str, Any]) -> bytes:
    """One line of ASCII JSON, without its end: a name with a line end or a terminal's escape in it stays on the line,
    and does nothing there."""
    return json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def _sighting_document(sighting: Sighting) -> dict[str, Any]:
    return {
        "client": sighting.client,
        "detector": sighting.detector,
        "model": sighting.model,
        "title": sighting.title,
        "severity": str(sighting.severity),
        "count": sighting.count,
        "first": sighting.first,
        "last": sighting.last,
        "peak": _finite(sighting.peak),
        "threshold": _finite(sighting.threshold),
        "alert": sighting.alert,
    }


def _sighting_of(document: Mapping[str, Any]) -> Sighting:
    return Sighting(
        _text(document["client"]),
        _text(document["detector"]),
        _text(document["model"]),
        _text(document["title"]),
        Severity.parse(document["severity"]),
        int(document["count"]),
        float(document["first"]),
        float(document["last"]),
        _number(document["peak"], math.inf),
        _number(document["threshold"], math.inf),
        _text(document["alert"]),
    )


def _names(names: tuple[str, ...], most: int) -> tuple[str, ...]:
    return tuple(clean(str(name)) for name in names[:most])


def _finite(value: float) -> float | None:
    value = float(value)
    return value if math.isfinite(value) else None


def _number(value: Any, missing: float) -> float:
    return missing if value is None else float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError(f"{values!r} is not a list")
    return tuple(_text(value) for value in values)
