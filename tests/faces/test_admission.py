"""The webhook as a cluster meets it: over HTTPS, with recorded reviews, real models and a real policy."""

from __future__ import annotations

import datetime
import http.client
import ipaddress
import json
import pickle
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.services.admission.reviews import inference_service, pod, review
from violet.domain.provenance import Identity
from violet.faces.cli.main import entry
from violet.provenance.identity import identify

HOSTILE = b"cos\nsystem\n(S'echo violet'\ntR."
START = [sys.executable, "-P", "-c", "import sys; from violet.faces.cli.main import entry; sys.exit(entry())"]
KSERVE = "serving.kserve.io"
POLICY = """
[gate.requirements.no-high-findings]
expression = 'findings.all(f, f.severity < severity("high"))'
description = "No finding is of severity high or above."
"""


def write_certificate(folder: Path, name: str = "tls") -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "violet-admission")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"{name}.crt", folder / f"{name}.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return paths


@dataclass(frozen=True)
class Webhook:
    """A running one. ``models`` is the directory in which ``s3://models/`` is found."""

    port: int
    certificate: Path
    models: Path
    process: subprocess.Popen[str]

    def ask(self, body: bytes | dict[str, Any], path: str = "/validate", method: str = "POST") -> tuple[int, bytes]:
        context = ssl.create_default_context(cafile=str(self.certificate))
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=60)
        try:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, path, content, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def admit(self, thing: dict[str, Any], group: str = KSERVE) -> dict[str, Any]:
        status, body = self.ask(review(thing, group=group, uid="7f0b"))
        assert status == 200
        content = json.loads(body)
        assert content["response"]["uid"] == "7f0b"
        response: dict[str, Any] = content["response"]
        return response


def start(folder: Path, *options: str) -> Webhook:
    models = folder / "models"
    models.mkdir()
    (models / "good.pkl").write_bytes(pickle.dumps({"weights": [1.0, 2.0]}))
    (models / "evil.pkl").write_bytes(HOSTILE)
    (folder / "outside.pkl").write_bytes(pickle.dumps([1]))
    (models / "link.pkl").symlink_to(folder / "outside.pkl")
    policy = folder / "violet.toml"
    policy.write_text(POLICY)
    certificate, key = write_certificate(folder)
    arguments = ["--policy", str(policy), "--run-missing", "--map", f"s3://models/={models}"]
    serving = ["--listen", "127.0.0.1:0", "--tls-cert", str(certificate), "--tls-key", str(key)]
    process = subprocess.Popen(
        [*START, "admission", "serve", *arguments, *serving, *options],
        stdout=(folder / "log").open("w"),
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "answering at https://127.0.0.1:" in line, line + process.stderr.read()
    port = int(line.rpartition(":")[2].partition("/")[0])
    return Webhook(port, certificate, models, process)


@pytest.fixture(scope="module")
def webhook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webhook]:
    running = start(tmp_path_factory.mktemp("admission"), "--deadline", "60")
    yield running
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(20) in (0, 130)
    assert running.process.stderr is not None
    running.process.stderr.close()


def test_a_good_model_is_admitted(webhook: Webhook) -> None:
    response = webhook.admit(inference_service("s3://models/good.pkl"))
    assert response["allowed"], response
    assert "by its content" in response["auditAnnotations"]["model-1"]


def test_a_hostile_model_is_denied_and_named(webhook: Webhook) -> None:
    response = webhook.admit(inference_service("s3://models/evil.pkl"))
    assert not response["allowed"]
    assert response["status"]["code"] == 403
    assert "no-high-findings" in response["status"]["message"]
    assert "s3://models/evil.pkl (spec.predictor.model.storageUri)" in response["status"]["message"]


def test_a_claimed_digest_must_be_that_of_the_files(webhook: Webhook) -> None:
    good: Identity = identify(str(webhook.models / "good.pkl"))
    claims = {str(good.digest): True, "sha256:" + "0" * 64: False, "md5:1": False}
    for digest, allowed in claims.items():
        thing = pod({"violet.dev/model": "s3://models/good.pkl", "violet.dev/model-digest": digest})
        assert webhook.admit(thing, group="")["allowed"] is allowed


@pytest.mark.parametrize(
    "uri",
    [
        "s3://models/absent.pkl",
        "s3://models/../outside.pkl",
        "s3://models/%2e%2e/outside.pkl",
        "s3://models/link.pkl",
        "s3://models/good.pkl%00",
        "s3://elsewhere/good.pkl",
        "http://models/good.pkl",
        "/etc/passwd",
    ],
)
def test_what_cannot_be_reached_is_not_admitted(webhook: Webhook, uri: str) -> None:
    assert not webhook.admit(inference_service(uri))["allowed"]


def test_many_ask_at_once(webhook: Webhook) -> None:
    from concurrent.futures import ThreadPoolExecutor

    names = ["good", "evil"] * 8
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda name: webhook.admit(inference_service(f"s3://models/{name}.pkl")), names))
    assert [answer["allowed"] for answer in answers] == [name == "good" for name in names]


@pytest.mark.parametrize(
    ("path", "method", "body", "status"),
    [
        ("/validate", "POST", b"nonsense", 400),
        ("/validate", "POST", b"{}", 400),
        ("/validate", "GET", b"", 405),
        ("/", "POST", b"{}", 404),
        ("/healthz", "GET", b"", 200),
    ],
)
def test_what_is_no_review_is_refused(webhook: Webhook, path: str, method: str, body: bytes, status: int) -> None:
    assert webhook.ask(body, path, method)[0] == status


