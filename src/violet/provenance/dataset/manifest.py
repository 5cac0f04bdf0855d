"""Manifests as JSON: how they are written, and how they are read from a file, or from a worker, that may lie.

The shape is documented in ``docs/data-manifest.md``. What is read is checked for types, and for agreeing with
itself; whether it is to be believed is for its signature to say.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, TypeVar

from violet.domain import Digest
from violet.domain.dataset import (
    CSV,
    DIGEST_SIZE,
    IMAGE,
    JSONL,
    OTHER,
    PARQUET,
    TEXT,
    Column,
    ColumnChunk,
    DatasetManifest,
    ImageClass,
    ImageFacts,
    RowDigests,
    RowGroup,
    Shard,
    TextLayout,
)
from violet.domain.provenance import DIRECTORY_DIGEST, FILE_DIGEST
from violet.provenance.dataset.classes import image_classes
from violet.provenance.dataset.tally import GROUP, MOST_LEVELS, WIDEN, unpack
from violet.provenance.strict_json import parse

if TYPE_CHECKING:
    from collections.abc import Callable

TYPE = "violet-dataset"
VERSION = 1
LARGEST = 1 << 30
"""Bytes of a manifest that are read."""

T = TypeVar("T")

_KINDS = (CSV, JSONL, TEXT, PARQUET, IMAGE, OTHER)


def manifest_bytes(manifest: DatasetManifest) -> bytes:
    """The manifest as it is written: always the same bytes for the same data set."""
    head = {
        "type": TYPE,
        "version": VERSION,
        "name": manifest.name,
        "digest": {manifest.digest.algorithm: manifest.digest.value},
        "size": manifest.size,
        "rows": manifest.rows,
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    if manifest.classes:
        classes = [
            {"name": c.name, "images": c.images, "digest": {c.digest.algorithm: c.digest.value}}
            for c in manifest.classes
        ]
        lines.append('"classes": ' + _lines(classes))
    lines.append('"shards": ' + _lines([shard_json(shard) for shard in manifest.shards]))
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("ascii")


def _lines(values: list[dict[str, Any]]) -> str:
    """One line for each value."""
    if not values:
        return "[]"
    return "[\n" + ",\n".join(json.dumps(value, separators=(",", ":")) for value in values) + "\n]"


def shard_json(shard: Shard) -> dict[str, Any]:
    """A shard as JSON can say it, without what is empty."""
    out: dict[str, Any] = {"path": shard.path, "size": shard.size, "sha256": shard.digest.value, "kind": shard.kind}
    if shard.rows >= 0:
        out["rows"] = shard.rows
    if shard.compression:
        out["compression"] = shard.compression
    if shard.columns:
        out["columns"] = [_column_json(column) for column in shard.columns]
    if shard.text is not None:
        out["text"] = layout_json(shard.text)
    if shard.row_digests is not None:
        out["row_digests"] = _row_digests_json(shard.row_digests)
    if shard.row_groups:
        out["row_groups"] = [
            {"first": group.first, "rows": group.rows, "columns": [_chunk_json(chunk) for chunk in group.columns]}
            for group in shard.row_groups
        ]
    if shard.image is not None:
        out["image"] = {"format": shard.image.format, "width": shard.image.width, "height": shard.image.height}
    if shard.notes:
        out["notes"] = list(shard.notes)
    return out


def layout_json(layout: TextLayout) -> dict[str, Any]:
    """Read back by ``parse_layout``."""
    return {name: getattr(layout, name) for name in TextLayout.__slots__}


def _column_json(column: Column) -> dict[str, str]:
    out = {"name": column.name}
    if column.type:
        out["type"] = column.type
    if column.digest:
        out["sha256"] = column.digest
    return out


def _chunk_json(chunk: ColumnChunk) -> list[Any]:
    return [chunk.digest, *[list(page) for page in chunk.pages]]


def _row_digests_json(rows: RowDigests) -> dict[str, Any]:
    out: dict[str, Any] = {"level": rows.level, "digests": b64encode(rows.digests).decode()}
    if rows.counts:
        out["counts"] = b64encode(rows.counts).decode()
    if rows.content:
        out["content_sha256"] = rows.content
    if rows.column_rows:
        out["column_rows"] = rows.column_rows
        out["columns"] = b64encode(rows.columns).decode()
    return out


def parse_manifest(content: bytes) -> DatasetManifest:
    """Read a manifest. Raises ``ValueError`` with a clause that says why it is none."""
    table = _Table(parse(content, LARGEST))
    if table.text("type") != TYPE:
        raise ValueError("it is no data set manifest")
    if table.whole("version") != VERSION:
        raise ValueError(f"it is of version {table.whole('version')}, and this Violet reads version {VERSION}")
    shards = tuple(table.each("shards", parse_shard))
    paths = [shard.path for shard in shards]
    if paths != sorted(set(paths), key=lambda path: path.encode("utf-8", "surrogatepass")):
        raise ValueError("its shards are not in order, or one stands twice")
    digest = table.table("digest")
    algorithm = next((name for name in (FILE_DIGEST, DIRECTORY_DIGEST) if name in digest), "")
    if not algorithm:
        raise ValueError("it has no digest of the data set")
    manifest = DatasetManifest(
        table.text("name"),
        Digest(algorithm, _Table(digest).sha256(algorithm)),
        table.whole("size"),
        shards,
        tuple(table.each("classes", _class, optional=True)),
    )
    if sum(shard.size for shard in shards) != manifest.size:
        raise ValueError("its sizes do not add up")
    if manifest.classes != image_classes(shards):
        raise ValueError("its classes are not those of its images")
    return manifest


def parse_shard(value: Any) -> Shard:
    """Raises ``ValueError`` for anything that ``shard_json`` does not produce."""
    table = _Table(value)
    path = table.text("path")
    parts = path.split("/")
    if not path or path.startswith("/") or not all(parts) or "." in parts or ".." in parts or "\0" in path:
        raise ValueError(f"it names a shard {path[:80]!a}, which lies nowhere in a data set")
    kind = table.text("kind")
    if kind not in _KINDS:
        raise ValueError(f"it has a shard of the unknown kind {kind[:40]!a}")
    columns = tuple(table.each("columns", _column, optional=True))
    rows = table.whole("rows", default=-1)
    return Shard(
        path=path,
        size=table.whole("size"),
        digest=Digest("sha256", table.sha256("sha256")),
        kind=kind,
        rows=rows,
        compression=table.text("compression", default=""),
        columns=columns,
        text=parse_layout(table.table("text")) if "text" in table.content else None,
        row_digests=_row_digests(table, rows, len(columns)),
        row_groups=tuple(table.each("row_groups", _row_group, optional=True)),
        image=_image(table.table("image")) if "image" in table.content else None,
        notes=tuple(table.each("notes", _text, optional=True)),
    )


def _column(value: Any) -> Column:
    table = _Table(value)
    digest = table.sha256("sha256") if "sha256" in table.content else ""
    return Column(table.text("name"), table.text("type", default=""), digest)


def parse_layout(value: dict[str, Any]) -> TextLayout:
    """Raises ``ValueError`` for what is no layout."""
    table = _Table(value)
    layout = TextLayout(
        encoding=table.text("encoding"),
        delimiter=table.text("delimiter"),
        header=table.truth("header"),
        quoted=table.truth("quoted"),
        bom=table.truth("bom"),
        ending=table.text("ending"),
        crlf=table.whole("crlf"),
        ended=table.truth("ended"),
        ragged=table.whole("ragged"),
        header_digest=table.text("header_digest"),
    )
    if len(layout.delimiter) > 1 or layout.delimiter in ('"', "\r", "\n", "\0", "\1") or not layout.delimiter.isascii():
        raise ValueError(f"it has a shard with the delimiter {layout.delimiter[:8]!a}")
    return layout


def _row_digests(shard: _Table, rows: int, columns: int) -> RowDigests | None:
    if "row_digests" not in shard.content:
        return None
    table = _Table(shard.table("row_digests"))
    level = table.whole("level")
    digests = table.base64("digests")
    counts = table.base64("counts") if level else b""
    found = RowDigests(
        level,
        digests,
        counts,
        table.sha256("content_sha256") if "content_sha256" in table.content else "",
        table.whole("column_rows", default=0),
        table.base64("columns") if "columns" in table.content else b"",
    )
    number = len(digests) // DIGEST_SIZE
    fits = level <= MOST_LEVELS and len(digests) == number * DIGEST_SIZE and rows >= 0
    if level:
        fits = fits and len(counts) == 4 * number and sum(unpack(counts)) == rows
    else:
        fits = fits and number == rows
    each = found.column_rows
    if each:
        fits = fits and each in [GROUP * WIDEN**n for n in range(2 * MOST_LEVELS)]
        fits = fits and len(found.columns) == -(-rows // each) * (columns + 1) * DIGEST_SIZE
    else:
        fits = fits and not found.columns
    if not fits:
        raise ValueError("it has a shard with more or fewer digests than rows")
    return found


def _row_group(value: Any) -> RowGroup:
    table = _Table(value)
    return RowGroup(table.whole("first"), table.whole("rows"), tuple(table.each("columns", _chunk)))


def _chunk(value: Any) -> ColumnChunk:
    if not isinstance(value, list) or not value:
        raise ValueError("it has a column chunk that is none")
    return ColumnChunk(_short(value[0]), tuple(_page(page) for page in value[1:]))


def _page(value: Any) -> tuple[int, int, str]:
    if not isinstance(value, list) or len(value) != 3:
        raise ValueError("it has a page that is none")
    return _whole(value[0]), _whole(value[1]), _short(value[2])


def _image(value: dict[str, Any]) -> ImageFacts:
    table = _Table(value)
    return ImageFacts(table.text("format"), table.whole("width"), table.whole("height"))


def _class(value: Any) -> ImageClass:
    table = _Table(value)
    return ImageClass(
        table.text("name"),
        table.whole("images"),
        Digest(DIRECTORY_DIGEST, _Table(table.table("digest")).sha256(DIRECTORY_DIGEST)),
    )


class _Table:
    """A JSON object whose members must be what they are asked for as."""

    def __init__(self, value: Any) -> None:
        if not isinstance(value, dict):
            raise ValueError("it holds something else where an object should be")
        self.content: dict[str, Any] = value

    def text(self, name: str, default: str | None = None) -> str:
        value = self.content.get(name, default)
        if not isinstance(value, str):
            raise ValueError(f"{name} in it is no text")
        return value

    def whole(self, name: str, default: int | None = None) -> int:
        value = self.content.get(name, default)
        if value == default and name not in self.content and default is not None:
            return default
        return _whole(value, name)

    def truth(self, name: str) -> bool:
        value = self.content.get(name)
        if not isinstance(value, bool):
            raise ValueError(f"{name} in it is neither true nor false")
        return value

    def sha256(self, name: str) -> str:
        value = self.text(name)
        if len(value) != 64 or not set(value) <= set("0123456789abcdef"):
            raise ValueError(f"{name} in it is no SHA-256")
        return value

    def base64(self, name: str) -> bytes:
        text = self.text(name)
        try:
            return b64decode(text, validate=True)
        except ValueError:
            raise ValueError(f"{name} in it is not Base64") from None

    def table(self, name: str) -> dict[str, Any]:
        value = self.content.get(name)
        if not isinstance(value, dict):
            raise ValueError(f"{name} in it is no object")
        return value

    def each(self, name: str, read: Callable[[Any], T], optional: bool = False) -> list[T]:
        value = self.content.get(name, [] if optional else None)
        if not isinstance(value, list):
            raise ValueError(f"{name} in it is no list")
        return [read(item) for item in value]


def _whole(value: Any, name: str = "a number") -> int:
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise ValueError(f"{name} in it is no count")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a note in it is no text")
    return value


def _short(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 2 * DIGEST_SIZE or not set(value) <= set("0123456789abcdef"):
        raise ValueError("a digest in it is none")
    return value
