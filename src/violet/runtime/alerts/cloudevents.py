"""CloudEvents 1.0, structured mode (JSON event format 1.0.2): one notice, one event."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from violet.domain.incident_alert import Notice
from violet.runtime.alerts.documents import notice_document, timestamp

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
TYPE = "dev.violet.guard.incident"
SCHEMA = "urn:violet:guard:notice:1"


def cloud_event(notice: Notice, state: str = "", source: str = "") -> dict[str, Any]:
    """``source`` and ``id`` together are unique, as the specification asks: the incident, and the notice's number.
    A notice that is delivered twice has the same ``id``."""
    incident = notice.incident
    return {
        "specversion": "1.0",
        "id": f"{incident.id}-{notice.number}",
        "source": source or f"/violet/guard/{quote(incident.latest.worker, safe='')}",
        "type": f"{TYPE}.{notice.event}",
        "subject": incident.id,
        "time": timestamp(notice.at),
        "dataschema": SCHEMA,
        "datacontenttype": "application/json",
        "data": notice_document(notice, state),
    }
