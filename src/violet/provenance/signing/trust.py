"""Whether a signature was made by somebody who is trusted. Nothing of the payload is believed before that."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain import VioletError
from violet.domain.signature import Outcome, Signer
from violet.provenance.keys import (
    Certificate,
    Hashed,
    KeyFileError,
    PublicKey,
    SignatureError,
    kind_of,
    load_certificates,
    load_public,
    read_key_file,
)
from violet.provenance.signing.bundle import PAYLOAD_TYPE, Bundle, pae, pae_of_old

if TYPE_CHECKING:
    from collections.abc import Sequence

    from violet.domain.provenance import TrustedSigner

VOUCHES_FOR = "signature"
"""How ``vouches_for`` of a trusted signer names model signatures."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A trusted signer, read: a ``key`` (bare, or pinned by the signer's own ``certificate``), or the file of an
    ``authority`` whose certificates count."""

    name: str
    path: str
    key: PublicKey | None = None
    authority: bool = False
    certificate: Certificate | None = None

    @property
    def key_id(self) -> str:
        return self.key.key_id if self.key is not None else ""


class Refused(VioletError):
    """A signature that is not believed: ``outcome`` says which way."""

    exit_code = 1

    def __init__(self, outcome: Outcome, what: str, hint: str = "") -> None:
        super().__init__(what, hint)
        self.outcome = outcome


def read_anchors(signers: Sequence[TrustedSigner]) -> tuple[Anchor, ...]:
    """Read the keys and certificates of trusted signers. Raises ``KeyFileError`` for one that cannot be used:
    trusting fewer than was meant must not go unnoticed."""
    anchors = []
    for signer in signers:
        certificate = None
        if kind_of(read_key_file(signer.key)) == "certificate":
            certificate = load_certificates(signer.key)[0]
            if certificate.authority:
                anchors.append(Anchor(signer.name, signer.key, authority=True))
                continue
            if certificate.public is None:
                raise KeyFileError(f"The certificate {signer.key} has a key that cannot sign models.")
        anchors.append(Anchor(signer.name, signer.key, load_public(signer.key), certificate=certificate))
    return tuple(anchors)


def by_keys(
    bundle: Bundle, anchors: Sequence[Anchor], name: str, at: datetime.datetime | None = None
) -> tuple[Signer, ...]:
    """Who among the anchors made the signatures of the bundle ``name``: every signature must be somebody's.

    Raises ``Refused``. A bundle with certificates is accepted, too, where the signer's own key is an anchor. Anchors
    that are certificates must be in force ``at`` that time (``None``: that does not matter).
    """
    check_type(bundle, name)
    tried = [anchor for anchor in anchors if anchor.key is not None]
    if bundle.hint:
        named = [anchor for anchor in tried if anchor.key_id == bundle.hint]
        if not named:
            raise _unknown(f"{name} was made with the key {ascii(bundle.hint[:80])[1:-1]}", tried)
    else:
        named = tried
    forms = _forms(bundle)
    signers: list[Signer] = []
    for number, signature in enumerate(bundle.signatures, 1):
        owner = next((anchor for anchor in named if _made(anchor.key, forms, signature)), None)
        # A second signature may be another trusted key's: the hint names one key only.
        if owner is None and len(bundle.signatures) > 1:
            owner = next((anchor for anchor in tried if _made(anchor.key, forms, signature)), None)
        if owner is None:
            raise _not_made(bundle, name, number, tried)
        if at is not None and owner.certificate is not None and (when := owner.certificate.not_in_force(at)):
            raise expired(name, f"the certificate {owner.path} of {owner.name}, which {when}")
        signers.append(Signer(owner.name, "key", owner.key_id))
    return tuple(dict.fromkeys(signers))


def check_type(bundle: Bundle, name: str) -> None:
    """Raises ``Refused`` for an envelope around something else."""
    if bundle.payload_type != PAYLOAD_TYPE:
        kind = ascii(bundle.payload_type[:80])
        raise Refused(Outcome.WRONG_TYPE, f"{name} signs a payload of the type {kind}, not an in-toto statement.")


def only_signature(bundle: Bundle, name: str) -> None:
    """Bundles with certificates hold one signature, as the Sigstore bundle format says. Raises ``Refused``."""
    if len(bundle.signatures) != 1:
        raise Refused(
            Outcome.BAD_SIGNATURE,
            f"{name} holds {len(bundle.signatures)} signatures, and only one of them could be checked.",
            "Sign the model again.",
        )


def expired(name: str, what: str) -> Refused:
    """The refusal of a signature that may have been made when the certificate was not in force."""
    return Refused(
        Outcome.EXPIRED,
        f"{name} was made with {what}, and nothing proves when.",
        "Have the model signed again. If you know that it was signed in time: --at TIME, or"
        " --accept-expired-certificates.",
    )


def signer_of_certificate(der: bytes, name: str) -> tuple[Signer, Certificate]:
    """The signer that a certificate names, and the certificate. Raises ``Refused`` for one that is malformed or not
    fit to sign."""
    from cryptography import x509

    from violet.provenance.keys import describe

    try:
        certificate = describe(x509.load_der_x509_certificate(der))
    except ValueError as error:
        raise Refused(Outcome.MALFORMED, f"{name} holds a certificate that cannot be read.") from error
    if certificate.public is None:
        raise Refused(Outcome.UNKNOWN_SIGNER, f"{name} was made with a kind of key that cannot sign models.")
    if certificate.authority or not certificate.may_sign:
        what = "belongs to an authority" if certificate.authority else "is for another use"
        raise Refused(
            Outcome.UNKNOWN_SIGNER,
            f"{name} was made with the certificate of {certificate.subject}, which {what}: it may not sign models.",
            "Have it signed with a certificate that has the key usage digitalSignature or codeSigning.",
        )
    return Signer(certificate.subject, "certificate", certificate.public.key_id, certificate.issuer), certificate


def _forms(bundle: Bundle) -> tuple[tuple[Hashed, bool], ...]:
    """What may have been signed, in the form of today or in that of model_signing 0.2 (before 0.3 with SHA-256 on
    every curve). Made once: a payload can be large, and the signatures and keys many."""
    old = Hashed(pae_of_old(bundle.payload_type, bundle.payload))
    return ((Hashed(pae(bundle.payload_type, bundle.payload)), False), (old, False), (old, True))


def _made(key: PublicKey | None, forms: tuple[tuple[Hashed, bool], ...], signature: bytes) -> bool:
    """Whether this key made the signature over one of ``forms``."""
    if key is None:
        return False
    for content, sha256 in forms:
        try:
            key.verify(signature, content, sha256=sha256)
        except SignatureError:
            continue
        return True
    return False


def _not_made(bundle: Bundle, name: str, number: int, tried: Sequence[Anchor]) -> Refused:
    which = f"Signature {number} of {len(bundle.signatures)} in {name}" if len(bundle.signatures) > 1 else name
    if bundle.hint and len(bundle.signatures) == 1:
        return Refused(
            Outcome.BAD_SIGNATURE,
            f"{which} names the key {bundle.hint}, which is trusted, but that key did not sign this content: it was"
            " altered after signing.",
            "Get the signature again from the signer.",
        )
    return _unknown(f"{which} was made by none of the trusted keys, or its content was altered", tried)


def _unknown(what: str, tried: Sequence[Anchor]) -> Refused:
    if not tried:
        return Refused(
            Outcome.UNKNOWN_SIGNER,
            f"{what}, and no key is trusted.",
            "Give the signer's public key (--key FILE), or the authority above it (--certificate-chain FILE).",
        )
    ids = ", ".join(f"{anchor.key_id} ({anchor.name})" for anchor in tried)
    return Refused(
        Outcome.UNKNOWN_SIGNER,
        f"{what}; trusted are: {ids}.",
        "If you trust that signer, give the public key: --key FILE, or trust.signers in violet.toml.",
    )
