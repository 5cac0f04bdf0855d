"""Who calls: in order, bounded, and not as the caller pleases."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.domain.errors import ConfigurationError
from violet.domain.guarding import IdentityPolicy, JwtPolicy
from violet.domain.traffic import Identification
from violet.provenance.keys import KeyFileError
from violet.runtime.hooks import Request
from violet.runtime.identity import Identifier, Remembered, load_secret
from violet.runtime.networks import network_of

SECRET = bytes(range(32))


def request(peer: str = "10.0.0.7", certificate: str = "", client: str = "", **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", "/v2/models/m/infer", b"", named, peer, certificate, client or peer)


def identifier(**more: Any) -> Identifier:
    return Identifier(IdentityPolicy(**more), SECRET)


def jwt(claims: dict[str, Any], key: bytes = SECRET) -> str:
    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    head = json.dumps({"alg": "HS256"}).encode()
    signed = f"{part(head)}.{part(json.dumps(claims).encode())}"
    return f"{signed}.{part(hmac.new(key, signed.encode(), 'sha256').digest())}"


class Clock:
    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def with_tokens(tmp_path: Path, clock: Clock, **more: Any) -> Identifier:
    path = tmp_path / "secret"
    if not path.exists():
        path.write_bytes(SECRET)
    return Identifier(IdentityPolicy(jwt=JwtPolicy(secret=str(path), **more)), SECRET, clock)


def test_a_key_is_known_by_its_hash() -> None:
    identify = identifier()
    first = identify(request(x_api_key="sk-123"))
    assert first.by is Identification.KEY
    assert first.id.startswith("key:")
    assert "sk-123" not in repr(first)
    assert not first.verified
    assert identify(request(authorization="Bearer sk-123")).id == first.id
    assert identify(request(authorization="bearer   sk-123 ")).id == first.id
    assert identify(request(x_api_key="sk-124")).id != first.id
    other = Identifier(IdentityPolicy(), bytes(32))
    assert other(request(x_api_key="sk-123")).id != first.id
    assert hashlib.blake2b(b"sk-123", digest_size=8).hexdigest() not in first.id


def test_known_keys_have_names_and_others_do_not_count() -> None:
    identify = identifier(known_keys={"billing": hashlib.sha256(b"sk-123").hexdigest().upper()})
    found = identify(request(x_api_key="sk-123"))
    assert (found.id, found.verified) == ("key:billing", True)
    assert identify(request(x_api_key="made-up")).id == "address:10.0.0.7"
    assert identify.failures == {"unknown_key": 1}


def test_a_second_header_gives_no_new_name() -> None:
    """What is joined, or comes under two names, could be any of the two."""
    identify = identifier()
    for place in range(50):
        assert identify(request(x_api_key=f"sk-123, {place}")).id == "address:10.0.0.7"
        assert identify(request(x_api_key="sk-123", authorization=f"Bearer {place}")).id == "address:10.0.0.7"


def test_the_address_of_a_remembered_caller_is_that_of_the_request() -> None:
    identify = identifier(header="x-user", trusted_proxies=("10.0.0.0/8",))
    for headers in ({"x_api_key": "k"}, {"x_user": "u"}, {"certificate": "CN=a"}):
        found = [identify(request(peer, **headers)) for peer in ("10.0.0.1", "10.0.0.2", "10.0.0.1")]
        assert [caller.address for caller in found] == ["10.0.0.1", "10.0.0.2", "10.0.0.1"]
        assert len({caller.id for caller in found}) == 1


def test_order() -> None:
    everything: dict[str, str] = {"x_api_key": "k", "x_user": "u", "certificate": "CN=billing"}
    order = (Identification.HEADER, Identification.KEY, Identification.MTLS)
    assert identifier()(request(**everything)).id == "mtls:CN=billing"
    named = identifier(order=order, header="X-User", trusted_proxies=("10.0.0.7",))
    assert named(request(**everything)).id == "header:u"
    assert identifier(order=(Identification.ADDRESS,))(request(**everything)).id == "address:10.0.0.7"


def test_a_header_is_believed_from_trusted_proxies_alone() -> None:
    identify = identifier(header="x-user", trusted_proxies=("10.0.0.0/24", "fd00::/8"))
    assert identify(request("10.0.0.9", x_user="team-a")).id == "header:team-a"
    assert identify(request("::ffff:10.0.0.9", x_user="team-a")).id == "header:team-a"
    assert identify(request("fd00::1", x_user="team-a")).id == "header:team-a"
    assert identify(request("10.0.1.9", x_user="team-a")).id == "address:10.0.1.9"
    assert identify(request("10.0.0.9", x_user="a, b")).id == "address:10.0.0.9"
    assert identify(request("", x_user="team-a")).id == "address:unknown"
    # the address that a proxy speaks for is not who connected
    assert identify(request("10.0.1.9", client="10.0.0.9", x_user="team-a")).id == "address:10.0.0.9"


def test_whoever_listens_on_a_unix_socket_can_trust_it() -> None:
    identify = identifier(header="x-user", trusted_proxies=("unix",))
    assert identify(request("", x_user="team-a")).id == "header:team-a"
    assert identify(request("10.0.0.9", x_user="team-a")).id == "address:10.0.0.9"


def test_no_proxies_no_header() -> None:
    assert identifier(header="x-user")(request(x_user="admin")).by is Identification.ADDRESS


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", ""),
        ("10.1.2.3.4", ""),
    ],
)
def test_networks(address: str, network: str) -> None:
    assert network_of(address) == network
    caller = identifier()(request(address))
    assert caller.id == f"address:{network or 'unknown'}"
    assert caller.verified == bool(network)


def test_wider_networks() -> None:
    assert network_of("10.1.2.3", 24, 48) == "10.1.2.0/24"
    assert network_of("2001:db8:1:2::1", 24, 48) == "2001:db8:1::/48"


def test_tokens(tmp_path: Path) -> None:
    clock = Clock()
    identify = with_tokens(tmp_path, clock, audience="models")
    good = jwt({"sub": "alice", "exp": clock.now + 600, "aud": "models"})
    found = identify(request(authorization=f"Bearer {good}"))
    assert (found.id, found.by, found.verified) == ("jwt:alice", Identification.JWT, True)
    # what proves nothing is neither a token nor a key
    for claims, key in (
        ({"sub": "alice", "exp": clock.now + 600, "aud": "others"}, SECRET),
        ({"sub": "alice", "exp": clock.now + 600, "aud": "models"}, b"z" * 32),
        ({"exp": clock.now + 600, "aud": "models"}, SECRET),
        ({"sub": "", "exp": clock.now + 600, "aud": "models"}, SECRET),
    ):
        assert identify(request(authorization=f"Bearer {jwt(claims, key)}")).id == "address:10.0.0.7"
    assert identify.failures == {"token_audience": 1, "token_signature": 1, "token_claim": 2}
    assert identify(request(authorization="Bearer opaque")).by is Identification.KEY


def test_a_remembered_token_ends(tmp_path: Path) -> None:
    clock = Clock()
    identify = with_tokens(tmp_path, clock)
    made = request(authorization=f"Bearer {jwt({'sub': 'alice', 'exp': clock.now + 100})}")
    assert identify(made).id == "jwt:alice"
    clock.now += 150
    assert identify(made).id == "jwt:alice"  # a minute of leeway
    clock.now += 20
    assert identify(made).id == "address:10.0.0.7"
    assert identify.failures == {"token_expiry": 1}


def test_a_token_that_is_not_yet_becomes_one(tmp_path: Path) -> None:
    clock = Clock()
    identify = with_tokens(tmp_path, clock)
    made = request(authorization=f"Bearer {jwt({'sub': 'alice', 'nbf': clock.now + 70, 'exp': clock.now + 900})}")
    assert identify(made).by is Identification.ADDRESS
    clock.now += 31
    assert identify(made).id == "jwt:alice"


def test_keys_are_changed_while_it_runs(tmp_path: Path) -> None:
    clock = Clock()
    identify = with_tokens(tmp_path, clock)
    new = b"n" * 32

    def ask(key: bytes, salt: int) -> str:
        made = jwt({"sub": "alice", "exp": clock.now + 600, "salt": salt}, key)
        return identify(request(authorization=f"Bearer {made}")).id

    assert (ask(SECRET, 1), ask(new, 1)) == ("jwt:alice", "address:10.0.0.7")
    (tmp_path / "secret").write_bytes(b"half")
    clock.now += 31
    assert ask(SECRET, 2) == "jwt:alice"  # what is half written does not lock everybody out
    (tmp_path / "secret").write_bytes(new)
    clock.now += 31
    assert (ask(SECRET, 3), ask(new, 3)) == ("address:10.0.0.7", "jwt:alice")


def test_claims_without_a_proof_are_marked() -> None:
    policy = IdentityPolicy(jwt=JwtPolicy(unverified_claims_that_anybody_could_write=True, claim="team"))
    identify = Identifier(policy, SECRET)
    found = identify(request(authorization=f"Bearer {jwt({'team': 7}, b'whatever' * 4)}"))
    assert (found.id, found.verified) == ("jwt:7", False)


def test_policies_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="names no keys"):
        identifier(jwt=JwtPolicy())
    with pytest.raises(KeyFileError):
        identifier(jwt=JwtPolicy(keys=str(tmp_path / "missing")))
    with pytest.raises(ConfigurationError, match="no address or network"):
        identifier(trusted_proxies=("everybody",))
    with pytest.raises(ConfigurationError, match="16 bytes"):
        Identifier(IdentityPolicy(), b"short")


@given(st.text(max_size=300), st.text(max_size=300))
def test_hostile_names_are_shown_by_their_hash(value: str, peer: str) -> None:
    identify = identifier(header="x-user", trusted_proxies=("10.0.0.7",))
    for made in (request(x_user=value), request(x_api_key=value), request(peer), request(certificate=value)):
        caller = identify(made)
        assert caller.id.isprintable()
        assert len(caller.id) <= 150
        assert identify(made).id == caller.id


def test_two_names_are_two_callers() -> None:
    identify = identifier(header="x-user", trusted_proxies=("10.0.0.7",))
    long = ["a" * 200, "a" * 201, "a\n", "a\r", "~" + "0" * 16]
    assert len({identify(request(x_user=f"_{name}_")).id for name in long}) == len(long)
    assert identify(request(x_user="key:1")).id == "header:key:1"


@given(st.lists(st.text("abc", max_size=3), max_size=200), st.integers(1, 12))
def test_what_is_remembered_is_bounded(values: list[str], capacity: int) -> None:
    remembered = Remembered(capacity)
    for value in values:
        found = remembered.get(value)
        if found is None:
            remembered.put(value, None, float(len(value)))
        else:
            assert found == (None, len(value))
        assert remembered.get(value) is not None
        assert len(remembered) <= max(2, capacity) + 1


def test_what_is_remembered_is_bounded_in_characters() -> None:
    remembered = Remembered(10_000)
    for place in range(2000):
        remembered.put(f"{place:06}" + "x" * 10_000, None, 0)
    assert len(remembered) * 10_006 <= 4 << 20
    remembered.put("y" * 100_000, None, 0)
    assert remembered.get("y" * 100_000) is None


def test_the_secret_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    program = "import sys; from violet.runtime.identity import load_secret; print(load_secret(sys.argv[1]).hex())"
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    found = {process.communicate()[0].strip() for process in started}
    assert found == {load_secret(str(path)).hex()}
    assert len(load_secret(str(path))) == 32
    assert os.stat(path).st_mode & 0o077 == 0
    assert os.listdir(tmp_path) == ["secret"]
    path.write_bytes(b"x")
    with pytest.raises(ConfigurationError, match="1 bytes"):
        load_secret(str(path))
    with pytest.raises(ConfigurationError, match="cannot be used"):
        load_secret(str(tmp_path / "none" / "secret"))
