"""Envelopes in an OCI image layout: a directory that container registries and their tools understand.

Source: OCI image specification 1.1, "Image Layout", "Image Manifest" and "Guidelines for Artifact Usage". The
artifact is a manifest of type ``application/vnd.violet.model.v1``, whose layers describe its files by digest and
size (the content itself need not be there). Each envelope is a manifest of type ``application/vnd.in-toto+json``
whose ``subject`` is the artifact's manifest, so that a registry lists it among the referrers.

A layout proves nothing: blobs are held to their digests, and envelopes are verified like any other.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.domain import Digest, UsageError, VioletError
from violet.provenance import statement as intoto
from violet.provenance.stores import (
    LARGEST_BLOB,
    MOST_BYTES,
    MOST_ENTRIES,
    Stored,
    read,
    replace_file,
    write_once,
)
from violet.provenance.strict_json import canonical, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from violet.domain.provenance import Identity

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
ATTESTATION = "application/vnd.in-toto+json"
MODEL = "application/vnd.violet.model.v1"
TITLE = "org.opencontainers.image.title"
PREDICATE = "in-toto.io/predicate-type"
IDENTITY = "org.violet-mlsecops.identity"

_LARGEST_INDEX = 32 << 20
_NESTING = 4
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_NOTHING = b"{}"


@dataclass(frozen=True, slots=True)
class OciStore:
    """An image layout that holds envelopes about any number of artifacts."""

    path: str
    shared: bool = True

    def entries(self, subject: str = "") -> Iterator[Stored]:
        """Envelopes in the order of the index. ``subject`` narrows nothing down here: manifests name the artifact's
        manifest, which anybody could have written."""
        seen: set[str] = set()
        total = 0
        for number, manifest in enumerate(self._manifests()):
            if number >= MOST_ENTRIES:
                raise VioletError(f"{self.path} holds more than {MOST_ENTRIES:,} manifests.")
            for layer in _list(manifest, "layers"):
                kind, digest = layer.get("mediaType"), str(layer.get("digest"))
                if kind not in (ENVELOPE, ATTESTATION) or digest in seen:
                    continue
                seen.add(digest)
                stored = self._stored(layer)
                total += len(stored.content)
                if len(seen) > MOST_ENTRIES or total > MOST_BYTES:
                    raise VioletError(
                        f"{self.path} holds more attestations than can be read.", "Keep them in several layouts."
                    )
                yield stored

    def referrers(self, manifest: Digest) -> list[Mapping[str, Any]]:
        """Descriptors in the index whose manifests have this one as their subject."""
        found: list[Mapping[str, Any]] = []
        for entry in _list(self._index(), "manifests"):
            content = self._json(entry)
            about = content.get("subject") if content else None
            if isinstance(about, dict) and about.get("digest") == str(manifest):
                found.append(entry)
        return found

    def write(self, kind: str, subject: Digest, content: bytes) -> str:
        """Add an envelope about something that is not described further than by its digest."""
        described = _descriptor(self._add(_model(subject.value[:16], subject, [])), MANIFEST, {}, MODEL)
        entry, place = self._attach(described, kind, content)
        self._list_in_index([described, entry])
        return place

    def add(self, identity: Identity, envelopes: Iterable[tuple[str, bytes]]) -> tuple[str, ...]:
        """Describe the artifact, and attach envelopes (each with its predicate type). Gives the paths of their
        blobs."""
        files = [(f.path, f.digest, f.size) for f in identity.files] or [
            (identity.name, identity.digest, identity.size)
        ]
        layers = [
            {
                "mediaType": "application/octet-stream",
                "digest": str(digest),
                "size": size,
                "annotations": {TITLE: name.encode("utf-8", "backslashreplace").decode()},
            }
            for name, digest, size in files
        ]
        model = self._add(_model(intoto.subject_of(identity).name, identity.digest, layers))
        described = _descriptor(model, MANIFEST, {}, MODEL)
        added = [self._attach(described, kind, content) for kind, content in envelopes]
        self._list_in_index([described, *(entry for entry, _ in added)])
        return tuple(place for _, place in added)

    def blob(self, digest: Digest) -> bytes | None:
        return self._blob({"digest": str(digest)})

    def write_blob(self, content: bytes) -> Digest:
        return Digest("sha256", self._add(content)[0])

    def _attach(self, model: Mapping[str, Any], kind: str, content: bytes) -> tuple[dict[str, Any], str]:
        """Write envelope and manifest. Gives the manifest's descriptor for the index, and the envelope's path."""
        note = {PREDICATE: intoto.PREDICATES.get(kind, kind)}
        envelope = self._add(content)
        empty = self._add(_NOTHING)
        manifest = canonical(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "artifactType": ATTESTATION,
                "config": _descriptor(empty, EMPTY, {}),
                "layers": [_descriptor(envelope, ENVELOPE, note)],
                "subject": {name: model[name] for name in ("mediaType", "digest", "size")},
                "annotations": note,
            }
        )
        return _descriptor(self._add(manifest), MANIFEST, note, ATTESTATION), self._place(envelope[0])

    def _add(self, content: bytes) -> tuple[str, int]:
        digest = hashlib.sha256(content).hexdigest()
        write_once(self._place(digest), content)
        return digest, len(content)

    def _place(self, digest: str) -> str:
        return os.path.join(self.path, "blobs", "sha256", digest)

    def _list_in_index(self, descriptors: list[dict[str, Any]]) -> None:
        """The index is read, extended and replaced in one step; two writers at once need a lock of their own."""
        layout, index = os.path.join(self.path, "oci-layout"), os.path.join(self.path, "index.json")
        if not os.path.exists(layout):
            replace_file(layout, canonical({"imageLayoutVersion": "1.0.0"}))
        value = dict(self._index()) if os.path.exists(index) else {"schemaVersion": 2, "mediaType": INDEX}
        known = list(_list(value, "manifests"))
        present = {entry.get("digest") for entry in known}
        value["manifests"] = known + [entry for entry in descriptors if entry["digest"] not in present]
        replace_file(index, canonical(value))

    def _index(self) -> Mapping[str, Any]:
        stored = read(os.path.join(self.path, "index.json"), _LARGEST_INDEX)
        problem = stored.problem
        try:
            value = None if problem else parse(stored.content, _LARGEST_INDEX)
        except ValueError as error:
            value, problem = None, str(error)
        if not isinstance(value, dict) or not isinstance(value.get("manifests"), list):
            raise VioletError(
                f"{stored.path} is no OCI index: {problem or 'it lists no manifests'}.", "Export it again."
            )
        return value

    def _manifests(self) -> Iterator[Mapping[str, Any]]:
        pending = deque((entry, 1) for entry in _list(self._index(), "manifests"))
        seen: set[str] = set()
        while pending:
            entry, depth = pending.popleft()
            digest = entry.get("digest")
            if not isinstance(digest, str) or digest in seen:
                continue
            seen.add(digest)
            content = self._json(entry)
            if content is None:
                continue
            yield content
            if depth < _NESTING:
                pending.extend((inner, depth + 1) for inner in _list(content, "manifests"))

    def _json(self, descriptor: Mapping[str, Any]) -> dict[str, Any] | None:
        content = self._blob(descriptor)
        try:
            value = parse(content, _LARGEST_INDEX) if content is not None else None
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    def _stored(self, descriptor: Mapping[str, Any]) -> Stored:
        match = _DIGEST.fullmatch(str(descriptor.get("digest")))
        place = self._place(match[1]) if match else self.path
        content = self._blob(descriptor)
        if content is None:
            return Stored(place, b"", f"its blob is missing, or is not what the manifest says ({match and match[0]})")
        return Stored(place, content)

    def _blob(self, descriptor: Mapping[str, Any]) -> bytes | None:
        match = _DIGEST.fullmatch(str(descriptor.get("digest")))
        if match is None:
            return None
        found = read(self._place(match[1]), LARGEST_BLOB)
        size = descriptor.get("size", len(found.content))
        if found.problem or size != len(found.content) or hashlib.sha256(found.content).hexdigest() != match[1]:
            return None
        return found.content


def is_layout(path: str) -> bool:
    return os.path.isfile(os.path.join(path, "oci-layout"))


def create(path: str) -> OciStore:
    """An image layout in a new or empty directory, or the one that is there. Raises ``UsageError``."""
    if os.path.isdir(path) and os.listdir(path) and not is_layout(path):
        raise UsageError(f"{path} is not empty, and no OCI image layout.", "Name a new directory.")
    store = OciStore(path)
    store._list_in_index([])
    os.makedirs(os.path.join(path, "blobs", "sha256"), exist_ok=True)
    return store


def _model(name: str, digest: Digest, layers: list[dict[str, Any]]) -> bytes:
    nothing = (hashlib.sha256(_NOTHING).hexdigest(), len(_NOTHING))
    return canonical(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": MODEL,
            "config": _descriptor(nothing, EMPTY, {}),
            "layers": layers or [_descriptor(nothing, EMPTY, {})],
            "annotations": {TITLE: name, IDENTITY: str(digest)},
        }
    )


def _descriptor(blob: tuple[str, int], media_type: str, notes: dict[str, str], artifact: str = "") -> dict[str, Any]:
    value: dict[str, Any] = {"mediaType": media_type, "digest": f"sha256:{blob[0]}", "size": blob[1]}
    if artifact:
        value["artifactType"] = artifact
    if notes:
        value["annotations"] = notes
    return value


def _list(value: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = value.get(name)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
