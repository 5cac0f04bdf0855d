"""The files as they are, beside the files as they were signed."""

from __future__ import annotations

import os
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from violet.domain import Digest, VioletError
from violet.domain.provenance import FileDigest, Identity
from violet.domain.signature import Change, Difference
from violet.provenance.hashing import Task, hash_all
from violet.provenance.hashing_walk import (
    GIT_PATHS,
    Found,
    Tree,
    broken,
    printable,
    require_promised,
    unchanged,
    walk,
)
from violet.provenance.identity import base_name, identity_of
from violet.provenance.manifest import MOST_ENTRIES, WHOLE, Entry, Manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from violet.provenance.cache import DigestCache

    Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class How:
    """What hashing takes besides the files."""

    jobs: int = 0
    cache: DigestCache | None = None
    progress: Progress | None = None


@dataclass(slots=True, eq=False)
class Comparison:
    """``files`` are the signed files that are there, as they are now; ``identity`` is present where SHA-256 digests
    of all of them are known and none differs; ``hidden`` are paths that the signature leaves out, that exist and
    were not accepted; ``ignored`` those that were; ``unsigned`` are files that nobody signed."""

    differences: list[Difference] = field(default_factory=list)
    files: tuple[FileDigest, ...] = ()
    identity: Identity | None = None
    hidden: list[str] = field(default_factory=list)
    ignored: tuple[str, ...] = ()
    unsigned: list[str] = field(default_factory=list)


def manifest_of(
    tree: Tree, how: How, *, algorithm: str = "sha256", shard_size: int = 0, links: bool = False, ignored: Sequence[str]
) -> Manifest:
    """Hash the files of a tree, to be signed. Raises ``VioletError`` for what cannot be."""
    tasks = [task for file in tree.files for task in _tasks(file, algorithm, shard_size)]
    digests = hash_all(tree, tasks, jobs=how.jobs, cache=how.cache, progress=how.progress)
    unchanged(tree)
    if algorithm == "sha256" and not shard_size:
        require_promised(tree, [values[0] for values in digests])
    entries = tuple(
        Entry(_entry_path(tree, task.file), values[0], task.start, task.end)
        for task, values in zip(tasks, digests, strict=True)
    )
    name = base_name(tree.root).encode("utf-8", "backslashreplace").decode()  # for people only: it binds nothing
    return Manifest(name, entries, algorithm, shard_size, links, tuple(ignored))


def compare(
    path: str,
    manifest: Manifest,
    how: How,
    *,
    accepted: Iterable[str] = (),
    own: Iterable[str] = (),
    ignore_unsigned: bool = False,
) -> Comparison:
    """Compare the files under ``path`` with ``manifest``, and name every difference.

    ``accepted`` are paths that may be left out, as the one who verifies says; ``own`` are the signature and what
    belongs to it, where they lie inside the model. With ``ignore_unsigned`` only signed files are hashed. Raises
    ``VioletError`` for what cannot be read.
    """
    found = Comparison()
    allowed = (*GIT_PATHS, *own, *accepted)
    ignore = _not_signed((*allowed, *manifest.ignored), manifest)
    tree = walk(path, ignore=ignore, links=manifest.links)
    whole = [entry.path for entry in manifest.entries] == [WHOLE] or manifest.paths == (WHOLE,)
    if whole == tree.is_directory and manifest.entries:
        found.differences.append(_other_kind(tree, whole))
        return found
    found.hidden = [name for name in tree.ignored if not _covers(allowed, name)]
    found.ignored = tuple(name for name in tree.ignored if _covers(allowed, name) and name not in {*GIT_PATHS, *own})
    here = {_entry_path(tree, file): file for file in tree.files}
    irregular = {odd.path: odd for odd in tree.irregular}
    signed = set(manifest.paths)
    extra = [name for name in here if name not in signed]
    if ignore_unsigned and not signed:
        ignore_unsigned = False  # a signature over nothing would be one over anything
    if ignore_unsigned:
        found.unsigned = sorted([*extra, *(name for name in irregular if name not in signed)])
        extra = []
    names = [*(name for name in manifest.paths if name in here), *extra]
    digests = _hash(tree, [here[name] for name in names], manifest, how)
    unchanged(tree)
    by_path: dict[str, list[Entry]] = defaultdict(list)
    for entry in manifest.entries:
        by_path[entry.path].append(entry)
    for name in names[: len(names) - len(extra)]:
        found.differences.extend(_altered(tree, here[name], by_path[name], digests, manifest))
    for name, odd in sorted(irregular.items()):
        if name in signed or not ignore_unsigned:
            found.differences.append(Difference(Change.IRREGULAR, name, f"{printable(name)} {odd.what}."))
    if not manifest.shard_size:
        for name in names:
            found.differences.extend(_broken(here[name], digests[name][(0, None)][-1]))
    missing = [name for name in manifest.paths if name not in here and name not in irregular]
    found.differences.extend(_moved(missing, extra, by_path, digests, manifest))
    found.differences.extend(_hidden(name) for name in found.hidden)
    _conclude(found, tree, here, names, digests, manifest)
    return found


_Digests = dict[str, dict[tuple[int, int | None], tuple[str, ...]]]
"""By path, then by start and end."""


def _hash(tree: Tree, files: list[Found], manifest: Manifest, how: How) -> _Digests:
    """Hash as the manifest does, and with SHA-256, too, where that costs no second pass."""
    tasks = [task for file in files for task in _tasks(file, manifest.algorithm, manifest.shard_size, identity=True)]
    results = hash_all(tree, tasks, jobs=how.jobs, cache=how.cache, progress=how.progress)
    digests: _Digests = {_entry_path(tree, file): {} for file in files}
    for task, values in zip(tasks, results, strict=True):
        digests[_entry_path(tree, task.file)][(task.start, task.end)] = values
    return digests


