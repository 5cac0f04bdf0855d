"""The list of a model's files and their digests that a model signature covers.

Its form is the predicate ``https://model_signing/signature/v1.0`` of the OpenSSF model signing specification, and
for reading also ``https://model_signing/Digests/v0.1``, which model_signing 0.2 wrote.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from violet.domain import Digest
from violet.provenance.hashing_walk import unlistable
from violet.provenance.strict_json import Malformed, member, parse_object

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://model_signing/signature/v1.0"
OLD_PREDICATE_TYPE = "https://model_signing/Digests/v0.1"

MOST_ENTRIES = 500_000
LARGEST = 128 << 20
"""Bytes of a payload; the bundle around it is no larger."""
MOST_VALUES = 4_000_000
"""JSON values of a payload; an entry has four."""

LONGEST_NAME = 4096

WHOLE = "."
"""How a signature names the file where the model is a single one."""

SIZES = {"sha256": 32, "blake2b": 64, "blake3": 32}
"""Bytes of the digests that are allowed."""

_SPELLINGS = {"blake2": "blake2b"}


class WrongType(Malformed):
    """It is a statement, but of something else."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, or the part of it from ``start`` to ``end`` (excluded; ``None``: all of it), and the hexadecimal
    ``digest``."""

    path: str
    digest: str
    start: int = 0
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """``algorithm`` made all digests. ``shard_size`` is 0 where files were hashed as a whole; ``links`` says that
    links were followed; ``ignored`` are the paths that were left out. ``dataset`` is the name and the SHA-256 of a
    data set manifest that is signed with the files, or ``None``."""

    name: str
    entries: tuple[Entry, ...]
    algorithm: str = "sha256"
    shard_size: int = 0
    links: bool = False
    ignored: tuple[str, ...] = ()
    dataset: tuple[str, Digest] | None = None

    @property
    def label(self) -> str:
        """How the upstream library names the algorithm of an entry."""
        return f"{self.algorithm}-sharded-{self.shard_size}" if self.shard_size else self.algorithm

    @property
    def paths(self) -> tuple[str, ...]:
        """The files, each once, in the order of the entries."""
        return tuple(dict.fromkeys(entry.path for entry in self.entries))


def root_digest(manifest: Manifest) -> str:
    """The digest of the whole, in hexadecimal: SHA-256 of the digests of the parts."""
    entries = sorted(manifest.entries, key=_order)
    return hashlib.sha256(b"".join(bytes.fromhex(entry.digest) for entry in entries)).hexdigest()


def statement(manifest: Manifest) -> bytes:
    """The payload to sign. Entries are put in the order in which the upstream library puts them."""
    entries = sorted(manifest.entries, key=_order)
    root = root_digest(manifest)
    serialization: dict[str, Any] = {"method": "shards" if manifest.shard_size else "files"}
    serialization["hash_type"] = manifest.algorithm
    if manifest.shard_size:
        serialization["shard_size"] = manifest.shard_size
    serialization["allow_symlinks"] = manifest.links
    if manifest.ignored:
        serialization["ignore_paths"] = list(manifest.ignored)
    predicate: dict[str, Any] = {
        "serialization": serialization,
        "resources": [
            {"name": _name(manifest, entry), "algorithm": manifest.label, "digest": entry.digest} for entry in entries
        ],
    }
    if manifest.dataset is not None:
        name, digest = manifest.dataset
        # Verifiers of version 1.0 ignore what they do not know in the predicate, upstream's included.
        predicate["dataset"] = {"name": name, "digest": {digest.algorithm: digest.value}}
    content = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": manifest.name, "digest": {"sha256": root}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": predicate,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def read_statement(payload: bytes) -> Manifest:
    """Take a signed payload apart. Raises ``WrongType`` for a statement of something else and ``Malformed`` for
    whatever cannot be a list of the files of a model: names that lead out of it or occur twice, digests of another
    length or algorithm, shards that overlap, a root digest that does not fit."""
    table = parse_object(payload, LARGEST, MOST_VALUES)
    if table.get("_type") != STATEMENT_TYPE:
        raise WrongType(f"is no in-toto statement ({str(table.get('_type'))[:80]!a})")
    kind = table.get("predicateType")
    if kind == OLD_PREDICATE_TYPE:
        return _read_old(table)
    if kind != PREDICATE_TYPE:
        raise WrongType(f"is a statement of the type {str(kind)[:80]!a}, which says nothing of a model's files")
    subjects = member(table, "subject", list, "")
    if len(subjects) != 1:
        raise Malformed(f"has {len(subjects)} subjects instead of one")
    name = member(subjects[0], "name", str, "subject's ")[:LONGEST_NAME]
    predicate = member(table, "predicate", dict, "")
    manifest = _serialization(member(predicate, "serialization", dict, "predicate."), name)
    resources = member(predicate, "resources", list, "predicate.")
    entries = tuple(_entry(manifest, resource) for resource in _bounded(resources))
    root = hashlib.sha256(b"".join(bytes.fromhex(entry.digest) for entry in entries)).hexdigest()
    if root != member(member(subjects[0], "digest", dict, "subject's "), "sha256", str, "subject's digest."):
        raise Malformed("contradicts itself: the digest of the whole is not that of its parts")
    _check(manifest, entries)
    return Manifest(
        name,
        entries,
        manifest.algorithm,
        manifest.shard_size,
        manifest.links,
        manifest.ignored,
        _dataset(predicate.get("dataset")),
    )


def check_path(path: str) -> None:
    """Raise ``Malformed`` for a name that is not one of a file inside the model, spelt in the one way it can be."""
    if path == WHOLE:
        return
    parts = path.split("/")
    if len(path) > LONGEST_NAME or not all(parts) or "." in parts or ".." in parts or unlistable(path):
        raise Malformed(f"names a file {path[:80]!a}, which can be none of a model")


def _serialization(table: dict[str, Any], name: str) -> Manifest:
    method = member(table, "method", str, "serialization.")
    if method not in ("files", "shards"):
        raise Malformed(f"uses the serialization {method[:40]!a}; known are files and shards")
    spelt = member(table, "hash_type", str, "serialization.")
    algorithm = _SPELLINGS.get(spelt, spelt)
    if algorithm not in SIZES:
        raise Malformed(f"uses the hash {spelt[:40]!a}; allowed are {', '.join(SIZES)}")
    shard_size = 0
    if method == "shards":
        given = table.get("shard_size")
        # Upstream's protobuf numbers are floating-point ones.
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given < 1 << 60 or given % 1:
            raise Malformed("has a serialization.shard_size that is no number of bytes")
        shard_size = int(given)
    links = table.get("allow_symlinks", False)
    if not isinstance(links, bool):
        raise Malformed("has a serialization.allow_symlinks that is no truth value")
    ignored = table.get("ignore_paths", [])
    if not isinstance(ignored, list) or not all(isinstance(path, str) for path in ignored):
        raise Malformed("has serialization.ignore_paths that are no list of texts")
    return Manifest(name, (), algorithm, shard_size, links, tuple(_bounded(ignored)))


def _entry(manifest: Manifest, resource: Any) -> Entry:
    name = member(resource, "name", str, "resource's ")
    label = member(resource, "algorithm", str, "resource's ")
    if label != manifest.label:
        raise Malformed(f"uses the hash {label[:40]!a} for {name[:80]!a}, and says that it uses {manifest.label}")
    digest = _hexadecimal(member(resource, "digest", str, "resource's "), manifest.algorithm)
    if not manifest.shard_size:
        check_path(name)
        return Entry(name, digest)
    path, first, second = (*name.rsplit(":", 2), "", "")[:3]
    if (
        not (first.isascii() and first.isdecimal() and second.isascii() and second.isdecimal())
        or len(first + second) > 40
    ):
        raise Malformed(f"names a shard {name[:80]!a}; it should be FILE:START:END")
    check_path(path)
    if ":" in path:
        raise Malformed(f"names a shard {name[:80]!a}, which can be read in two ways")
    return Entry(path, digest, int(first), int(second))


def _check(manifest: Manifest, entries: tuple[Entry, ...]) -> None:
    """Every file once, and shards that follow one another from the start of the file."""
    paths = [entry.path for entry in entries]
    if WHOLE in paths and any(path != WHOLE for path in paths):
        raise Malformed("is over a single file and over a directory at once")
    if not manifest.shard_size:
        if len(set(paths)) != len(paths):
            raise Malformed("names a file twice")
        return
    ends: dict[str, int] = {}
    for entry in sorted(entries, key=lambda e: (e.path, e.start)):
        end = entry.end or 0
        expected = ends.get(entry.path, 0)
        if (
            entry.start != expected
            or not 0 < end - entry.start <= manifest.shard_size
            or expected % manifest.shard_size
        ):
            raise Malformed(f"has shards of {entry.path[:80]!a} that overlap, or leave something out")
        ends[entry.path] = end


def _read_old(table: dict[str, Any]) -> Manifest:
    entries = []
    for subject in _bounded(member(table, "subject", list, "")):
        path = member(subject, "name", str, "subject's ")
        check_path(path)
        digest = member(member(subject, "digest", dict, "subject's "), "sha256", str, "subject's digest.")
        entries.append(Entry(path, _hexadecimal(digest, "sha256")))
    manifest = Manifest("", tuple(entries))
    _check(manifest, manifest.entries)
    return manifest


def _dataset(table: Any) -> tuple[str, Digest] | None:
    if table is None:
        return None
    name = member(table, "name", str, "dataset.")
    if "/" in name or name in ("", ".", "..") or len(name) > 255 or unlistable(name):
        raise Malformed("has a dataset.name that is no file name")
    digest = member(member(table, "digest", dict, "dataset."), "sha256", str, "dataset.digest.")
    return name, Digest("sha256", _hexadecimal(digest, "sha256"))


def _bounded(entries: list[Any]) -> list[Any]:
    if len(entries) > MOST_ENTRIES:
        raise Malformed(f"names more than {MOST_ENTRIES:,} files")
    return entries


def _hexadecimal(text: str, algorithm: str) -> str:
    if len(text) != 2 * SIZES[algorithm] or not all(character in "0123456789abcdef" for character in text):
        raise Malformed(f"has a digest {text[:80]!a} that is none of {algorithm}")
    return text


def _name(manifest: Manifest, entry: Entry) -> str:
    return f"{entry.path}:{entry.start}:{entry.end}" if manifest.shard_size else entry.path


def _order(entry: Entry) -> tuple[list[str], int, int]:
    """By the parts of the path, as ``pathlib`` compares them."""
    return ([] if entry.path == WHOLE else entry.path.split("/"), entry.start, entry.end or 0)
