"""Text as readers and checks see it: decoded, bounded, with line numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

PIECE = 1 << 20
OVERLAP = 4096

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


class Document:
    """The text of one source.

    ``text`` is what fits the bound; ``truncated`` says that there is more, which ``pieces`` goes
    through; ``encoding`` is what it was decoded as; ``foreign`` is the offset of the first byte that
    no text has (a NUL or another control character), where there is one.
    """

    __slots__ = ("_starts", "encoding", "foreign", "limit", "size", "source", "text", "truncated")

    def __init__(
        self,
        text: str,
        encoding: str,
        size: int,
        truncated: bool = False,
        foreign: int | None = None,
        source: Source | None = None,
        limit: int = 0,
        _starts: list[int] | None = None,
    ) -> None:
        self.text = text
        self.encoding = encoding
        self.size = size
        self.truncated = truncated
        self.foreign = foreign
        self.source = source
        self.limit = limit
        self._starts = [] if _starts is None else _starts

    def line(self, position: int) -> int:
        """The line, from 1, of the character at ``position``."""
        from bisect import bisect_right

        if not self._starts:
            starts, at = [0], self.text.find("\n")
            while at >= 0:
                starts.append(at + 1)
                at = self.text.find("\n", at + 1)
            self._starts = starts
        return bisect_right(self._starts, position)

    def pieces(self) -> Iterator[str]:
        """The whole text up to ``limit`` bytes, in pieces that overlap by a few KiB, never all in memory."""
        yield self.text
        if not self.truncated or self.source is None:
            return
        encoding = "latin-1" if self.encoding == "latin-1" else self.encoding.removesuffix("-sig")
        step = PIECE - OVERLAP
        for offset in range(max(0, len(self.text) - OVERLAP) & ~3, min(self.size, self.limit), step):
            yield self.source.read(offset, PIECE).decode(encoding, "replace")


def encoding_of(head: bytes) -> str:
    """The encoding that a byte-order mark or the pattern of zero bytes shows, else ``utf-8``."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if len(head) >= 4 and head[0] and not head[1] and head[2] and not head[3]:
        return "utf-16-le"
    if len(head) >= 4 and not head[0] and head[1] and not head[2] and head[3]:
        return "utf-16-be"
    return "utf-8"


def read_document(source: Source, reading: Reading, most: int = 0) -> Document:
    """Decode a source, at most ``most`` bytes of it (default: the text bound)."""
    most = most or reading.bounds.text
    data = source.read(0, most)
    truncated = source.size > len(data)
    encoding = encoding_of(data[:4])
    if encoding == "utf-8":
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            if truncated and error.start >= len(data) - 4:
                text = data[: error.start].decode("utf-8")
            else:
                encoding, text = "latin-1", data.decode("latin-1")
    else:
        text = data.decode(encoding, "replace")
    limit = source.size if reading.deep else max(reading.bounds.table, most)
    foreign = None
    if encoding in ("utf-8", "utf-8-sig", "latin-1"):
        foreign = first_foreign(data)
        if foreign is None and truncated:
            foreign = _foreign_further(source, len(data), min(source.size, limit))
    return Document(text, encoding, source.size, truncated, foreign, source, limit)


_CONTROL = bytes(i for i in range(32) if i not in b"\t\n\r\f\v\b\x1b\x1a") + b"\x7f"


def first_foreign(data: bytes) -> int | None:
    """Where the first control character stands that text does not have."""
    kept = data.translate(None, _CONTROL)
    if len(kept) == len(data):
        return None
    return min(at for at in (data.find(bytes([c])) for c in _CONTROL) if at >= 0)


def _foreign_further(source: Source, start: int, end: int) -> int | None:
    for offset in range(start, end, PIECE):
        found = first_foreign(source.read(offset, PIECE))
        if found is not None:
            return offset + found
    return None


def unexamined_parts(document: Document) -> list[str]:
    """What of a document cannot be looked at as text, in words for the report."""
    parts = []
    if document.foreign is not None:
        parts.append(f"bytes that are not text, from offset {document.foreign}")
    if document.size > document.limit > 0:
        parts.append(f"text beyond the first {document.limit:,} bytes")
    return parts
