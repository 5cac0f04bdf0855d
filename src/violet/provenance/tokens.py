"""JSON Web Tokens: who a caller is, by a signature over claims.

Sources: RFC 7519 (claims), RFC 7515 (signatures, compact serialization), RFC 7517 (key sets), RFC 7518 (algorithms),
RFC 8725 (what went wrong with them, and what to do about it). What the token says of its own verification is believed
in nothing: a key is only ever used for the algorithms of its kind (RFC 8725, section 3.1), keys that a token brings or
points to are not looked at, and a critical extension ends it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.domain import VioletError
from violet.provenance import strict_json
from violet.provenance.keys import KeyFileError, read_key_file

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

LARGEST = 16 << 10
"""Characters of a token."""
KEYS = 64
"""Keys of a set."""
TRIED = 8
"""Keys that are tried on a token that names none."""
SHORTEST_SECRET = 32
"""Bytes (RFC 7518, section 3.2)."""
SHORTEST_RSA = 2048
"""Bits (RFC 7518, section 3.3)."""

ALGORITHMS: dict[str, tuple[str, ...]] = {
    "secret": ("HS256", "HS384", "HS512"),
    "rsa": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "p256": ("ES256",),
    "p384": ("ES384",),
    "p521": ("ES512",),
    "ed25519": ("EdDSA", "Ed25519"),
}
"""By kind of key. ``none`` is not among them."""
_COORDINATE = {"p256": 32, "p384": 48, "p521": 66}
_CURVES = {"P-256": "p256", "P-384": "p384", "P-521": "p521"}
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


class TokenError(VioletError):
    """A token that proves nothing. ``reason`` is a short word for counting."""

    exit_code = 1

    def __init__(self, reason: str, what: str) -> None:
        super().__init__(what)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TokenKey:
    """``key`` is a public key, or the bytes of a shared secret; ``kind`` is one of ``ALGORITHMS``. ``only`` restricts
    it to one algorithm (empty: those of its kind)."""

    kind: str
    key: Any
    id: str = ""
    only: str = ""

    def fits(self, algorithm: str) -> bool:
        if self.kind == "secret" and algorithm.startswith("HS") and 8 * len(self.key) < int(algorithm[2:]):
            return False  # RFC 7518, section 3.2
        return algorithm == self.only if self.only else algorithm in ALGORITHMS[self.kind]


@dataclass(frozen=True, slots=True)
class TokenRules:
    """``algorithms`` empty: all that fit the keys; ``issuer`` and ``audience`` empty: any. A token has to end (``exp``)
    unless ``endless``."""

    keys: tuple[TokenKey, ...]
    issuer: str = ""
    audience: str = ""
    algorithms: tuple[str, ...] = ()
    leeway: float = 60.0
    endless: bool = False


def verify(token: str, rules: TokenRules, now: float) -> Mapping[str, Any]:
    """The claims of a token in compact form, at ``now`` in seconds since 1970. What is cheap is looked at first. Raises
    ``TokenError``."""
    header, claims, signed, signature = _parted(token)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or not any(algorithm in known for known in ALGORITHMS.values()):
        raise TokenError("algorithm", "The token is signed with no algorithm that is known.")
    if rules.algorithms and algorithm not in rules.algorithms:
        raise TokenError("algorithm", f"The token is signed with {algorithm}, which is not accepted.")
    if "crit" in header:
        raise TokenError("critical", "The token asks for an extension.")
    _in_force(claims, rules, now)
    for key in _candidates(header.get("kid"), algorithm, rules):
        if _holds(key, algorithm, signed, signature):
            return claims
    raise TokenError("signature", "The token's signature is by no key that is trusted for it.")


def unverified_claims_that_anybody_could_write(token: str) -> Mapping[str, Any]:
    """What a token claims, whoever made it. Raises ``TokenError`` where it is none."""
    return _parted(token)[1]


def _parted(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    if len(token) > LARGEST:
        raise TokenError("form", f"The token is longer than {LARGEST:,} characters.")
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenError("form", "The token does not have three parts.")
    header, claims = (_object(part) for part in parts[:2])
    signature = _decoded(parts[2]) if parts[2] else b""
    return header, claims, f"{parts[0]}.{parts[1]}".encode("ascii"), signature


def _decoded(part: str) -> bytes:
    """Base64url without padding, in the one way it can be written."""
    if not _BASE64URL.fullmatch(part) or len(part) % 4 == 1:
        raise TokenError("form", "A part of the token is not base64url.")
    try:
        content = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise TokenError("form", "A part of the token is not base64url.") from None
    if base64.urlsafe_b64encode(content).rstrip(b"=") != part.encode("ascii"):
        raise TokenError("form", "A part of the token is not base64url as it should be written.")
    return content


def _object(part: str) -> dict[str, Any]:
    try:
        return strict_json.parse_object(_decoded(part), LARGEST)
    except strict_json.Malformed as error:
        raise TokenError("form", f"A part of the token {error}.") from None


def _in_force(claims: Mapping[str, Any], rules: TokenRules, now: float) -> None:
    ends = _time(claims, "exp")
    if ends is None and not rules.endless:
        raise TokenError("expiry", "The token does not say when it ends.")
    if ends is not None and now >= ends + rules.leeway:
        raise TokenError("expiry", "The token has ended.")
    for name in ("nbf", "iat"):
        begins = _time(claims, name)
        if begins is not None and now < begins - rules.leeway:
            raise TokenError("not_yet", "The token is of the future.")
    if rules.issuer and claims.get("iss") != rules.issuer:
        raise TokenError("issuer", "The token is by another issuer.")
    if rules.audience:
        audience = claims.get("aud")
        meant = [audience] if isinstance(audience, str) else audience
        if not isinstance(meant, list) or rules.audience not in meant:
            raise TokenError("audience", "The token is for somebody else.")


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
        raise TokenError("expiry", f"The token's {name} is no time.")
    return float(value)


def _candidates(named: Any, algorithm: str, rules: TokenRules) -> list[TokenKey]:
    fitting = [key for key in rules.keys if key.fits(algorithm)]
    if isinstance(named, str) and any(key.id for key in fitting):
        return [key for key in fitting if key.id in (named, "")][:TRIED]
    return fitting[:TRIED]


def _holds(key: TokenKey, algorithm: str, signed: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    size = algorithm[2:]
    if key.kind == "secret":
        return hmac.compare_digest(hmac.new(key.key, signed, f"sha{size}").digest(), signature)
    try:
        if key.kind == "rsa":
            _verify_rsa(key.key, algorithm, signed, signature)
        elif key.kind == "ed25519":
            key.key.verify(signature, signed)
        else:
            _verify_ec(key, algorithm, signed, signature)
    except (InvalidSignature, ValueError):
        return False
    return True


def _hash_for(algorithm: str) -> HashAlgorithm:
    from cryptography.hazmat.primitives import hashes

    return {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[algorithm[2:]]


def _verify_rsa(key: Any, algorithm: str, signed: bytes, signature: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric import padding

    found = _hash_for(algorithm)
    if algorithm.startswith("PS"):
        filled: Any = padding.PSS(padding.MGF1(found), found.digest_size)  # RFC 7518, section 3.5
    else:
        filled = padding.PKCS1v15()
    key.verify(signature, signed, filled, found)


def _verify_ec(key: TokenKey, algorithm: str, signed: bytes, signature: bytes) -> None:
    """The signature is the two numbers one after the other (RFC 7518, section 3.4)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    size = _COORDINATE[key.kind]
    if len(signature) != 2 * size:
        raise InvalidSignature
    r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    if not r or not s:
        raise InvalidSignature
    key.key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(_hash_for(algorithm)))


