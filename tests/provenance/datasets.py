"""What the tests of data sets share: files in, manifests and sentences out, without a worker process."""

from __future__ import annotations

import hashlib
from pathlib import Path

from violet.domain import Digest
from violet.domain.dataset import DatasetManifest, Shard
from violet.provenance.dataset.classes import image_classes
from violet.provenance.dataset.compare import Comparison, Regrouped
from violet.provenance.dataset.manifest import manifest_bytes, parse_manifest
from violet.provenance.dataset.shard import Expected, describe_shard, regroup
from violet.provenance.dataset.tally import GROUP

Files = dict[str, bytes]


def write(folder: Path, files: Files) -> None:
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def described(
    folder: Path, files: Files, like: DatasetManifest | None = None, limit: int = 1_000_000
) -> DatasetManifest:
    """The manifest of these files, which are written below ``folder``."""
    write(folder, files)
    was = {shard.path: shard for shard in like.shards} if like else {}
    shards = [_shard(folder, path, was.get(path), limit) for path in sorted(files)]
    listing = "".join(f"{shard.digest.value}  {shard.path}\n" for shard in shards)
    digest = Digest("dirHash", hashlib.sha256(listing.encode()).hexdigest())
    made = DatasetManifest("data", digest, sum(map(len, files.values())), tuple(shards), image_classes(shards))
    assert parse_manifest(manifest_bytes(made)) == made
    return made


def _shard(folder: Path, path: str, was: Shard | None, limit: int) -> Shard:
    expected = None
    if was is not None and was.kind != "other":
        expected = Expected(was.kind, was.text, tuple(column.name for column in was.columns))
    return describe_shard(str(folder / path), path, limit, expected, bool(was and was.row_groups and was.row_digests))


def told(folder: Path, before: Files, after: Files, limit: int = 1_000_000) -> list[str]:
    """What is said of the data that were ``before`` and are ``after``."""
    expected = described(folder / "before", before, limit=limit)
    actual = described(folder / "after", after, expected, limit)
    comparison = Comparison(expected, actual)
    found: Regrouped = {}
    now = {shard.path: shard for shard in actual.shards}
    for path, (groups, each) in comparison.unsettled().items():
        shard = now[path]
        how = Expected(shard.kind, shard.text, tuple(column.name for column in shard.columns))
        level = next(n for n in range(9) if GROUP << 3 * n == each)
        found[path] = regroup(str(folder / "after" / path), path, how, len(shard.columns), level, groups)
    return [difference.message for difference in comparison.differences(found)]
