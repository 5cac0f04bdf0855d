"""``violet guard routes test``: each route is asked for real, and failures say why."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest

from tests.runtime.alerts.receivers import http_receiver, udp_receiver
from violet.domain.errors import UsageError
from violet.domain.incident_alert import SentStatus
from violet.report.guarding.words import route_line
from violet.services.guarding.routes import exit_code, send_test_alerts


def test_every_route_is_tried_and_failures_say_why(tmp_path: Path) -> None:
    with http_receiver() as good, http_receiver((404, {})) as bad, udp_receiver() as (udp, _), socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        tables = [
            {"name": "good", "to": "webhook", "url": good.url, "allow_private": True, "severity": "critical"},
            {"name": "bad", "to": "webhook", "url": bad.url, "allow_private": True},
            {"name": "private", "to": "webhook", "url": good.url},
            {"name": "log", "to": "syslog", "url": udp},
            {"name": "dead", "to": "syslog", "url": f"tcp://127.0.0.1:{taken.getsockname()[1]}"},
            {"name": "file", "to": "file", "path": str(tmp_path / "out.jsonl")},
            {"name": "chat", "to": "apprise", "url": "nosuch://token-that-is-secret"},
        ]
        heard: list[str] = []
        results = send_test_alerts(tables, "violet.toml", each=lambda done: heard.append(done.route))
    assert heard == [result.route for result in results] == [str(table["name"]) for table in tables]
    went = {result.route: result.status for result in results}
    assert [name for name, status in went.items() if status is SentStatus.DELIVERED] == ["good", "log", "file"]
    said = {result.route: route_line(result) for result in results}
    assert "status 404" in said["bad"]
    assert "allow_private = true" in said["private"]
    assert "UDP does not tell" in said["log"]
    assert "Connect call failed" in said["dead"]
    assert "token-that-is-secret" not in said["chat"]
    assert exit_code(results) == 1
    document = json.loads(good.got[0].body)
    assert (document["event"], document["client"]) == ("test", "test:nobody")
    assert "test" in document["reason"]
    assert json.loads((tmp_path / "out.jsonl").read_text())["event"] == "test"


@pytest.mark.parametrize(
    ("package", "table"),
    [
        ("aiohttp", {"to": "webhook", "url": "https://a.example"}),
        ("aiohttp", {"to": "alertmanager", "url": "http://127.0.0.1:9093"}),
        ("apprise", {"to": "apprise", "url": "json://a.example"}),
    ],
)
def test_what_has_to_be_installed_is_said(
    monkeypatch: pytest.MonkeyPatch, package: str, table: dict[str, object]
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    (result,) = send_test_alerts([table], "violet.toml")
    assert result.status is SentStatus.FAILED
    assert "violet-mlsecops[guard]" in result.detail


def test_only_the_named_ones_are_tried(tmp_path: Path) -> None:
    tables = [{"name": name, "to": "file", "path": str(tmp_path / name)} for name in ("a", "b")]
    (result,) = send_test_alerts(tables, "violet.toml", only=("b",))
    assert result.route == "b"
    assert exit_code([result]) == 0
    assert not (tmp_path / "a").exists()
    with pytest.raises(UsageError, match="No route is called 'c'"):
        send_test_alerts(tables, "violet.toml", only=("c",))
    with pytest.raises(UsageError, match=r"has no \[\[guard.routes\]\]"):
        send_test_alerts([], "violet.toml")
