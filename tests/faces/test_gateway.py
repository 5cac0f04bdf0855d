"""The guard's server as it is run: processes, signals, certificates."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from tests.faces.test_admission import write_certificate
from tests.runtime.proxy.harness import PATIENCE, until
from violet.domain.errors import UsageError
from violet.faces import tls
from violet.faces.gateway.server import GatewayOptions, listen, serve
from violet.runtime.proxy.certificates import certificate_subject

SERVER = """
import asyncio, os, sys
from violet.faces.gateway.server import GatewayOptions, serve
from violet.runtime.proxy import ServerLimits

def make(number):
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    print("closed", number, flush=True)
                    return
        if scope["path"] == "/slow":
            print("slow", flush=True)
            await asyncio.sleep(SLOW)
        if scope["path"] == "/die":
            os._exit(7)
        tls = scope["extensions"].get("tls") or {}
        peer = scope["client"] and scope["client"][0]
        body = f"{number} {os.getpid()} {scope['scheme']} {tls.get('client_cert_name')} {peer}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})
    return app

OPTIONS
serve(make, options, lambda address: print(address, flush=True))
print("ended", flush=True)
"""


class Running:
    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process = process
        self.address = address
        self.port = int(address.rpartition(":")[2]) if address.startswith("http") else 0

    def ask(self, path: str = "/", context: ssl.SSLContext | None = None) -> list[str]:
        """Number and process of the worker, scheme, and the caller's subject. On a connection of its own."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as plain:
            one = context.wrap_socket(plain, server_hostname="127.0.0.1") if context else plain
            one.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            data = b""
            while piece := one.recv(65_536):
                data += piece
        assert data.startswith(b"HTTP/1.1 200"), data
        return data.partition(b"\r\n\r\n")[2].decode().rpartition(" ")[0].split(" ", 3)

    def end(self, how: int = signal.SIGTERM) -> tuple[str, str]:
        self.process.send_signal(how)
        return self.process.communicate(timeout=PATIENCE)


@contextmanager
def running(options: str = "", slow: float = 0.0) -> Iterator[Running]:
    code = SERVER.replace("OPTIONS", f"options = GatewayOptions(port=0, {options})").replace("SLOW", str(slow))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Running(process, process.stdout.readline().strip())
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_ends_when_told(workers: int, how: int) -> None:
    with running(f"workers={workers}") as server:
        assert server.ask()[2] == "http"
        out, errors = server.end(how)
        assert server.process.returncode == 0
    assert out.count("closed") == workers
    assert out.endswith("ended\n")
    assert errors == ""


def test_workers_share_a_port_and_the_dead_are_replaced() -> None:
    with running("workers=2") as server:
        known: dict[str, str] = {}

        def all_seen() -> bool:
            number, pid, *_ = server.ask()
            known[number] = pid
            return len(known) == 2

        until(all_seen)
        before = dict(known)
        os.kill(int(before["0"]), signal.SIGKILL)

        def replaced() -> bool:
            number, pid, *_ = server.ask()
            known[number] = pid
            return known["0"] != before["0"]

        until(replaced)
        assert known["1"] == before["1"]
        _, errors = server.end()
        assert "worker 0 ended by signal 9" in errors
        assert server.process.returncode == 0
        for pid in known.values():
            assert not os.path.exists(f"/proc/{pid}")


def test_connections_that_wait_outlive_their_worker() -> None:
    """The listening sockets are the supervisor's: whoever connected while a worker was down is answered by the next."""
    with running("workers=2") as server:
        pid = server.ask()[1]
        os.kill(int(pid), signal.SIGSTOP)
        waiting = [socket.create_connection(("127.0.0.1", server.port), PATIENCE) for _ in range(8)]
        for one in waiting:
            one.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        os.kill(int(pid), signal.SIGKILL)
        answered = [one.recv(65_536) for one in waiting]
        assert all(data.startswith(b"HTTP/1.1 200") for data in answered)
        for one in waiting:
            one.close()


def test_what_is_under_way_is_finished() -> None:
    for workers in (1, 2):
        with running(f"workers={workers}, grace=10.0", slow=0.5) as server:
            one = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
            one.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            assert server.process.stdout is not None
            assert server.process.stdout.readline() == "slow\n"
            server.process.terminate()
            data = b""
            while piece := one.recv(65_536):  # it is answered, and then the connection ends
                data += piece
            assert data.startswith(b"HTTP/1.1 200")
            server.process.communicate(timeout=PATIENCE)
            assert server.process.returncode == 0
            one.close()