# Keys


def shared_secret(content: bytes, id: str = "", where: str = "The secret") -> TokenKey:
    """A key of HS256 and its kin. Raises ``KeyFileError`` for one that is too short, and for a public key, which
    everybody has."""
    if b"-----BEGIN" in content:
        raise KeyFileError(f"{where} is a key in PEM, not a secret.", "Public keys go to 'keys'.")
    if len(content) < SHORTEST_SECRET:
        raise KeyFileError(
            f"{where} has {len(content)} bytes, fewer than {SHORTEST_SECRET}.", "Make one: openssl rand -hex 32"
        )
    return TokenKey("secret", content, id)


def load_secret(path: str) -> TokenKey:
    """The shared secret in a file, without white space around it. Raises ``KeyFileError``."""
    return shared_secret(read_key_file(path).strip(), where=f"The secret {path}")


def load_keys(path: str) -> tuple[TokenKey, ...]:
    """Of a file: a JSON Web Key Set, or public keys and certificates in PEM. Raises ``KeyFileError``."""
    content = read_key_file(path)
    if content.lstrip()[:1] == b"{":
        return key_set(content, path)
    found = tuple(_from_pem(block, path) for block in _blocks(content))
    if not found:
        raise KeyFileError(f"{path} holds neither public keys in PEM nor a JSON Web Key Set.")
    return found


