"""Decode a folder: its coders one after the other, each within bounds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from violet.formats.compressed import decoders
from violet.formats.compressed.stream import OUTPUT, BrokenStreamError, ExpandedSource, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from violet.formats.compressed.stream import Decoder
    from violet.formats.sevenzip.header import Coder, Folder
    from violet.formats.source import Meter, Source

_FILTERS = {
    b"\x03\x03\x01\x03": "FILTER_X86", b"\x04": "FILTER_X86",
    b"\x03\x03\x02\x05": "FILTER_POWERPC", b"\x05": "FILTER_POWERPC",
    b"\x03\x03\x04\x01": "FILTER_IA64", b"\x06": "FILTER_IA64",
    b"\x03\x03\x05\x01": "FILTER_ARM", b"\x07": "FILTER_ARM",
    b"\x03\x03\x07\x01": "FILTER_ARMTHUMB", b"\x08": "FILTER_ARMTHUMB",
    b"\x03\x03\x08\x05": "FILTER_SPARC", b"\x09": "FILTER_SPARC",
    b"\x03": "FILTER_DELTA",
}  # fmt: skip

_NAMES = {
    b"\x06\xf1\x07\x01": "AES-256", b"\x03\x03\x01\x1b": "BCJ2", b"\x03\x04\x01": "PPMd",
    b"\x04\x01\x09": "deflate64", b"\x0a": "ARM64 filter", b"\x0b": "RISC-V filter",
    b"\x04\xf7\x11\x02": "Brotli", b"\x04\xf7\x11\x05": "Lizard",
}  # fmt: skip
AES = b"\x06\xf1\x07\x01"


class UnsupportedError(Exception):
    """A folder that is valid and cannot be decoded here; ``encrypted`` says whether for want of a key."""

    def __init__(self, message: str, *, encrypted: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.encrypted = encrypted


def expand_folder(folder: Folder, packed: Source, meter: Meter) -> ExpandedSource:
    """The content of a folder, expanded as it is read. Raises ``UnsupportedError``."""
    if any(coder.method == AES for coder in folder.coders):
        raise UnsupportedError("it is encrypted", encrypted=True)
    chain = folder.chain()
    if chain is None:
        names = ", ".join(method_name(coder) for coder in folder.coders)
        raise UnsupportedError(f"its methods are not supported ({names})")
    first, *rest = [_stage(coder, size) for coder, size in chain]

    def produce() -> Iterator[bytes]:
        pieces: Iterable[bytes] = Run(packed, 0, packed.size, first())
        for make in rest:
            pieces = _through(pieces, make())
        yield from pieces

    first_filter = _FILTERS.get(chain[0][0].method)
    if first_filter is not None:
        raise UnsupportedError("a filter without compression")
    return ExpandedSource(produce, folder.size(), meter)


def method_name(coder: Coder) -> str:
    return _NAMES.get(coder.method) or _FILTERS.get(coder.method, "") or coder.method.hex()


def _stage(coder: Coder, size: int) -> Callable[[], Callable[[], Decoder]]:
    """Something that gives a maker of decoders for this coder."""
    method, properties = coder.method, coder.properties
    make: Callable[[], Decoder] | None = None
    try:
        if method == b"\x00":
            make = decoders.Copier
        elif method == b"\x03\x01\x01":
            make = decoders.lzma1(properties, size)
        elif method == b"\x21":
            make = decoders.lzma2(properties, size)
        elif method == b"\x04\x01\x08":
            make = decoders.inflate
        elif method == b"\x04\x02\x02":
            make = decoders.bunzip
        elif method == b"\x04\xf7\x11\x01":
            make = decoders.zstd()
        elif method == b"\x04\xf7\x11\x04":
            make = decoders.lz4()
        elif method in _FILTERS:
            make = partial(_Filter, _FILTERS[method], properties)
    except ValueError as error:
        raise UnsupportedError(str(error)) from error
    if make is None:
        raise UnsupportedError(f"method {method_name(coder)} is not supported")
    found = make
    return lambda: found


def _through(pieces: Iterable[bytes], make: Callable[[], Decoder]) -> Iterator[bytes]:
    """What a decoder makes of pieces that another one gives."""
    decoder = make()
    try:
        for piece in pieces:
            data = piece
            while True:
                out = decoder.decompress(data, OUTPUT)
                data = b""
                if out:
                    yield out
                if decoder.eof or decoder.needs_input:
                    break
            if decoder.eof:
                return
        if isinstance(decoder, _Filter):
            yield decoder.finish()
    except (BrokenStreamError, MemoryError):
        raise
    except Exception as error:
        raise BrokenStreamError(f"{type(error).__name__}: {error}") from error


class _Filter:
    """A branch or delta filter on its own. The library decodes filters only before a compressor, and keeps
    back the last bytes of a branch filter until its end mark: so what is fed goes in as stored chunks of
    LZMA2."""

    __slots__ = ("_decoder", "_first", "eof", "needs_input", "unused_data")

    def __init__(self, name: str, properties: bytes) -> None:
        import lzma

        settings: dict[str, int] = {"id": getattr(lzma, name)}
        if name == "FILTER_DELTA":
            settings["dist"] = (properties[0] if properties else 0) + 1
        chain = [settings, {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}]
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)
        self._first = True
        self.eof = False
        self.needs_input = True
        self.unused_data: bytes | None = b""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        chunks = []
        for at in range(0, len(data), 1 << 16):
            piece = data[at : at + (1 << 16)]
            chunks.append(b"\x01" if self._first else b"\x02")
            chunks.append((len(piece) - 1).to_bytes(2, "big"))
            chunks.append(piece)
            self._first = False
        return self._decoder.decompress(b"".join(chunks))

    def finish(self) -> bytes:
        return b"" if self._first else self._decoder.decompress(b"\0")
