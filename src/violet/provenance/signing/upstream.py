"""Certificate chains and Sigstore's keyless signatures, which the ``model_signing`` library judges.

Loading it takes longer than hashing a gigabyte, so signatures with plain keys do without (see
``docs/decisions/0010-signatures-with-plain-keys.md``). What it is given to verify is written anew from what was read
here, and it is stopped before it hashes anything: Violet compares the files.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from violet.domain import VioletError
from violet.domain.signature import Outcome, Signer, SigstoreIdentity, SigstoreSigning
from violet.provenance.keys import Certificate, KeyFileError, load_certificates
from violet.provenance.manifest import WHOLE, Manifest
from violet.provenance.signing.bundle import Bundle, rewritten
from violet.provenance.signing.trust import Refused, check_type, expired, only_signature, signer_of_certificate

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Sequence


def by_chain(
    bundle: Bundle, chain: Sequence[str], name: str, at: datetime.datetime | None = None
) -> tuple[Signer, Certificate]:
    """The signer that one of the authorities in the files of ``chain`` certified, and the certificate.

    The library judges every certificate as of the start of the signer's; ``at`` asks that all of them are in force
    then, too (``None``: that does not matter). Raises ``Refused``; ``KeyFileError`` for files that are no
    certificates.
    """
    check_type(bundle, name)
    if bundle.method != "certificate":
        raise Refused(
            Outcome.UNKNOWN_SIGNER, f"{name} was not made with a certificate.", "Verify it with --key, or Sigstore."
        )
    only_signature(bundle, name)
    authorities = [certificate.der for path in chain for certificate in load_certificates(path)]
    signer, certificate = signer_of_certificate(bundle.certificates[0], name)
    verifying = _library("verifying")
    config = verifying.Config().use_certificate_verifier(certificate_chain=[Path(path) for path in chain])
    _judge(
        config,
        bundle,
        name,
        f"{name} names {signer.name}, certified by {signer.issuer}, whom none of the given"
        " certificates vouches for, or its content was altered",
    )
    if at is not None:
        _require_in_force(bundle, certificate, authorities, at, name)
    return signer, certificate


def _require_in_force(
    bundle: Bundle, certificate: Certificate, authorities: Sequence[bytes], at: datetime.datetime, name: str
) -> None:
    """Raises ``Refused`` unless the chain, which holds otherwise, holds ``at`` that time as well."""
    from cryptography import x509
    from OpenSSL import crypto

    if when := certificate.not_in_force(at):
        raise expired(name, f"the certificate of {certificate.subject}, which {when}")
    own, *more = (crypto.X509.from_cryptography(x509.load_der_x509_certificate(der)) for der in bundle.certificates)
    store = crypto.X509Store()
    for der in authorities:
        store.add_cert(crypto.X509.from_cryptography(x509.load_der_x509_certificate(der)))
    store.set_time(at)
    try:
        crypto.X509StoreContext(store, own, more).verify_certificate()
    except crypto.X509StoreContextError as error:
        raise expired(
            name, f"a certificate of {certificate.issuer}, whose authorities are not all in force ({_one_line(error)})"
        ) from error


def by_sigstore(bundle: Bundle, expected: SigstoreIdentity, name: str) -> Signer:
    """The signer, if it is the expected one. Raises ``Refused``, and ``VioletError`` without a network."""
    check_type(bundle, name)
    if bundle.method != "sigstore":
        raise Refused(
            Outcome.UNKNOWN_SIGNER, f"{name} is no Sigstore keyless signature.", "Verify it with --key, or a chain."
        )
    only_signature(bundle, name)
    verifying = _library("verifying")
    try:
        config = verifying.Config().use_sigstore_verifier(
            identity=expected.identity,
            oidc_issuer=expected.issuer,
            trust_config=_trust_config(expected.trust_config),
        )
    except Exception as error:
        raise _no_sigstore(error, expected.trust_config) from error
    _judge(config, bundle, name, f"{name} was not made by {expected.identity} of {expected.issuer}")
    return Signer(expected.identity, "sigstore", "", expected.issuer)


def sign_with_sigstore(manifest: Manifest, how: SigstoreSigning) -> tuple[bytes, Signer]:
    """A Sigstore bundle over the manifest, and who it names. Raises ``VioletError`` where there is no network or no
    identity."""
    signing = _library("signing")
    try:
        config = signing.Config().use_sigstore_signer(
            use_ambient_credentials=how.ambient,
            identity_token=how.token or None,
            trust_config=_trust_config(how.trust_config),
        )
    except Exception as error:
        raise _no_sigstore(error, how.trust_config) from error
    config.set_hashing_config(_Fixed(lambda: as_upstream(manifest)))
    with tempfile.TemporaryDirectory(prefix="violet-") as folder:
        written = Path(folder) / "model.sig"
        try:
            config.sign(Path(manifest.name), written)
        except Exception as error:
            raise VioletError(
                f"Sigstore did not sign: {_one_line(error)}.",
                "Give a token with --identity-token, --ambient in a CI system, or sign with a key: --key FILE.",
            ) from error
        content = written.read_bytes()
    return content, _sigstore_signer(content)


def as_upstream(manifest: Manifest) -> Any:
    """The manifest as an object of the library."""
    from model_signing import manifest as library
    from model_signing._hashing.hashing import Digest

    parameters: dict[str, Any] = {
        "method": "shards" if manifest.shard_size else "files",
        "hash_type": manifest.algorithm,
        "allow_symlinks": manifest.links,
        "ignore_paths": list(manifest.ignored),
    }
    if manifest.shard_size:
        parameters["shard_size"] = manifest.shard_size
    serialization = library.SerializationType.from_args(parameters)
    items = []
    for entry in manifest.entries:
        name = f"{entry.path}:{entry.start}:{entry.end}" if manifest.shard_size else entry.path
        items.append(serialization.new_item(name, Digest(manifest.label, bytes.fromhex(entry.digest))))
    return library.Manifest(manifest.name, items, serialization)


class _Reached(Exception):
    """The library found the signature good, and wants to hash now."""


class _Fixed:
    """Stands where the library expects its hashing configuration."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self._answer = answer

    def add_ignored_paths(self, **_: Any) -> None:
        """The library hands the ignored paths of a signature on; Violet reads them itself."""

    def hash(self, *_: Any, **__: Any) -> Any:
        return self._answer()


