"""Signing keys: ECDSA on the NIST curves, in PEM, as OpenSSF model signing uses them.

Keys are PKCS#8 (RFC 5958), encrypted unless somebody insists; the forms that ``openssl`` writes (SEC 1) are read,
too. Nothing here prints or stores a passphrase.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain import VioletError
from violet.provenance.hashing_walk import printable

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

LARGEST = 1 << 20
"""Bytes of a key file that are read; bundles of certificate authorities are the largest there are."""

CURVES = {"p256": "secp256r1", "p384": "secp384r1", "p521": "secp521r1"}
"""Curves that Sigstore bundles know, by the names that commands take."""

KEY_HINT = "A new pair of keys: violet keys new FILE"


class SignatureError(VioletError):
    """A signature that does not hold. The policy is not met."""

    exit_code = 1


class KeyFileError(VioletError):
    """A key that cannot be used: missing, of the wrong kind, or locked with another passphrase."""

    exit_code = 2


class LockedKeyError(KeyFileError):
    """A key that needs a passphrase, and none was given."""


class Hashed:
    """Content on which many keys are tried: it is hashed once for each algorithm."""

    __slots__ = ("_data", "_digests")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._digests: dict[str, bytes] = {}

    def digest(self, algorithm: HashAlgorithm) -> bytes:
        if algorithm.name not in self._digests:
            self._digests[algorithm.name] = hashlib.new(algorithm.name, self._data).digest()
        return self._digests[algorithm.name]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """``key_id`` is the SHA-256 of the PEM (SubjectPublicKeyInfo), in hexadecimal: the hint that OpenSSF model
    signatures carry."""

    key: ec.EllipticCurvePublicKey
    pem: bytes
    key_id: str

    @property
    def curve(self) -> str:
        """``p256``, ``p384`` or ``p521``."""
        return next(name for name, long in CURVES.items() if long == self.key.curve.name)

    def verify(self, signature: bytes, data: bytes | Hashed, *, sha256: bool = False) -> None:
        """Raises ``SignatureError`` where the signature is not this key's over ``data``. ``sha256`` is for
        signatures of old programs, which used SHA-256 with every curve."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

        algorithm = hashes.SHA256() if sha256 else _hash_for(self.key)
        hashed = data if isinstance(data, Hashed) else Hashed(data)
        try:
            self.key.verify(signature, hashed.digest(algorithm), ec.ECDSA(Prehashed(algorithm)))
        except InvalidSignature:
            raise SignatureError("The signature does not belong to this key and content.") from None


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key, unlocked."""

    key: ec.EllipticCurvePrivateKey
    public: PublicKey

    def sign(self, data: bytes) -> bytes:
        """ECDSA, DER-encoded, with the hash that fits the curve (P-256: SHA-256)."""
        from cryptography.hazmat.primitives.asymmetric import ec

        return self.key.sign(data, ec.ECDSA(_hash_for(self.public.key)))

    def pem(self, passphrase: str | None) -> bytes:
        """PKCS#8 in PEM, encrypted with ``passphrase`` (``None``: in the clear)."""
        from cryptography.hazmat.primitives.serialization import (
            BestAvailableEncryption,
            Encoding,
            NoEncryption,
            PrivateFormat,
        )

        lock = NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase.encode())
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


def generate(curve: str = "p256") -> PrivateKey:
    """A new key on ``p256``, ``p384`` or ``p521``."""
    from cryptography.hazmat.primitives.asymmetric import ec

    curves: dict[str, Callable[[], ec.EllipticCurve]] = {
        "p256": ec.SECP256R1,
        "p384": ec.SECP384R1,
        "p521": ec.SECP521R1,
    }
    return private_key(ec.generate_private_key(curves[curve]()))


