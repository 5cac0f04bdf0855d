"""Decoders of one stream each, with bounded dictionaries; the optional ones say when they are absent."""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.formats.compressed.stream import Decoder

DICTIONARY = 192 << 20
"""Bytes of memory that an LZMA decoder may take; ``xz -9`` needs 65 MiB."""


class Inflater:
    """zlib's decompressor in the shape of the others. ``bits`` as zlib's ``wbits``: -15 for raw deflate."""

    __slots__ = ("_stream", "eof", "needs_input", "unused_data")

    def __init__(self, bits: int = -15) -> None:
        self._stream = zlib.decompressobj(bits)
        self.eof = False
        self.needs_input = True
        self.unused_data: bytes | None = b""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        stream = self._stream
        waiting = stream.unconsumed_tail
        out = stream.decompress(waiting + data if waiting else data, max(max_length, 0))
        self.eof = stream.eof
        self.needs_input = not stream.unconsumed_tail and len(out) < max_length
        if stream.eof:
            self.unused_data = stream.unused_data
        return out


class Copier:
    """Gives what it is fed: the method of those who store."""

    __slots__ = ("_waiting", "eof", "unused_data")

    def __init__(self) -> None:
        self._waiting = b""
        self.eof = False
        self.unused_data: bytes | None = b""

    @property
    def needs_input(self) -> bool:
        return not self._waiting

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        data = self._waiting + data
        cut = len(data) if max_length < 0 else max_length
        self._waiting = data[cut:]
        return data[:cut]


def inflate() -> Decoder:
    return Inflater()


def inflate_zlib() -> Decoder:
    return Inflater(15)


def bunzip() -> Decoder:
    import bz2

    return bz2.BZ2Decompressor()


def unxz() -> Decoder:
    import lzma

    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=DICTIONARY)


def unlzma() -> Decoder:
    import lzma

    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=DICTIONARY)


def lzma1(properties: bytes, expands_to: int) -> Callable[[], Decoder]:
    """A raw LZMA decoder from its five bytes of properties (one of lc/lp/pb, four of dictionary size).

    The dictionary is never larger than what the stream expands to. Raises ``ValueError`` where the
    properties are none.
    """
    if len(properties) < 5 or properties[0] >= 225:
        raise ValueError("not LZMA properties")
    rest, lc = divmod(properties[0], 9)
    pb, lp = divmod(rest, 5)
    if lc + lp > 4:
        raise ValueError("LZMA properties that no decoder supports")
    size = _dictionary(int.from_bytes(properties[1:5], "little"), expands_to)

    def make() -> Decoder:
        import lzma

        chain = [{"id": lzma.FILTER_LZMA1, "lc": lc, "lp": lp, "pb": pb, "dict_size": size}]
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)

    return make


def lzma2(properties: bytes, expands_to: int) -> Callable[[], Decoder]:
    """A raw LZMA2 decoder from its one byte of properties, the dictionary bounded as for ``lzma1``."""
    if not properties or properties[0] > 40:
        raise ValueError("not LZMA2 properties")
    code = properties[0]
    stated = 0xFFFFFFFF if code == 40 else (2 | (code & 1)) << (code // 2 + 11)
    size = _dictionary(stated, expands_to)

    def make() -> Decoder:
        import lzma

        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": size}])

    return make


def _dictionary(stated: int, expands_to: int) -> int:
    return max(4096, min(stated, max(expands_to, 4096), DICTIONARY))


def zstd() -> Callable[[], Decoder] | None:
    """A maker of zstd decoders of one frame each; ``None`` where no library for it is installed."""
    module: Any
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd as module
        else:
            from backports import zstd as module
    except ImportError:
        return None
    return cast("Callable[[], Decoder]", module.ZstdDecompressor)


def lz4() -> Callable[[], Decoder] | None:
    """A maker of lz4 decoders of one frame each; ``None`` where no library for it is installed."""
    try:
        import lz4.frame as module
    except ImportError:
        return None
    return cast("Callable[[], Decoder]", module.LZ4FrameDecompressor)
