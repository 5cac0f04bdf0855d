"""Every receiver asked for real, on this machine."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from email import message_from_string, policy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.alerts.made import HOSTILE, alert, hostile_notice, notice, notices
from tests.runtime.alerts.receivers import certificate, http_receiver, smtp_receiver, stream_receiver, udp_receiver
from tests.runtime.alerts.waiting import until, until_blocking
from violet.domain.errors import ConfigurationError
from violet.domain.incident_alert import Notice
from violet.domain.outcome import Severity
from violet.runtime.alerts.correlate import Correlator
from violet.runtime.alerts.delivery import SendError, Sink
from violet.runtime.alerts.documents import notice_of
from violet.runtime.alerts.routing import parse_routes
from violet.runtime.alerts.sinks.http import public
from violet.runtime.alerts.sinks.make import make_sink
from violet.runtime.alerts.sinks.webhook import signature


def sink_of(table: dict[str, Any], **environment: str) -> Sink:
    (route,) = parse_routes([table], "/etc/violet/violet.toml", environment)
    return make_sink(route, "/var/lib/guard")


def send(sink: Sink, *some: Notice) -> None:
    async def main() -> None:
        try:
            for each in some:
                await sink.send(each)
        finally:
            await sink.close()

    asyncio.run(main())


# -- webhook -----------------------------------------------------------------------------------------


def test_a_webhook_is_signed_as_standard_webhooks_are() -> None:
    secret = "whsec_" + base64.b64encode(b"a secret of 24 bytes....").decode()
    with http_receiver() as receiver:
        table = {
            "to": "webhook",
            "url": receiver.url,
            "allow_private": True,
            "secret_env": "S",
            "headers": {"x-a": "b"},
        }
        send(sink_of(table, S=secret), notice())
    (got,) = receiver.got
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    mac = hmac.new(b"a secret of 24 bytes....", signed, hashlib.sha256).digest()
    assert got.headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
    assert got.headers["x-a"] == "b"
    assert notice_of(json.loads(got.body)).incident.latest.client == "key:1f0c"


def test_the_signature_is_the_one_of_the_specification() -> None:
    """The example of the specification's own repository."""
    assert (
        signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            b'{"test": 2432232314}',
        )
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with http_receiver() as other, http_receiver((status, {"location": other.url})) as receiver:
        sink = sink_of({"to": "webhook", "url": receiver.url, "allow_private": True})
        with pytest.raises(SendError, match="redirect") as raised:
            send(sink, notice())
        assert raised.value.permanent
        assert other.got == []


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (401, True), (404, True), (408, False), (429, False), (500, False), (503, False)],
)
def test_what_may_pass_is_tried_again_and_what_will_not_is_not(status: int, permanent: bool) -> None:
    with http_receiver((status, {"retry-after": "7"})) as receiver:
        with pytest.raises(SendError, match=f"status {status}") as raised:
            send(sink_of({"to": "webhook", "url": receiver.url, "allow_private": True}), notice())
        assert (raised.value.permanent, raised.value.after) == (permanent, 7.0)


PRIVATE = (
    "127.0.0.1", "127.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]", "224.0.0.1", "[ff02::1]", "2130706433", "0x7f000001", "017700000001", "localhost",
)  # fmt: skip


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_refused_in_every_disguise(host: str) -> None:
    with http_receiver() as receiver:
        port = receiver.url.split(":")[2]
        with pytest.raises(SendError) as raised:
            send(sink_of({"to": "webhook", "url": f"http://{host}:{port}"}), notice())
        assert receiver.got == []
        assert raised.value.permanent, str(raised.value)


