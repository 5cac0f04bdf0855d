"""What a model was made of, and what was made of it."""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.domain.lineage import Taint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from violet.domain.lineage import Edge, Lineage
    from violet.domain.provenance import Identity, TrustedSigner
    from violet.provenance.stores import Store
    from violet.services.configuration import Configuration

    Progress = Callable[[int, int, str], None]

SKEW = datetime.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class LineageOptions:
    """``path`` is the artifact; ``search`` are directories below which attestations of its ancestors and
    descendants, and revocations, lie; ``taints`` are texts ``DIGEST=REASON``. ``claims`` tells whether to read what
    the artifact says of itself."""

    path: str
    search: tuple[str, ...] = ()
    taints: tuple[str, ...] = ()
    descendants: bool = False
    claims: bool = True
    now: datetime.datetime | None = None
    skew: datetime.timedelta = SKEW


def lineage_of(
    options: LineageOptions,
    configuration: Configuration,
    *,
    identity: Identity | None = None,
    signers: Sequence[TrustedSigner] | None = None,
    progress: Progress | None = None,
) -> Lineage:
    """The lineage of an artifact, from the attestations beside it, in ``evidence.directory``, and below
    ``options.search`` and ``lineage.search``. ``identity`` spares hashing it again.

    Raises ``UsageError`` for a path that does not exist or a taint that is none, ``KeyFileError`` for a trusted key
    that cannot be read.
    """
    from violet.provenance.envelope import Keyring
    from violet.provenance.lineage import Index, search, trace
    from violet.services.attest import identity_of
    from violet.services.evidence import stores_for, trusted

    taints = [
        *(_taint(text, "--taint") for text in options.taints),
        *(_taint(text, "configuration") for text in configuration.value("lineage.taint")),
    ]
    places = [*options.search, *(configuration.path(place) for place in configuration.value("lineage.search"))]
    for place in places:
        if not os.path.isdir(place):
            raise UsageError(f"{place} is no directory.", "Name a directory below which attestations lie.")
    identity = identity or identity_of(options.path, progress)
    now = options.now or datetime.datetime.now(datetime.UTC)
    ring = Keyring.load(trusted(configuration) if signers is None else signers, now)
    index = Index(ring, now, options.skew)
    index.add(_distinct([*stores_for(options.path, configuration), *(s for place in places for s in search(place))]))
    edges: tuple[Edge, ...] = ()
    notes: tuple[str, ...] = ()
    if options.claims:
        from violet.services.claims import claims_of

        edges, notes = claims_of(options.path, identity)
    found = trace(identity, index, taints=taints, claims=edges, descendants=options.descendants)
    return replace(found, notes=(*found.notes, *notes))


def _distinct(stores: Iterable[Store]) -> list[Store]:
    """Each place once, however it was named."""
    return list({os.path.realpath(store.path): store for store in stores}.values())


def _taint(text: str, origin: str) -> Taint:
    from violet.services.training import reference

    digest, _, reason = text.partition("=")
    known = reference(digest)
    if known is None:
        raise UsageError(f"{text!r} is no taint.", "Write it as sha256:DIGEST=REASON (or dirHash:, gitCommit:).")
    return Taint(str(known[1]), reason.strip() or "no reason given", origin)
