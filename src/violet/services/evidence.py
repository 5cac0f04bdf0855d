"""Where evidence is kept, whom to believe, and what is to be made of it."""

from __future__ import annotations

import datetime
import os
from typing import TYPE_CHECKING

from violet.domain import UsageError, VioletError
from violet.provenance.evidence import Expected, collect
from violet.provenance.predicates.words import in_words
from violet.provenance.statement import predicate_uri, short_name
from violet.provenance.stores import DirectoryStore, Store, beside

__all__ = [
    "Expected",
    "collect",
    "export_oci",
    "gather",
    "judge_evidence",
    "kinds_and_words",
    "open_store",
    "store_to_write",
    "stores_for",
    "trusted",
]

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from violet.domain.provenance import Evidence, Identity, TrustedSigner
    from violet.services.configuration import Configuration


def stores_for(path: str, configuration: Configuration, extra: Iterable[str] = ()) -> tuple[Store, ...]:
    """The artifact's own store first (beside it, or ``evidence.directory``), then directories and OCI layouts that
    were named."""
    directory = configuration.path(configuration.value("evidence.directory"))
    own: Store = beside(path, directory)
    return (own, *(open_store(name) for name in extra))


def open_store(path: str) -> Store:
    """A directory of envelopes, or an OCI image layout. Raises ``UsageError`` where there is neither."""
    from violet.provenance.oci import OciStore, is_layout

    if not os.path.isdir(path):
        raise UsageError(f"{path} is no directory.", "Name a directory of attestations or an OCI image layout.")
    return OciStore(path) if is_layout(path) else DirectoryStore(path, shared=True)


def trusted(configuration: Configuration, named: Iterable[str] = ()) -> tuple[TrustedSigner, ...]:
    """The signers of the configuration, and those named as ``NAME=FILE`` or ``FILE`` (called by the file's name).

    Raises ``UsageError`` where a name is already taken: who is who must not depend on the order.
    """
    from violet.domain.provenance import TrustedSigner

    signers = list(configuration.signers)
    for text in named:
        name, equals, file = text.partition("=")
        if not equals:
            name, file = _plain_name(text), text
        if any(signer.name == name for signer in signers):
            raise UsageError(f"There are two trusted signers called {name!r}.", "Write --trust NAME=FILE.")
        signers.append(TrustedSigner(name, file))
    return tuple(signers)


def _plain_name(file: str) -> str:
    """``ci`` for ``keys/ci.pem.pub``."""
    name = os.path.basename(file)
    while os.path.splitext(name)[1] in (".pub", ".pem", ".crt", ".key") and os.path.splitext(name)[0]:
        name = os.path.splitext(name)[0]
    return name


def gather(
    path: str,
    configuration: Configuration,
    *,
    identity: Identity | None = None,
    extra: Iterable[str] = (),
    signers: Sequence[TrustedSigner] | None = None,
    now: datetime.datetime | None = None,
    expected: Expected | None = None,
) -> Evidence:
    """The verified evidence of the artifact at ``path``, from where the configuration keeps it and from ``extra``
    stores. ``identity`` spares hashing it again; ``signers`` are instead of the configuration's."""
    if identity is None:
        from violet.provenance.identity import identify

        identity = identify(path)
    believed = trusted(configuration) if signers is None else signers
    return collect(identity, stores_for(path, configuration, extra), believed, now=now, expected=expected)


def store_to_write(path: str, configuration: Configuration, named: str = "") -> Store:
    """Where a new attestation about ``path`` goes: the store that was named, or the artifact's own."""
    from violet.provenance.oci import OciStore, is_layout

    if not named:
        from violet.services.training import reference

        by_digest = reference(path) is not None and not os.path.exists(path)
        if by_digest and not configuration.value("evidence.directory"):
            raise UsageError("Where to keep this is not said: there is nothing to lie beside.", "Add --store DIR.")
        return stores_for(path, configuration)[0]
    if os.path.exists(named) and not os.path.isdir(named):
        raise UsageError(f"{named} is no directory.", "Name a directory of attestations or an OCI image layout.")
    return OciStore(named) if is_layout(named) else DirectoryStore(named, shared=True)


def judge_evidence(evidence: Evidence, require: Sequence[str] = ()) -> tuple[str, ...]:
    """Why it does not do, in sentences; empty where everything that lies with the artifact is believed, there is
    something, and each predicate type in ``require`` (short names or URIs) is among it. Raises ``UsageError`` for
    an unknown name."""
    reasons = []
    if evidence.refused:
        count = len(evidence.refused)
        reasons.append(f"{count:,} attestation{' is' if count == 1 else 's are'} not believed.")
    if not evidence.attestations:
        reasons.append("There is nothing to believe.")
    present = {a.statement.predicate_type for a in evidence.attestations}
    names = {short_name(uri) for uri in present} | present
    for name in require:
        try:
            predicate_uri(name)
        except ValueError as error:
            raise UsageError(f"--require: {error}.") from error
        if name not in names:
            reasons.append(f"No believed attestation is of the type {name}.")
    return tuple(reasons)


def kinds_and_words(evidence: Evidence) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Short names by predicate type; what each believed attestation says, by path."""
    uris = {a.statement.predicate_type for a in evidence.attestations}
    uris |= {refusal.predicate_type for refusal in (*evidence.refused, *evidence.superseded)}
    return {uri: short_name(uri) for uri in uris}, {a.path: in_words(a.statement) for a in evidence.attestations}


def export_oci(path: str, identity: Identity, configuration: Configuration, layout: str, extra: Sequence[str]) -> int:
    """Copy every envelope about the artifact into an OCI image layout; how many there were.

    They are copied as they are, believed or not: whoever reads the layout verifies them. Raises ``UsageError`` where
    there is none.
    """
    from violet.domain.provenance import Refusal
    from violet.provenance.evidence import open_stored
    from violet.provenance.oci import create
    from violet.provenance.statement import subject_for

    envelopes: dict[bytes, str] = {}
    blobs: set[bytes] = set()
    for store in stores_for(path, configuration, extra):
        for stored in store.entries(identity.digest.value):
            opened = open_stored(stored)
            if isinstance(opened, Refusal):
                raise VioletError(opened.reason, "Remove it, or get the original back; then export again.")
            if subject_for(opened.statement, identity) is not None:
                envelopes[stored.content] = opened.statement.predicate_type
                blobs |= _referred(opened.statement.predicate, store)
    if not envelopes:
        raise UsageError(f"There are no attestations of {path} to export.", "See: violet attest list")
    written = create(layout)
    for blob in blobs:
        written.write_blob(blob)
    return len(written.add(identity, [(kind, content) for content, kind in envelopes.items()]))


def _referred(predicate: Mapping[str, object], store: Store) -> set[bytes]:
    """A report that lies beside its statement, because it is large."""
    from violet.provenance.predicates.resource import PredicateError, Resource
    from violet.provenance.predicates.test_result import REPORT

    try:
        report = Resource.decode(predicate[REPORT]) if REPORT in predicate else None
    except PredicateError:
        return set()
    digest = report.digest("sha256") if report is not None and report.content is None else None
    content = store.blob(digest) if digest else None
    return {content} if content is not None else set()
