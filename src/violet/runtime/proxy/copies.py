"""Copies of bodies for the guard to read: decompressed, to no more than so many bytes."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from violet.formats.compressed.decoders import zstd

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


def _inflate(body: bytes, limit: int, bits: int) -> bytes:
    out = bytearray()
    left = body
    while left:
        one = zlib.decompressobj(bits)
        try:
            out += one.decompress(left, limit + 1 - len(out))
        except zlib.error as error:
            raise UnreadableCodingError("The body is not compressed as its Content-Encoding says.") from error
        if len(out) > limit:
            raise TooLargeError("The body expands too far.")
        if not one.eof:
            raise UnreadableCodingError("The compressed body ends too early.")
        if bits < 0 or one.unused_data == left:
            break
        left = one.unused_data  # gzip: members may follow each other (RFC 1952, section 2.2)
    return bytes(out)


def _gzip(body: bytes, limit: int) -> bytes:
    return _inflate(body, limit, 31)


def _deflate(body: bytes, limit: int) -> bytes:
    """The zlib format (RFC 9110, section 8.4.1.2), or the bare one, which many send."""
    zlib_format = len(body) >= 2 and body[0] & 15 == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return _inflate(body, limit, 15 if zlib_format else -15)


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
    if make is None:
        return None

    def undo(body: bytes, limit: int) -> bytes:
        out = bytearray()
        left = body
        try:
            while left:
                one = make()
                out += one.decompress(left, limit + 1 - len(out))
                if len(out) > limit:
                    raise TooLargeError("The body expands too far.")
                if not one.eof:
                    raise UnreadableCodingError("The compressed body ends too early.")
                left = one.unused_data or b""
        except UnreadableCodingError:
            raise
        except Exception as error:  # the library's own class of error has moved between its versions
            raise UnreadableCodingError("The body is not compressed as its Content-Encoding says.") from error
        return bytes(out)

    return undo
