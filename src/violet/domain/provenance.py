"""What a model provably is: its content, who vouches for it, and what they said.

The digest of a file is the SHA-256 of its bytes (``sha256sum FILE``). The digest of a directory is the
``dirHash`` of the in-toto DigestSet specification: the SHA-256 of what ``sha256sum`` prints for its files, in
the order of their names as bytes. Names are part of it, so a renamed file is another model. What belongs to the
repository that holds a model is not part of it: ``.git``, ``.gitattributes``, ``.github`` and ``.gitignore`` at the
top of the directory, which OpenSSF model signing leaves out, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from violet.domain import shell

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping

    from violet.domain.asset import Digest

FILE_DIGEST = "sha256"
DIRECTORY_DIGEST = "dirHash"
"""Names of digests in the DigestSet of in-toto statements."""

_REPOSITORY = (".git", ".gitattributes", ".github", ".gitignore")


@dataclass(frozen=True, slots=True)
class FileDigest:
    """One file of a directory: ``path`` relative to it with ``/`` on every system, ``size`` in bytes."""

    path: str
    size: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class Identity:
    """A model, data set or other artifact, known by its content.

    ``name`` is the base name of what was hashed; ``digest`` has the algorithm ``sha256`` for a file and
    ``dirHash`` for a directory, whose ``files`` are listed in the order in which they were hashed; ``size`` is
    in bytes, of all files together. ``ignored`` are the paths in it that were left out on demand.
    """

    name: str
    digest: Digest
    size: int
    files: tuple[FileDigest, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def is_directory(self) -> bool:
        return self.digest.algorithm == DIRECTORY_DIGEST

    def command(self, path: str) -> str:
        """A shell command that prints the same digest without Violet (GNU or busybox tools)."""
        place = shell.quote(path if path.startswith("/") else f"./{path}")  # a name may begin with a dash
        if not self.is_directory:
            return f"sha256sum < {place}"
        left_out = (*_REPOSITORY, *self.ignored)
        prune = " -o ".join(f"-path {shell.quote('./' + _literal(name))}" for name in left_out)
        files = f"find . \\( {prune} \\) -prune -o \\( -type f -o -type l \\) -print0"
        listing = f"{files} | LC_ALL=C sort -z | xargs -0 -r sha256sum | sed 's|  \\./|  |' | sha256sum"
        return f"(cd {place} && {listing})"


@dataclass(frozen=True, slots=True)
class TrustedSigner:
    """Somebody whose word counts, as the configuration names them.

    ``key`` is the path of a public key or certificate in PEM; ``vouches_for`` are the predicate types (short
    names, as in ``violet.provenance.statement.PREDICATES``, or ``*``) that are believed from this signer.
    """

    name: str
    key: str
    vouches_for: tuple[str, ...] = ("*",)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a statement is about: a name, for people, and the digests that bind it.

    ``annotations`` are those of its resource descriptor: Violet keeps there when a statement was issued, when it
    expires, and for which environment it was made."""

    name: str
    digests: tuple[Digest, ...]
    annotations: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statement:
    """An in-toto Statement v1: ``predicate`` says something of the type ``predicate_type`` (a URI) about the
    ``subjects``."""

    subjects: tuple[Subject, ...]
    predicate_type: str
    predicate: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Attestation:
    """A statement in a DSSE envelope whose signature holds.

    ``signers`` are names of ``TrustedSigner``; ``key_ids`` the keys that signed (SHA-256 of the public key's
    PEM, hexadecimal); ``digest`` that of the envelope's bytes; ``path`` where it lies. Times are in UTC;
    ``expires`` is ``None`` where the statement sets no end. ``environment`` is the one it was made for (``""``:
    any), ``check`` names the question that it answers (``scan``, ``scan-deep``).
    """

    path: str
    statement: Statement
    signers: tuple[str, ...]
    key_ids: tuple[str, ...]
    digest: Digest
    issued: datetime.datetime | None = None
    expires: datetime.datetime | None = None
    environment: str = ""
    check: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Evidence that is not believed: ``code`` is a stable word (``expired``, ``wrong-subject``,
    ``unknown-signer``, ``bad-signature``, ``replayed``, ``not-yet-valid``, ``malformed``, ``not-vouched-for``,
    ``too-few-signers``, ``superseded``), ``reason`` one sentence, ``fix`` what to do."""

    path: str
    code: str
    reason: str
    fix: str = ""
    predicate_type: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that lies with one artifact: what is believed, what is not, and what was believed until something newer
    took its place (code ``superseded``; nothing is wrong with it, but it is not counted)."""

    identity: Identity
    attestations: tuple[Attestation, ...] = ()
    refused: tuple[Refusal, ...] = ()
    superseded: tuple[Refusal, ...] = ()


def _literal(name: str) -> str:
    """A name as ``find -path`` takes it, which reads patterns."""
    return "".join(f"\\{character}" if character in "*?[\\" else character for character in name)


@dataclass(frozen=True, slots=True)
class Written:
    """An envelope that was written: where, what it says (the short name of its predicate type), of what, and by
    which key. ``digest`` is that of the envelope's bytes."""

    path: str
    kind: str
    digest: Digest
    subject: Digest
    key_id: str
    issued: datetime.datetime | None = None
    expires: datetime.datetime | None = None
