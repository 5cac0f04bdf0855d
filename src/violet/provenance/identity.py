"""The digest of an artifact's content."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from violet.domain import Digest
from violet.domain.provenance import DIRECTORY_DIGEST, FILE_DIGEST, FileDigest, Identity
from violet.provenance.hashing import Task, hash_all
from violet.provenance.hashing_walk import GIT_PATHS, Tree, refuse_irregular, require_promised, unchanged, walk
from violet.provenance.hub_cache import snapshot_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from violet.provenance.cache import DigestCache

    Progress = Callable[[int, int, str], None]


def identify(
    path: str,
    *,
    jobs: int = 0,
    cache: bool = True,
    ignore: Iterable[str] = (),
    links: bool = False,
    progress: Progress | None = None,
) -> Identity:
    """Hash a file or directory on all processors (or ``jobs`` of them).

    At the top of a directory ``.git``, ``.gitattributes``, ``.github`` and ``.gitignore`` are left out, as OpenSSF
    model signing does, and so are the relative paths in ``ignore``. ``links`` accepts symbolic links to files of
    the same directory; those of a snapshot in a Hugging Face cache to its blobs are files. ``cache`` lets digests of
    large unchanged files be remembered. ``progress(done, total, path)`` counts bytes. Raises ``VioletError`` for what
    cannot be read, for what is neither file nor directory, for what changes meanwhile, and for a blob of a cache that
    is not what its name promises.
    """
    left_out = tuple(ignore)
    tree = walk(path, ignore=(*GIT_PATHS, *left_out), links=links)
    refuse_irregular(tree)
    tasks = [Task(file) for file in tree.files]
    digests = hash_all(tree, tasks, jobs=jobs, cache=open_cache(cache), progress=progress)
    unchanged(tree)
    require_promised(tree, [values[0] for values in digests])
    return identity_of(tree, [values[0] for values in digests])


def identity_of(tree: Tree, digests: Sequence[str]) -> Identity:
    """The identity of a tree whose files have these SHA-256 digests."""
    name = base_name(tree.root)
    if not tree.is_directory:
        return Identity(name, Digest(FILE_DIGEST, digests[0]), tree.size)
    files = tuple(
        FileDigest(file.path, file.size, Digest("sha256", value))
        for file, value in zip(tree.files, digests, strict=True)
    )
    listing = "".join(f"{file.digest.value}  {file.path}\n" for file in files)
    whole = hashlib.sha256(listing.encode("utf-8")).hexdigest()
    ignored = tuple(sorted(path for path in tree.ignored if path not in GIT_PATHS))
    return Identity(name, Digest(DIRECTORY_DIGEST, whole), tree.size, files, ignored)


def open_cache(wanted: bool) -> DigestCache | None:
    """This user's cache of digests, if it is wanted."""
    if not wanted:
        return None
    from violet.provenance.cache import user_cache

    return user_cache()


def base_name(path: str) -> str:
    """The last part of a path, also of ``.`` and ``model/``; of a snapshot in a Hugging Face cache ``ORG--NAME``, for
    its last part is a commit, which no two versions share."""
    snapshot = snapshot_of(path)
    return snapshot.name if snapshot is not None else os.path.basename(os.path.abspath(path))


def stem(path: str) -> str:
    """What files about an artifact are named after, and lie beside: ``path`` without trailing slashes, ``.`` and
    ``..`` by their names; for a snapshot in a Hugging Face cache see ``Snapshot.stem``."""
    snapshot = snapshot_of(path)
    if snapshot is not None:
        return snapshot.stem
    bare = path.rstrip("/" + os.sep) or path
    return os.path.abspath(bare) if os.path.basename(bare) in ("", ".", "..") else bare