def test_grace_has_an_end() -> None:
    for workers in (1, 2):
        with running(f"workers={workers}, grace=1.0", slow=600) as server:
            one = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
            one.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            assert server.process.stdout is not None
            assert server.process.stdout.readline() == "slow\n"
            server.process.terminate()
            server.process.communicate(timeout=PATIENCE)
            assert server.process.returncode == 0
            one.close()


def test_workers_end_with_a_supervisor_that_is_killed() -> None:
    with running("workers=2") as server:
        pids = {server.ask()[1] for _ in range(20)}
        server.process.kill()
        until(lambda: not any(os.path.exists(f"/proc/{pid}") and _alive(pid) for pid in pids))


def _alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_worker_that_cannot_start_is_not_tried_for_ever() -> None:
    code = (
        "from violet.faces.gateway.server import GatewayOptions, serve\n"
        "from violet.domain.errors import ConfigurationError, VioletError\n"
        "import sys\n"
        "def make(number):\n"
        "    raise ConfigurationError('The policy is none.', 'Write one.')\n"
        "try:\n"
        "    serve(make, GatewayOptions(port=0, workers=2), print)\n"
        "except VioletError as error:\n"
        "    sys.exit(f'said: {error.diagnostics()}')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1
    assert "violet: The policy is none. Write one." in done.stderr
    assert "could not start" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("workers", [1, 2])
def test_an_address_that_is_taken(workers: int) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        with pytest.raises(UsageError, match="cannot be listened on"):
            listen(GatewayOptions(port=one.getsockname()[1], workers=workers))


def test_another_guard_on_the_same_port_is_noticed() -> None:
    first = listen(GatewayOptions(port=0, workers=2))
    try:
        with pytest.raises(UsageError, match="cannot be listened on"):
            listen(GatewayOptions(port=first[0].getsockname()[1], workers=2))
    finally:
        for one in first:
            one.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"certificate": "missing.crt", "key": "missing.key"}, "cannot be used"),
        ({"key": "a.key"}, "no certificate is named"),
        ({"clients": "ca.pem"}, "no certificate is named"),
        ({"workers": 0}, "There must be a worker"),
        ({"host": "no such host."}, "is no address"),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        serve(lambda number: None, GatewayOptions(**{"port": 0, **options}), lambda address: None)


def test_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "guard.sock"
    with running(f"socket={str(path)!r}, workers=2") as server:
        assert server.address == f"unix://{path}"
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(PATIENCE)
            one.connect(str(path))
            one.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert one.recv(1000).startswith(b"HTTP/1.1 200")
        server.end()
    assert not path.exists()


def client_certificate(folder: Path, authority: Path, key: Path, subject: x509.Name, uri: str = "") -> tuple[str, str]:
    signer = serialization.load_pem_private_key(key.read_bytes(), None)
    issuer = x509.load_pem_x509_certificate(authority.read_bytes()).subject
    mine = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(mine.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
    )
    if uri:
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)])
        builder = builder.add_extension(names, critical=True)
    certificate = builder.sign(signer, hashes.SHA256())  # type: ignore[arg-type]
    paths = folder / f"client{uri[-1:]}.crt", folder / f"client{uri[-1:]}.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    paths[1].write_bytes(mine.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return str(paths[0]), str(paths[1])


WHO = """
import sys
from violet.faces.gateway.server import GatewayOptions, serve
from violet.runtime.hooks import Reply, Ticket
from violet.runtime.proxy import Proxy, ProxyOptions, Upstream

class Hooks:
    def opened(self, request):
        return Ticket(request, 0.0, reply=Reply(200, request.certificate.encode()))
    def done(self, *values): pass

make = lambda number: Proxy(ProxyOptions((Upstream("http://127.0.0.1:1"),)), Hooks())
options = GatewayOptions(port=0, certificate=sys.argv[1], key=sys.argv[2], clients=sys.argv[3])
serve(make, options, lambda address: print(address, flush=True))
"""


