"""ArcSight's Common Event Format, version 0 (CEF implementation standard, revision 26)."""

from __future__ import annotations

from violet import __version__
from violet.domain.incident_alert import Notice
from violet.domain.outcome import Severity
from violet.runtime.alerts.documents import replay_command
from violet.runtime.alerts.text import plain

SEVERITIES = {Severity.INFO: 1, Severity.LOW: 3, Severity.MEDIUM: 5, Severity.HIGH: 8, Severity.CRITICAL: 10}


def cef(notice: Notice, state: str = "") -> str:
    """One line. Values longer than the standard's fields are cut."""
    incident = notice.incident
    alert = incident.latest
    header = "|".join(
        (
            "CEF:0",
            "Violet",
            "violet guard",
            _header(__version__),
            _header(alert.detector),
            _header(incident.title[:512]),
            str(SEVERITIES[incident.severity]),
        )
    )
    fields: dict[str, str | int | float] = {
        "rt": _milliseconds(notice.at),
        "start": _milliseconds(incident.opened),
        "end": _milliseconds(incident.last),
        "externalId": incident.id[:40],
        "cnt": incident.count,
        "cat": alert.detector.partition("/")[0],
        "suser": alert.client[:1023],
        "act": f"{incident.response}{'' if incident.enforced else ' (not enforced)'}",
        "msg": notice.reason[:1000],
        "cs1Label": "model",
        "cs1": " ".join(incident.models)[:2000],
        "cs2Label": "detectors",
        "cs2": " ".join(incident.detectors)[:2000],
        "cs3Label": "atlasTechniques",
        "cs3": " ".join(incident.techniques)[:2000],
        "cs4Label": "incidentKey",
        "cs4": incident.key[:2000],
        "cs5Label": "event",
        "cs5": str(notice.event),
        "cfp1Label": "score",
        "cfp1": f"{alert.score:g}",
        "cfp2Label": "threshold",
        "cfp2": f"{alert.threshold:g}",
        "cn1Label": "clients",
        "cn1": len(incident.clients),
    }
    if notice.omitted:
        fields |= {"cn2Label": "omittedNotices", "cn2": notice.omitted}
    if state:
        fields |= {"cs6Label": "replay", "cs6": replay_command(alert, state)[:2000]}
    return f"{header}|" + " ".join(f"{name}={_extension(str(value))}" for name, value in fields.items() if value != "")


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _header(text: str) -> str:
    return plain(text).replace("\\", "\\\\").replace("|", "\\|")


def _extension(text: str) -> str:
    return plain(text).replace("\\", "\\\\").replace("=", "\\=")