def load_private(path: str, passphrase: str | None = None) -> PrivateKey:
    """Read a private key in PEM. A passphrase that is not needed is not an error. Raises ``KeyFileError``, and its
    ``LockedKeyError`` where a passphrase is needed and none was given."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = read_key_file(path)
    kind = kind_of(content)
    if kind in ("public", "certificate"):
        what = "a public key" if kind == "public" else "a certificate"
        raise KeyFileError(f"{path} is {what}; signing needs the private key.", "Give the file without .pub.")
    if kind != "private":
        raise KeyFileError(f"{path} is no private key in PEM.", KEY_HINT)
    locked = is_locked(content)
    if locked and not passphrase:
        raise LockedKeyError(
            f"The key {path} is encrypted, and no passphrase was given.",
            "Set VIOLET_KEY_PASSPHRASE, or give --passphrase-file FILE.",
        )
    try:
        key = load_pem_private_key(content, passphrase.encode() if locked and passphrase else None)
    except UnsupportedAlgorithm as error:
        raise _unsupported(path) from error
    except (TypeError, ValueError) as error:
        if locked and _is_whole(content):
            raise KeyFileError(
                f"The passphrase does not open the key {path}.", "Look at VIOLET_KEY_PASSPHRASE or --passphrase-file."
            ) from error
        raise KeyFileError(f"The key {path} is damaged.", "Restore it from a copy.") from error
    return private_key(_elliptic_private(path, key))


def load_public(path: str) -> PublicKey:
    """Read a public key in PEM, or take it from a certificate. Raises ``KeyFileError``."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    content = read_key_file(path)
    kind = kind_of(content)
    if kind == "private":
        raise KeyFileError(
            f"{path} is a private key; verifying needs the public one, and nobody else should have this file.",
            f"Give {path}.pub.",
        )
    if kind == "certificate":
        first = load_certificates(path)[0]
        if first.public is None:
            raise _unsupported(path)
        return first.public
    if kind != "public":
        raise KeyFileError(f"{path} is no public key in PEM.", "It should begin with -----BEGIN PUBLIC KEY-----.")
    try:
        key = load_pem_public_key(content)
    except UnsupportedAlgorithm as error:
        raise _unsupported(path) from error
    except ValueError as error:
        raise KeyFileError(f"The key {path} is damaged.", "Get it again from its owner.") from error
    return public_key(_elliptic_public(path, key))


@dataclass(frozen=True, slots=True)
class Certificate:
    """``authority``: it may sign other certificates, so it is an anchor of trust rather than a signer. ``may_sign``:
    its key usage (RFC 5280, sections 4.2.1.3 and 4.2.1.12) is to sign content: ``digitalSignature`` where there is a
    key usage, ``codeSigning`` where there is an extended one, and there is one of them; a certificate of a web server
    or for mail signs no models. ``public`` is ``None`` for a key of a kind that cannot sign models, as authorities
    often have. Times are in UTC."""

    public: PublicKey | None
    subject: str
    issuer: str
    der: bytes
    authority: bool
    may_sign: bool
    begins: datetime.datetime
    ends: datetime.datetime

    def not_in_force(self, at: datetime.datetime) -> str:
        """``ended on DAY`` or ``begins on DAY``; ``""`` where it is in force."""
        if at > self.ends:
            return f"ended on {self.ends:%Y-%m-%d}"
        return f"begins on {self.begins:%Y-%m-%d}" if at < self.begins else ""


def load_certificates(path: str) -> tuple[Certificate, ...]:
    """The certificates in a PEM file, at least one. Raises ``KeyFileError``."""
    from cryptography import x509

    try:
        return tuple(describe(found) for found in x509.load_pem_x509_certificates(read_key_file(path)))
    except ValueError as error:
        raise KeyFileError(f"{path} is no certificate in PEM, or is damaged.") from error


