"""Who is told of what: the tables ``[[guard.routes]]`` of a policy.

Each key is in ``KEYS`` with what it means; ``docs/tasks/route-alerts.md`` lists them, and a test holds that it does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from violet.domain.errors import ConfigurationError
from violet.domain.incident_alert import Notice, NoticeEvent
from violet.domain.outcome import Severity
from violet.runtime.policy_table import PolicyTable

KINDS = {
    "file": "JSON lines (or another format) in a file of its own",
    "webhook": "HTTP POST, signed",
    "apprise": "chat, e-mail, paging: whatever an Apprise address names",
    "alertmanager": "Prometheus Alertmanager, /api/v2/alerts",
    "syslog": "RFC 5424 over UDP, TCP or TLS",
}
FORMATS = ("json", "cloudevents", "ocsf", "ocsf-1.3", "cef", "text")

KEYS = {
    "name": "what counters and messages call the route (default: the kind, and its number)",
    "to": "the kind of receiver: " + ", ".join(KINDS),
    "url": "its address",
    "url_env": "the environment variable that holds the address, where it is a secret",
    "path": "for file: the file, relative to the directory of the policy",
    "format": "what is sent: " + ", ".join(FORMATS),
    "severity": "the lowest severity that is sent (default: medium)",
    "detectors": "patterns of detector ids (default: all)",
    "models": "patterns of model names (default: all)",
    "clients": "patterns of client ids (default: all)",
    "events": "which notices: opened, raised, grew, continues, closed (default: all)",
    "rate": 'most messages: "30/min", "1/s", "10/h"; "unlimited" (default: by kind)',
    "burst": "how many may go out at once before the rate holds (default: 5)",
    "secret_env": "for webhook: the environment variable that holds the signing secret",
    "headers": "for webhook and alertmanager: a table of HTTP headers; env:NAME takes the value from the environment",
    "allow_private": "for webhook: addresses that are not public are allowed",
    "ca": "for https and tls: a PEM file of the authorities that are believed",
    "timeout": "seconds for one delivery (default: 10)",
}

_ONLY = {
    "path": ("file",),
    "secret_env": ("webhook",),
    "headers": ("webhook", "alertmanager"),
    "allow_private": ("webhook",),
    "ca": ("webhook", "alertmanager", "syslog"),
}
_DEFAULT_FORMAT = {"file": "json", "webhook": "json", "apprise": "text", "alertmanager": "json", "syslog": "text"}
_ALLOWED_FORMATS = {
    "file": FORMATS,
    "webhook": tuple(name for name in FORMATS if name not in ("cef", "text")),
    "apprise": ("text",),
    "alertmanager": ("json",),
    "syslog": FORMATS,
}
_DEFAULT_RATE = {"file": 0.0, "webhook": 1.0, "apprise": 10 / 60, "alertmanager": 0.0, "syslog": 0.0}
_SCHEMES = {
    "webhook": ("http", "https"),
    "alertmanager": ("http", "https"),
    "syslog": ("udp", "tcp", "tls"),
}
_PER = {"s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "hour": 3600.0}
_EVENTS = tuple(event for event in NoticeEvent if event not in (NoticeEvent.SUMMARY, NoticeEvent.TEST))
MOST_ROUTES = 64


@dataclass(frozen=True, slots=True)
class Route:
    """One table, read. ``rate`` is in messages a second (0: no limit). Secrets are values here: never print them;
    ``target`` is what may be shown."""

    name: str
    to: str
    url: str = field(default="", repr=False)
    path: str = ""
    format: str = "json"
    severity: Severity = Severity.MEDIUM
    detectors: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    events: tuple[NoticeEvent, ...] = ()
    rate: float = 0.0
    burst: int = 5
    secret: str = field(default="", repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    allow_private: bool = False
    ca: str = ""
    timeout: float = 10.0

    @property
    def target(self) -> str:
        """Where it goes, without what could be a secret in it."""
        if self.to == "file":
            return self.path
        parts = urlsplit(self.url)
        if self.to == "apprise":
            return f"{parts.scheme}://…"
        host = parts.hostname or ""
        return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}" + (f":{parts.port}" if parts.port else "")

    def wants(self, notice: Notice) -> bool:
        """Whether the notice is for this route: any of the incident's detectors, models and clients will do."""
        incident = notice.incident
        if notice.event is NoticeEvent.TEST:
            return True
        if incident.severity < self.severity or (self.events and notice.event not in self.events):
            return False
        return (
            _any(self.detectors, incident.detectors)
            and _any(self.models, incident.models)
            and _any(self.clients, incident.clients)
        )


def _any(patterns: tuple[str, ...], names: tuple[str, ...]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns for name in names)


def parse_routes(tables: Any, file: str, environment: Mapping[str, str] | None = None) -> tuple[Route, ...]:
    """The routes that the tables describe. ``file`` is where they stand: errors name it, and relative paths start in
    its directory. Raises ``ConfigurationError``."""
    if not isinstance(tables, list | tuple):
        raise ConfigurationError(
            f"{file}: guard.routes is no list of tables.", "Write [[guard.routes]] for each route."
        )
    if len(tables) > MOST_ROUTES:
        raise ConfigurationError(f"{file}: {len(tables)} routes, and at most {MOST_ROUTES} are allowed.")
    routes: list[Route] = []
    for number, table in enumerate(tables, 1):
        route = _Table(table, file, number, environment).route()
        if any(route.name == other.name for other in routes):
            raise ConfigurationError(f"{file}: two of guard.routes are called {route.name!r}.", "Give each a name.")
        routes.append(route)
    return tuple(routes)


class _Table(PolicyTable):
    """One route's table."""

    def __init__(self, table: Any, file: str, number: int, environment: Mapping[str, str] | None) -> None:
        super().__init__(table, file, f"guard.routes[{number}]", KEYS, environment)
        self._number = number

    def route(self) -> Route:
        to = self.choice("to", tuple(KINDS), "")
        for key, kinds in _ONLY.items():
            if key in self.values and to not in kinds:
                raise self.error(key, f"is not for {to!r}", f"It is for {' and '.join(kinds)}.")
        url, path = self._target(to)
        secret = self.text("secret_env")
        return Route(
            name=self.text("name", f"{to}-{self._number}"),
            to=to,
            url=url,
            path=path,
            format=self.choice("format", _ALLOWED_FORMATS[to], _DEFAULT_FORMAT[to]),
            severity=self.parsed("severity", Severity.parse, Severity.MEDIUM),
            detectors=self.texts("detectors"),
            models=self.texts("models"),
            clients=self.texts("clients"),
            events=self._events(),
            rate=self.parsed("rate", parse_rate, _DEFAULT_RATE[to]),
            burst=int(self.between("burst", 5, 1, 1_000)),
            secret=self.from_environment("secret_env", secret) if secret else "",
            headers=self.headers(),
            allow_private=self.flag("allow_private"),
            ca=self.path("ca"),
            timeout=self.between("timeout", 10.0, 0.1, 300.0),
        )

    def _events(self) -> tuple[NoticeEvent, ...]:
        chosen = []
        for name in self.texts("events"):
            if name not in _EVENTS:
                raise self.error("events", f"names {name!r}", f"Use {', '.join(_EVENTS)}.")
            chosen.append(NoticeEvent(name))
        return tuple(chosen)

    def _target(self, to: str) -> tuple[str, str]:
        if to == "file":
            if "url" in self.values or "url_env" in self.values:
                raise self.error("url", "is not for 'file'", "It is called path there.")
            path = self.path("path")
            if not path:
                raise self.error("path", "is missing")
            return "", path
        if ("url" in self.values) == ("url_env" in self.values):
            raise self.error("url", "or url_env has to be there, and not both")
        key = "url" if "url" in self.values else "url_env"
        url = self.text("url") if key == "url" else self.from_environment(key, self.text(key))
        self._check_url(to, key, url)
        return url, ""

    def _check_url(self, to: str, key: str, url: str) -> None:
        if re.search(r"[\x00-\x20\x7f]", url):
            raise self.error(key, "has blanks or control characters in it")
        if to not in _SCHEMES:
            if "://" not in url:
                raise self.error(key, "is no Apprise address", "They begin with a scheme: slack://, mailtos://, ...")
            return
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise self.error(key, "is no address", str(error)) from error
        if parts.scheme not in _SCHEMES[to] or not parts.hostname:
            schemes = " or ".join(f"{scheme}://HOST" for scheme in _SCHEMES[to])
            raise self.error(key, "is no address for this kind", f"Write {schemes}.")
        if port == 0:
            raise self.error(key, "has the port 0")


def parse_rate(text: str) -> float:
    """Messages a second of ``30/min``; 0 for ``unlimited``. Raises ``ValueError``."""
    if text == "unlimited":
        return 0.0
    match = re.fullmatch(r"(\d{1,6})\s*/\s*([a-z]+)", text.strip())
    if not match or match[2] not in _PER or int(match[1]) == 0:
        raise ValueError(f'{text!r} is no rate: write "30/min", or "unlimited"')
    return int(match[1]) / _PER[match[2]]
