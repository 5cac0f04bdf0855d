"""The data (and models) that a model was made from: from attestations that are believed, from what the caller
states, and from descriptions of data sets that lie beside either."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from violet.domain import UsageError, VioletError
from violet.domain.bom import MODEL, Dataset, Property, reference
from violet.domain.component import Component
from violet.provenance.bom.data_manifest import SUFFIX, Described, describe
from violet.provenance.bom.observation import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from violet.domain import Digest
    from violet.domain.provenance import Attestation, Identity
    from violet.provenance.predicates.resource import Resource
    from violet.services.configuration import Configuration

MOST_BESIDE = 20
"""Descriptions beside a model that is one file, which are looked into."""
LARGEST = 64 << 20
"""Bytes of a description that are read for a bill."""
MOST_INPUTS = 1_000
"""Data sets, base models and pieces of code of all attestations together."""
TOLD = ("provenance", "derivation")
"""Predicates that say what a model was made from."""


@dataclass(slots=True)
class Origins:
    """What a model was made from; ``properties`` speak of the data sets, by reference, and of the whole."""

    datasets: list[Dataset] = field(default_factory=list)
    bases: list[Component] = field(default_factory=list)
    properties: list[Property] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    def add(self, data: Dataset, said: Iterable[tuple[str, str]] = ()) -> None:
        """Add a data set, or what is new of one that is there: the same role, and the same content or, where one of
        the two has no digest, the same name."""
        for index, known in enumerate(self.datasets):
            if known.role != data.role or not _same(known, data):
                continue
            merged = replace(
                known,
                digests=known.digests or data.digests,
                licenses=known.licenses or data.licenses,
                location=known.location or data.location,
                size=max(known.size, data.size),
            )
            self.datasets[index] = merged
            old, new = reference(known), reference(merged)
            self.properties = [replace(p, part=new) if p.part == old else p for p in self.properties]
            if data.origin and data.origin != known.origin:
                said = [("violet:also-named-by", data.origin), *said]
            break
        else:
            merged = data
            self.datasets.append(data)
        self.properties += [Property(reference(merged), name, value) for name, value in said]


def _same(known: Dataset, other: Dataset) -> bool:
    if known.digests and other.digests:
        return not set(known.digests).isdisjoint(other.digests)
    return known.name == other.name


def attested(path: str, identity: Identity, configuration: Configuration) -> Origins:
    """What attestations beside the artifact (or in ``evidence.directory``) prove of its making. What is not believed
    is no part of it, and is named as a gap. Raises ``KeyFileError`` for a trusted key that cannot be read."""
    from violet.provenance.statement import short_name
    from violet.services.evidence import gather

    found = Origins()
    evidence = gather(path, configuration, identity=identity)
    for refusal in evidence.refused:
        if not refusal.predicate_type or short_name(refusal.predicate_type) in TOLD:
            why = refusal.code.replace("-", " ")
            found.gaps.append(f"{_place(refusal.path)}: what it says of the making is not believed ({why})")
    left = MOST_INPUTS
    for attestation in evidence.attestations:
        inputs = _inputs(attestation)
        for resource, role in inputs[:left]:
            _add(found, resource, role, attestation)
        left -= min(len(inputs), left)
        if not left:
            found.gaps.append(f"more than {MOST_INPUTS:,} inputs are attested; the others are not listed")
            break
    return found


def _inputs(attestation: Attestation) -> list[tuple[Resource, str]]:
    """What the artifact was made from, with its role: ``data``, ``code`` or ``base-model``."""
    from violet.provenance.predicates.derivation import Derivation
    from violet.provenance.predicates.resource import PredicateError
    from violet.provenance.predicates.slsa_provenance import ROLE, Provenance
    from violet.provenance.statement import short_name

    kind, predicate = short_name(attestation.statement.predicate_type), attestation.statement.predicate
    try:
        if kind == "provenance":
            return [(r, str(r.annotations.get(ROLE))) for r in Provenance.decode(predicate).dependencies]
        if kind == "derivation":
            return [(r, "base-model") for r in Derivation.decode(predicate).sources]
    except PredicateError:
        return []  # signed by somebody who is trusted, and still of another shape: it says nothing of this
    return []


def _add(found: Origins, resource: Resource, role: str, attestation: Attestation) -> None:
    place, by = _place(attestation.path), ", ".join(attestation.signers)
    name = clean(resource.name or resource.uri or (resource.digests[0].value[:16] if resource.digests else ""), 400)
    location = clean(resource.location or resource.uri, 400)
    if not name:
        return
    if role == "data":
        data = Dataset(name, "training", resource.digests, location=location, origin=place)
        found.add(data, [("violet:attested-by", by)])
    elif role == "base-model":
        found.bases.append(Component(name, type=MODEL, hashes=_hashes(resource), origin=place))
    elif role == "code":
        bound = " ".join(map(str, resource.digests))
        found.properties.append(Property("", "violet:training-code", f"{name} {bound}".strip()))


def _hashes(resource: Resource) -> tuple[Digest, ...]:
    return tuple(digest for digest in resource.digests if digest.algorithm != "gitCommit")


def _place(path: str) -> str:
    """``tiny.attestations/NAME``: the same on every machine."""
    folder, name = os.path.split(path)
    return clean(f"{os.path.basename(folder)}/{name}" if os.path.basename(folder) else name, 400)


# -- what the caller states --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DataTerms:
    """What the caller states of the data: who made them, when they were made and released (RFC 3339), and where they
    are downloaded from."""

    originator: str = ""
    built: str = ""
    released: str = ""
    location: str = ""

    def properties(self) -> list[tuple[str, str]]:
        from violet.provenance.bom.spdx import BUILT, ORIGINATOR, RELEASED

        stated = ((ORIGINATOR, self.originator), (BUILT, self.built), (RELEASED, self.released))
        return [(name, value) for name, value in stated if value]


def state(
    found: Origins,
    paths: Iterable[str],
    role: str,
    terms: DataTerms | None = None,
    *,
    jobs: int = 0,
    cache: bool = True,
) -> None:
    """Add data that are at hand, by their digest, or that a description (``NAME.data.json``) stands for. Raises
    ``UsageError`` for what does not exist, ``VioletError`` for what cannot be read."""
    terms = terms or DataTerms()
    from violet.provenance.identity import identify

    for path in paths:
        if not os.path.exists(path):
            raise UsageError(f"The data set {path} does not exist.", "Give a file or a directory.")
        if path.endswith(SUFFIX) and os.path.isfile(path):
            known = _description(path)
            data = Dataset(known.name, role, (known.digest,), location=terms.location, origin="stated", size=known.size)
            found.add(data, [*known.properties(), *terms.properties()])
            continue
        identity = identify(path, links=True, jobs=jobs, cache=cache)
        said: list[tuple[str, str]] = []
        beside = _beside(path)
        if beside:
            known = _description(beside)
            if known.digest == identity.digest:
                said = known.properties()
            else:
                found.gaps.append(f"{known.path} describes other data than {identity.name} has now")
        data = Dataset(
            identity.name, role, (identity.digest,), location=terms.location, origin="stated", size=identity.size
        )
        found.add(data, [*said, *terms.properties()])


def _beside(path: str) -> str:
    from violet.services.dataset import manifest_path

    place = manifest_path(path)
    return place if os.path.isfile(place) and os.path.getsize(place) <= LARGEST else ""


def _description(path: str) -> Described:
    from violet.services.dataset import read_manifest

    if os.path.getsize(path) > LARGEST:
        raise VioletError(f"{path} is larger than the {LARGEST:,} bytes that are read of a description.")
    return describe(read_manifest(path), os.path.basename(path))


# -- descriptions that lie with the model ------------------------------------------------------------


def descriptions_beside(path: str) -> list[tuple[str, str, int]]:
    """Path, name and size of the descriptions in the directory of a model that is one file."""
    folder, own = os.path.split(os.path.abspath(path))
    try:
        names = sorted(entry for entry in os.listdir(folder) if entry.endswith(SUFFIX) and entry != own + SUFFIX)
    except OSError:
        return []
    found: list[tuple[str, str, int]] = []
    for name in names:
        place = os.path.join(folder, name)
        if os.path.isfile(place) and not os.path.islink(place) and len(found) < MOST_BESIDE:
            found.append((place, name, os.path.getsize(place)))
    return found


def add_described(found: Origins, described: Sequence[Described], identity: Identity) -> None:
    """What descriptions say of data sets that are known already, and further data sets, of which nobody says what
    they are to the model: these have no role."""
    for entry in described:
        if entry.digest == identity.digest:
            continue
        known = [data for data in found.datasets if entry.digest in data.digests]
        for data in known:
            found.properties += [Property(reference(data), name, value) for name, value in entry.properties()]
        if not known:
            made = Dataset(entry.name, "", (entry.digest,), origin=entry.path, size=entry.size)
            found.add(made, entry.properties())
