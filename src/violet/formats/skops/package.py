"""The skops archive: its schema is read as one even where it does not look like one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.archive import ArchiveFacts
from violet.formats.base import HEAD, Child, Parsed, Relation
from violet.formats.skops import SCHEMA, looks_like_schema
from violet.formats.zip import read_zip

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source


def read(source: Source, reading: Reading) -> Parsed:
    """The zip reader gives all members as children; only a disguised schema is added here."""
    parsed = Parsed()
    archive = read_zip(source, reading).facts
    if not isinstance(archive, ArchiveFacts):
        return parsed
    for member in archive.members:
        if member.name == SCHEMA and member.source is not None:
            head = member.source.read(0, HEAD)
            start = head[:256].lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1]
            if start != b"{" or not looks_like_schema(head):
                parsed.children.append(Child(member.name, member.source, Relation.TEXT, "skops-schema"))
    return parsed
