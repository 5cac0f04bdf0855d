"""Snapshots in the cache of the Hugging Face Hub, whose files are links.

Source: "Understand caching" in the documentation of ``huggingface_hub``. A cached repository is a directory
``models--ORG--NAME`` (or ``datasets--``, ``spaces--``) with the content in ``blobs/`` and, for each revision, a
directory ``snapshots/COMMIT`` of links to ``../../blobs/DIGEST``. Files that the Hub keeps as large ones are named
after their SHA-256 (64 hexadecimal digits), the others after their object in Git (40).

Only such a link is content: one that names a blob of the same repository, in the one way that the Hub's own program
writes it, or by the whole path. What any other link leads to is never looked at.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass

KINDS = ("models--", "datasets--", "spaces--")

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``home`` is the directory of the cached repository, without links on the way; ``revision`` the name of the
    snapshot in it."""

    home: str
    revision: str

    @property
    def blobs(self) -> str:
        return os.path.join(self.home, "blobs")

    @property
    def name(self) -> str:
        """``ORG--NAME``."""
        return os.path.basename(self.home).partition("--")[2]

    @property
    def stem(self) -> str:
        """What files about the snapshot are named after. They lie in the repository's directory, because the Hub's
        own program takes everything in ``snapshots`` for a revision, and calls the cache corrupted."""
        return os.path.join(self.home, self.revision)

    def blob_of(self, path: str, link: str) -> str:
        """The name of the blob that the link at ``path`` (relative to the snapshot) with the text ``link`` leads to;
        ``""`` where it leads anywhere else.

        A text with ``..`` in other places than in front could mean one thing to us and another to the system.
        """
        above, name = os.path.split(link)
        if name in ("", ".", ".."):
            return ""
        if os.path.isabs(link):
            return name if os.path.normpath(link) == link and os.path.realpath(above) == self.blobs else ""
        return name if above == "../" * (path.count("/") + 2) + "blobs" else ""


def snapshot_of(path: str) -> Snapshot | None:
    """The snapshot that the directory ``path`` is, told by where it lies and by what lies beside it; ``None`` for
    everything else."""
    folder, revision = os.path.split(os.path.realpath(path))
    home, place = os.path.split(folder)
    if place != "snapshots" or not revision or not os.path.basename(home).startswith(KINDS):
        return None
    found = Snapshot(home, revision)
    try:
        if not stat.S_ISDIR(os.lstat(found.blobs).st_mode) or not os.path.isdir(path):
            return None
    except OSError:
        return None
    return found


def promised(blob: str) -> str:
    """The SHA-256 that the name of a blob promises (``""``: none)."""
    return blob if _SHA256.fullmatch(blob) else ""