def test_a_name_that_leads_home_is_refused_before_anything_is_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was checked is what is connected to, so a second answer of the name server gains nothing."""
    answers = iter([["10.0.0.9"], ["127.0.0.1"]])
    asked = []

    def resolve(host: str, *args: Any, **kwargs: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in next(answers)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(SendError, match=r"rebind\.example \(10\.0\.0\.9\) is not a public address") as raised:
        send(sink_of({"to": "webhook", "url": "http://rebind.example/x"}), notice())
    assert raised.value.permanent
    assert asked == ["rebind.example"]


@given(st.ip_addresses())
def test_public_never_takes_what_the_library_calls_private(address: Any) -> None:
    if not address.is_global or address.is_loopback or address.is_link_local or address.is_multicast:
        assert not public(str(address))


def test_a_receiver_that_is_not_there_is_one_to_try_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(SendError) as raised:
            send(
                sink_of({"to": "webhook", "url": f"http://127.0.0.1:{taken.getsockname()[1]}", "allow_private": True}),
                notice(),
            )
    assert not raised.value.permanent


@pytest.mark.parametrize("format", ["json", "cloudevents", "ocsf", "ocsf-1.3"])
def test_a_webhook_speaks_each_format(format: str) -> None:
    with http_receiver() as receiver:
        send(sink_of({"to": "webhook", "url": receiver.url, "allow_private": True, "format": format}), hostile_notice())
    (got,) = receiver.got
    assert got.body.isascii()
    document = json.loads(got.body)
    assert got.headers["content-type"].startswith(
        "application/cloudevents" if format == "cloudevents" else "application"
    )
    assert {"json": "incident", "cloudevents": "specversion"}.get(format, "class_uid") in document


# -- syslog ------------------------------------------------------------------------------------------


def octet_counted(data: bytes) -> list[bytes]:
    messages = []
    while data:
        length, _, data = data.partition(b" ")
        messages.append(data[: int(length)])
        assert len(messages[-1]) == int(length)
        data = data[int(length) :]
    return messages


def test_syslog_over_udp() -> None:
    with udp_receiver() as (url, got):
        send(sink_of({"to": "syslog", "url": url}), notice(), hostile_notice())
        until_blocking(lambda: len(got) == 2)
    assert [message[:8] for message in got] == [b"<108>1 2", b"<107>1 2"], "audit; warning, and error"
    assert max(map(len, got)) <= 2_048


def test_syslog_over_tcp_keeps_one_connection_and_counts_octets() -> None:
    with stream_receiver() as (url, got):
        send(sink_of({"to": "syslog", "url": url, "format": "cef"}), notice(), hostile_notice(), notice())
        until_blocking(lambda: got and len(octet_counted(got[0])) == 3)
    assert len(got) == 1
    messages = octet_counted(got[0])
    assert all(b"\xef\xbb\xbfCEF:0|Violet|violet guard|" in message for message in messages)
    assert b"\n" not in got[0], "no line of a client's own"


def test_syslog_over_tls_believes_only_whom_it_was_told_to(tmp_path: Path) -> None:
    context, authorities = certificate(tmp_path)
    with stream_receiver(context) as (url, got):
        with pytest.raises(SendError, match=r"(?i)certificate"):
            send(sink_of({"to": "syslog", "url": url}), notice())
        send(sink_of({"to": "syslog", "url": url, "ca": authorities}), notice())
        until_blocking(lambda: got and got[-1])
    assert b"violet-guard" in octet_counted(got[-1])[0]


def test_syslog_connects_again_to_a_server_that_was_restarted() -> None:
    async def main() -> None:
        with stream_receiver() as (url, first):
            sink = sink_of({"to": "syslog", "url": url})
            await sink.send(notice())
            await until(lambda: first and first[0])
        await sink.close()
        with pytest.raises(SendError):
            await sink.send(notice())
        await sink.close()

    asyncio.run(main())


# -- file --------------------------------------------------------------------------------------------


def test_a_file_has_a_line_a_notice(tmp_path: Path) -> None:
    path = tmp_path / "siem" / "alerts.jsonl"
    send(sink_of({"to": "file", "path": str(path), "format": "ocsf"}), notice(), hostile_notice())
    with open(path, "ab") as file:
        file.write(b'{"cut')
    send(sink_of({"to": "file", "path": str(path), "format": "ocsf"}), notice())
    lines = path.read_bytes().splitlines()
    assert [json.loads(line)["class_uid"] for line in lines] == [2004] * 3
    assert path.stat().st_mode & 0o077 == 0


# -- Apprise -----------------------------------------------------------------------------------------


def test_an_e_mail_arrives_with_nothing_in_it_that_acts() -> None:
    with smtp_receiver() as (address, got):
        url = f"mailto://user:secret@{address}?from=guard@example.com&to=soc@example.com&mode=insecure&name=Violet"
        for each in (notice(severity=Severity.HIGH), hostile_notice()):  # one address waits between its messages
            send(sink_of({"to": "apprise", "url_env": "MAIL"}, MAIL=url), each)
    first, second = (message_from_string(text, policy=policy.default) for text in got)
    assert first["subject"] == "(HIGH) Asks as an extraction does: key:1f0c"
    text = first.get_body(("plain", "html")).get_content()
    assert "violet guard replay --state /var/lib/guard --alert al-" in text
    assert "AML.T0024.002 Extract AI Model" in text
    assert second.get_all("forged") is None
    whole = second.as_string()
    assert "\x1b" not in whole
    assert "<!channel>" not in whole.replace("=\n", "")


def test_a_chat_gets_no_mention_and_no_link_of_a_client() -> None:
    with http_receiver() as receiver:
        address = receiver.url.removeprefix("http://")
        send(sink_of({"to": "apprise", "url": f"json://{address}"}), hostile_notice())
    text = json.loads(receiver.got[0].body)["message"] + json.loads(receiver.got[0].body)["title"]
    for part in ("@everyone", "<!channel>", "http://", "\x1b", "\u202e", "`", "](", "\x07"):
        assert part not in text, part


def test_a_chat_that_does_not_take_it_is_one_to_try_again() -> None:
    with http_receiver((500, {})) as receiver, pytest.raises(SendError, match=r"json://… did not take it"):
        send(sink_of({"to": "apprise", "url": receiver.url.replace("http:", "json:")}), notice())


@pytest.mark.parametrize("url", ["nosuch://x", "dbus://", "syslog://localhost", "slack://"])
def test_an_address_that_apprise_does_not_know_is_said_before_it_is_needed(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"The route 'apprise-1': Apprise does not know"):
        sink_of({"to": "apprise", "url": url})


@pytest.mark.parametrize(
    "url",
    [
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#alerts",
        "pagerduty://A1BRTD4JD@TIiajkdnlazkcOXrIdevi7F",
        "mailtos://user:secret@smtp.example.com?to=soc@example.com",
    ],
)
def test_addresses_of_the_usual_services_are_known(url: str) -> None:
    sink_of({"to": "apprise", "url": url})


# -- Alertmanager ------------------------------------------------------------------------------------


def test_alertmanager_is_told_what_is_open_again_and_what_has_ended() -> None:
    correlator = Correlator()
    with http_receiver() as receiver:

        async def main() -> None:
            sink = sink_of({"to": "alertmanager", "url": receiver.url.removesuffix("/hook")})
            for number, detector in enumerate(("extraction/own_change", "evasion/ring")):
                for each in correlator.take(alert(detector=detector), 1, float(number)):
                    await sink.send(each)
            await sink.refresh(correlator.incidents())
            for each in correlator.tick(1.8e9, 10_000.0):
                await sink.send(each)
            await sink.close()

        asyncio.run(main())
    assert {got.path for got in receiver.got} == {"/api/v2/alerts"}
    rounds = [json.loads(got.body) for got in receiver.got]
    severities = [[entry["labels"]["severity"] for entry in some] for some in rounds]
    assert severities == [["medium"], ["medium", "high"], ["high"], ["high"]]
    resolved, raised = rounds[1]
    assert resolved["endsAt"] < raised["endsAt"], "the one with the old severity ends"
    assert rounds[2][0]["labels"] == raised["labels"]
    assert rounds[3][0]["endsAt"] < rounds[2][0]["endsAt"]
    assert rounds[3][0]["startsAt"] <= rounds[3][0]["endsAt"]


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[str]:
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        pytest.skip("no Alertmanager on this machine (Debian: prometheus-alertmanager)")
    (tmp_path / "am.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(
            [program, f"--config.file={tmp_path}/am.yml", f"--storage.path={tmp_path}/data",
             f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            until_blocking(lambda: answers(f"{url}/-/ready"), "Alertmanager")
            yield url
        finally:
            process.kill()
            process.wait()


def answers(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            body: bytes = answer.read()
            return body or b"yes"
    except OSError:
        return b""


def test_a_real_alertmanager_fires_and_resolves(alertmanager: str) -> None:
    def known() -> list[Any]:
        return [
            entry["labels"]
            for entry in json.loads(answers(f"{alertmanager}/api/v2/alerts?active=true"))
            if entry["status"]["state"] == "active"
        ]

    told = notices(alert(client=HOSTILE, model="m"), alert(client=HOSTILE, detector="evasion/ring", model="m"))
    correlator = Correlator()
    correlator.restore([told[-1].incident], 2, 0.0)
    sink = sink_of({"to": "alertmanager", "url": alertmanager})

    async def main() -> None:
        await sink.send(told[0])
        await until(known)
        assert [entry["severity"] for entry in known()] == ["medium"]
        assert known()[0]["alertname"] == "VioletGuardIncident"
        await sink.send(told[1])
        await until(lambda: [entry["severity"] for entry in known()] == ["high"])
        for each in correlator.tick(0.0, 10_000.0):
            await sink.send(each)
        await until(lambda: known() == [])
        await sink.close()

    asyncio.run(main())
