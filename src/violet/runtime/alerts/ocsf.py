"""Open Cybersecurity Schema Framework: alerts as Detection Findings (2004), inference as API Activity (6003).

Events are made for version 1.9.0 with the profiles ``security_control`` (what the guard did) and, for inference,
``ai_operation`` (which model). ``downgrade`` makes an event of 1.3.0 of one: what that version does not know goes to
``unmapped``, under its path; nothing is lost. MITRE ATLAS techniques are in ``finding_info.attacks``.

Source: the OCSF schema, https://schema.ocsf.io, classes ``detection_finding`` and ``api_activity``.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from violet import __version__
from violet.domain.alert import Response
from violet.domain.incident_alert import Incident, Notice, NoticeEvent, Sighting
from violet.domain.outcome import Confidence, Severity
from violet.domain.traffic import Exchange
from violet.intel.atlas import TECHNIQUES
from violet.intel.atlas import VERSION as ATLAS_VERSION
from violet.runtime.alerts.documents import alert_document, replay_command

LATEST = "1.9.0"
OLDER = "1.3.0"
MOST_EVIDENCES = 20
MOST_OBSERVABLES = 32

_SEVERITIES = {
    Severity.INFO: (1, "Informational"),
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
_CONFIDENCES = {Confidence.LOW: (1, "Low"), Confidence.MEDIUM: (2, "Medium"), Confidence.HIGH: (3, "High")}
_ACTIVITIES = {NoticeEvent.OPENED: (1, "Create"), NoticeEvent.CLOSED: (3, "Close")}
_ALLOWED, _DENIED, _OBSERVED, _MODIFIED = (1, "Allowed"), (2, "Denied"), (3, "Observed"), (4, "Modified")
_DETECTED = (15, "Detected")
_RESPONSES = {
    Response.ALLOW: (_ALLOWED, (1, "Allowed")),
    Response.LABEL: (_MODIFIED, (7, "Custom Action")),
    Response.ROUND: (_MODIFIED, (7, "Custom Action")),
    Response.NOISE: (_MODIFIED, (7, "Custom Action")),
    Response.SLOW: (_ALLOWED, (14, "Delayed")),
    Response.CHALLENGE: (_DENIED, (23, "Challenge")),
    Response.SHADOW: (_MODIFIED, (7, "Custom Action")),
    Response.REFUSE: (_DENIED, (2, "Blocked")),
    Response.QUARANTINE: (_DENIED, (24, "Access Revoked")),
}
_ANALYTICS = {"drift": (3, "Statistical"), "outputs": (1, "Rule")}
_UNKNOWN_PROVIDER = "self-hosted"


def finding(notice: Notice, version: str = LATEST, state: str = "") -> dict[str, Any]:
    """A Detection Finding of the notice's incident: created, updated or closed. ``state`` is the guard's directory, for
    the command that replays. Raises ``ValueError`` for a version other than ``LATEST`` and ``OLDER``."""
    incident = notice.incident
    alert = incident.latest
    activity, activity_name = _ACTIVITIES.get(notice.event, (2, "Update"))
    severity, severity_name = _SEVERITIES[incident.severity]
    confidence, confidence_name = _CONFIDENCES[alert.confidence]
    event = {
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "type_uid": 200400 + activity,
        "type_name": f"Detection Finding: {activity_name}",
        "time": _milliseconds(notice.at),
        "start_time": _milliseconds(incident.opened),
        "end_time": _milliseconds(incident.last),
        "message": notice.reason,
        "severity_id": severity,
        "severity": severity_name,
        "confidence_id": confidence,
        "confidence": confidence_name,
        "count": incident.count,
        "is_alert": True,
        **_status(notice),
        **_control(incident.response, incident.enforced),
        "metadata": {
            **_metadata(["security_control"]),
            "uid": f"{incident.id}-{notice.number}",
            "correlation_uid": incident.key,
            "event_code": alert.detector,
        },
        "finding_info": _finding_info(incident, notice),
        "evidences": _evidences(incident),
        "resources": [{"name": model, "type": "AI Model"} for model in incident.models[:MOST_EVIDENCES]],
        "observables": [
            {"name": "evidences.actor.user.uid", "type_id": 31, "type": "User Object: uid", "value": client}
            for client in incident.clients[:MOST_OBSERVABLES]
        ],
        "unmapped": {
            "violet": {
                "event": str(notice.event),
                "kind": str(incident.kind),
                "clients": list(incident.clients),
                "detectors": list(incident.detectors),
                "response": str(incident.response),
                "enforced": incident.enforced,
                "omitted": notice.omitted,
                "omitted_by": dict(notice.omitted_by),
                "merged_into": incident.merged_into,
                "replay": replay_command(alert, state) if state else "",
                "alert": alert_document(alert),
            }
        },
    }
    return _in_version(event, version)


def inference(
    exchange: Exchange, version: str = LATEST, *, provider: str = _UNKNOWN_PROVIDER, enforced: bool = True
) -> dict[str, Any]:
    """One request to a model and its answer as API Activity. ``provider`` is who offers the model. No row, prompt or
    answer is in it. Raises ``ValueError`` as ``finding`` does."""
    good = 200 <= exchange.status < 400
    response = next((known for known in Response if known == exchange.response), Response.ALLOW)
    event = {
        "activity_id": 99,
        "activity_name": "Inference",
        "category_uid": 6,
        "category_name": "Application Activity",
        "class_uid": 6003,
        "class_name": "API Activity",
        "type_uid": 600399,
        "type_name": "API Activity: Other",
        "time": _milliseconds(exchange.at),
        "duration": max(0, _milliseconds(exchange.seconds)),
        "message": f"{max(len(exchange.rows), len(exchange.texts)):,} rows asked of {exchange.model}",
        "severity_id": 1,
        "severity": "Informational",
        "status_id": 1 if good else 2,
        "status": "Success" if good else "Failure",
        "status_code": str(exchange.status),
        **_control(response, enforced),
        "metadata": {**_metadata(["ai_operation", "security_control"]), "uid": exchange.id},
        "actor": {"user": {"uid": exchange.client}},
        "api": {
            "operation": "predict",
            "service": {"name": exchange.model or "model"},
            "request": {"uid": exchange.id},
            "response": {"code": exchange.status},
        },
        "src_endpoint": _endpoint(exchange),
        "http_request": {"uid": exchange.id, "length": exchange.request_bytes},
        "http_response": {
            "code": exchange.status,
            "latency": max(0, _milliseconds(exchange.seconds)),
            "length": exchange.response_bytes,
        },
        "ai_model": {"name": exchange.model or "model", "ai_provider": provider},
        "resources": [{"name": exchange.model or "model", "type": "AI Model"}],
        "unmapped": {
            "violet": {
                "protocol": exchange.protocol,
                "rows": len(exchange.rows),
                "texts": len(exchange.texts),
                "response": exchange.response,
                "reasons": list(exchange.reasons),
            }
        },
    }
    tokens = {name: exchange.extra.get(name, "") for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
    counted = {name: int(count) for name, count in tokens.items() if count.isascii() and count.isdigit()}
    if counted:
        event["message_context"] = {"service": {"name": exchange.model or "model"}, **counted}
    return _in_version(event, version)


def _in_version(event: dict[str, Any], version: str) -> dict[str, Any]:
    if version == LATEST:
        return event
    if version == OLDER:
        return downgrade(event)
    raise ValueError(f"events are made for OCSF {LATEST} and {OLDER}, and not for {version!r}")


# -- parts -------------------------------------------------------------------------------------------


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _metadata(profiles: list[str]) -> dict[str, Any]:
    product = {"name": "violet guard", "vendor_name": "Violet", "version": __version__}
    return {"version": LATEST, "product": product, "profiles": profiles, "log_name": "violet.guard"}


def _status(notice: Notice) -> dict[str, Any]:
    if not notice.incident.open:
        return {"status_id": 4, "status": "Resolved"}
    if notice.event is NoticeEvent.OPENED:
        return {"status_id": 1, "status": "New"}
    return {"status_id": 2, "status": "In Progress"}


def _control(response: Response, enforced: bool) -> dict[str, Any]:
    """The profile ``security_control``: what was done, not what a policy would have."""
    action, disposition = _RESPONSES[response] if enforced else (_OBSERVED, _DETECTED)
    return {
        "action_id": action[0],
        "action": action[1],
        "disposition_id": disposition[0],
        "disposition": disposition[1],
    }


def _finding_info(incident: Incident, notice: Notice) -> dict[str, Any]:
    alert = incident.latest
    family = alert.detector.partition("/")[0]
    kind, kind_name = _ANALYTICS.get(family, (2, "Behavioral"))
    related = [sighting.alert for sighting in incident.sightings[:MOST_EVIDENCES]]
    return {
        "uid": incident.id,
        "title": incident.title,
        "desc": alert.evidence.summary or alert.title,
        "types": sorted({detector.partition("/")[0] for detector in incident.detectors}),
        "created_time": _milliseconds(incident.opened),
        "modified_time": _milliseconds(notice.at),
        "first_seen_time": _milliseconds(incident.opened),
        "last_seen_time": _milliseconds(incident.last),
        "analytic": {
            "uid": alert.detector,
            "name": alert.title,
            "type_id": kind,
            "type": kind_name,
            "category": family,
            "version": __version__,
        },
        "attacks": [_attack(technique) for technique in incident.techniques[:MOST_EVIDENCES]],
        "related_events": [
            {"uid": uid, "type_uid": 200401, "type": "Detection Finding: Create"} for uid in dict.fromkeys(related)
        ],
        "related_events_count": incident.count,
        "product_uid": "violet-guard",
    }


def _attack(identity: str) -> dict[str, Any]:
    parent = ".".join(identity.split(".")[:2])
    attack: dict[str, Any] = {"version": f"ATLAS {ATLAS_VERSION}", "technique": _technique(parent)}
    if parent != identity:
        attack["sub_technique"] = _technique(identity)
    return attack


def _technique(identity: str) -> dict[str, Any]:
    if identity not in TECHNIQUES:
        return {"uid": identity}
    return {
        "uid": identity,
        "name": TECHNIQUES[identity],
        "src_url": f"https://atlas.mitre.org/techniques/{identity}",
    }


def _evidences(incident: Incident) -> list[dict[str, Any]]:
    evidence = alert_document(incident.latest)["evidence"]
    first = {"data": {"detector": incident.latest.detector, **evidence}}
    return [_of(incident.latest.client, first)] + [
        _of(sighting.client, {"data": _sighting(sighting)}) for sighting in incident.sightings[: MOST_EVIDENCES - 1]
    ]


def _of(client: str, evidence: dict[str, Any]) -> dict[str, Any]:
    return {**evidence, "actor": {"user": {"uid": client}}} if client else evidence


def _sighting(sighting: Sighting) -> dict[str, Any]:
    return {
        "detector": sighting.detector,
        "model": sighting.model,
        "count": sighting.count,
        "first": _milliseconds(sighting.first),
        "last": _milliseconds(sighting.last),
        "peak": f"{sighting.peak:g}",
        "threshold": f"{sighting.threshold:g}",
        "alert": sighting.alert,
    }


def _endpoint(exchange: Exchange) -> dict[str, Any]:
    try:
        return {"ip": str(ipaddress.ip_address(exchange.address))}
    except ValueError:
        return {"uid": exchange.client or "unknown"}


# -- 1.3 ---------------------------------------------------------------------------------------------

_SINCE_1_3 = {
    2004: ("is_alert", "finding_info.related_events_count"),
    6003: (
        "action_id",
        "action",
        "disposition_id",
        "disposition",
        "ai_model",
        "message_context",
        "http_response",
    ),
}
"""What of our events 1.3.0 does not know, by class."""


def downgrade(event: dict[str, Any]) -> dict[str, Any]:
    """The event as one of OCSF 1.3.0. Attributes that it lacks are in ``unmapped``, by their path; actions and types of
    observables that it lacks are ``Other``, with their name kept."""
    lowered: dict[str, Any] = _copied(event)
    unmapped = lowered.setdefault("unmapped", {})
    for path in _SINCE_1_3[lowered["class_uid"]]:
        holder, _, name = path.rpartition(".")
        inside = lowered[holder] if holder else lowered
        if name in inside:
            unmapped[path] = inside.pop(name)
    if lowered.get("action_id", 0) in (3, 4):
        lowered["action_id"] = 99
    for observable in lowered.get("observables", ()):
        if observable["type_id"] > 30:
            observable["type_id"] = 99
    metadata = lowered["metadata"]
    metadata["version"] = OLDER
    unmapped["metadata.version"] = LATEST
    if lowered["class_uid"] == 6003:
        unmapped["metadata.profiles"] = metadata.pop("profiles")
    return lowered


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(inner) for name, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value
