"""Descriptions of data sets (``NAME.data.json``) that lie with a model: what data they describe, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain import Digest
from violet.provenance.bom.observation import clean

if TYPE_CHECKING:
    from violet.domain.dataset import DatasetManifest
    from violet.provenance.bom.observation import Notes

SUFFIX = ".data.json"
MOST_COLUMNS = 40
"""Names of columns that are written down."""


@dataclass(frozen=True, slots=True)
class Described:
    """A data set as its description has it; ``path`` is where that lies, ``rows`` -1 where it has none."""

    path: str
    name: str
    digest: Digest
    size: int
    rows: int
    shards: int
    columns: str = ""

    def properties(self) -> list[tuple[str, str]]:
        """What a bill says of the data set beside its digest."""
        found = [("violet:described-by", self.path), ("violet:shards", str(self.shards))]
        if self.rows >= 0:
            found.append(("violet:rows", str(self.rows)))
        if self.columns:
            found.append(("violet:columns", self.columns))
        return found


def describe(manifest: DatasetManifest, path: str) -> Described:
    """The few facts of a description that belong into a bill."""
    names = list(dict.fromkeys(column.name for shard in manifest.shards for column in shard.columns))
    shown = clean(", ".join(names[:MOST_COLUMNS]))
    if len(names) > MOST_COLUMNS:
        shown += f" and {len(names) - MOST_COLUMNS:,} more"
    rows = manifest.rows if any(shard.rows >= 0 for shard in manifest.shards) else -1
    name = clean(manifest.name, 400) or "unnamed"
    return Described(path, name, manifest.digest, manifest.size, rows, len(manifest.shards), shown)


def note(notes: Notes, content: bytes) -> None:
    """Observe the description that a file is; a gap where it says it is one, and cannot be read."""
    from violet.provenance.dataset.manifest import parse_manifest

    try:
        manifest = parse_manifest(content)
    except (ValueError, RecursionError) as error:
        notes.gap(f"this description of a data set cannot be read: {error or 'it nests too deep'}")
        return
    found = describe(manifest, "")
    row = [found.name, str(found.digest), found.size, found.rows + 1, found.shards, found.columns]
    notes.add("described", row, "digest")
