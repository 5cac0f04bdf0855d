"""A notice in the format that a route asks for."""

from __future__ import annotations

from violet.domain.incident_alert import Notice
from violet.runtime.alerts.documents import dump, notice_document


def encode(notice: Notice, format: str, state: str = "") -> tuple[str, bytes]:
    """Content type, and the content without a line's end. ``format`` is one of ``routing.FORMATS``."""
    if format == "cef":
        from violet.runtime.alerts.cef import cef

        return "text/plain; charset=utf-8", cef(notice, state).encode("utf-8", "replace")
    if format == "text":
        from violet.runtime.alerts.text import one_line

        return "text/plain; charset=utf-8", one_line(notice).encode("utf-8", "replace")
    if format == "cloudevents":
        from violet.runtime.alerts.cloudevents import CONTENT_TYPE, cloud_event

        return CONTENT_TYPE, dump(cloud_event(notice, state))
    if format.startswith("ocsf"):
        from violet.runtime.alerts.ocsf import LATEST, OLDER, finding

        return "application/json", dump(finding(notice, OLDER if format == "ocsf-1.3" else LATEST, state))
    return "application/json", dump(notice_document(notice, state))
