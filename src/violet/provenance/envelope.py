"""DSSE envelopes: sign a payload, and open one with the keys that are trusted.

Source: the Dead Simple Signing Envelope protocol, version 1 (secure-systems-lab/dsse). What is signed is the
pre-authentication encoding of type and payload, so that neither can be taken for another. A key id is a hint
that nobody signed; it chooses which key is tried, and proves nothing.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.domain import Digest
from violet.provenance.keys import Hashed, SignatureError, kind_of, load_certificates, load_public, read_key_file
from violet.provenance.strict_json import canonical, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from violet.domain.provenance import TrustedSigner
    from violet.provenance.keys import PrivateKey, PublicKey

LARGEST = 24 << 20
"""Bytes of an envelope that are read: a statement of the largest size in base64, with room for signatures."""
MOST_SIGNATURES = 32


class EnvelopeError(ValueError):
    """No envelope that can be believed. ``code`` is that of ``violet.domain.provenance.Refusal``; the text is a
    clause that says why."""

    def __init__(self, code: str, reason: str, fix: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Signature:
    key_id: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope as it was read; nothing in it is verified yet."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]

    def to_bytes(self) -> bytes:
        return canonical(
            {
                "payload": _encode(self.payload),
                "payloadType": self.payload_type,
                "signatures": [{"keyid": s.key_id, "sig": _encode(s.value)} for s in self.signatures],
            }
        )


@dataclass(frozen=True, slots=True)
class Believed:
    """A trusted signer whose signature holds, and the key that made it."""

    signer: TrustedSigner
    key_id: str


@dataclass(frozen=True, slots=True)
class Keyring:
    """The public keys of those who are trusted. ``lapsed`` are those of certificates that are not in force, each
    with a clause that says so."""

    entries: tuple[tuple[TrustedSigner, PublicKey], ...] = ()
    lapsed: tuple[tuple[TrustedSigner, PublicKey, str], ...] = ()

    @classmethod
    def load(cls, signers: Iterable[TrustedSigner], now: datetime.datetime | None = None) -> Keyring:
        """Certificates must be in force ``now`` (default: the clock); those of authorities count for model signatures
        only. Raises ``KeyFileError`` for a key that cannot be read: whom to trust must never be a guess."""
        now = now or datetime.datetime.now(datetime.UTC)
        entries: list[tuple[TrustedSigner, PublicKey]] = []
        lapsed: list[tuple[TrustedSigner, PublicKey, str]] = []
        for signer in signers:
            certificate = None
            if kind_of(read_key_file(signer.key)) == "certificate":
                certificate = load_certificates(signer.key)[0]
                if certificate.authority:
                    continue
            key = load_public(signer.key)
            if certificate is not None and (when := certificate.not_in_force(now)):
                lapsed.append((signer, key, f"whose certificate {signer.key} {when}"))
            else:
                entries.append((signer, key))
        return cls(tuple(entries), tuple(lapsed))

    @property
    def key_ids(self) -> frozenset[str]:
        return frozenset(key.key_id for _, key in self.entries)


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed (DSSE protocol, "Pre-Authentication Encoding")."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(payload: bytes, payload_type: str, keys: Sequence[PrivateKey]) -> Envelope:
    """An envelope with one signature of each key."""
    data = pae(payload_type, payload)
    return Envelope(payload, payload_type, tuple(Signature(k.public.key_id, k.sign(data)) for k in keys))


def countersign(envelope: Envelope, key: PrivateKey) -> Envelope:
    """The same envelope with one signature more; one that this key made before is replaced."""
    mine = sign(envelope.payload, envelope.payload_type, [key]).signatures
    others = tuple(s for s in envelope.signatures if s.key_id != key.public.key_id)
    return Envelope(envelope.payload, envelope.payload_type, others + mine)


def decode(content: bytes) -> Envelope:
    """Read an envelope. Raises ``EnvelopeError`` with the code ``malformed``."""
    try:
        value = parse(content, LARGEST)
    except ValueError as error:
        raise _malformed(f"it is no DSSE envelope: {error}") from error
    if not isinstance(value, dict):
        raise _malformed("it is no DSSE envelope: it is no JSON object")
    kind, listed = value.get("payloadType"), value.get("signatures")
    if not isinstance(kind, str) or not kind:
        raise _malformed("it is no DSSE envelope: payloadType is missing")
    if not isinstance(listed, list) or not listed:
        raise EnvelopeError("bad-signature", "it carries no signature", "Sign it again, or remove it.")
    if len(listed) > MOST_SIGNATURES:
        raise _malformed(f"it carries more than {MOST_SIGNATURES} signatures")
    try:
        kind.encode("utf-8")
    except UnicodeEncodeError:
        raise _malformed("it is no DSSE envelope: payloadType is not Unicode text") from None
    return Envelope(_decode(value.get("payload"), "payload"), kind, tuple(map(_signature, listed)))


def verify(envelope: Envelope, ring: Keyring) -> tuple[Believed, ...]:
    """The trusted signers whose signatures hold, each key once however often it signed.

    Raises ``EnvelopeError``: ``bad-signature`` where a signature in the name of a trusted key does not hold (then
    the other signatures do not count either: somebody changed this envelope), ``unknown-signer`` where nobody who
    is trusted signed.
    """
    data = Hashed(pae(envelope.payload_type, envelope.payload))
    found: dict[tuple[str, str], Believed] = {}
    for signature in envelope.signatures:
        named = [entry for entry in ring.entries if entry[1].key_id == signature.key_id]
        holding = [entry for entry in named or ring.entries if _holds(entry[1], signature.value, data)]
        if named and not holding:
            raise EnvelopeError(
                "bad-signature",
                f"the signature of {named[0][0].name} does not hold: the content or the signature was altered",
                "Get the original back, or make it again.",
            )
        for signer, key in holding:
            found[signer.name, key.key_id] = Believed(signer, key.key_id)
    if not found:
        raise _unknown(envelope, ring, data)
    return tuple(found[name] for name in sorted(found))


def content_digest(content: bytes) -> Digest:
    """The SHA-256 of an envelope's bytes: ``sha256sum FILE``."""
    return Digest("sha256", hashlib.sha256(content).hexdigest())