def _tasks(file: Found, algorithm: str, shard_size: int, *, identity: bool = False) -> list[Task]:
    if not shard_size:
        return [Task(file, (algorithm, "sha256") if identity and algorithm != "sha256" else (algorithm,))]
    if -(-file.size // shard_size) > MOST_ENTRIES:
        raise VioletError(
            f"{printable(file.path)} has more than {MOST_ENTRIES:,} shards of {shard_size} bytes.",
            "Sign it again with larger shards.",
        )
    starts = range(0, file.size, shard_size)
    return [Task(file, (algorithm,), start, min(start + shard_size, file.size)) for start in starts]


def _altered(tree: Tree, file: Found, signed: list[Entry], digests: _Digests, manifest: Manifest) -> list[Difference]:
    name = _entry_path(tree, file)
    shown = printable(tree.shown("") if name == WHOLE else name)
    now = digests[name]
    if not manifest.shard_size:
        actual, entry = now[(0, None)][0], signed[0]
        if actual == entry.digest:
            return []
        expected = Digest(manifest.algorithm, entry.digest)
        sentence = f"{shown} was altered."
        return [
            Difference(Change.ALTERED, name, sentence, expected=expected, actual=Digest(manifest.algorithm, actual))
        ]
    found = []
    size = max(entry.end or 0 for entry in signed)
    if size != file.size:
        found.append(
            Difference(Change.ALTERED, name, f"{shown} was altered: it has {file.size:,} bytes instead of {size:,}.")
        )
    for entry in signed:
        values = now.get((entry.start, entry.end))
        if values is None or values[0] == entry.digest:
            continue  # a shard that is cut off, or that ends elsewhere, is told by the size
        found.append(
            Difference(
                Change.ALTERED,
                name,
                f"{shown} was altered between the bytes {entry.start:,} and {entry.end:,}.",
                start=entry.start,
                end=entry.end,
                expected=Digest(manifest.algorithm, entry.digest),
                actual=Digest(manifest.algorithm, values[0]),
            )
        )
    return found


def _broken(file: Found, sha256: str) -> list[Difference]:
    """Somebody changed what was downloaded: also where it is what was signed, the cache is not what it says."""
    if not broken(file, sha256):
        return []
    sentence = f"{printable(file.path)} leads to the blob {file.blob}, whose content is not what its name promises."
    expected, actual = Digest("sha256", file.blob), Digest("sha256", sha256)
    return [Difference(Change.IRREGULAR, file.path, sentence, expected=expected, actual=actual)]


def _moved(
    missing: list[str], extra: list[str], by_path: dict[str, list[Entry]], digests: _Digests, manifest: Manifest
) -> list[Difference]:
    """A file that is missing and one that is new, with the same content, are one that was renamed."""
    algorithm = manifest.algorithm
    new: dict[tuple[tuple[int, int | None, str], ...], deque[str]] = defaultdict(deque)
    for name in extra:
        new[tuple((start, end, values[0]) for (start, end), values in digests[name].items())].append(name)
    found = []
    taken: set[str] = set()
    for name in missing:
        content = tuple((entry.start, entry.end, entry.digest) for entry in by_path[name])
        candidates = new.get(content)
        digest = None if manifest.shard_size else Digest(algorithm, by_path[name][0].digest)
        if candidates:
            other = candidates.popleft()
            taken.add(other)
            sentence = f"{printable(name)} was renamed to {printable(other)}."
            found.append(Difference(Change.RENAMED, other, sentence, was=name, expected=digest, actual=digest))
        else:
            found.append(Difference(Change.MISSING, name, f"{printable(name)} is missing.", expected=digest))
    for name in extra:
        if name in taken:
            continue
        sentence = f"{printable(name)} was added: nobody signed it."
        if manifest.shard_size and not digests[name]:
            sentence = f"{printable(name)} is empty, and signatures over shards do not cover empty files."
        actual = None if manifest.shard_size else Digest(algorithm, digests[name][(0, None)][0])
        found.append(Difference(Change.ADDED, name, sentence, actual=actual))
    return found


def _conclude(
    found: Comparison, tree: Tree, here: dict[str, Found], names: list[str], digests: _Digests, manifest: Manifest
) -> None:
    if manifest.shard_size:
        return
    signed = set(manifest.paths)
    found.files = tuple(
        FileDigest(name, here[name].size, Digest(manifest.algorithm, digests[name][(0, None)][0]))
        for name in sorted(names, key=os.fsencode)
        if name in signed
    )
    if found.differences or found.unsigned:
        return
    found.identity = identity_of(tree, [digests[_entry_path(tree, file)][(0, None)][-1] for file in tree.files])


def _not_signed(ignore: Iterable[str], manifest: Manifest) -> list[str]:
    """Paths to leave out that hide nothing that was signed."""
    parents: set[str] = set()
    for path in manifest.paths:
        while path and path not in parents:
            parents.add(path)
            path = path.rpartition("/")[0]
    return [name for name in ignore if os.path.normpath(name) not in parents]


def _covers(allowed: Iterable[str], name: str) -> bool:
    return any(name == entry or name.startswith(f"{entry}/") for entry in map(os.path.normpath, allowed))


def _hidden(name: str) -> Difference:
    return Difference(Change.HIDDEN, name, f"{printable(name)} exists, and the signature says to ignore it.")


def _other_kind(tree: Tree, whole: bool) -> Difference:
    signed, here = ("a single file", "a directory") if whole else ("a directory", "a single file")
    return Difference(Change.IRREGULAR, WHOLE, f"The signature is over {signed}, and {printable(tree.root)} is {here}.")


def _entry_path(tree: Tree, file: Found) -> str:
    return file.path if tree.is_directory else WHOLE
