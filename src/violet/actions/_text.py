"""Source texts as bytes: decoding without loss, edits by byte ranges, unified diffs."""

from __future__ import annotations

import codecs
import difflib
import io
import tokenize
from dataclasses import dataclass

LARGEST = 4 << 20
"""Bytes of a text that is rewritten."""


class TextError(ValueError):
    """The text cannot be rewritten; the text of the error is a clause that says why."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """``text`` without its byte-order mark ``mark``; encoded again it gives the same bytes."""

    text: str
    encoding: str
    mark: bytes = b""

    def encode(self, text: str) -> bytes:
        return self.mark + text.encode(self.encoding)


def decode_python(data: bytes) -> Decoded:
    """Decode as Python does: by byte-order mark, coding comment, or UTF-8. Raises ``TextError``."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except (SyntaxError, UnicodeError, LookupError) as error:
        raise TextError(f"its encoding cannot be told ({error})") from None
    return _decoded(data, "utf-8" if encoding == "utf-8-sig" else encoding)


def decode_utf8(data: bytes) -> Decoded:
    return _decoded(data, "utf-8")


def _decoded(data: bytes, encoding: str) -> Decoded:
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    try:
        made = Decoded(data[len(mark) :].decode(encoding), encoding, mark)
        same = made.encode(made.text) == data
    except (UnicodeError, LookupError):
        raise TextError(f"it is not all valid {encoding}") from None
    if not same:
        raise TextError(f"its encoding {encoding} is not kept when it is written again")
    return made


def byte_edits(decoded: Decoded, edits: list[tuple[int, int, str]]) -> list[list[object]]:
    """Edits of characters as edits of bytes: start, end, and what stands there afterwards. Raises ``TextError``
    where the encoding keeps a state, so that bytes cannot be replaced in place."""
    made: list[list[object]] = []
    text = decoded.text
    for start, end, replacement in edits:
        begin = len(decoded.encode(text[:start]))
        made.append([begin, begin + len(text[start:end].encode(decoded.encoding)), replacement])
    if splice(decoded.encode(text), [(e[0], e[1], str(e[2]).encode(decoded.encoding)) for e in made]) != (  # type: ignore[misc]
        decoded.encode(replaced(text, edits))
    ):
        raise TextError(f"its encoding {decoded.encoding} keeps a state from one character to the next")
    return made


def replaced(text: str, edits: list[tuple[int, int, str]]) -> str:
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def splice(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """``data`` with byte ranges replaced. Raises ``ValueError`` for ranges that overlap or lie outside."""
    parts: list[bytes] = []
    at = 0
    for start, end, replacement in sorted(edits):
        if not at <= start <= end <= len(data):
            raise ValueError("edits overlap or lie outside the text")
        parts += [data[at:start], replacement]
        at = end
    return b"".join([*parts, data[at:]])


def unified(path: str, before: bytes, after: bytes, encoding: str = "utf-8") -> str:
    """What ``diff -u`` shows, and ``patch -p1`` takes; line ends other than a newline stay as they are."""
    old, new = (_lines(data.decode(encoding, "replace")) for data in (before, after))
    parts = []
    for line in difflib.unified_diff(old, new, f"a/{path}", f"b/{path}"):
        parts.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(parts)


def _lines(text: str) -> list[str]:
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines
