"""A signature over a model: who made it, over which files, and whether it still holds.

Signatures are OpenSSF model signatures: an in-toto statement that lists the digest of every file (or of every
shard of every file), in a DSSE envelope, in a Sigstore bundle.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.domain.asset import Digest
    from violet.domain.provenance import FileDigest, Identity


class Outcome(StrEnum):
    """What verification came to. Everything but ``VERIFIED`` means: do not use this model."""

    VERIFIED = "verified"
    NOT_SIGNED = "not-signed"
    """There is no signature where one was looked for."""
    MALFORMED = "malformed"
    """The signature file is truncated, not JSON, no Sigstore bundle, too large, or contradicts itself."""
    WRONG_TYPE = "wrong-type"
    """Something is signed, but it is no model signature."""
    UNKNOWN_SIGNER = "unknown-signer"
    """None of the keys, certificates or identities that are trusted made it."""
    BAD_SIGNATURE = "bad-signature"
    """It names a trusted key, and that key did not sign this content: the payload was altered."""
    EXPIRED = "expired"
    """It was made with a certificate that is not in force, and nothing proves that it was when it signed."""
    TAMPERED = "tampered"
    """The signature holds; the files are not the ones that were signed."""
    UNSIGNED_FILES = "unsigned-files"
    """What was signed is intact; there are further files that nobody signed."""
    HIDDEN_FILES = "hidden-files"
    """What was signed is intact; the signature itself leaves out files that exist."""


class Change(StrEnum):
    """How one file differs from what was signed."""

    ALTERED = "altered"
    MISSING = "missing"
    ADDED = "added"
    RENAMED = "renamed"
    IRREGULAR = "irregular"
    """It is a link, a directory, a device or a pipe now."""
    HIDDEN = "hidden"
    """It exists, and the signature says to ignore it."""
    DATA = "data"
    """What changed inside a data set: a column, rows, a shard."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One file, or one shard of it, that is not as it was signed.

    ``path`` is relative to the model (the model's own name for a single file); ``sentence`` says in plain
    words what changed; ``was`` is the former name of a renamed file; ``start`` and ``end`` are the offsets in
    bytes of an altered shard (``end`` excluded; both ``None`` for a whole file).
    """

    change: Change
    path: str
    sentence: str
    was: str = ""
    start: int | None = None
    end: int | None = None
    expected: Digest | None = None
    actual: Digest | None = None


@dataclass(frozen=True, slots=True)
class Signer:
    """Who made a signature that holds.

    ``method`` is ``key``, ``certificate`` or ``sigstore``; ``name`` the name under which the configuration
    trusts them, else the file name of the key, the certificate's subject or the Sigstore identity; ``key_id``
    the SHA-256 of the public key's PEM in hexadecimal (empty for Sigstore, whose keys live for minutes);
    ``issuer`` who certified the name.
    """

    name: str
    method: str
    key_id: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class SigstoreIdentity:
    """Who must have signed: ``identity`` (an address or a workflow) as ``issuer`` (of OpenID Connect) knows them.
    ``trust_config`` is a client trust configuration of Sigstore (``""``: the public instance, fetched)."""

    identity: str
    issuer: str
    trust_config: str = ""


@dataclass(frozen=True, slots=True)
class SigstoreSigning:
    """How to get an identity token: ``token`` as given, else ``ambient`` credentials of a CI system, else a
    browser. ``trust_config`` as in ``SigstoreIdentity``."""

    token: str = ""
    ambient: bool = False
    trust_config: str = ""


@dataclass(frozen=True, slots=True)
class SignResult:
    """A signature that was written to ``signature``.

    ``identity`` is ``None`` for a signature over shards, where no file is hashed as a whole. ``files`` counts
    the signed files, ``size`` their bytes; ``dataset`` is the path of the data set manifest that was signed
    with them (``""``: none). ``commands`` verify the signature, with Violet and, where it can, with the
    upstream ``model_signing`` program. ``warnings`` are plain sentences.
    """

    path: str
    signature: str
    signer: Signer
    identity: Identity | None
    files: int
    size: int
    algorithm: str
    shard_size: int = 0
    ignored: tuple[str, ...] = ()
    dataset: str = ""
    commands: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """What verification found; it never raises for a signature or a model that is bad.

    ``reason`` is one sentence, ``fix`` what to do. ``signers`` made the signature, and hold; ``claimed`` are
    the key ids that the signature names, ``tried`` the ones that were tried. ``identity`` is that of the files
    as they are now, and is present only where all signed files were hashed with SHA-256 as a whole and none
    differs. ``files`` are the signed files as they are now (digests in the algorithm of the signature; none
    for shards). ``ignored`` are paths that exist and are not covered, and were accepted; ``unsigned`` further
    files that were accepted.
    """

    path: str
    signature: str
    outcome: Outcome
    reason: str
    fix: str = ""
    signers: tuple[Signer, ...] = ()
    claimed: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    identity: Identity | None = None
    files: tuple[FileDigest, ...] = ()
    differences: tuple[Difference, ...] = ()
    ignored: tuple[str, ...] = ()
    unsigned: tuple[str, ...] = ()
    algorithm: str = ""
    shard_size: int = 0
    dataset: str = ""
    commands: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @property
    def holds(self) -> bool:
        """Whether the model is what a trusted signer signed."""
        return self.outcome is Outcome.VERIFIED
