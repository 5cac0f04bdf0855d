"""The Sigstore bundle of a model signature (bundle format 0.3, JSON) and the DSSE envelope in it.

Read strictly: whatever the upstream library could read in another way than we do (a name twice, an unknown name,
base64 with other characters in it) is refused, and what is handed to it is written anew from what was read here.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from violet.provenance.strict_json import Malformed, member, parse_object

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"

LARGEST = 128 << 20
"""Bytes of a signature file. One file of a model takes about 250, so this is half a million of them."""

MOST_VALUES = 10_000
"""JSON values of a bundle, whose payload is one; entries of a transparency log take some hundred."""

MOST_SIGNATURES = 16
MOST_CERTIFICATES = 16


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a signature file says, none of it believed yet.

    ``method`` is ``key``, ``certificate`` or ``sigstore``; ``hint`` the key id that a ``key`` bundle names (``""``:
    none, as before 1.0); ``certificates`` are in DER, the signer's first; ``material`` is the verification material as
    it stands. ``signatures`` are raw, over ``payload`` of the type ``payload_type``.
    """

    method: str
    payload: bytes
    payload_type: str
    signatures: tuple[bytes, ...]
    material: dict[str, Any]
    hint: str = ""
    certificates: tuple[bytes, ...] = ()


def pae(payload_type: str, payload: bytes) -> bytes:
    """What a DSSE signature covers (DSSE 1.0.2, "Signature Definition": pre-authentication encoding)."""
    name = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)


def pae_of_old(payload_type: str, payload: bytes) -> bytes:
    """What signatures of model_signing 0.2 cover: it encoded the payload as Python prints bytes."""
    return f"DSSEV1 {len(payload_type)} {payload_type} {len(payload)} {payload!r}".encode()


def read(content: bytes) -> Bundle:
    """Take a signature file apart. Raises ``Malformed``, whatever the bytes are."""
    if len(content) > LARGEST:
        raise Malformed(f"is larger than {LARGEST:,} bytes")
    if not content.strip():
        raise Malformed("is empty")
    table = parse_object(content, LARGEST, MOST_VALUES)
    if table.get("mediaType") != MEDIA_TYPE:
        if "mediaType" not in table:
            raise Malformed("is JSON, but no Sigstore bundle")
        raise Malformed(f"is a bundle of the type {str(table['mediaType'])[:80]!a}; model signatures are {MEDIA_TYPE}")
    _only(table, {"mediaType", "verificationMaterial", "dsseEnvelope"}, "")
    envelope = member(table, "dsseEnvelope", dict, "")
    _only(envelope, {"payload", "payloadType", "signatures"}, "dsseEnvelope.")
    payload = _decoded(member(envelope, "payload", str, "dsseEnvelope."), "payload")
    entries = member(envelope, "signatures", list, "dsseEnvelope.")
    if not entries:
        raise Malformed("holds no signature")
    if len(entries) > MOST_SIGNATURES:
        raise Malformed(f"holds more than {MOST_SIGNATURES} signatures")
    signatures = []
    for entry in entries:
        signatures.append(_decoded(member(entry, "sig", str, "signature's "), "signature"))
        _only(entry, {"sig", "keyid"}, "signature's ")
    material = member(table, "verificationMaterial", dict, "")
    method, hint, certificates = _material(material)
    return Bundle(
        method,
        payload,
        member(envelope, "payloadType", str, "dsseEnvelope."),
        tuple(signatures),
        material,
        hint,
        certificates,
    )


def write(payload: bytes, signatures: list[bytes], material: dict[str, Any]) -> bytes:
    """A bundle, as the upstream library writes it."""
    content = {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": material,
        "dsseEnvelope": {
            "payload": _encoded(payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": _encoded(signature), "keyid": ""} for signature in signatures],
        },
    }
    return json.dumps(content, separators=(",", ":")).encode("ascii")


def rewritten(bundle: Bundle) -> bytes:
    """The same bundle in the one form that all readers read alike."""
    material = dict(bundle.material)
    if bundle.method == "certificate":
        material = certificate_material(bundle.certificates)
    content = json.loads(write(bundle.payload, list(bundle.signatures), material))
    content["dsseEnvelope"]["payloadType"] = bundle.payload_type
    return json.dumps(content).encode("ascii")


def key_material(key_id: str) -> dict[str, Any]:
    return {"publicKey": {"hint": key_id}, "tlogEntries": []}


def certificate_material(certificates: tuple[bytes, ...]) -> dict[str, Any]:
    chain = [{"rawBytes": _encoded(certificate)} for certificate in certificates]
    return {"x509CertificateChain": {"certificates": chain}, "tlogEntries": []}


def _material(material: dict[str, Any]) -> tuple[str, str, tuple[bytes, ...]]:
    """Method, hint and certificates."""
    kinds = {"publicKey", "x509CertificateChain", "certificate"}
    _only(material, {*kinds, "tlogEntries", "timestampVerificationData"}, "verificationMaterial.")
    present = kinds & material.keys()
    if len(present) != 1:
        raise Malformed("must say by one of publicKey, x509CertificateChain and certificate who signed")
    if "publicKey" in present:
        key = member(material, "publicKey", dict, "verificationMaterial.")
        _only(key, {"hint", "rawBytes", "keyDetails"}, "publicKey.")  # the last two are of model_signing 0.2
        hint = key.get("hint") or ""
        if not isinstance(hint, str) or len(hint) > 1024:
            raise Malformed("has a publicKey.hint that is no text")
        return "key", hint, ()
    if "certificate" in present:
        raw = member(member(material, "certificate", dict, ""), "rawBytes", str, "certificate.")
        return "sigstore", "", (_decoded(raw, "certificate"),)
    chain = member(material, "x509CertificateChain", dict, "verificationMaterial.")
    _only(chain, {"certificates"}, "x509CertificateChain.")
    entries = member(chain, "certificates", list, "x509CertificateChain.")
    if not 1 <= len(entries) <= MOST_CERTIFICATES:
        raise Malformed(f"must hold between 1 and {MOST_CERTIFICATES} certificates")
    return (
        "certificate",
        "",
        tuple(_decoded(member(e, "rawBytes", str, "certificate's "), "certificate") for e in entries),
    )


def _only(table: Any, names: set[str], where: str) -> None:
    """Names that readers do not know could be other spellings of ones that they do."""
    unknown = sorted(set(table) - names)
    if unknown:
        raise Malformed(f"has an unknown {where}{ascii(unknown[0][:40])[1:-1]}")


def _decoded(text: str, what: str) -> bytes:
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise Malformed(f"has a {what} that is not base64") from error
    if _encoded(data) != text:
        raise Malformed(f"has a {what} that is not base64 as an encoder writes it")
    return data


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
