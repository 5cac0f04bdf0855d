"""Who is told of what: the tables ``[[guard.routes]]`` of a policy.

Each key is in ``KEYS`` with what it means; ``docs/tasks/route-alerts.md`` lists them, and a test holds that it does.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from violet.domain.errors import ConfigurationError
from violet.domain.incident_alert import Notice, NoticeEvent
from violet.domain.outcome import Severity

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
    environment = os.environ if environment is None else environment
    routes: list[Route] = []
    for number, table in enumerate(tables, 1):
        route = _Table(table, file, number, environment).route()
        if any(route.name == other.name for other in routes):
            raise ConfigurationError(f"{file}: two of guard.routes are called {route.name!r}.", "Give each a name.")
        routes.append(route)
    return tuple(routes)


class _Table:
    """One table, and how to complain about it."""

    def __init__(self, table: Any, file: str, number: int, environment: Mapping[str, str]) -> None:
        self._file = file
        self._where = f"{file}: guard.routes[{number}]"
        self._number = number
        self._environment = environment
        if not isinstance(table, Mapping):
            raise self._error("", "is no table", "Write [[guard.routes]] for each route.")
        self._table = table

    def route(self) -> Route:
        for key in self._table:
            if key not in KEYS:
                near = difflib.get_close_matches(str(key), KEYS, 1)
                hint = f"Did you mean {near[0]}?" if near else f"The keys are {', '.join(KEYS)}."
                raise self._error(key, "is not a key of a route", hint)
        to = self._choice("to", tuple(KINDS), "")
        for key, kinds in _ONLY.items():
            if key in self._table and to not in kinds:
                raise self._error(key, f"is not for {to!r}", f"It is for {' and '.join(kinds)}.")
        url, path = self._target(to)
        return Route(
            name=self._text("name", f"{to}-{self._number}"),
            to=to,
            url=url,
            path=path,
            format=self._choice("format", _ALLOWED_FORMATS[to], _DEFAULT_FORMAT[to]),
            severity=self._parsed("severity", Severity.parse, Severity.MEDIUM),
            detectors=self._texts("detectors"),
            models=self._texts("models"),
            clients=self._texts("clients"),
            events=self._events(),
            rate=self._parsed("rate", parse_rate, _DEFAULT_RATE[to]),
            burst=int(self._between("burst", 5, 1, 1_000)),
            secret=self._secret(),
            headers=self._headers(),
            allow_private=self._flag("allow_private"),
            ca=self._path("ca"),
            timeout=self._between("timeout", 10.0, 0.1, 300.0),
        )

    def _error(self, key: object, what: str, hint: str = "") -> ConfigurationError:
        return ConfigurationError(f"{self._where}{f'.{key}' if key else ''} {what}.", hint)

    def _text(self, key: str, default: str = "") -> str:
        value = self._table.get(key, default)
        if not isinstance(value, str) or (key in self._table and not value.strip()):
            raise self._error(key, "is no text")
        return value

    def _texts(self, key: str) -> tuple[str, ...]:
        value = self._table.get(key, ())
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list | tuple) or not all(isinstance(entry, str) and entry for entry in value):
            raise self._error(key, "is no list of patterns", f'Write {key} = ["extraction/*"].')
        return tuple(value)

    def _flag(self, key: str) -> bool:
        value = self._table.get(key, False)
        if not isinstance(value, bool):
            raise self._error(key, "is neither true nor false")
        return value

    def _choice(self, key: str, choices: tuple[str, ...], default: str) -> str:
        value = self._table.get(key, default)
        if value not in choices:
            near = difflib.get_close_matches(str(value), choices, 1)
            shown = f"is {value!r}" if key in self._table else "is missing"
            hint = f"Did you mean {near[0]!r}?" if near else f"Use one of {', '.join(choices)}."
            raise self._error(key, shown, hint)
        return str(value)

    def _parsed(self, key: str, parse: Callable[[str], Any], default: Any) -> Any:
        if key not in self._table:
            return default
        try:
            return parse(self._text(key))
        except ValueError as error:
            raise self._error(key, f"cannot be used: {error}") from error

    def _between(self, key: str, default: float, low: float, high: float) -> float:
        value = self._table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self._error(key, f"is {value!r}", f"Use a number from {low:g} to {high:g}.")
        return float(value)

    def _events(self) -> tuple[NoticeEvent, ...]:
        chosen = []
        for name in self._texts("events"):
            if name not in _EVENTS:
                raise self._error("events", f"names {name!r}", f"Use {', '.join(_EVENTS)}.")
            chosen.append(NoticeEvent(name))
        return tuple(chosen)

    def _from_environment(self, key: str, name: str) -> str:
        value = self._environment.get(name, "")
        if not value:
            raise self._error(key, f"names the environment variable {name!r}, which is not set")
        return value

    def _secret(self) -> str:
        name = self._text("secret_env")
        return self._from_environment("secret_env", name) if name else ""

    def _headers(self) -> tuple[tuple[str, str], ...]:
        table = self._table.get("headers", {})
        if not isinstance(table, Mapping):
            raise self._error("headers", "is no table")
        headers = []
        for name, value in table.items():
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", name) or not isinstance(value, str):
                raise self._error(f"headers.{name}", "is no HTTP header")
            if value.startswith("env:"):
                value = self._from_environment(f"headers.{name}", value[4:])
            if not re.fullmatch(r"[\x20-\x7e]{0,4000}", value):
                raise self._error(f"headers.{name}", "has characters that no header may have")
            headers.append((name, value))
        return tuple(headers)

    def _path(self, key: str) -> str:
        value = self._text(key)
        return os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(self._file)), value)) if value else ""

    def _target(self, to: str) -> tuple[str, str]:
        if to == "file":
            if "url" in self._table or "url_env" in self._table:
                raise self._error("url", "is not for 'file'", "It is called path there.")
            path = self._path("path")
            if not path:
                raise self._error("path", "is missing")
            return "", path
        if ("url" in self._table) == ("url_env" in self._table):
            raise self._error("url", "or url_env has to be there, and not both")
        key = "url" if "url" in self._table else "url_env"
        url = self._text("url") if key == "url" else self._from_environment(key, self._text(key))
        self._check_url(to, key, url)
        return url, ""

    def _check_url(self, to: str, key: str, url: str) -> None:
        if re.search(r"[\x00-\x20\x7f]", url):
            raise self._error(key, "has blanks or control characters in it")
        if to not in _SCHEMES:
            if "://" not in url:
                raise self._error(key, "is no Apprise address", "They begin with a scheme: slack://, mailtos://, ...")
            return
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise self._error(key, "is no address", str(error)) from error
        if parts.scheme not in _SCHEMES[to] or not parts.hostname:
            schemes = " or ".join(f"{scheme}://HOST" for scheme in _SCHEMES[to])
            raise self._error(key, "is no address for this kind", f"Write {schemes}.")
        if port == 0:
            raise self._error(key, "has the port 0")


def parse_rate(text: str) -> float:
    """Messages a second of ``30/min``; 0 for ``unlimited``. Raises ``ValueError``."""
    if text == "unlimited":
        return 0.0
    match = re.fullmatch(r"(\d{1,6})\s*/\s*([a-z]+)", text.strip())
    if not match or match[2] not in _PER or int(match[1]) == 0:
        raise ValueError(f'{text!r} is no rate: write "30/min", or "unlimited"')
    return int(match[1]) / _PER[match[2]]
