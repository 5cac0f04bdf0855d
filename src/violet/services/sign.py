"""Sign models and data sets, and verify what was signed, file by file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain import UsageError, VioletError, shell
from violet.domain.signature import Signer, SignResult, SigstoreIdentity, SigstoreSigning
from violet.provenance.hashing_walk import GIT_PATHS, Tree, refuse_irregular, walk
from violet.provenance.identity import identity_of, open_cache
from violet.provenance.manifest import Manifest, root_digest, statement
from violet.provenance.signing import bundle as bundles
from violet.provenance.signing.compare import How, manifest_of
from violet.provenance.signing.place import (
    DATA_SUFFIX,
    SIGNATURE_SUFFIX,
    beside,
    check_writable,
    inside,
    kept_path,
    read_bounded,
    signature_path,
    write_whole,
)

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Sequence

    from violet.domain.provenance import TrustedSigner
    from violet.domain.signature import VerifyResult
    from violet.provenance.keys import PrivateKey

    Progress = Callable[[int, int, str], None]

SMALLEST_SHARD = 1 << 20


@dataclass(frozen=True, slots=True)
class SignOptions:
    """What to sign, with what, and where to put the signature.

    One of ``key`` (a path, unlocked with ``passphrase``), ``key`` with ``certificate`` and ``chain`` (paths, in PEM),
    or ``sigstore`` signs. ``signature`` is the path to write (``""``: beside the model, or in ``directory`` under its
    name and digest).
    ``shard_size`` in bytes hashes and signs shards of files instead of whole files (0); ``ignore`` are paths relative
    to the model that are left out, and named in the signature; ``links`` accepts symbolic links within the model;
    ``data`` describes a data set column by column, and signs the description as well; ``exact_rows`` and ``decode``
    are those of ``DescribeOptions`` (0: its default). ``jobs`` threads (0: one a
    processor) hash; ``cache`` lets digests of unchanged files be used again.
    """

    path: str
    key: str = ""
    passphrase: str | None = None
    signature: str = ""
    directory: str = ""
    certificate: str = ""
    chain: tuple[str, ...] = ()
    sigstore: SigstoreSigning | None = None
    shard_size: int = 0
    ignore: tuple[str, ...] = ()
    links: bool = False
    data: bool = False
    exact_rows: int = 0
    decode: bool = False
    jobs: int = 0
    cache: bool = True


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """What to verify, and who is believed.

    ``signers`` are trusted keys and certificates (of signers or of authorities), ``chain`` further files of
    authorities, ``sigstore`` a keyless identity. ``signature`` and ``directory`` are as in ``SignOptions``. ``ignore``
    are paths that may be left out although the signature hides them; ``ignore_unsigned`` accepts files that nobody
    signed. Certificates must be in force ``at`` that time (``None``: now); ``accept_expired`` leaves that open.
    ``data`` says that it is a data set whose description must be signed, too. ``cache`` must be false where
    a decision depends on it: a gate hashes what it lets through.
    """

    path: str
    signature: str = ""
    directory: str = ""
    signers: tuple[TrustedSigner, ...] = ()
    chain: tuple[str, ...] = ()
    sigstore: SigstoreIdentity | None = None
    ignore: tuple[str, ...] = ()
    ignore_unsigned: bool = False
    data: bool = False
    at: datetime.datetime | None = None
    accept_expired: bool = False
    jobs: int = 0
    cache: bool = True


def sign(options: SignOptions, progress: Progress | None = None) -> SignResult:
    """Sign a model or data set, and write the signature in one step.

    ``progress(done, total, path)`` counts bytes. Raises ``UsageError`` for options that cannot be, ``KeyFileError``
    for keys and certificates that cannot be used, and ``VioletError`` for a model that cannot be read as a whole, that
    changes meanwhile, or a network that cannot be reached.
    """
    _exists(options.path)
    target = options.signature or beside(options.path, SIGNATURE_SUFFIX, options.directory)
    check_writable(target)
    seal = _seal(options)
    for path in options.ignore:
        if os.path.isabs(path) or os.path.normpath(path).split(os.sep)[0] in (".", ".."):
            raise UsageError(f"--ignore {path!r} names nothing inside the model.", "Give a path relative to it.")
    own = inside(options.path, target)
    ignored = (*GIT_PATHS, *own, *(os.path.normpath(path) for path in options.ignore))
    tree = walk(options.path, ignore=ignored, links=options.links)
    refuse_irregular(tree)
    _refuse_unsignable(tree, options.shard_size)
    how = How(options.jobs, open_cache(options.cache), progress)
    manifest = manifest_of(
        tree, how, shard_size=options.shard_size, links=options.links, ignored=list(dict.fromkeys(ignored))
    )
    identity = None
    if not options.shard_size:
        identity = identity_of(tree, [entry.digest for entry in manifest.entries])
    dataset, description = "", b""
    if options.data:
        assert identity is not None
        from violet.services.signed_data import describe, described_by

        dataset = _place(options, DATA_SUFFIX, identity.digest.value)
        check_writable(dataset)
        description = describe(
            options.path, identity, options.jobs, options.exact_rows, options.decode, progress=progress
        )
        manifest = described_by(manifest, dataset, description)
    if not options.signature:
        target = _place(options, SIGNATURE_SUFFIX, root_digest(manifest) if identity is None else identity.digest.value)
        check_writable(target)
    content, signer = seal.apply(manifest)
    if description:
        write_whole(dataset, description)
    write_whole(target, content)
    return SignResult(
        path=options.path,
        signature=target,
        signer=signer,
        identity=identity,
        files=len(tree.files),
        size=tree.size,
        algorithm=manifest.algorithm,
        shard_size=manifest.shard_size,
        ignored=tuple(path for path in tree.ignored if path not in {*GIT_PATHS, *own}),
        dataset=dataset,
        commands=_verifying_commands(options, target, links=options.links or tree.snapshot is not None),
        warnings=seal.warnings,
    )


def verify(options: VerifyOptions, progress: Progress | None = None) -> VerifyResult:
    """Verify a model or data set. What is wrong with it, or with its signature, is in the result.

    Raises ``UsageError`` where nobody is trusted or the model does not exist, ``KeyFileError`` for trusted keys
    that cannot be used, and ``VioletError`` for a model that cannot be read as a whole or changes meanwhile.
    """
    from violet.services.verification import run

    _exists(options.path)
    if not options.signers and not options.chain and options.sigstore is None:
        raise UsageError(
            "Nobody is trusted, so no signature can be verified.",
            "Give --key FILE, --certificate-chain FILE or --identity; or set trust.signers in violet.toml.",
        )
    return run(options, progress)


def trusted(paths: Sequence[str]) -> tuple[TrustedSigner, ...]:
    """Keys that a command line names, as trusted signers under their file names."""
    from violet.domain.provenance import TrustedSigner

    return tuple(TrustedSigner(os.path.basename(path), path) for path in paths)


def sigstore_identity(identity: str, issuer: str, trust_config: str = "") -> SigstoreIdentity | None:
    """A keyless signer that is trusted; ``None`` where none is named."""
    return SigstoreIdentity(identity, issuer, trust_config) if identity else None


def sigstore_signing(token_file: str, ambient: bool, trust_config: str = "") -> SigstoreSigning:
    """How to sign without a key; a token is read from a file, because command lines can be seen by others."""
    token = ""
    if token_file:
        try:
            token = (read_bounded(token_file, 1 << 16) or b"").decode("ascii", "replace").strip()
        except OSError as error:
            raise UsageError(f"The token {token_file} cannot be read: {error.strerror}.") from error
        if not token:
            raise UsageError(f"{token_file} holds no token.")
    return SigstoreSigning(token, ambient, trust_config)


@dataclass(frozen=True, slots=True)
class _Seal:
    """How a manifest becomes a signature; everything that can fail without hashing has been tried."""

    key: PrivateKey | None
    signer: Signer
    certificates: tuple[bytes, ...] = ()
    sigstore: SigstoreSigning | None = None
    warnings: tuple[str, ...] = ()

    def apply(self, manifest: Manifest) -> tuple[bytes, Signer]:
        if self.sigstore is not None:
            from violet.provenance.signing.upstream import sign_with_sigstore

            return sign_with_sigstore(manifest, self.sigstore)
        assert self.key is not None
        payload = statement(manifest)
        signature = self.key.sign(bundles.pae(bundles.PAYLOAD_TYPE, payload))
        if self.certificates:
            material = bundles.certificate_material(self.certificates)
        else:
            material = bundles.key_material(self.key.public.key_id)
        return bundles.write(payload, [signature], material), self.signer


def _seal(options: SignOptions) -> _Seal:
    from violet.provenance.keys import exposure, load_private

    if options.sigstore is not None:
        if options.key or options.certificate or options.data:
            raise UsageError("--sigstore signs without a key of yours.", "Leave out --key, --certificate and --data.")
        return _Seal(None, Signer("", "sigstore"), sigstore=options.sigstore)
    if options.data and options.shard_size:
        raise UsageError("--data and --shards cannot be combined.", "A data set is hashed file by file.")
    if not options.key:
        raise UsageError(
            "There is no key to sign with.",
            "Make one (violet keys new FILE) and give --key FILE, or set sign.key in violet.toml.",
        )
    key = load_private(options.key, options.passphrase)
    warnings = tuple(filter(None, [exposure(options.key)]))
    if not options.certificate:
        if options.chain:
            raise UsageError("--chain needs --certificate: the certificate of the key.")
        return _Seal(key, Signer(os.path.basename(options.key), "key", key.public.key_id), warnings=warnings)
    return _certified(options, key, warnings)


def _certified(options: SignOptions, key: PrivateKey, warnings: tuple[str, ...]) -> _Seal:
    """Check that the certificate is the key's, in force, and fit to sign."""
    import datetime

    from violet.provenance.keys import KeyFileError, load_certificates

    own, *more = load_certificates(options.certificate)
    chain = [certificate for path in options.chain for certificate in load_certificates(path)]
    if own.public is None or own.public.key_id != key.public.key_id:
        raise KeyFileError(
            f"The certificate {options.certificate} does not belong to the key {options.key}.",
            "Give the certificate that was issued for this key.",
        )
    now = datetime.datetime.now(datetime.UTC)
    if not own.begins <= now <= own.ends:
        raise KeyFileError(
            f"The certificate {options.certificate} is in force from {own.begins:%Y-%m-%d} to {own.ends:%Y-%m-%d}.",
            "Get a new one from your authority.",
        )
    if own.authority or not own.may_sign:
        raise KeyFileError(
            f"The certificate {options.certificate} is not for signing.",
            "It needs the key usage digitalSignature, or the extended key usage codeSigning, and no other one; and it"
            " must not be an authority's.",
        )
    certificates = tuple(dict.fromkeys(certificate.der for certificate in (own, *more, *chain)))
    if len(certificates) > bundles.MOST_CERTIFICATES:
        raise UsageError(f"A chain has at most {bundles.MOST_CERTIFICATES} certificates.", "Leave out unrelated ones.")
    signer = Signer(own.subject, "certificate", key.public.key_id, own.issuer)
    return _Seal(key, signer, certificates, warnings=warnings)