def test_a_body_without_end_is_cut_off(webhook: Webhook) -> None:
    assert webhook.ask(b" " * (9 << 20))[0] == 413


def test_answers_are_counted_and_logged(webhook: Webhook) -> None:
    webhook.admit(inference_service("s3://models/good.pkl"))
    status, body = webhook.ask(b"", "/metrics", "GET")
    assert status == 200
    counts = dict(line.rsplit(" ", 1) for line in body.decode().splitlines() if not line.startswith("#"))
    assert int(counts['violet_admission_reviews_total{answer="allowed"}']) >= 1
    lines = [json.loads(line) for line in (webhook.models.parent / "log").read_text().splitlines()]
    assert {"uid", "user", "allowed", "message", "models", "seconds"} <= set(lines[-1])
    assert lines[-1]["user"] == "ada"


def test_plain_http_is_not_answered(webhook: Webhook) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", webhook.port, timeout=10)
    connection.putrequest("GET", "/healthz")
    with pytest.raises((http.client.HTTPException, OSError)):
        _finish(connection)


def _finish(connection: http.client.HTTPConnection) -> None:
    connection.endheaders()
    connection.getresponse()


def test_a_model_that_takes_long_is_answered_later(tmp_path: Path) -> None:
    running = start(tmp_path, "--deadline", "0.01")
    try:
        first = running.admit(inference_service("s3://models/good.pkl"))
        assert not first["allowed"]
        assert "still being examined" in first["status"]["message"]
        for _ in range(200):
            if running.admit(inference_service("s3://models/good.pkl"))["allowed"]:
                return
            time.sleep(0.1)
        pytest.fail("the answer never came")
    finally:
        running.process.terminate()
        running.process.wait(20)
        assert running.process.stderr is not None
        running.process.stderr.close()


def write_review(folder: Path, thing: dict[str, Any], group: str = KSERVE) -> str:
    path = folder / "review.json"
    path.write_text(json.dumps(review(thing, group=group)))
    return str(path)


def test_a_recorded_review_is_answered_without_a_server(webhook: Webhook, capsys: pytest.CaptureFixture[str]) -> None:
    folder = webhook.models.parent
    common = ["--policy", str(folder / "violet.toml"), "--run-missing", "--map", f"s3://models/={webhook.models}"]
    good = write_review(folder, inference_service("s3://models/good.pkl"))
    assert entry(["admission", "review", good, *common]) == 0
    assert json.loads(capsys.readouterr().out)["response"]["allowed"]
    evil = write_review(folder, inference_service("s3://models/evil.pkl"))
    assert entry(["admission", "review", evil, *common]) == 1
    assert not json.loads(capsys.readouterr().out)["response"]["allowed"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["serve"], "--tls-cert"),
        (["serve", "--tls-cert", "absent", "--tls-key", "absent", "--map", "s3://x/=."], "cannot be used"),
        (["serve", "--tls-cert", "a", "--tls-key", "b"], "could ever be admitted"),
        (["serve", "--tls-cert", "a", "--tls-key", "b", "--map", "s3://x/"], "PREFIX=DIRECTORY"),
        (["serve", "--tls-cert", "a", "--tls-key", "b", "--map", "s3://x/=/absent"], "does not exist"),
        (["serve", "--tls-cert", "a", "--tls-key", "b", "--map", "s3://x/=.", "--listen", "x"], "HOST:PORT"),
        (["serve", "--tls-cert", "a", "--tls-key", "b", "--accept-claimed-digests"], "--summaries"),
        (["review"], "Which review?"),
        (["manifest"], "--ca FILE"),
        (["manifest", "--ca", "/etc/hostname"], "no certificate"),
    ],
)
def test_bad_usage_is_explained(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert entry(["admission", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_the_manifest_fails_closed_and_spares_its_own_namespace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate, _ = write_certificate(tmp_path)
    assert entry(["admission", "manifest", "--ca", str(certificate)]) == 0
    hook = json.loads(capsys.readouterr().out)["webhooks"][0]
    assert (hook["failurePolicy"], hook["sideEffects"]) == ("Fail", "None")
    selector = hook["namespaceSelector"]["matchExpressions"][0]
    assert (selector["operator"], selector["values"]) == ("NotIn", ["kube-system", "violet"])
    assert {"CREATE", "UPDATE"} == {operation for rule in hook["rules"] for operation in rule["operations"]}


@pytest.mark.parametrize("said", [b"", b"POST /validate HTTP/1.1\r\nHost: x\r\nX: "])
def test_who_says_nothing_or_says_it_slowly_is_hung_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    import asyncio

    import uvicorn

    from violet.faces.admission import server

    monkeypatch.setattr(server, "PATIENCE", 0.1)
    config = uvicorn.Config(lambda scope: None, port=0, log_level="critical", lifespan="off")
    config.load()

    async def talk() -> bytes:
        made = server.bounded(config.http_protocol_class)
        state = uvicorn.server.ServerState()
        listening = await asyncio.get_running_loop().create_server(
            lambda: made(config=config, server_state=state, app_state={}), "127.0.0.1", 0
        )
        reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname()[:2])
        writer.write(said)
        try:
            return await asyncio.wait_for(reader.read(), 20)
        except ConnectionError:
            return b""
        finally:
            writer.close()
            listening.close()

    assert asyncio.run(talk()) == b""


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    from violet.faces.admission import app

    monkeypatch.setattr(app, "BODY_SECONDS", 0.05)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not sent:
            await asyncio.sleep(30)
        return {}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/validate"}
    asyncio.run(app.Application(None, log=False)(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 408