def describe(certificate: x509.Certificate) -> Certificate:
    """What matters of a certificate here. Raises ``ValueError`` for one that is malformed."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        key: object = certificate.public_key()
    except UnsupportedAlgorithm:
        key = None
    usable = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES.values()
    extensions = {type(extension.value): extension.value for extension in certificate.extensions}
    basic = extensions.get(x509.BasicConstraints)
    usage = extensions.get(x509.KeyUsage)
    extended = extensions.get(x509.ExtendedKeyUsage)
    signs = usage.digital_signature if isinstance(usage, x509.KeyUsage) else None
    codes = ExtendedKeyUsageOID.CODE_SIGNING in extended if isinstance(extended, x509.ExtendedKeyUsage) else None
    return Certificate(
        public_key(key) if usable and isinstance(key, ec.EllipticCurvePublicKey) else None,
        printable(certificate.subject.rfc4514_string()),
        printable(certificate.issuer.rfc4514_string()),
        certificate.public_bytes(Encoding.DER),
        isinstance(basic, x509.BasicConstraints) and basic.ca,
        False not in (signs, codes) and True in (signs, codes),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
    )


def private_key(key: ec.EllipticCurvePrivateKey) -> PrivateKey:
    return PrivateKey(key, public_key(key.public_key()))


def public_key(key: ec.EllipticCurvePublicKey) -> PublicKey:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(key, pem, hashlib.sha256(pem).hexdigest())


def read_key_file(path: str) -> bytes:
    """The content of a key file. Raises ``KeyFileError``."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise KeyFileError(f"The key {path} is not a regular file.")
            content = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise KeyFileError(f"The key {path} does not exist.", f"Check the path. {KEY_HINT}") from error
    except IsADirectoryError as error:
        raise KeyFileError(f"The key {path} is a directory.") from error
    except OSError as error:
        raise KeyFileError(f"The key {path} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST:
        raise KeyFileError(f"{path} is too large for a key.")
    return content


def kind_of(content: bytes) -> str:
    """``private``, ``public``, ``certificate``, or ``""`` for what is none of them in PEM."""
    if b"PRIVATE KEY-----" in content:
        return "private"
    if b"-----BEGIN CERTIFICATE-----" in content:
        return "certificate"
    return "public" if b"-----BEGIN PUBLIC KEY-----" in content else ""


def is_locked(content: bytes) -> bool:
    """Whether a private key needs a passphrase."""
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in content or b"Proc-Type: 4,ENCRYPTED" in content


def exposure(path: str) -> str:
    """A sentence on a private key that others may read (``""``: none may)."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return ""
    if not mode & 0o077:
        return ""
    return f"The key {path} can be read or changed by others (mode {stat.S_IMODE(mode):04o}): chmod 600 it."


def _is_whole(content: bytes) -> bool:
    """Whether the PEM of a locked key is complete, so that only the passphrase can be wrong."""
    import base64
    import binascii

    head, _, rest = content.partition(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    body, end, _ = rest.partition(b"-----END ENCRYPTED PRIVATE KEY-----")
    if not end:
        return b"Proc-Type: 4,ENCRYPTED" in head
    try:
        raw = base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error:
        return False
    # A DER sequence with a length of one to three bytes: it must span the whole.
    if len(raw) < 4 or raw[0] != 0x30:
        return False
    octets = raw[1] & 0x7F if raw[1] & 0x80 else 0
    length = int.from_bytes(raw[2 : 2 + octets], "big") if octets else raw[1]
    return length + 2 + octets == len(raw)


def _elliptic_private(path: str, key: object) -> ec.EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name not in CURVES.values():
        raise _unsupported(path, key)
    return key


def _elliptic_public(path: str, key: object) -> ec.EllipticCurvePublicKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in CURVES.values():
        raise _unsupported(path, key)
    return key


def _unsupported(path: str, key: object = None) -> KeyFileError:
    curve = getattr(getattr(key, "curve", None), "name", "")
    kind = f"on the curve {curve}" if curve else type(key).__name__.lstrip("_")
    for word in ("PrivateKey", "PublicKey"):
        kind = kind.removesuffix(word)
    what = "a kind that is not known" if key is None else f"{kind}" if curve else f"of the kind {kind}"
    return KeyFileError(f"The key in {path} is {what}; model signatures use ECDSA on P-256, P-384 or P-521.", KEY_HINT)


def _hash_for(key: ec.EllipticCurvePublicKey) -> HashAlgorithm:
    from cryptography.hazmat.primitives import hashes

    return {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}[key.curve.key_size]
