"""Chats, e-mail, paging: whatever an address of Apprise names (Slack, Teams, e-mail, PagerDuty and over a hundred
more).

Apprise sends from threads. Only plain text is handed to it, with nothing in it that a chat would make a mention or a
link of. Its own plugins that run something on this machine are not allowed.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from violet.domain.errors import ConfigurationError, MissingExtraError
from violet.domain.incident_alert import Incident, Notice
from violet.domain.outcome import Severity
from violet.runtime.alerts.delivery import SendError
from violet.runtime.alerts.routing import Route
from violet.runtime.alerts.text import body, defanged, subject

LOCAL = ("dbus", "qt", "glib", "kde", "gnome", "windows", "macosx", "syslog", "cli")
"""Schemes that speak to this machine's own desktop or log."""


class Chat:
    each = False
    refresh_every = 0.0

    def __init__(self, route: Route, state: str) -> None:
        try:
            import apprise
        except ImportError as error:
            raise MissingExtraError(f"The route {route.name!r}", "guard") from error
        logging.getLogger("apprise").setLevel(logging.CRITICAL)  # failures are counted and shown by the route
        self._state = state
        self._route = route
        self._thread = ThreadPoolExecutor(1, "violet-apprise")  # a service that hangs keeps no file from being written
        asset = apprise.AppriseAsset(app_id="Violet", app_desc="violet guard", secure_logging=True)
        self._kinds = {
            Severity.INFO: apprise.NotifyType.INFO,
            Severity.LOW: apprise.NotifyType.INFO,
            Severity.MEDIUM: apprise.NotifyType.WARNING,
            Severity.HIGH: apprise.NotifyType.FAILURE,
            Severity.CRITICAL: apprise.NotifyType.FAILURE,
        }
        self._closed = apprise.NotifyType.SUCCESS
        self._text = apprise.NotifyFormat.TEXT
        self._apprise: Any = apprise.Apprise(asset=asset)
        scheme = route.url.partition("://")[0].lower()
        if scheme in LOCAL or not self._apprise.add(route.url):
            raise ConfigurationError(
                f"The route {route.name!r}: Apprise does not know what {route.target} with what follows is.",
                "Its addresses are listed at https://appriseit.com.",
            )

    async def send(self, notice: Notice) -> None:
        kind = self._kinds[notice.incident.severity] if notice.incident.open else self._closed
        text = "\n".join(defanged(line) for line in body(notice, self._state).split("\n"))
        send = partial(
            self._apprise.notify, body=text, title=defanged(subject(notice)), notify_type=kind, body_format=self._text
        )
        sent = await asyncio.get_running_loop().run_in_executor(self._thread, send)
        if not sent:
            raise SendError(f"{self._route.target} did not take it")

    async def refresh(self, incidents: tuple[Incident, ...]) -> None:
        return None

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
