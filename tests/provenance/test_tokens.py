"""JSON Web Tokens, and the ways in which they have been got around."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from violet.provenance.keys import KeyFileError
from violet.provenance.tokens import (
    TokenError,
    TokenKey,
    TokenRules,
    key_set,
    load_keys,
    load_secret,
    shared_secret,
    unverified_claims_that_anybody_could_write,
    verify,
)

NOW = 1_800_000_000.0
SECRET = bytes(range(64))
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
CLAIMS = {"sub": "alice", "exp": NOW + 600, "aud": "models", "iss": "me"}


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def sign(signed: bytes, algorithm: str, key: Any) -> bytes:
    if algorithm.startswith("HS"):
        return hmac.new(key, signed, f"sha{algorithm[2:]}").digest()
    if algorithm == "RS256":
        return bytes(key.sign(signed, padding.PKCS1v15(), hashes.SHA256()))
    if algorithm == "PS256":
        return bytes(key.sign(signed, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()))
    if algorithm == "ES256":
        r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return bytes(key.sign(signed))


def token(algorithm: str, key: Any, claims: dict[str, Any] | bytes = CLAIMS, **header: Any) -> str:
    content = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    signed = f"{b64(json.dumps({'alg': algorithm, 'typ': 'JWT', **header}).encode())}.{b64(content)}"
    return f"{signed}.{b64(sign(signed.encode(), algorithm, key))}"


def pem(key: Any) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


KEYS = (
    TokenKey("rsa", RSA.public_key()),
    TokenKey("p256", EC.public_key()),
    TokenKey("ed25519", ED.public_key()),
    shared_secret(SECRET),
)
RULES = TokenRules(KEYS, issuer="me", audience="models")
SIGNERS = [("RS256", RSA), ("PS256", RSA), ("ES256", EC), ("EdDSA", ED), ("HS256", SECRET), ("HS512", SECRET)]


@pytest.mark.parametrize(("algorithm", "key"), SIGNERS, ids=[name for name, _ in SIGNERS])
def test_a_token_that_holds(algorithm: str, key: Any) -> None:
    assert verify(token(algorithm, key), RULES, NOW) == CLAIMS


@pytest.mark.parametrize(("algorithm", "key"), SIGNERS, ids=[name for name, _ in SIGNERS])
def test_as_another_library_makes_them(algorithm: str, key: Any) -> None:
    jwt = pytest.importorskip("jwt")
    made = jwt.encode(dict(CLAIMS, exp=int(NOW + 600)), key, algorithm=algorithm)
    assert verify(made, RULES, NOW)["sub"] == "alice"


def refused(made: str, rules: TokenRules = RULES, now: float = NOW) -> str:
    with pytest.raises(TokenError) as caught:
        verify(made, rules, now)
    return caught.value.reason


@pytest.mark.parametrize("spelling", ["none", "None", "NONE", "nOnE", "", "HS1", None, 7, ["HS256"]])
def test_no_algorithm(spelling: Any) -> None:
    head = b64(json.dumps({"alg": spelling}).encode())
    body = b64(json.dumps(CLAIMS).encode())
    for signature in ("", b64(b"x"), token("HS256", SECRET).rpartition(".")[2]):
        assert refused(f"{head}.{body}.{signature}") == "algorithm"
    assert refused(f"{b64(b'{}')}.{body}.") == "algorithm"


def test_a_public_key_is_no_secret() -> None:
    """The classic: sign with the text of the public key, and say HS256."""
    for secret in (pem(RSA), pem(RSA).strip(), pem(EC)):
        assert refused(token("HS256", secret), TokenRules(KEYS[:3])) == "signature"
        with pytest.raises(KeyFileError, match="not a secret"):
            shared_secret(secret)


def test_keys_are_used_for_their_algorithms_alone() -> None:
    assert refused(token("RS256", RSA), TokenRules(KEYS, algorithms=("ES256",))) == "algorithm"
    assert refused(token("PS256", RSA), TokenRules((TokenKey("rsa", RSA.public_key(), only="RS256"),))) == "signature"
    assert refused(token("HS256", SECRET), TokenRules(KEYS[:3])) == "signature"


def test_a_secret_shorter_than_the_hash() -> None:
    short = shared_secret(SECRET[:32])
    assert verify(token("HS256", SECRET[:32]), TokenRules((short,)), NOW) == CLAIMS
    assert refused(token("HS512", SECRET[:32]), TokenRules((short,))) == "signature"


def test_keys_that_the_token_brings_are_not_looked_at() -> None:
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    numbers = own.public_key().public_numbers()
    jwk = {"kty": "RSA", "n": b64(numbers.n.to_bytes(256, "big")), "e": "AQAB"}
    assert refused(token("RS256", own, jwk=jwk, jku="https://evil.example/jwks", x5u="x")) == "signature"
    assert refused(token("RS256", RSA, crit=["exp"])) == "critical"


def test_numbers_of_zero() -> None:
    """CVE-2022-21449: r = s = 0 satisfies a verifier that does not look."""
    signed = token("ES256", EC).rpartition(".")[0]
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for r, s in ((0, 0), (0, 1), (1, 0), (order, order), (order, 1)):
        assert refused(f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}") == "signature"
    for size in (0, 63, 65, 70):
        assert refused(f"{signed}.{b64(bytes(size))}" if size else f"{signed}.") == "signature"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": NOW - 61}, "expiry"),
        ({"exp": NOW - 59}, ""),
        ({"exp": None}, "expiry"),
        ({"exp": "never"}, "expiry"),
        ({"exp": True}, "expiry"),
        ({"exp": 1e300}, "expiry"),
        ({"nbf": NOW + 61}, "not_yet"),
        ({"nbf": NOW + 59}, ""),
        ({"iat": NOW + 61}, "not_yet"),
        ({"iss": "you"}, "issuer"),
        ({"iss": ["me"]}, "issuer"),
        ({"aud": "others"}, "audience"),
        ({"aud": ["others", "models"]}, ""),
        ({"aud": {"models": 1}}, "audience"),
        ({"aud": None}, "audience"),
    ],
)
def test_claims(claims: dict[str, Any], reason: str) -> None:
    made = token("HS256", SECRET, {**CLAIMS, **claims})
    if reason:
        assert refused(made) == reason
    else:
        assert verify(made, RULES, NOW)["sub"] == "alice"


def test_a_token_without_an_end() -> None:
    made = token("HS256", SECRET, {"sub": "alice"})
    assert refused(made, TokenRules(KEYS)) == "expiry"
    assert verify(made, TokenRules(KEYS, endless=True), NOW) == {"sub": "alice"}


@pytest.mark.parametrize(
    "claims",
    [
        b'{"sub":"alice","sub":"bob","exp":1900000000}',
        b"[]",
        b'{"sub":"\\ud800","exp":1900000000}',
        b'{"exp":NaN}',
        b'{"exp":1e999}',
        b"\xff",
        b"{" * 100,
        b"",
    ],
)
def test_claims_that_are_no_json(claims: bytes) -> None:
    assert refused(token("HS256", SECRET, claims), TokenRules(KEYS)) == "form"


def test_forms() -> None:
    good = token("HS256", SECRET)
    head, body, signature = good.split(".")
    odd = signature[:-1] + chr(ord(signature[-1]) + 1)  # other bits that are not part of the content
    for made in ("", ".", "..", good + ".", f"{good}=", f"{head}.{body}", f"{head}.{body}.{signature}.x.y"):
        assert refused(made) == "form"
    for made in (f"{head}.{body}.{odd}", f" {good}", f"{good}\n", good.replace(".", ".\n", 1), "x" * 20_000):
        assert refused(made) in ("form", "signature")


@given(st.text(alphabet="ey.-_AJ1=\n é", max_size=60))
def test_garbage(text: str) -> None:
    with pytest.raises(TokenError):
        verify(text, RULES, NOW)
    with pytest.raises(TokenError):
        unverified_claims_that_anybody_could_write(text + "!")


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte(place: int, change: int) -> None:
    for algorithm, key in (("HS256", SECRET), ("ES256", EC)):
        made = bytearray(token(algorithm, key).encode())
        made[place % len(made)] ^= change
        with pytest.raises(TokenError):
            verify(made.decode("latin-1"), RULES, NOW)


def test_claims_without_a_proof() -> None:
    made = token("HS256", b"x" * 32)
    assert unverified_claims_that_anybody_could_write(made)["sub"] == "alice"


# Keys


def jwk(key: Any, **more: Any) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return {"kty": "RSA", "n": b64(numbers.n.to_bytes(256, "big")), "e": "AQAB", **more}
    x, y = (b64(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, **more}


def test_a_key_set(tmp_path: Path) -> None:
    raw = ED.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    keys = [
        jwk(RSA, kid="a", use="sig", alg="RS256"),
        jwk(EC, kid="b"),
        {"kty": "OKP", "crv": "Ed25519", "x": b64(raw), "kid": "c"},
        {"kty": "oct", "k": b64(SECRET), "kid": "d", "alg": "HS256"},
        jwk(RSA, use="enc"),
        jwk(RSA, alg="RSA-OAEP"),
        jwk(RSA, key_ops=["encrypt"]),
        {"kty": "new"},
        {"kty": "EC", "crv": "secp256k1"},
    ]
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": keys}))
    found = load_keys(str(path))
    assert [(key.id, key.kind, key.only) for key in found] == [
        ("a", "rsa", "RS256"),
        ("b", "p256", ""),
        ("c", "ed25519", ""),
        ("d", "secret", "HS256"),
    ]
    rules = TokenRules(found)
    for algorithm, key, kid in (("RS256", RSA, "a"), ("ES256", EC, "b"), ("EdDSA", ED, "c"), ("HS256", SECRET, "d")):
        assert verify(token(algorithm, key, kid=kid), rules, NOW) == CLAIMS
        assert verify(token(algorithm, key), rules, NOW) == CLAIMS
        assert refused(token(algorithm, key, kid="z"), rules) == "signature"
    assert refused(token("HS512", SECRET, kid="d"), rules) == "signature"


def test_keys_in_pem(tmp_path: Path) -> None:
    path = tmp_path / "keys.pem"
    path.write_bytes(pem(RSA) + b"\n" + pem(EC) + pem(ED))
    rules = TokenRules(load_keys(str(path)))
    for algorithm, key in SIGNERS[:4]:
        assert verify(token(algorithm, key), rules, NOW) == CLAIMS


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"keys": {}},
        {"keys": []},
        {"keys": [1]},
        {"keys": [{"kty": "new"}]},
        {"keys": [{"kty": "oct", "k": "c2hvcnQ"}]},
        {"keys": [{"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}]},
        {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]},
        {"keys": [{"kty": "RSA", "n": "!", "e": "AQAB"}]},
        {"keys": [{"kty": "RSA", "n": 7, "e": "AQAB"}]},
        {"keys": [{"kty": "RSA", "kid": 7}]},
        {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AQ"}]},
        {"keys": [{"kty": "new"}] * 65},
    ],
)
def test_key_sets_that_are_none(keys: Any) -> None:
    with pytest.raises(KeyFileError):
        key_set(json.dumps(keys).encode(), "keys.json")


def test_files_that_hold_no_keys(tmp_path: Path) -> None:
    path = tmp_path / "key"
    private = RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content, what in ((private, "private key"), (b"x" * 40, "neither"), (b'{"keys": 1}', "no list")):
        path.write_bytes(content)
        with pytest.raises(KeyFileError, match=what):
            load_keys(str(path))
    path.write_bytes(b"short\n")
    with pytest.raises(KeyFileError, match="5 bytes"):
        load_secret(str(path))
    path.write_bytes(SECRET.hex().encode() + b"\n")
    assert load_secret(str(path)).key == SECRET.hex().encode()
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    path.write_bytes(pem(weak))
    with pytest.raises(KeyFileError, match="1024 bits"):
        load_keys(str(path))


def test_digest_of_the_secret_is_not_accepted() -> None:
    assert refused(token("HS256", hashlib.sha256(SECRET).digest())) == "signature"
