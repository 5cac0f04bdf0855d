"""Signing keys: ECDSA on the NIST curves, in PEM, as OpenSSF model signing uses them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain import VioletError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import HashAlgorithm


class SignatureError(VioletError):
    """A signature that does not hold. The policy is not met."""

    exit_code = 1


class KeyFileError(VioletError):
    """A key that cannot be used: missing, of the wrong kind, or locked with another passphrase."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class PublicKey:
    """``key_id`` is the SHA-256 of the PEM (SubjectPublicKeyInfo), in hexadecimal: the hint that OpenSSF model
    signatures carry."""

    key: ec.EllipticCurvePublicKey
    pem: bytes
    key_id: str

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raises ``SignatureError`` where the signature is not this key's over ``data``."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import ec

        try:
            self.key.verify(signature, data, ec.ECDSA(_hash_for(self.key)))
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


def generate(curve: str = "p256") -> PrivateKey:
    """A new key on ``p256``, ``p384`` or ``p521``."""
    from cryptography.hazmat.primitives.asymmetric import ec

    curves = {"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1}
    return private_key(ec.generate_private_key(curves[curve]()))


def load_private(path: str, passphrase: str | None = None) -> PrivateKey:
    """Read a private key in PEM. Raises ``KeyFileError``."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        with open(path, "rb") as file:
            key = load_pem_private_key(file.read(), passphrase.encode() if passphrase else None)
    except OSError as error:
        raise KeyFileError(f"The key {path} cannot be read: {error.strerror}.") from error
    except (TypeError, ValueError) as error:
        raise KeyFileError(f"The key {path} cannot be unlocked: {error}.") from error
    return private_key(key)  # type: ignore[arg-type]


def load_public(path: str) -> PublicKey:
    """Read a public key in PEM. Raises ``KeyFileError``."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        with open(path, "rb") as file:
            return public_key(load_pem_public_key(file.read()))  # type: ignore[arg-type]
    except OSError as error:
        raise KeyFileError(f"The key {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise KeyFileError(f"{path} is no public key in PEM: {error}.") from error


def private_key(key: ec.EllipticCurvePrivateKey) -> PrivateKey:
    return PrivateKey(key, public_key(key.public_key()))


def public_key(key: ec.EllipticCurvePublicKey) -> PublicKey:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(key, pem, hashlib.sha256(pem).hexdigest())


def _hash_for(key: ec.EllipticCurvePublicKey) -> HashAlgorithm:
    from cryptography.hazmat.primitives import hashes

    return {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}[key.curve.key_size]