def _judge(config: Any, bundle: Bundle, name: str, otherwise: str) -> None:
    """Raises ``Refused`` unless the library accepts the signature."""
    config.set_hashing_config(_Fixed(_stop))
    with tempfile.TemporaryDirectory(prefix="violet-") as folder:
        copy = Path(folder) / "model.sig"
        copy.write_bytes(rewritten(bundle))
        try:
            config.verify(Path(WHOLE), copy)
        except _Reached:
            return
        except Exception as error:
            raise Refused(Outcome.UNKNOWN_SIGNER, f"{otherwise} ({_one_line(error)}).") from error
    raise Refused(Outcome.BAD_SIGNATURE, f"{name} could not be checked.")


def _stop() -> NoReturn:
    raise _Reached


def _library(part: str) -> Any:
    from importlib import import_module

    return import_module(f"model_signing.{part}")


def _trust_config(path: str) -> Path | None:
    if not path:
        return None
    if not os.path.isfile(path):
        raise KeyFileError(f"The trust configuration {path} does not exist.")
    return Path(path)


def _no_sigstore(error: Exception, trust_config: str) -> VioletError:
    if isinstance(error, VioletError):
        return error
    if trust_config:
        return KeyFileError(f"{trust_config} is no client trust configuration of Sigstore: {_one_line(error)}.")
    return VioletError(
        "Sigstore cannot be reached from this machine.",
        "Use a key (--key FILE), a certificate, or a trust configuration that is kept here (--trust-config FILE).",
    )


def _sigstore_signer(content: bytes) -> Signer:
    """The names in the certificate of a bundle that was just made."""
    from cryptography import x509

    from violet.provenance.signing.bundle import read

    certificate = x509.load_der_x509_certificate(read(content).certificates[0])
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    values = [str(name.value) for name in names]
    return Signer(", ".join(values), "sigstore", "", certificate.issuer.rfc4514_string())


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return (text if len(text) <= 300 else text[:300] + "…").rstrip(".")
