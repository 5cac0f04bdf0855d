"""The head of a request: what llhttp lets through and a strict server does not."""

from __future__ import annotations

import re
from collections.abc import Sequence

METHODS = frozenset(
    (b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"PROPFIND", b"REPORT", b"SEARCH", b"TRACE")
)
_HOST = re.compile(rb"[A-Za-z0-9._~%!$&'()*+,;=:\[\]-]+\Z")
_ONCE = frozenset((b"authorization", b"content-type"))
"""Headers of one value (RFC 9110, section 5.3): of two, the guard would judge by one and a server use the other."""
_JUDGED = _ONCE | {b"host", b"content-length", b"transfer-encoding", b"expect", b"connection", b"upgrade"}


class Refusal(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Head:
    __slots__ = ("chunked", "close", "expect", "length", "upgrade", "upgrades")

    def __init__(self) -> None:
        self.length: int | None = None
        self.chunked = self.expect = self.close = self.upgrades = False
        self.upgrade = b""


def judged(
    method: bytes,
    version: str,
    url: bytes,
    headers: Sequence[tuple[bytes, bytes]],
    upgrades: Sequence[str],
    most_bytes: int,
) -> Head:
    """What the head says of the message. Raises ``Refusal``."""
    if version not in ("1.1", "1.0"):
        raise Refusal(505, "only HTTP/1.1 is spoken here")
    if method not in METHODS:
        raise Refusal(501, "the method is not known")
    if not url.startswith(b"/") and not (url == b"*" and method == b"OPTIONS"):
        raise Refusal(400, "the request target is not a path")
    if b"#" in url or not url.isascii():
        raise Refusal(400, "the request target has characters that no URL has")
    found = Head()
    host = b""
    once: tuple[bytes, ...] = ()
    hosts = codings = 0
    size = len(url)
    for name, value in headers:
        size += len(name) + len(value) + 4
        if name not in _JUDGED:
            continue
        if name == b"host":
            hosts += 1
            host = value
        elif name == b"content-length":
            found.length = int(value)
        elif name == b"transfer-encoding":
            codings += 1
            found.chunked = True
            if value.strip(b" \t").lower() != b"chunked":
                raise Refusal(501, "the only transfer coding spoken here is chunked")
        elif name == b"expect":
            if value.lower() != b"100-continue":
                raise Refusal(417, "the expectation is not known")
            found.expect = version == "1.1"
        elif name == b"connection":
            tokens = [token.strip() for token in value.lower().split(b",")]
            found.close = found.close or b"close" in tokens
            found.upgrades = found.upgrades or b"upgrade" in tokens
        elif name in _ONCE:
            if name in once:
                raise Refusal(400, "a header that has one value came twice")
            once += (name,)
        else:
            found.upgrade = value.strip().lower()
    if size > most_bytes:
        raise Refusal(431, "the headers of the request are too large")
    if hosts > 1 or (hosts == 0 and version == "1.1"):
        raise Refusal(400, "a request has exactly one Host header")
    if hosts and not _HOST.match(host):
        raise Refusal(400, "the Host header is malformed")
    if codings > 1 or (codings and (version == "1.0" or found.length is not None)):
        raise Refusal(400, "how long the body is is not plain")
    if found.upgrade:
        upgrade = found.upgrade.decode("latin-1")
        if not found.upgrades or version == "1.0" or found.chunked or found.length or upgrade not in upgrades:
            found.upgrade = b""
    return found
