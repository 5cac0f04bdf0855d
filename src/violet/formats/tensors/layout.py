"""What the tensor formats share: defects within a bound, bytes nobody owns, metadata texts."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from violet.formats.base import Child, Defect, Parsed, Relation
from violet.formats.source import BytesSource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.formats.source import Source

MOST_DEFECTS = 40
MOST_UNEXAMINED = 4
MOST_TEXTS = 64
MOST_PEEKED = 4_096
"""Tensors of one file whose first bytes are looked at."""
_TEXT = 4 << 20
_FILLER = 1 << 20
_MAGICS = (
    b"\x7fELF", b"MZ\x90\0", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!/",
    b"PK\x03\x04", b"\x80\x02c", b"\x80\x03c", b"\x80\x04\x95", b"\x80\x05\x95",
    b"7z\xbc\xaf", b"\0asm", b"dex\n",
)  # fmt: skip


@cache
def _code() -> re.Pattern[str]:
    return re.compile(
        r"\{%|\{\{|__(?:import|class|globals|builtins|subclasses|reduce)__|\b(?:eval|exec|compile|system|popen)\s*\(|"
        r"\bimport\s+(?:os|sys|subprocess|socket|ctypes|shutil)\b|\bsubprocess\b|#!\s*/|<script\b|\bpowershell\b",
        re.IGNORECASE,
    )


def note(parsed: Parsed, kind: str, message: str, offset: int | None = None, key: str = "") -> None:
    """Add a defect, unless there are already so many that another says nothing.

    What is cut short, cannot be, or is not known also leaves something unexamined: it is said so, that no
    such file counts as clean.
    """
    message = message.removesuffix(".")
    if len(parsed.defects) < MOST_DEFECTS:
        parsed.defects.append(Defect(kind, message, offset, key))
    if kind in ("truncated", "malformed", "unsupported") and len(parsed.unexamined) < MOST_UNEXAMINED:
        parsed.unexamined.append(f"not all of it can be read: {message}")


def hidden(parsed: Parsed, source: Source, offset: int, length: int, where: str) -> None:
    """Note bytes that no part of the format owns, and give them as a child to examine. A short run of
    zeros or spaces is what a writer that aligns leaves: malformed, but nothing is hidden in it."""
    where_key = where[:100]
    if is_filler(source, offset, length):
        note(parsed, "malformed", f"{length:,} bytes of padding stand {where}.", offset, f"padding:{where_key}")
        return
    text = f"{length:,} bytes that nothing in the file owns stand {where}."
    note(parsed, "hidden-data", text, offset, f"hidden:{where_key}")
    if len(parsed.children) < MOST_DEFECTS:
        parsed.children.append(Child("hidden", source.window(offset, length), Relation.HIDDEN, offset=offset))


LARGEST_FILE = 1 << 50
"""Bytes (1 PiB) that no model has: a layout of more was never written by anyone."""


class Span:
    """The bytes of one tensor, as offsets into the buffer that all tensors share."""

    __slots__ = ("begin", "end", "name")

    def __init__(self, begin: int, end: int, name: str) -> None:
        self.begin = begin
        self.end = end
        self.name = name


def check_spans(parsed: Parsed, source: Source, start: int, spans: list[Span], align: int = 1) -> None:
    """Note where spans overlap, leave the buffer that begins at ``start``, or leave bytes to nobody.

    Gaps shorter than ``align`` (bytes) are padding that the format asks for.
    """
    size = max(source.size - start, 0)
    before = len(parsed.defects)
    reached, previous = 0, ""
    for span in sorted(spans, key=lambda s: (s.begin, s.end)):
        key = slug(span.name)
        if span.end < span.begin:
            text = f"Tensor {shown(span.name)} ends before it begins ({span.begin:,} to {span.end:,})."
            note(parsed, "out-of-bounds", text, key=f"range:{key}")
            continue
        if span.begin < reached and span.end > span.begin:
            text = f"Tensors {shown(previous)} and {shown(span.name)} share bytes."
            note(parsed, "overlap", text, start + span.begin, f"overlap:{key}")
        elif span.begin - reached >= align:
            if span.begin > size:
                text = f"Tensor {shown(span.name)} begins past the end of the file."
                note(parsed, "out-of-bounds", text, key=f"range:{key}")
            else:
                where = f"between the tensors {shown(previous)} and {shown(span.name)}"
                where = where if previous else f"before the first tensor {shown(span.name)}"
                hidden(parsed, source, start + reached, span.begin - reached, where)
        if span.end > reached:
            reached, previous = span.end, span.name
    if reached > size:
        # A layout that is sound but for its length is what an interrupted download leaves, of a file that can be.
        kind = "truncated" if len(parsed.defects) == before and reached < LARGEST_FILE else "out-of-bounds"
        text = f"The tensors end at byte {reached:,} of a buffer of {size:,} bytes."
        note(parsed, kind, text, start, "buffer-end")
    elif size - reached >= align:
        where = "after the last tensor" if spans else "after the header"
        hidden(parsed, source, start + reached, size - reached, where)


def peek(parsed: Parsed, source: Source, offset: int, length: int, name: str) -> None:
    """Give bytes that begin as an executable, an archive or a pickle does as a child, though they stand
    where numbers should. Looks at eight bytes; the magic numbers have at least three that must fit."""
    if length < 64 or not source.read(offset, 8).startswith(_MAGICS):
        return
    if len(parsed.children) < MOST_DEFECTS:
        child = Child(slug(name) or "tensor", source.window(offset, length), Relation.NESTED, offset=offset)
        parsed.children.append(child)


def is_filler(source: Source, offset: int, length: int) -> bool:
    """Whether the bytes are at most 1 MiB of nothing but zeros or spaces."""
    return length <= _FILLER and not source.read(offset, length).strip(b"\x00 ")


def metadata_children(pairs: Iterable[tuple[str, str]]) -> list[Child]:
    """The metadata strings that are templates or look like code, as texts to examine."""
    found: list[Child] = []
    for key, value in pairs:
        template = "chat_template" in key
        if template or _code().search(value[:_TEXT]):
            jinja = template or "{%" in value or "{{" in value
            data = value.encode("utf-8", "backslashreplace")
            found.append(Child(slug(key), BytesSource(data), Relation.TEXT, "jinja" if jinja else ""))
            if len(found) >= MOST_TEXTS:
                break
    return found


def shown(name: str) -> str:
    """A name from the file as it may stand in a message: quoted, ASCII, at most 80 characters."""
    return ascii(name if len(name) <= 80 else name[:77] + "...")


def slug(name: str) -> str:
    """A name from the file as it may stand in a key or a path: printable ASCII, at most 80 characters."""
    return ascii(name[:80])[1:-1]
