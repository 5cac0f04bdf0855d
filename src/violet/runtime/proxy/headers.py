"""Which headers pass a proxy, which do not, and what it adds (RFC 9110, sections 7.6.1 and 7.6.3; RFC 7239)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence

Pair = tuple[bytes, bytes]

HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authorization",
        b"proxy-authenticate",
        b"proxy-authentication-info",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"http2-settings",
    )
)
"""Those that speak of one connection alone, whether or not a Connection header names them."""
FORWARDING = frozenset(
    (
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-forwarded-port",
        b"x-forwarded-server",
        b"x-forwarded-prefix",
        b"x-real-ip",
    )
)
"""What only a proxy may say."""
END_TO_END = frozenset(
    (b"host", b"content-length", b"content-type", b"content-encoding", b"authorization", b"cookie", b"via", b"date")
)
"""What a Connection header must not name: it would be taken from the request after it was judged by it."""
_UNDERSCORED = frozenset(
    name.replace(b"-", b"_")
    for name in HOP_BY_HOP | FORWARDING | frozenset((b"content-length", b"content-type", b"content-encoding"))
    if b"-" in name
)
"""Servers that hand headers on as environment variables (CGI, WSGI) cannot tell these from the ones with a hyphen."""
_SPECIAL = HOP_BY_HOP | FORWARDING | _UNDERSCORED | frozenset((b"host", b"content-length", b"expect"))
_PLAIN_CONNECTION = frozenset((b"keep-alive", b"close", b"Keep-Alive", b"Close", b""))


class HeaderMap(Mapping[str, str]):
    """Headers by lower-case name, values of repeated ones joined by a comma. Made of the wire's bytes when first
    asked."""

    __slots__ = ("_found", "_pairs")

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self._pairs = pairs
        self._found: dict[str, str] | None = None

    def _all(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for raw, value in self._pairs:
            name = raw.decode("latin-1").lower()
            text = value.decode("latin-1")
            found[name] = f"{found[name]}, {text}" if name in found else text
        self._found = found
        return found

    def __getitem__(self, name: str) -> str:
        found = self._found
        return (self._all() if found is None else found)[name]

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        found = self._found
        return (self._all() if found is None else found).get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._all() if self._found is None else self._found)

    def __len__(self) -> int:
        return len(self._all() if self._found is None else self._found)

    def __repr__(self) -> str:
        return repr(dict(self))


class BadRequest(Exception):
    """The message is one sentence."""


class Forwarder:
    """Writes the head of a request for the upstream. ``believed`` says whose word on who they speak for is taken."""

    def __init__(self, via: str, believed: Callable[[str], bool]) -> None:
        self.via = f"1.1 {via}".encode()
        self._believed = believed
        self._known: dict[tuple[str, str], tuple[bool, bytes]] = {}

    def about(self, peer: str, scheme: str) -> tuple[bool, bytes]:
        """Whether the peer is trusted, and the lines about it."""
        known = self._known.get((peer, scheme))
        if known is None:
            if len(self._known) >= 4096:
                self._known.clear()
            believed = self._believed(peer)
            lines = b"via: %s\r\n" % self.via
            if not believed:
                lines = (
                    b"x-forwarded-for: %s\r\nx-forwarded-proto: %s\r\n" % (peer.encode() or b"unknown", scheme.encode())
                    + lines
                )
            known = self._known[(peer, scheme)] = (believed, lines)
        return known

    def head(
        self,
        start: bytes,
        headers: Sequence[Pair],
        names: Sequence[bytes] | None,
        host: bytes,
        peer: str,
        scheme: str,
        extra: bytes,
    ) -> bytes:
        """The request line ``start`` (with its CRLF) and headers, up to and with the empty line. ``headers`` have
        lower-case names; ``names`` are the same as the client wrote them. ``host`` replaces the client's where it is
        not empty; ``extra`` are further lines: framing. Raises ``BadRequest``."""
        believed, about = self.about(peer, scheme)
        parts = [start]
        special: list[int] = []
        if names is None:
            names = [name for name, _ in headers]
        for index, (name, value) in enumerate(headers):
            if name in _SPECIAL:
                special.append(index)
            else:
                parts += (names[index], b": ", value, b"\r\n")
        said = b""
        proto = forwarded = via_for = b""
        for index in special:
            name, value = headers[index]
            if name == b"host":
                said = value
                parts += (names[index], b": ", host or value, b"\r\n")
            elif name == b"connection":
                if value not in _PLAIN_CONNECTION:
                    return self.head(start, without_named(headers), None, host, peer, scheme, extra)
            elif name == b"te":
                if any(one.strip().lower() == b"trailers" for one in value.split(b",")):
                    parts.append(b"te: trailers\r\nconnection: te\r\n")
            elif believed and name in FORWARDING:
                if name == b"x-forwarded-for":
                    via_for += value + b", "
                elif name == b"x-forwarded-proto":
                    proto = value
                elif name == b"forwarded":
                    forwarded += value + b", "
                else:
                    parts += (names[index], b": ", value, b"\r\n")
        if believed:
            parts += (b"x-forwarded-for: ", via_for, peer.encode() or b"unknown", b"\r\n")
            parts += (b"x-forwarded-proto: ", proto or scheme.encode(), b"\r\n")
            if forwarded:
                parts += (b"forwarded: ", forwarded, b"for=", node(peer), b";proto=", scheme.encode(), b"\r\n")
        if said and not (believed and any(headers[i][0] == b"x-forwarded-host" for i in special)):
            parts += (b"x-forwarded-host: ", said, b"\r\n")
        parts += (about, extra, b"\r\n")
        return b"".join(parts)

    def client(self, peer: str, headers: Sequence[Pair]) -> str:
        """Who is spoken for: the last address in X-Forwarded-For that is not itself of a trusted proxy. What it says is
        believed only from trusted peers."""
        if not self._believed(peer):
            return peer
        said = b",".join(value for name, value in headers if name == b"x-forwarded-for")
        client = peer
        for one in reversed(said[-4096:].split(b",")):
            address = plain_address(one.strip().decode("latin-1"))
            if not address:
                break
            client = address
            if not self._believed(address):
                break
        return client


def without_named(headers: Sequence[Pair]) -> list[Pair]:
    """Without those that a Connection header names, and itself. Raises ``BadRequest`` for one that names what no
    connection is about."""
    named: set[bytes] = set()
    for name, value in headers:
        if name == b"connection":
            named.update(token.strip().lower() for token in value.split(b","))
    if named & END_TO_END or named & FORWARDING:
        raise BadRequest("The Connection header names a header that is not the connection's.")
    return [(name, value) for name, value in headers if (name not in named or name == b"te") and name != b"connection"]


def answer_headers(headers: Sequence[Pair], via: bytes) -> list[Pair]:
    """What of an answer's headers a client gets."""
    kept = [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]
    if len(kept) != len(headers):
        named: set[bytes] = set()
        for name, value in headers:
            if name.lower() == b"connection" and value not in _PLAIN_CONNECTION:
                named.update(token.strip().lower() for token in value.split(b","))
        if named:
            named -= {b"content-length", b"content-type", b"content-encoding", b"date", b"set-cookie"}
            kept = [(name, value) for name, value in kept if name.lower() not in named]
    kept.append((b"via", via))
    return kept


def plain_address(text: str) -> str:
    """``10.0.0.7`` of ``10.0.0.7:443``, ``::1`` of ``[::1]:443``; empty where it is no address."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def node(peer: str) -> bytes:
    """RFC 7239, section 6."""
    if not peer:
        return b"unknown"
    return f'"[{peer}]"'.encode() if ":" in peer else peer.encode()