def key_set(content: bytes, where: str) -> tuple[TokenKey, ...]:
    """The keys that verify in a JSON Web Key Set; those for encryption, and of kinds that are not known, are left out
    (RFC 7517, section 5). Raises ``KeyFileError``."""
    try:
        listed = strict_json.parse_object(content, 1 << 20).get("keys")
    except strict_json.Malformed as error:
        raise KeyFileError(f"The key set {where} {error}.") from None
    if not isinstance(listed, list) or len(listed) > KEYS:
        raise KeyFileError(f"The key set {where} has no list of at most {KEYS} keys.")
    found = [key for key in (_from_jwk(one, f"The key {place} of {where}") for place, one in enumerate(listed)) if key]
    if not found:
        raise KeyFileError(f"The key set {where} has no key that verifies.")
    return tuple(found)


def _blocks(content: bytes) -> list[bytes]:
    kinds = b"PUBLIC KEY|CERTIFICATE|PRIVATE KEY|EC PRIVATE KEY|RSA PRIVATE KEY|ENCRYPTED PRIVATE KEY"
    pattern = rb"-----BEGIN (" + kinds + rb")-----[^-]{1,16384}-----END \1-----"
    return [match.group(0) for match in re.finditer(pattern, content)][:KEYS]


def _from_pem(block: bytes, path: str) -> TokenKey:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if b"PRIVATE" in block[:60]:
        raise KeyFileError(f"{path} holds a private key; verifying needs the public one.", "Keep the private one away.")
    try:
        if b"CERTIFICATE" in block[:60]:
            return _known(x509.load_pem_x509_certificate(block).public_key(), "", "", path)
        return _known(load_pem_public_key(block), "", "", path)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"A key in {path} cannot be read: {str(error).splitlines()[0][:120]}.") from None


def _known(key: Any, id: str, only: str, where: str) -> TokenKey:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    kind = ""
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < SHORTEST_RSA:
            raise KeyFileError(f"{where} has an RSA key of {key.key_size} bits, fewer than {SHORTEST_RSA}.")
        kind = "rsa"
    elif isinstance(key, ec.EllipticCurvePublicKey):
        kind = {"secp256r1": "p256", "secp384r1": "p384", "secp521r1": "p521"}.get(key.curve.name, "")
    elif isinstance(key, ed25519.Ed25519PublicKey):
        kind = "ed25519"
    if not kind:
        raise KeyFileError(f"{where} has a key of a kind that no token is signed with here.")
    if only and only not in ALGORITHMS[kind]:
        raise KeyFileError(f"{where} says it is for {only[:40]!r}, which is not for keys of its kind.")
    return TokenKey(kind, key, id, only)


def _from_jwk(one: Any, where: str) -> TokenKey | None:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if not isinstance(one, dict):
        raise KeyFileError(f"{where} is no object.")
    uses = one.get("key_ops", ["verify"])
    if one.get("use", "sig") != "sig" or not isinstance(uses, list) or "verify" not in uses:
        return None
    name, only = one.get("kid", ""), one.get("alg", "")
    if not isinstance(name, str) or not isinstance(only, str):
        raise KeyFileError(f"{where} has a kid or alg that is no text.")
    if only and not any(only in known for known in ALGORITHMS.values()):
        return None
    kind, curve = one.get("kty"), one.get("crv")
    try:
        if kind == "RSA":
            numbers = rsa.RSAPublicNumbers(_number(one, "e", where), _number(one, "n", where))
            return _known(numbers.public_key(), name, only, where)
        if kind == "EC" and curve in _CURVES:
            curves: dict[str, Any] = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
            point = ec.EllipticCurvePublicNumbers(_number(one, "x", where), _number(one, "y", where), curves[curve]())
            return _known(point.public_key(), name, only, where)
        if kind == "OKP" and curve == "Ed25519":
            return _known(ed25519.Ed25519PublicKey.from_public_bytes(_part(one, "x", where)), name, only, where)
        if kind == "oct":
            key = shared_secret(_part(one, "k", where), name, where)
            if only and only not in ALGORITHMS["secret"]:
                return None
            return TokenKey("secret", key.key, name, only)
    except ValueError as error:
        raise KeyFileError(f"{where} cannot be used: {str(error)[:120]}.") from None
    return None


def _part(one: Mapping[str, Any], name: str, where: str) -> bytes:
    value = one.get(name)
    if not isinstance(value, str) or len(value) > 4096:
        raise KeyFileError(f"{where} has no {name}.")
    try:
        return _decoded(value)
    except TokenError:
        raise KeyFileError(f"The {name} of {where} is not base64url.") from None


def _number(one: Mapping[str, Any], name: str, where: str) -> int:
    return int.from_bytes(_part(one, name, where), "big")
