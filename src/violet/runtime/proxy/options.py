"""What the proxy is told: where models are, how long it waits, how much it takes."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from violet.domain.errors import ConfigurationError
from violet.runtime.networks import trusted


@dataclass(frozen=True, slots=True)
class Upstream:
    """A model server at ``url``: ``http://host:port``, ``https://...``, or ``unix:///path/of/socket``; a path in the
    URL goes before every request's own.

    ``name`` is what a ticket's ``decoy`` calls it. It is asked for paths below ``prefix``, and for requests that the
    guard found to be about ``model``; one with neither is the default. ``host`` is the Host header it gets (empty: for
    https the one of the URL, else what the client sent). For https, ``authorities`` is a PEM file of those who may have
    signed its certificate (empty: the system's), ``certificate`` and ``key`` what the guard shows of itself.
    """

    url: str
    name: str = ""
    prefix: str = ""
    model: str = ""
    host: str = ""
    authorities: str = ""
    certificate: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        place = self.place
        if self.prefix and not self.prefix.startswith("/"):
            raise ConfigurationError(f"The upstream's prefix {self.prefix!r} is no path.", "It begins with a slash.")
        if place.tls and self.host == "":
            object.__setattr__(self, "host", urlsplit(self.url).netloc.rpartition("@")[2])
        if bool(self.certificate) != bool(self.key):
            raise ConfigurationError(f"{self.url} has a certificate without a key, or the reverse.", "Name both.")

    @property
    def place(self) -> Place:
        """Raises ``ConfigurationError`` for a URL that is none of the three."""
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError as error:
            raise ConfigurationError(f"The upstream {self.url!r} is no URL: {error}.", EXAMPLE) from error
        if parts.query or parts.fragment or parts.username or parts.password or not self.url.isascii():
            raise ConfigurationError(f"The upstream {self.url!r} has more than a host, a port and a path.", EXAMPLE)
        if parts.scheme == "unix" and parts.path and not parts.netloc:
            return Place(socket=parts.path)
        if parts.scheme not in ("http", "https") or not parts.hostname or any(c in self.url for c in " \r\n\t"):
            raise ConfigurationError(f"The upstream {self.url!r} is no URL of a server.", EXAMPLE)
        tls = parts.scheme == "https"
        return Place(parts.hostname, port or (443 if tls else 80), tls, parts.path.rstrip("/"))


EXAMPLE = "Write http://model:8080, https://model.example.org, or unix:///run/model.sock"


@dataclass(frozen=True, slots=True)
class Place:
    host: str = ""
    port: int = 0
    tls: bool = False
    path: str = ""
    socket: str = ""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; 0: for ever. ``connect`` is also how long a request waits for one of the upstream's connections to come
    free; ``first_byte`` from the end of the question to the head of the answer; ``idle`` between pieces of an answer;
    ``total`` for the whole answer; ``rest`` how long an unused connection to the upstream is kept (less than the
    upstream keeps it: uvicorn and gunicorn close theirs after 5 and 2); ``tunnel`` without a byte either way after an
    upgrade; ``continues`` how long the upstream may think about ``Expect: 100-continue``."""

    connect: float = 5.0
    first_byte: float = 120.0
    idle: float = 120.0
    total: float = 3600.0
    rest: float = 1.8
    tunnel: float = 600.0
    continues: float = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """``header_bytes`` and ``headers`` of an upstream's answer (those of a request are the server's, in
    ``ServerLimits``); ``body`` bytes of any request; ``requests`` at once in this process, ``delayed`` of which may be
    waiting out a delay; ``delay`` the longest of them in seconds; ``connections`` to one upstream; ``waiting`` requests
    for one of them; ``memory`` bytes of bodies held for the guard in this process; ``window`` bytes of a streamed body
    that are read ahead of a slow reader."""

    header_bytes: int = 65_536
    headers: int = 256
    body: int = 1 << 30
    requests: int = 1024
    delayed: int = 512
    delay: float = 60.0
    connections: int = 256
    waiting: int = 1024
    memory: int = 256 << 20
    window: int = 32_768


@dataclass(frozen=True, slots=True)
class ProxyOptions:
    """``trusted`` are addresses and networks whose X-Forwarded-For and Forwarded are believed (``unix``: callers on a
    Unix socket); those of others are removed. ``fail_open``: traffic goes on as if unwatched where a hook breaks; else
    it is answered with 503. ``upgrades`` are the protocols to which a connection may change. ``via`` is what the proxy
    calls itself in the Via header."""

    upstreams: tuple[Upstream, ...]
    decoys: tuple[Upstream, ...] = ()
    timeouts: Timeouts = field(default_factory=Timeouts)
    limits: Limits = field(default_factory=Limits)
    trusted: tuple[str, ...] = ()
    fail_open: bool = True
    upgrades: tuple[str, ...] = ("websocket",)
    via: str = "violet"

    def __post_init__(self) -> None:
        plain = [one for one in self.upstreams if not one.prefix and not one.model]
        if len(plain) != 1:
            said = "Two upstreams have" if plain else "No upstream has"
            raise ConfigurationError(
                f"{said} neither a prefix nor a model, so where everything else goes is not known.",
                "Name exactly one default upstream.",
            )
        names = [one.name for one in self.decoys]
        if "" in names or len(set(names)) != len(names):
            raise ConfigurationError("Decoys need a name each, and no two the same.", "Give every decoy a name.")
        trusted(self.trusted)

    @property
    def default(self) -> Upstream:
        return next(one for one in self.upstreams if not one.prefix and not one.model)


def client_context(upstream: Upstream) -> ssl.SSLContext:
    """For an upstream that speaks TLS: its certificate and name are verified. Raises ``ConfigurationError``."""
    try:
        context = ssl.create_default_context(cafile=upstream.authorities or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if upstream.certificate:
            context.load_cert_chain(upstream.certificate, upstream.key)
    except (OSError, ssl.SSLError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"The certificates for the upstream {upstream.url} cannot be used: {why}.",
            "All are PEM files, and the key has no passphrase.",
        ) from error
    return context