def _refuse_unsignable(tree: Tree, shard_size: int) -> None:
    if not tree.files:
        raise VioletError(f"{tree.root} holds no file, so there is nothing to sign.")
    if not shard_size:
        return
    if shard_size < SMALLEST_SHARD:
        raise UsageError(f"--shards must be {SMALLEST_SHARD:,} bytes or more.", "1GB is usual.")
    for file in tree.files:
        if ":" in file.path:
            raise VioletError(f"{tree.shown(file.path)} cannot be signed in shards: it has a colon in its name.")
        if not file.size:
            raise VioletError(
                f"{tree.shown(file.path)} is empty, and signatures over shards do not cover empty files.",
                "Sign without --shards.",
            )


def _place(options: SignOptions, suffix: str, digest: str) -> str:
    if not options.directory:
        return beside(options.path, suffix)
    return kept_path(options.path, suffix, options.directory, digest)


def _exists(path: str) -> None:
    if not os.path.lexists(path):
        raise UsageError(f"{path} does not exist.", "Give a file or a directory.")


def _verifying_commands(options: SignOptions, target: str, *, links: bool) -> tuple[str, ...]:
    """Commands that verify the new signature: Violet's, and upstream's where its command can."""

    signature = [] if target == signature_path(options.path) else ["--signature", target]
    own = ["violet", "verify", options.path, *signature]
    other = ["model_signing", "verify"]
    if options.sigstore is not None:
        who = ["--identity", "IDENTITY"]
        own += [*who, "--issuer", "ISSUER"]
        other += ["sigstore", options.path, "--signature", target, *who, "--identity_provider", "ISSUER"]
    elif options.certificate:
        root = options.chain[-1] if options.chain else "ROOT"
        own += ["--certificate-chain", root]
        other += ["certificate", options.path, "--signature", target, "--certificate_chain", root]
    else:
        public = f"{options.key}.pub"
        own += ["--key", public]
        other += ["key", options.path, "--signature", target, "--public_key", public]
    for path in options.ignore:
        own += ["--ignore", path]
    if links:
        other.append("--allow_symlinks")
    if options.shard_size:
        return (shell.join(own),)  # the upstream command hashes whole files only; its library can
    return shell.join(own), shell.join(other)
