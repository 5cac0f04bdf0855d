"""One file of a data set, described by what it is. Runs in a worker: what it reads may be hostile."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain import Digest
from violet.domain.dataset import CSV, IMAGE, JSONL, OTHER, PARQUET, TEXT, Shard
from violet.formats.source import FileSource
from violet.provenance.dataset.stream import CHUNK, NotDescribedError, TextStream, compression_of
from violet.provenance.dataset.tally import Regroup

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from violet.domain.dataset import TextLayout
    from violet.formats.source import Source
    from violet.provenance.dataset.table import Described
    from violet.provenance.dataset.tally import ColumnSink

SUFFIXES = {
    ".csv": CSV, ".tsv": CSV, ".tab": CSV, ".psv": CSV,
    ".jsonl": JSONL, ".ndjson": JSONL, ".jsonlines": JSONL,
    ".txt": TEXT,
    ".parquet": PARQUET, ".pq": PARQUET,
    ".png": IMAGE, ".jpg": IMAGE, ".jpeg": IMAGE, ".gif": IMAGE, ".bmp": IMAGE, ".webp": IMAGE, ".tif": IMAGE,
    ".tiff": IMAGE,
}  # fmt: skip
"""The kind that a name announces. What a file is inside decides whether it can be described so."""


@dataclass(frozen=True, slots=True)
class Expected:
    """How a shard was described, for it to be described the same way again."""

    kind: str
    text: TextLayout | None = None
    columns: tuple[str, ...] = ()
    decoded: bool = False


def kind_of(path: str) -> tuple[str, str]:
    """Kind and compression that a name announces."""
    compression, inner = compression_of(path)
    dot = inner.rfind(".")
    kind = SUFFIXES.get(inner[dot:].lower(), OTHER) if dot >= 0 else OTHER
    if compression and kind not in (CSV, JSONL, TEXT):
        return OTHER, ""
    return kind, compression


def describe_shard(file: str, path: str, limit: int, expected: Expected | None = None, decode: bool = False) -> Shard:
    """Describe the file, which is called ``path`` in its data set, with at most ``limit`` digests of rows.

    Raises ``OSError`` for what cannot be read.
    """
    with FileSource.open(file) as source:
        before = os.fstat(source.descriptor)
        digest = _sha256(source)
        kind, compression = kind_of(path)
        if expected is not None and expected.kind != OTHER:
            kind = expected.kind
        try:
            shard = _described(source, path, digest, kind, compression, limit, expected, decode)
        except NotDescribedError as error:
            shard = Shard(path, source.size, digest, notes=(str(error),))
        after = os.fstat(source.descriptor)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise OSError("it changed while it was read")
        return shard


def _described(
    source: FileSource,
    path: str,
    digest: Digest,
    kind: str,
    compression: str,
    limit: int,
    expected: Expected | None,
    decode: bool,
) -> Shard:
    if kind == IMAGE:
        from violet.provenance.dataset.images import image_facts

        facts = image_facts(source)
        if facts is None:
            raise NotDescribedError("it is called an image, and is none of a known format")
        return Shard(path, source.size, digest, IMAGE, image=facts)
    if kind == PARQUET:
        from violet.provenance.dataset.columnar import describe_parquet

        return describe_parquet(source, path, digest, limit, decode)
    if kind not in (CSV, JSONL, TEXT):
        return Shard(path, source.size, digest)
    made = _rows(source, path, kind, compression, limit, expected)
    return Shard(
        path,
        source.size,
        digest,
        kind,
        made.rows,
        compression,
        made.columns,
        made.text,
        made.row_digests,
        notes=made.notes,
    )


def regroup(
    file: str, path: str, described: Expected, width: int, level: int, ranges: Mapping[int, Sequence[tuple[int, int]]]
) -> dict[int, bytes]:
    """Digests of the columns of some rows of a text shard, as ``Regroup`` gathers them. ``described`` is how the shard
    was just read. Raises ``OSError`` and ``NotDescribedError``."""
    sink = Regroup(width, level, ranges)
    with FileSource.open(file) as source:
        _rows(source, path, described.kind, kind_of(path)[1], 1, described, sink)
    return sink.digests()


def _rows(
    source: Source,
    path: str,
    kind: str,
    compression: str,
    limit: int,
    expected: Expected | None,
    sink: ColumnSink | None = None,
) -> Described:
    """A text shard by its rows."""
    names = () if expected is None else expected.columns
    like = None if expected is None else expected.text
    if kind == CSV:
        from violet.provenance.dataset.table import describe_table

        inner = compression_of(path)[1]
        return describe_table(lambda: TextStream(source, compression), inner, limit, like, names, sink)
    if kind == JSONL:
        from violet.provenance.dataset.jsonl import describe_jsonl

        return describe_jsonl(TextStream(source, compression), limit, names, sink)
    from violet.provenance.dataset.table import describe_lines

    return describe_lines(TextStream(source, compression), limit)


def _sha256(source: Source) -> Digest:
    digest = hashlib.sha256()
    at = 0
    while piece := source.read(at, CHUNK):
        at += len(piece)
        digest.update(piece)
    return Digest("sha256", digest.hexdigest())