def _holds(key: PublicKey, signature: bytes, data: Hashed) -> bool:
    try:
        key.verify(signature, data)
    except SignatureError:
        return False
    return True


def _unknown(envelope: Envelope, ring: Keyring, data: Hashed) -> EnvelopeError:
    for signer, key, clause in ring.lapsed:
        if any(_holds(key, signature.value, data) for signature in envelope.signatures):
            return EnvelopeError(
                "unknown-signer",
                f"it is signed by {signer.name}, {clause}",
                "Trust the new certificate of that signer, and have it signed again with its key.",
            )
    names = sorted({signature.key_id for signature in envelope.signatures})
    shown = ", ".join(ascii(name[:64])[1:-1] for name in names[:3] if name) or "no key id"
    return EnvelopeError(
        "unknown-signer",
        f"it is signed by nobody who is trusted (key {shown})",
        "If you trust this key, name it in [trust.signers.NAME] of violet.toml or with --trust FILE.",
    )


def _malformed(reason: str) -> EnvelopeError:
    return EnvelopeError("malformed", reason, "Get the original back, or remove it.")


def _signature(value: Any) -> Signature:
    if not isinstance(value, dict):
        raise _malformed("it is no DSSE envelope: a signature is no JSON object")
    key_id = value.get("keyid", "")
    if not isinstance(key_id, str):
        raise _malformed("it is no DSSE envelope: a keyid is no text")
    return Signature(key_id, _decode(value.get("sig"), "sig"))


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _decode(text: Any, field: str) -> bytes:
    """Base64 in either alphabet, and only as an encoder writes it: every content has one form."""
    if not isinstance(text, str):
        raise _malformed(f"it is no DSSE envelope: {field} is missing")
    try:
        ascii_text = text.encode("ascii").translate(_STANDARD)
        data = base64.b64decode(ascii_text, validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise _malformed(f"it is no DSSE envelope: {field} is not base64") from None
    if base64.b64encode(data) != ascii_text:
        raise _malformed(f"it is no DSSE envelope: {field} is not base64 as an encoder writes it")
    return data


_STANDARD = bytes.maketrans(b"-_", b"+/")