def test_hooks_are_told_the_subject_of_the_certificate(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    authority, signing = write_certificate(tmp_path, "authority")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "billing")])
    context = ssl.create_default_context(cafile=str(certificate))
    context.load_cert_chain(*client_certificate(tmp_path, authority, signing, subject))
    command = [sys.executable, "-c", WHO, str(certificate), str(key), str(authority)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port), PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as one,
        ):
            one.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            data = b""
            while piece := one.recv(1000):
                data += piece
        assert data.endswith(b"\r\n\r\nCN=billing")
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def test_callers_are_known_by_their_certificates(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    authority, signing = write_certificate(tmp_path, "authority")
    name = [(NameOID.COUNTRY_NAME, "NL"), (NameOID.ORGANIZATION_NAME, "Acme, Inc."), (NameOID.COMMON_NAME, "billing")]
    subject = x509.Name([x509.NameAttribute(kind, value) for kind, value in name])
    options = f"certificate={str(certificate)!r}, key={str(key)!r}, clients={str(authority)!r}, workers=2"
    with running(options) as server:
        context = ssl.create_default_context(cafile=str(certificate))
        with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
            server.ask("/", context)
        context.load_cert_chain(*client_certificate(tmp_path, authority, signing, subject))
        assert server.ask("/", context)[2:] == ["https", "CN=billing,O=Acme\\, Inc.,C=NL"]
        context = ssl.create_default_context(cafile=str(certificate))
        spiffe = client_certificate(tmp_path, authority, signing, x509.Name([]), "spiffe://acme/ns/a")
        context.load_cert_chain(*spiffe)
        assert server.ask("/", context)[3] == "URI:spiffe://acme/ns/a"
    with running(options + ", demand=False") as server:
        assert server.ask("/", ssl.create_default_context(cafile=str(certificate)))[3] == "None"


def test_handshakes_that_do_not_end_are_ended(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    options = f"certificate={str(certificate)!r}, key={str(key)!r}, limits=ServerLimits(head_seconds=0.5)"
    with running(options) as server, socket.create_connection(("127.0.0.1", server.port), PATIENCE) as one:
        one.sendall(b"\x16\x03\x01")
        assert one.recv(1000) == b""
        assert server.ask("/", ssl.create_default_context(cafile=str(certificate)))[2] == "https"


@pytest.mark.parametrize("host", ["::", "::1"])
def test_ipv6_and_ipv4_on_one_socket(host: str) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with running(f"host={host!r}") as server:
        with socket.create_connection(("::1", server.port), PATIENCE) as one:
            one.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"::1" in one.recv(1000)
        if host == "::":
            with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as one:
                one.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                assert one.recv(1000).endswith(b" 127.0.0.1")


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_subject_is_taken_for_another(first: str, second: str) -> None:
    """Whatever a name says, it is one line, and the attributes around it are where they were."""

    def told(name: str, unit: str) -> str:
        return certificate_subject({"subject": ((("organizationalUnitName", unit),), (("commonName", name),))})

    text = told(first, second)
    assert "\n" not in text
    assert "\r" not in text
    assert text.startswith("CN=")
    if first != second:
        assert told(first, second) != told(second, first)


def presented(context: ssl.SSLContext) -> bytes:
    """The certificate that whoever connects now is shown."""
    client = ssl.create_default_context()
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = client.wrap_bio(to_client, to_server), context.wrap_bio(to_server, to_client, server_side=True)
    for one in (*ends, *ends):
        with contextlib.suppress(ssl.SSLWantReadError):
            one.do_handshake()
    found = ends[0].getpeercert(binary_form=True)
    assert found is not None
    return found


def test_a_renewed_certificate_is_used_once_its_key_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = write_certificate(tmp_path)
    context = tls.server_context(str(certificate), str(key))
    first = presented(context)
    looks: list[int] = []
    stamp = tls._stamp

    def looked(*paths: str) -> tuple[int, ...]:
        looks.append(len(looks))
        return stamp(*paths)

    monkeypatch.setattr(tls, "RENEWAL", 0.01)
    monkeypatch.setattr(tls, "_stamp", looked)
    renewed, its_key = write_certificate(tmp_path, "next")

    async def seen() -> None:
        """The files as they are now have been looked at, and what was made of that look is done."""
        count = len(looks)
        while len(looks) < count + 2:
            await asyncio.sleep(0.005)

    async def main() -> None:
        task = asyncio.create_task(tls.renew(context, str(certificate), str(key)))
        await asyncio.sleep(0)
        renewed.replace(certificate)
        os.utime(certificate, (time.time() + 10,) * 2)
        await seen()
        assert presented(context) == first
        its_key.replace(key)
        os.utime(key, (time.time() + 20,) * 2)
        await seen()
        task.cancel()

    asyncio.run(asyncio.wait_for(main(), PATIENCE))
    assert presented(context) == ssl.PEM_cert_to_DER_cert(certificate.read_text())
