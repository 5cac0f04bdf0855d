"""Describe data sets so that a change can be named, and name it.

Shards are read in worker processes, each with limits, because what they hold may be hostile.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from violet.domain import Digest, VioletError
from violet.domain.dataset import CSV, DIGEST_SIZE, IMAGE, JSONL, OTHER, PARQUET, DatasetManifest, Shard
from violet.domain.provenance import DIRECTORY_DIGEST, FileDigest
from violet.provenance.dataset.classes import image_classes
from violet.provenance.dataset.shard import Expected, kind_of
from violet.provenance.dataset.tally import GROUP, MOST_LEVELS, WIDEN, coarsened
from violet.provenance.hashing import processors
from violet.provenance.signing.place import DATA_SUFFIX, beside, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from violet.domain.dataset import Difference
    from violet.domain.provenance import Identity
    from violet.provenance.dataset.compare import Groups, Regrouped

    Progress = Callable[[int, int, str], None]

BYTES_PER_SECOND = 4 << 20
"""Reading speed that large shards are granted on top of the timeout."""
EXPANSION = 10
"""How many times longer a compressed shard may take."""

MOST_EXACT = 2_000_000
"""Digests of rows that one worker hands over."""


@dataclass(frozen=True, slots=True)
class DescribeOptions:
    """``jobs`` is the number of worker processes (0: one a processor); ``exact_rows`` is up to how many rows,
    in all shards together, every row gets a digest of its own (blocks beyond, and beyond 2,000,000 in one shard);
    ``decode`` also pins the rows of Parquet shards, which needs pyarrow. Bytes and seconds are for one shard."""

    jobs: int = 0
    exact_rows: int = 1_000_000
    decode: bool = False
    memory: int = 1 << 30
    timeout: float = 120.0


def manifest_path(path: str, directory: str = "") -> str:
    """Where the manifest of an artifact lies: ``P.data.json``, or of that name in ``directory``."""
    return beside(path, DATA_SUFFIX, directory)


def is_data_set(identity: Identity) -> bool:
    """Whether there is anything in it that a manifest says more of than a digest: a table, or mostly images. Told
    by the names."""
    kinds = [kind_of(name)[0] for name in ([file.path for file in identity.files] or [identity.name])]
    return any(kind in (CSV, JSONL, PARQUET) for kind in kinds) or 2 * kinds.count(IMAGE) > len(kinds)


def describe(
    path: str,
    identity: Identity,
    options: DescribeOptions | None = None,
    *,
    like: DatasetManifest | None = None,
    progress: Progress | None = None,
) -> DatasetManifest:
    """Read the data set and describe it. ``identity`` is what ``identify(path)`` gave: the same files are read.

    ``like`` is what it should be: shards that are unchanged are not read again, changed ones are read the way
    they were described. ``progress(done, total, path)`` counts bytes. Raises ``VioletError`` for what cannot be
    read, or changed since it was identified.
    """
    options = options or DescribeOptions()
    if options.decode:
        _need_pyarrow()
    files = _files(path, identity)
    known = {} if like is None else {(s.digest.value, s.path.rpartition(".")[2]): s for s in like.shards}
    shards: dict[str, Shard] = {}
    pending: list[tuple[str, FileDigest]] = []
    for file, entry in files:
        same = known.get((entry.digest.value, entry.path.rpartition(".")[2]))
        if same is not None:
            shards[entry.path] = replace(same, path=entry.path)
        elif kind_of(entry.path)[0] == OTHER and _expected(like, entry.path) is None:
            shards[entry.path] = Shard(entry.path, entry.size, entry.digest)
        else:
            pending.append((file, entry))
    granularity = _Granularity(options.exact_rows, like is None)
    for shard in _read(pending, options, like, progress, sum(entry.size for _, entry in files)):
        granularity.add(shard)
    shards.update(granularity.shards)
    ordered = tuple(shards[path] for path in sorted(shards, key=os.fsencode))
    return DatasetManifest(identity.name, identity.digest, identity.size, ordered, image_classes(ordered))


def compare(expected: DatasetManifest, actual: DatasetManifest) -> tuple[Difference, ...]:
    """Everything in which ``actual`` is not as ``expected``, the shards in order; empty where they are equal."""
    from violet.provenance.dataset.compare import compare as _compare

    return _compare(expected, actual)


def differences(
    path: str,
    expected: DatasetManifest,
    identity: Identity,
    options: DescribeOptions | None = None,
    *,
    progress: Progress | None = None,
) -> tuple[Difference, ...]:
    """What changed in the data at ``path``, whose identity now is ``identity``, since ``expected`` was made. Nothing
    is read where the identities agree. Raises as ``describe`` does."""
    if expected.describes(identity):
        return ()
    from violet.provenance.dataset.compare import Comparison

    options = options or DescribeOptions()
    actual = describe(path, identity, options, like=expected, progress=progress)
    comparison = Comparison(expected, actual)
    return comparison.differences(_regroup(path, actual, comparison.unsettled(), options))


def parse_manifest(content: bytes, origin: str = "The manifest") -> DatasetManifest:
    """Read the content of a manifest. Raises ``VioletError`` where it is none; its digest should have been checked
    before."""
    from violet.provenance.dataset.manifest import parse_manifest as _parse

    try:
        return _parse(content)
    except ValueError as error:
        raise VioletError(f"{origin} cannot be read: {error}.") from error


def read_manifest(file: str) -> DatasetManifest:
    """Read a manifest from a file. Raises ``VioletError`` where it is none: believe it only where a signature covers
    it."""
    from violet.provenance.dataset.manifest import LARGEST

    try:
        with open(file, "rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise VioletError(f"The data set manifest {file} cannot be read: {error.strerror}.") from error
    return parse_manifest(content, f"The data set manifest {file}")


def manifest_bytes(manifest: DatasetManifest) -> bytes:
    """What ``write_manifest`` writes, for who signs it."""
    from violet.provenance.dataset.manifest import manifest_bytes as _bytes

    return _bytes(manifest)


def write_manifest(manifest: DatasetManifest, file: str) -> Digest:
    """Write it beside, and put it in place in one step; gives the digest of what was written. Raises ``UsageError``
    where that cannot be done."""
    content = manifest_bytes(manifest)
    write_whole(file, content)
    return Digest("sha256", hashlib.sha256(content).hexdigest())


def read_shard(payload: list[Any]) -> dict[str, Any]:
    """What a worker does for one shard."""
    from violet.provenance.dataset.manifest import parse_layout, shard_json
    from violet.provenance.dataset.shard import describe_shard

    file, path, limit, decode, described = payload
    expected = None
    if described is not None:
        kind, text, columns = described
        expected = Expected(kind, parse_layout(text) if text else None, tuple(columns))
    return shard_json(describe_shard(file, path, limit, expected, decode))


def regroup_shard(payload: list[Any]) -> dict[str, str]:
    """What a worker does for rows that stand elsewhere now, so that their columns can be told."""
    from violet.provenance.dataset.manifest import parse_layout
    from violet.provenance.dataset.shard import regroup

    file, path, (kind, text, columns), level, ranges = payload
    described = Expected(kind, parse_layout(text), tuple(columns))
    groups = {int(group): [(start, end) for start, end in parts] for group, parts in ranges.items()}
    found = regroup(file, path, described, len(columns), level, groups)
    return {str(group): digests.hex() for group, digests in found.items()}


def _regroup(path: str, actual: DatasetManifest, groups: Groups, options: DescribeOptions) -> Regrouped:
    """Read the shards again whose changed rows moved. Where that fails, columns are not told."""
    shards = [(shard, shard.text) for shard in actual.shards if shard.path in groups and shard.text is not None]
    if not shards:
        return {}
    from violet.engine.sandbox import Death, Job, Limits, run
    from violet.provenance.dataset.manifest import layout_json

    jobs = []
    for shard, layout in shards:
        file = os.path.join(path, *shard.path.split("/")) if actual.digest.algorithm == DIRECTORY_DIGEST else path
        described = [shard.kind, layout_json(layout), [column.name for column in shard.columns]]
        wanted, each = groups[shard.path]
        level = next(n for n in range(64) if GROUP * WIDEN**n >= each)
        entry = FileDigest(shard.path, shard.size, shard.digest)
        jobs.append(Job([file, shard.path, described, level, wanted], shard.size, _seconds(entry, options)))
    found: Regrouped = {}
    limits = Limits(memory=options.memory, seconds=options.timeout)
    for index, answer in run(regroup_shard, jobs, workers=min(len(jobs), options.jobs or processors()), limits=limits):
        if isinstance(answer, Death):
            continue
        shard = shards[index][0]
        size = (len(shard.columns) + 1) * DIGEST_SIZE
        try:
            digests = {int(group): bytes.fromhex(value) for group, value in answer.items()}
        except (AttributeError, TypeError, ValueError):
            continue
        found[shard.path] = {group: value for group, value in digests.items() if len(value) == size}
    return found


def _need_pyarrow() -> None:
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        from violet.domain import MissingExtraError

        raise MissingExtraError("Pinning the rows of Parquet files", "data")


def _files(path: str, identity: Identity) -> list[tuple[str, FileDigest]]:
    """Where each file lies, and what is known of it."""
    if not identity.is_directory:
        return [(path, FileDigest(identity.name, identity.size, identity.digest))]
    return [(os.path.join(path, *entry.path.split("/")), entry) for entry in identity.files]


def _expected(like: DatasetManifest | None, path: str) -> Shard | None:
    if like is None:
        return None
    return next((shard for shard in like.shards if shard.path == path and shard.kind != OTHER), None)


def _read(
    pending: Sequence[tuple[str, FileDigest]],
    options: DescribeOptions,
    like: DatasetManifest | None,
    progress: Progress | None,
    total: int,
) -> list[Shard]:
    """Describe shards in workers; in the order of their paths."""
    if not pending:
        return []
    from violet.engine.sandbox import Death, Job, Limits, run
    from violet.provenance.dataset import jsonl, table  # noqa: F401 - so that forked workers share them
    from violet.provenance.dataset.manifest import parse_shard

    jobs = [Job(_payload(f, e, options, like), e.size, _seconds(e, options)) for f, e in pending]
    done = total - sum(entry.size for _, entry in pending)
    found: list[Shard | None] = [None] * len(jobs)
    limits = Limits(memory=options.memory, seconds=options.timeout)
    for index, answer in run(read_shard, jobs, workers=_workers(pending, options.jobs), limits=limits):
        entry = pending[index][1]
        if isinstance(answer, Death):
            shard = _undescribed(entry, answer.cause, answer.reason)
        else:
            try:
                shard = parse_shard(answer)
            except ValueError as error:
                shard = _undescribed(entry, "protocol", f"sent something that is no answer ({error})")
        if shard.path != entry.path or shard.digest != entry.digest or shard.size != entry.size:
            raise VioletError(f"{pending[index][0]} changed while it was read.", "Try again when nothing writes to it.")
        found[index] = shard
        done += entry.size
        if progress is not None:
            progress(done, total, entry.path)
    return [shard for shard in found if shard is not None]


def _payload(file: str, entry: FileDigest, options: DescribeOptions, like: DatasetManifest | None) -> list[Any]:
    from violet.provenance.dataset.manifest import layout_json

    limit = min(options.exact_rows, MOST_EXACT)
    was = _expected(like, entry.path)
    if was is None:
        return [file, entry.path, limit, options.decode, None]
    decode = options.decode
    if was.row_digests is not None:
        # As fine as it was, though rows were added.
        limit = max(limit, 2 * len(was.row_digests.digests) // DIGEST_SIZE)
        decode = was.kind == PARQUET
    text = None if was.text is None else layout_json(was.text)
    return [file, entry.path, limit, decode, [was.kind, text, [column.name for column in was.columns]]]


def _seconds(entry: FileDigest, options: DescribeOptions) -> float:
    compressed = kind_of(entry.path)[1] != ""
    return options.timeout + entry.size * (EXPANSION if compressed else 1) / BYTES_PER_SECOND


def _workers(pending: Sequence[tuple[str, FileDigest]], jobs: int) -> int:
    worth = 1 + sum(entry.size for _, entry in pending) // (4 << 20) + len(pending) // 64
    return max(1, min(jobs or processors(), worth, len(pending)))


def _undescribed(entry: FileDigest, cause: str, reason: str) -> Shard:
    if cause == "error" and "changed while it was read" in reason:
        raise VioletError(f"{entry.path} changed while it was read.", "Try again when nothing writes to it.")
    return Shard(entry.path, entry.size, entry.digest, notes=(f"the process that described it {reason}",))


class _Granularity:
    """Keeps the number of digests in bounds: all shards are as fine as their rows together allow, so that how fine
    does not depend on which shard was read first."""

    def __init__(self, most: int, bounded: bool) -> None:
        self.most = max(most, 1)
        self.bounded = bounded
        self.level = 0
        self.column_rows = GROUP
        self.shards: dict[str, Shard] = {}
        self.rows = 0
        self.cells = 0

    def add(self, shard: Shard) -> None:
        self.shards[shard.path] = shard
        if not self.bounded or shard.row_digests is None:
            return
        self._bring(shard)
        # Only where that makes fewer of them: a shard has one digest at least, however coarse.
        while self.rows > self.most and self.level < MOST_LEVELS and any(_blocks(s) > 1 for s in self.shards.values()):
            self.level += 1
            self._again()
        while self.cells > self.most and any(_groups(s) > 1 for s in self.shards.values()):
            self.column_rows *= WIDEN
            self._again()

    def _again(self) -> None:
        self.rows = self.cells = 0
        for shard in list(self.shards.values()):
            self._bring(shard)

    def _bring(self, shard: Shard) -> None:
        if shard.row_digests is None:
            return
        rows = coarsened(shard.row_digests, len(shard.columns), self.level, self.column_rows)
        brought = self.shards[shard.path] = replace(shard, row_digests=rows)
        self.rows += _blocks(brought)
        self.cells += _groups(brought) * (len(shard.columns) + 1)


def _blocks(shard: Shard) -> int:
    return len(shard.row_digests.digests) // DIGEST_SIZE if shard.row_digests else 0


def _groups(shard: Shard) -> int:
    """How many times each column has a digest."""
    rows = shard.row_digests
    return len(rows.columns) // DIGEST_SIZE // (len(shard.columns) + 1) if rows else 0
