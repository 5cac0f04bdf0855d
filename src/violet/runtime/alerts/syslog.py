"""Syslog messages: RFC 5424, to be carried by UDP (RFC 5426), TCP (RFC 6587, octet counting) or TLS (RFC 5425)."""

from __future__ import annotations

import os
import re
import socket

from violet.domain.incident_alert import Notice
from violet.domain.outcome import Severity
from violet.runtime.alerts.documents import timestamp
from violet.runtime.alerts.text import plain

FACILITY = 13
"""Log audit (RFC 5424, 6.2.1)."""
LEVELS = {Severity.INFO: 6, Severity.LOW: 5, Severity.MEDIUM: 4, Severity.HIGH: 3, Severity.CRITICAL: 2}
"""Informational, notice, warning, error, critical."""
ELEMENT = "violet@32473"
"""32473 is the enterprise number for examples (RFC 5612): the project has none of its own."""
LONGEST = 8_192
"""Bytes of a message over TCP and TLS; receivers must take 2,048 and should take 8,192 (RFC 5425, 4.3.1)."""
LONGEST_DATAGRAM = 2_048
"""Bytes that every receiver over UDP should take (RFC 5426, 3.2)."""


def message(notice: Notice, content: str, longest: int = LONGEST) -> bytes:
    """One message with ``content`` as its text, at most ``longest`` bytes: what is too long is cut at a character's
    end, and says so in ``truncated``."""
    incident = notice.incident
    head = " ".join(
        (
            f"<{FACILITY * 8 + LEVELS[incident.severity]}>1",
            timestamp(notice.at),
            _printable(socket.gethostname(), 255),
            "violet-guard",
            str(os.getpid()),
            _printable(str(notice.event), 32),
        )
    )
    data = {
        "incident": incident.id,
        "severity": str(incident.severity),
        "detector": incident.latest.detector,
        "client": incident.latest.client,
        "model": incident.latest.model,
        "count": str(incident.count),
    }
    text = content.encode("utf-8", "replace")
    whole = _assembled(head, data, text)
    if len(whole) <= longest:
        return whole
    data["truncated"] = str(len(text))
    room = longest - len(_assembled(head, data, b""))
    if room < 0:  # names of clients and models may be long
        data = {name: _shorter(value) for name, value in data.items()}
        room = max(0, longest - len(_assembled(head, data, b"")))
    return _assembled(head, data, text[:room].decode("utf-8", "ignore").encode())


def framed(message: bytes) -> bytes:
    """With its length in front (RFC 6587, 3.4.1): a line end in a message does not begin another."""
    return str(len(message)).encode("ascii") + b" " + message


def _assembled(head: str, data: dict[str, str], text: bytes) -> bytes:
    parameters = "".join(f' {name}="{_escaped(value)}"' for name, value in data.items())
    return f"{head} [{ELEMENT}{parameters}] ".encode() + b"\xef\xbb\xbf" + text


def _escaped(text: str) -> str:
    """A parameter's value (RFC 5424, 6.3.3)."""
    return re.sub(r'(["\\\]])', r"\\\1", plain(text))


def _shorter(text: str) -> str:
    return text if len(text) <= 32 else text[:31] + "…"


def _printable(text: str, longest: int) -> str:
    return re.sub(r"[^\x21-\x7e]", "", text)[:longest] or "-"
