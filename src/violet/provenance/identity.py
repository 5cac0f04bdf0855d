"""The digest of an artifact's content."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from violet.domain import Digest, VioletError
from violet.domain.provenance import DIRECTORY_DIGEST, FILE_DIGEST, FileDigest, Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Progress = Callable[[int, int, str], None]


def identify(
    path: str,
    *,
    jobs: int = 0,
    cache: bool = True,
    ignore: Iterable[str] = (),
    progress: Progress | None = None,
) -> Identity:
    """Hash a file or directory. Raises ``VioletError`` for what cannot be read."""
    name = os.path.basename(os.path.abspath(path))
    if os.path.isfile(path):
        digest, size = _sha256(path)
        return Identity(name, Digest(FILE_DIGEST, digest), size)
    if not os.path.isdir(path):
        raise VioletError(f"{path} does not exist.")
    files = []
    for folder, folders, names in os.walk(path):
        folders[:] = [f for f in folders if f != ".git"]
        for entry in names:
            full = os.path.join(folder, entry)
            digest, size = _sha256(full)
            files.append(FileDigest(os.path.relpath(full, path).replace(os.sep, "/"), size, Digest("sha256", digest)))
    files.sort(key=lambda f: os.fsencode(f.path))
    listing = "".join(f"{f.digest.value}  {f.path}\n" for f in files)
    whole = hashlib.sha256(os.fsencode(listing)).hexdigest()
    return Identity(name, Digest(DIRECTORY_DIGEST, whole), sum(f.size for f in files), tuple(files))


def _sha256(path: str) -> tuple[str, int]:
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest(), file.tell()
