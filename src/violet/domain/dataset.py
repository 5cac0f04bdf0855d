"""What a data set is, shard by shard, so that a change in it can be named when the old data is gone.

A shard is one file. Of each shard the manifest keeps its SHA-256, and of those that hold rows a short digest
for every row (or block of rows) and for every column of every few rows. Short digests only *locate* a change;
whether there is one is for the SHA-256 of the shard to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.domain.asset import Digest
    from violet.domain.provenance import Identity

DIGEST_SIZE = 8
"""Bytes of a short digest, of a row, of a block of rows, or of some rows of a column."""

ROWS_TO_BLOCK = 64
"""About how many rows (or smaller blocks) one block holds."""

CSV, JSONL, TEXT, PARQUET, IMAGE, OTHER = "csv", "jsonl", "text", "parquet", "image", "other"
"""Kinds of shards. ``csv`` is any text table with one delimiter, ``text`` has lines for rows; ``other`` has no more
than a digest."""


@dataclass(frozen=True, slots=True)
class Column:
    """``type`` is what the format itself says, ``""`` where it says nothing (CSV); ``digest`` is over all
    values of the column, in order (hexadecimal SHA-256)."""

    name: str
    type: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class TextLayout:
    """How a text shard is written. It is read again the same way when it is verified.

    ``ending`` is ``lf``, ``crlf``, ``cr``, ``mixed`` or ``""`` (a single row); ``crlf`` counts the line ends of
    two characters; ``ended`` says whether the last row has one. ``quoted`` is false where quotation marks are
    characters like others, because they do not pair.
    """

    encoding: str = "utf-8"
    delimiter: str = ""
    header: bool = False
    quoted: bool = True
    bom: bool = False
    ending: str = ""
    crlf: int = 0
    ended: bool = True
    ragged: int = 0
    """Rows that have more or fewer fields than there are columns, or cannot be parsed."""
    header_digest: str = ""
    """Of the bytes of the header row."""


@dataclass(frozen=True, slots=True)
class RowDigests:
    """Digests that name rows.

    ``digests`` holds ``DIGEST_SIZE`` bytes for each row (``level`` 0) or block; a block of ``level`` n holds
    about ``ROWS_TO_BLOCK ** n`` rows, ends where the digests themselves say so, and so finds its place again
    after an insertion. ``counts`` are the rows in each block, as 32-bit little-endian numbers (empty at level 0).
    ``content`` is the SHA-256 of the shard as decompressed text with LF line endings and no byte-order mark.

    ``columns`` has ``DIGEST_SIZE`` bytes for each column, and one more for fields past the last one, of each
    ``column_rows`` rows, counted from the first.
    """

    level: int
    digests: bytes
    counts: bytes = b""
    content: str = ""
    column_rows: int = 0
    columns: bytes = b""

    @property
    def exact(self) -> bool:
        return self.level == 0


@dataclass(frozen=True, slots=True)
class ColumnChunk:
    """One column of one row group of a Parquet file. ``digest`` is over its raw bytes; ``pages`` are the first
    row (within the row group), the number of rows (0: a dictionary) and the digest of each page, where the
    page headers could be followed and rows do not repeat."""

    digest: str
    pages: tuple[tuple[int, int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RowGroup:
    """``first`` is the number of its first row, from 1; ``columns`` are in the order of the schema's leaves."""

    first: int
    rows: int
    columns: tuple[ColumnChunk, ...]


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What an image's header says; no pixel is decoded. Width and height are 0 where it is not said."""

    format: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Shard:
    """One file. ``path`` is relative to the data set with ``/`` (its base name, where it is a single file);
    ``rows`` counts without the header, -1 where there are none; ``compression`` is ``gzip``, ``zstd`` or
    another, ``""`` for none; ``notes`` say what could not be described, and why."""

    path: str
    size: int
    digest: Digest
    kind: str = OTHER
    rows: int = -1
    compression: str = ""
    columns: tuple[Column, ...] = ()
    text: TextLayout | None = None
    row_digests: RowDigests | None = None
    row_groups: tuple[RowGroup, ...] = ()
    image: ImageFacts | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageClass:
    """A folder of images: how many, and a digest as of a directory that holds nothing else."""

    name: str
    images: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class DatasetManifest:
    """A data set described. ``name``, ``digest`` and ``size`` are those of its ``Identity``; ``shards`` are in
    the order of their paths; ``classes`` are there where images lie in a folder for each class."""

    name: str
    digest: Digest
    size: int
    shards: tuple[Shard, ...]
    classes: tuple[ImageClass, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of all shards that have any."""
        return sum(max(shard.rows, 0) for shard in self.shards)

    def describes(self, identity: Identity) -> bool:
        """Whether it is about exactly this content."""
        return self.digest == identity.digest and self.size == identity.size


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was.

    ``code`` is a stable word (``row-changed``, ``shard-swapped``, ...), ``message`` one sentence that names shard,
    row and column where they can be told; ``row`` and ``last_row`` count from 1 without the header, in the data
    as it was (as it is now, where the rows are new), 0 where none is meant. ``columns`` are the names of those
    that changed, empty where that is not known. ``about`` says how exact rows are: ``1``, or the rows a block has.
    """

    code: str
    message: str
    shard: str = ""
    row: int = 0
    last_row: int = 0
    columns: tuple[str, ...] = ()
    about: int = 1
