"""Copies of bodies for the guard to read: decompressed, to no more than so many bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from violet.formats.compressed.decoders import Inflater, zstd

if TYPE_CHECKING:
    from violet.formats.compressed.stream import Decoder

CODINGS = 3
"""How many codings, one over the other, are undone."""


class UnreadableCodingError(Exception):
    """The message is one sentence."""


class TooLargeError(UnreadableCodingError):
    """It would expand to more than allowed."""


def decoded(coding: str, body: bytes, limit: int) -> bytes:
    """``body`` without the codings of a Content-Encoding header. Raises ``TooLargeError`` where more than ``limit``
    bytes come out, ``UnreadableCodingError`` for a coding that is not known here or does not fit the bytes."""
    names = [name.strip().lower() for name in coding.split(",")]
    names = [name for name in names if name and name != "identity"]
    if len(names) > CODINGS:
        raise UnreadableCodingError("The body is compressed too many times.")
    for name in reversed(names):
        undo = _decoders().get(name.removeprefix("x-"))
        if undo is None:
            raise UnreadableCodingError("The body's coding is not known here.")
        body = undo(body, limit)
    return body


def readable(headers: Mapping[str, str], body: bytes, limit: int) -> tuple[bytes, Mapping[str, str], bool]:
    """A body and headers that describe it: decoded where that is possible, else as they came. Third, whether the body
    could be told whole."""
    coding = headers.get("content-encoding", "")
    if not coding or not body:
        return body, headers, True
    try:
        plain = decoded(coding, body, limit)
    except TooLargeError:
        return body, headers, False
    except UnreadableCodingError:
        return body, headers, True
    return plain, {name: value for name, value in headers.items() if name != "content-encoding"}, True


def _expanded(make: Callable[[], Decoder], body: bytes, limit: int, *, several: bool = True) -> bytes:
    """``several``: members, or frames, may follow each other (RFC 1952, section 2.2; RFC 8878, section 3)."""
    out = bytearray()
    left = body
    while left:
        one = make()
        try:
            out += one.decompress(left, limit + 1 - len(out))
        except Exception as error:  # each library has a class of error of its own, and zstd's has moved
            raise UnreadableCodingError("The body is not compressed as its Content-Encoding says.") from error
        if len(out) > limit:
            raise TooLargeError("The body expands too far.")
        if not one.eof:
            raise UnreadableCodingError("The compressed body ends too early.")
        left = (one.unused_data or b"") if several else b""
    return bytes(out)


def _gzip(body: bytes, limit: int) -> bytes:
    return _expanded(lambda: Inflater(31), body, limit)


def _deflate(body: bytes, limit: int) -> bytes:
    """The zlib format (RFC 9110, section 8.4.1.2), or the bare one, which many send."""
    if len(body) >= 2 and body[0] & 15 == 8 and (body[0] << 8 | body[1]) % 31 == 0:
        return _expanded(lambda: Inflater(15), body, limit)
    return _expanded(Inflater, body, limit, several=False)


@cache
def _decoders() -> Mapping[str, Callable[[bytes, int], bytes]]:
    found: dict[str, Callable[[bytes, int], bytes]] = {"gzip": _gzip, "deflate": _deflate}
    if (brotli := _brotli()) is not None:
        found["br"] = brotli
    if (zstd := _zstd()) is not None:
        found["zstd"] = zstd
    return found


def _brotli() -> Callable[[bytes, int], bytes] | None:
    """From the package brotli, 1.2 or later: earlier ones cannot be bounded."""
    try:
        import brotli  # type: ignore[import-not-found, import-untyped, unused-ignore]

        brotli.Decompressor().process(b"", output_buffer_limit=1)
    except (ImportError, TypeError):
        return None
    except brotli.error:
        pass

    def undo(body: bytes, limit: int) -> bytes:
        one: Any = brotli.Decompressor()
        out = bytearray()
        try:
            out += one.process(body, output_buffer_limit=limit + 1)
            while len(out) <= limit and not one.is_finished() and not one.can_accept_more_data():
                out += one.process(b"", output_buffer_limit=limit + 1 - len(out))
        except brotli.error as error:
            raise UnreadableCodingError("The body is not compressed as its Content-Encoding says.") from error
        if len(out) > limit:
            raise TooLargeError("The body expands too far.")
        if not one.is_finished():
            raise UnreadableCodingError("The compressed body ends too early.")
        return bytes(out)

    return undo


def _zstd() -> Callable[[bytes, int], bytes] | None:
    make = zstd()
    return None if make is None else partial(_expanded, make)
