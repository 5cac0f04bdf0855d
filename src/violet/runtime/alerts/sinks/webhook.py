"""A webhook: one POST a notice, signed as Standard Webhooks 1.0 says, so that receivers can use its libraries.

``webhook-signature`` is ``v1,`` and the base64 of HMAC-SHA256 over ``ID.TIMESTAMP.BODY``; the secret is the base64
after ``whsec_``, or the text as it is. A notice that is sent again has the same ``webhook-id``.

Source: Standard Webhooks, specification 1.0.0, https://www.standardwebhooks.com.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time

from violet.domain.incident_alert import Incident, Notice
from violet.runtime.alerts.formats import encode
from violet.runtime.alerts.routing import Route
from violet.runtime.alerts.sinks.http import Poster


class Webhook:
    each = False
    refresh_every = 0.0

    def __init__(self, route: Route, state: str) -> None:
        self._route = route
        self._state = state
        self._poster = Poster(route, public_only=not route.allow_private)

    async def send(self, notice: Notice) -> None:
        content_type, body = encode(notice, self._route.format, self._state)
        identity = f"{notice.incident.id}-{notice.number}"
        stamp = str(int(time.time()))
        headers = {"content-type": content_type, "webhook-id": identity, "webhook-timestamp": stamp}
        if self._route.secret:
            headers["webhook-signature"] = signature(self._route.secret, identity, stamp, body)
        await self._poster.post(self._route.url, body, headers)

    async def refresh(self, incidents: tuple[Incident, ...]) -> None:
        return None

    async def close(self) -> None:
        await self._poster.close()


def signature(secret: str, identity: str, stamp: str, body: bytes) -> str:
    """What ``webhook-signature`` has to be."""
    key = secret.encode()
    if secret.startswith("whsec_"):
        try:
            key = base64.b64decode(secret[6:], validate=True)
        except binascii.Error:
            key = secret.encode()
    mac = hmac.new(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode("ascii")
