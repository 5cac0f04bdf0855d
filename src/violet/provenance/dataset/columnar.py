"""Parquet shards: a digest for every column chunk and every page, over their bytes; nothing is decoded."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from violet.domain.dataset import DIGEST_SIZE, PARQUET, Column, ColumnChunk, RowGroup, Shard
from violet.formats.base import Reading
from violet.formats.parquet.reader import ParquetFacts, read_parquet
from violet.formats.parquet.thrift import ThriftError, ThriftReader, Wanted
from violet.formats.source import BoundExceededError, Bounds, Meter
from violet.provenance.dataset.stream import CHUNK, NotDescribedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.domain import Digest
    from violet.domain.dataset import RowDigests
    from violet.formats.parquet.reader import ChunkInfo
    from violet.formats.parquet.schema import Leaf
    from violet.formats.source import FileSource, Source

MOST_PAGES = 200_000
"""Pages of one shard that get digests."""
HEADERS = (4 << 10, 1 << 20)
"""Bytes in which the header of a page is looked for: statistics can make it long."""

_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3
_PAGE_HEADER: Wanted = {1: None, 3: None, 5: {1: None}, 7: {1: None}, 8: {1: None, 3: None}}


def describe_parquet(source: FileSource, path: str, digest: Digest, limit: int, decode: bool) -> Shard:
    """Raises ``NotDescribedError`` where the footer does not fit the file."""
    facts = _facts(source)
    wholes = [hashlib.sha256() for _ in facts.leaves]
    groups = []
    first = 1
    pages = 0
    for group in facts.row_groups:
        chunks = []
        for leaf, info, whole in zip(facts.leaves, group.chunks, wholes, strict=True):
            content, found = _chunk(source, leaf, info, group.rows, whole.update, MOST_PAGES - pages)
            pages += len(found)
            chunks.append(ColumnChunk(content, found))
        groups.append(RowGroup(first, group.rows, tuple(chunks)))
        first += group.rows
    columns = tuple(
        Column(leaf.name[:1000], leaf.type, whole.hexdigest()) for leaf, whole in zip(facts.leaves, wholes, strict=True)
    )
    row_digests: RowDigests | None = None
    notes: tuple[str, ...] = ()
    if decode:
        from violet.provenance.dataset.decoded import decoded_rows

        try:
            row_digests, wholes_decoded = decoded_rows(source, facts, limit)
            if wholes_decoded:
                columns = tuple(Column(c.name, c.type, value) for c, value in zip(columns, wholes_decoded, strict=True))
        except NotDescribedError as error:
            notes = (f"its rows are not pinned: {error}",)
    return Shard(
        path,
        source.size,
        digest,
        PARQUET,
        facts.rows,
        columns=columns,
        row_digests=row_digests,
        row_groups=tuple(groups),
        notes=notes,
    )


def _facts(source: Source) -> ParquetFacts:
    bounds = Bounds()
    try:
        parsed = read_parquet(source, Reading("", bounds, Meter(bounds)))
    except BoundExceededError as error:
        raise NotDescribedError(f"it {error.message}") from error
    facts = parsed.facts
    if not isinstance(facts, ParquetFacts) or not facts.sound:
        why = parsed.defects[0].message if parsed.defects else "It cannot be read"
        raise NotDescribedError(f"the Parquet footer cannot be used. {why}")
    if parsed.unexamined:
        raise NotDescribedError(f"not all of it can be read: {parsed.unexamined[0]}")
    return facts


def _chunk(
    source: Source, leaf: Leaf, info: ChunkInfo, rows: int, whole: Callable[[bytes], None], most: int
) -> tuple[str, tuple[tuple[int, int, str], ...]]:
    """The digest of a chunk, and its pages, where their headers lead from one to the next up to its end."""
    everything = hashlib.sha256()
    end = info.offset + info.size
    pages: list[tuple[int, int, str]] = []
    bounds = _pages(source, leaf, info, rows, most)
    at = info.offset
    for first, count, stop in bounds or [(0, 0, end)]:
        page = hashlib.sha256()
        while at < stop:
            piece = source.read(at, min(CHUNK, stop - at))
            if not piece:
                raise OSError("it changed while it was read")
            at += len(piece)
            everything.update(piece)
            page.update(piece)
        pages.append((first, count, page.hexdigest()[: 2 * DIGEST_SIZE]))
    digest = everything.digest()
    whole(digest)
    return digest[:DIGEST_SIZE].hex(), tuple(pages) if bounds else ()


def _pages(source: Source, leaf: Leaf, info: ChunkInfo, rows: int, most: int) -> list[tuple[int, int, int]]:
    """First row, number of rows (0: a dictionary) and end of each page; empty where rows cannot be told."""
    if leaf.repeats:
        return []
    found: list[tuple[int, int, int]] = []
    at, end, row = info.offset, info.offset + info.size, 0
    while at < end:
        header = _header(source, at, end)
        if header is None or len(found) == most:
            return []
        content, length = header
        size = content.get(3)
        if type(size) is not int or size < 0 or at + length + size > end:
            return []
        at += length + size
        kind = content.get(1)
        if kind not in (_DATA, _DATA_V2):
            found.append((row, 0, at))
            continue
        inner = content.get(5 if kind == _DATA else 8)
        count = inner.get(1 if kind == _DATA else 3) if isinstance(inner, dict) else None
        if type(count) is not int or count < 0 or row + count > rows:
            return []
        found.append((row, count, at))
        row += count
    return found if row == rows else []


def _header(source: Source, at: int, end: int) -> tuple[dict[int, object], int] | None:
    for window in HEADERS:
        reader = ThriftReader(source.read(at, min(window, end - at)), budget=10_000)
        try:
            return reader.structure(_PAGE_HEADER), reader.position
        except ThriftError:
            continue
        except BoundExceededError:
            return None
    return None
