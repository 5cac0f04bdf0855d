"""The tables of a policy that say who is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.alerts.made import alert, notice, notices
from violet.domain.errors import ConfigurationError
from violet.domain.incident_alert import NoticeEvent
from violet.domain.outcome import Severity
from violet.runtime.alerts.correlate import CorrelationOptions
from violet.runtime.alerts.routing import FORMATS, KEYS, KINDS, parse_rate, parse_routes
from violet.runtime.alerts.settings import KEYS as ALERT_KEYS
from violet.runtime.alerts.settings import parse_alerts

HOOK = {"to": "webhook", "url": "https://siem.example/hook"}


def read(*tables: Any, **environment: str) -> Any:
    return parse_routes(tables, "/etc/violet/violet.toml", environment)


def test_a_route_needs_little() -> None:
    (route,) = read(HOOK)
    assert (route.name, route.to, route.format, route.severity) == ("webhook-1", "webhook", "json", Severity.MEDIUM)
    assert route.rate == 1.0
    assert not route.allow_private


def test_every_key_is_read() -> None:
    (route,) = read(
        {
            "name": "soc",
            "to": "webhook",
            "url_env": "HOOK_URL",
            "format": "ocsf",
            "severity": "HIGH",
            "detectors": ["extraction/*"],
            "models": "credit-*",
            "clients": ["key:*"],
            "events": ["opened", "closed"],
            "rate": "30/min",
            "burst": 9,
            "secret_env": "HOOK_SECRET",
            "headers": {"authorization": "env:TOKEN", "x-team": "ml"},
            "allow_private": True,
            "ca": "ca.pem",
            "timeout": 2.5,
        },
        HOOK_URL="https://siem.example/hook?token=s3cret",
        HOOK_SECRET="whsec_x",
        TOKEN="Bearer t0ken",
    )
    assert (route.url, route.secret) == ("https://siem.example/hook?token=s3cret", "whsec_x")
    assert route.headers == (("authorization", "Bearer t0ken"), ("x-team", "ml"))
    assert (route.models, route.rate, route.burst, route.timeout) == (("credit-*",), 0.5, 9, 2.5)
    assert route.ca == "/etc/violet/ca.pem"
    shown = repr(route) + route.target
    assert not any(secret in shown for secret in ("s3cret", "whsec_x", "t0ken"))


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("webhook", r"guard\.routes\[1\] is no table"),
        ({"to": "webhok", "url": "https://x.example"}, r"guard\.routes\[1\]\.to is 'webhok'. Did you mean 'webhook'"),
        ({"url": "https://x.example"}, r"\.to is missing"),
        ({**HOOK, "sevrity": "high"}, r"\.sevrity is no key here. Did you mean severity"),
        ({**HOOK, "severity": "bad"}, r"\.severity cannot be used: 'bad' is not a severity"),
        ({**HOOK, "format": "cef"}, r"\.format is 'cef'"),
        ({**HOOK, "path": "x"}, r"\.path is not for 'webhook'"),
        ({**HOOK, "rate": "often"}, r"\.rate cannot be used"),
        ({**HOOK, "rate": "0/s"}, r"\.rate cannot be used"),
        ({**HOOK, "events": ["test"]}, r"\.events names 'test'"),
        ({**HOOK, "detectors": [1]}, r"\.detectors is no list of patterns"),
        ({**HOOK, "burst": 0}, r"\.burst is 0"),
        ({**HOOK, "timeout": True}, r"\.timeout is True"),
        ({**HOOK, "allow_private": "yes"}, r"\.allow_private is neither true nor false"),
        ({**HOOK, "secret_env": "MISSING"}, r"'MISSING', which is not set"),
        ({**HOOK, "headers": {"a b": "c"}}, r"\.headers\.a b is no HTTP header"),
        ({**HOOK, "headers": {"a": "b\r\nc: d"}}, r"characters that no header may have"),
        ({**HOOK, "url_env": "X"}, r"\.url or url_env has to be there, and not both"),
        ({"to": "webhook"}, r"\.url or url_env has to be there"),
        ({"to": "webhook", "url": "ftp://x.example"}, r"\.url is no address for this kind"),
        ({"to": "webhook", "url": "https://x.example/\nx"}, r"\.url has blanks"),
        ({"to": "webhook", "url": "https://x.example:99999/"}, r"\.url is no address"),
        ({"to": "webhook", "url": "https:///x"}, r"\.url is no address for this kind"),
        ({"to": "syslog", "url": "https://x.example"}, r"udp://HOST or tcp://HOST or tls://HOST"),
        ({"to": "apprise", "url": "slack"}, r"\.url is no Apprise address"),
        ({"to": "file"}, r"\.path is missing"),
        ({"to": "file", "path": "x", "url": "y"}, r"\.url is not for 'file'"),
        ({"to": "alertmanager", "url": "http://x.example", "allow_private": True}, r"allow_private is not for"),
    ],
)
def test_what_cannot_be_is_said_with_file_and_key(table: Any, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read(table)
    said = raised.value.diagnostics()
    assert said.startswith("/etc/violet/violet.toml: guard.routes[1]")
    assert re.search(complaint, said), said


def test_two_routes_of_one_name_and_too_many_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"two of guard\.routes are called 'x'"):
        read({**HOOK, "name": "x"}, {**HOOK, "name": "x"})
    with pytest.raises(ConfigurationError, match="at most 64"):
        read(*[HOOK] * 65)
    with pytest.raises(ConfigurationError, match="no list of tables"):
        parse_routes({"to": "webhook"}, "violet.toml", {})


def test_a_route_wants_what_its_patterns_name() -> None:
    high = notice(severity=Severity.HIGH)
    assert read({**HOOK, "severity": "high"})[0].wants(high)
    assert not read({**HOOK, "severity": "critical"})[0].wants(high)
    assert read({**HOOK, "detectors": ["denial/*", "extraction/*"]})[0].wants(high)
    assert not read({**HOOK, "detectors": ["denial/*"]})[0].wants(high)
    assert not read({**HOOK, "models": ["fraud"]})[0].wants(high)
    assert not read({**HOOK, "clients": ["jwt:*"]})[0].wants(high)
    assert not read({**HOOK, "events": ["closed"]})[0].wants(high)
    both = notices(alert(), alert(detector="denial/cost"))[-1]
    assert read({**HOOK, "detectors": ["denial/*"]})[0].wants(both), "any of an incident's detectors will do"
    assert both.event is NoticeEvent.RAISED


def test_rates() -> None:
    assert parse_rate("30/min") == 0.5
    assert parse_rate("36 / h") == 0.01
    assert parse_rate("unlimited") == 0.0


def test_every_key_kind_and_format_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "tasks" / "route-alerts.md").read_text()
    for name in (*KEYS, *KINDS, *FORMATS, *ALERT_KEYS):
        assert f"`{name}`" in page, name


def test_the_table_of_alerts() -> None:
    table = {"quiet": 60, "campaign_clients": 5, "severity": {"drift/*": "info", "extraction/together": "critical"}}
    options = parse_alerts(table, "violet.toml")
    assert (options.quiet, options.campaign_clients) == (60.0, 5)
    assert options.severities == (("drift/*", Severity.INFO), ("extraction/together", Severity.CRITICAL))
    assert parse_alerts({}, "violet.toml") == CorrelationOptions()


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ({"quite": 1}, r"guard\.alerts\.quite is no key here\. Did you mean quiet"),
        ({"quiet": "1h"}, r"guard\.alerts\.quiet is '1h'"),
        ({"severity": {"x": "bad"}}, r"guard\.alerts\.severity\.x cannot be used: 'bad' is not a severity"),
        ({"severity": {"x": 7}}, r"guard\.alerts\.severity\.x cannot be used"),
        ({"severity": "high"}, r"guard\.alerts\.severity is no table"),
    ],
)
def test_what_cannot_be_in_it_is_said(table: Any, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_alerts(table, "violet.toml")
    assert re.search(complaint, raised.value.diagnostics())
