"""Computing with constants the way the source would, within bounds, without running any of it."""

from __future__ import annotations

import ast
import base64
import binascii
import codecs
import zlib
from functools import cache
from typing import TYPE_CHECKING

from violet.formats.python_source.values import (
    LONGEST,
    MISSING,
    UNKNOWN,
    Origin,
    Value,
    constant,
    joined_origin,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def fold_binary(operator: ast.operator, left: Value, right: Value) -> Value:
    """``left operator right`` for text, bytes and small integers."""
    a, b = left.const, right.const
    origin = left.origin | right.origin
    if left.items is not None or right.items is not None:
        origin = joined_origin((left, right))
    elif a is MISSING and b is MISSING and not origin and not left.path:
        return UNKNOWN
    if isinstance(operator, ast.Add):
        if isinstance(a, str) and isinstance(b, str):
            return constant(a + b, origin)
        if isinstance(a, bytes) and isinstance(b, bytes):
            return constant(a + b, origin)
        if isinstance(a, int) and isinstance(b, int):
            return _small(a + b)
        if left.items is not None and right.items is not None and len(left.items) + len(right.items) < 20_000:
            return Value(items=left.items + right.items, origin=origin)
        if origin and left.text and not left.origin:
            origin |= Origin.PREFIXED
        return Value(origin=origin)
    if isinstance(operator, ast.Mod) and isinstance(a, (str, bytes)):
        return _percent(a, right, origin)
    if isinstance(operator, ast.Mult):
        return _times(left, right, origin)
    if isinstance(a, int) and isinstance(b, int):
        return _integers(operator, a, b)
    if isinstance(operator, ast.BitXor):
        origin |= Origin.ASSEMBLED
    if isinstance(operator, ast.Div) and left.path:
        # pathlib's way to join paths
        return _path_join(left, right, origin)
    return Value(origin=origin)


def _path_join(left: Value, right: Value, origin: int) -> Value:
    base = left.receiver.text if left.receiver is not None else None
    if right.text is not None and left.path.startswith("pathlib."):
        whole = f"{base or '~'}/{right.text}"
        return Value(path="pathlib.Path()", origin=origin, receiver=constant(whole))
    return Value(path=left.path, origin=origin, receiver=left.receiver)


def _small(number: int) -> Value:
    return constant(number) if -(1 << 64) < number < 1 << 64 else Value()


def _integers(operator: ast.operator, a: int, b: int) -> Value:
    if isinstance(operator, ast.Sub):
        return _small(a - b)
    if isinstance(operator, ast.BitXor):
        return _small(a ^ b)
    if isinstance(operator, ast.BitAnd):
        return _small(a & b)
    if isinstance(operator, ast.BitOr):
        return _small(a | b)
    if isinstance(operator, ast.FloorDiv) and b:
        return _small(a // b)
    if isinstance(operator, ast.Mod) and b:
        return _small(a % b)
    if isinstance(operator, ast.RShift) and 0 <= b < 128:
        return _small(a >> b)
    if isinstance(operator, ast.LShift) and 0 <= b < 64:
        return _small(a << b)
    return Value()


def _times(left: Value, right: Value, origin: int) -> Value:
    a, b = left.const, right.const
    if isinstance(a, int) and isinstance(b, int):
        return _small(a * b)
    if isinstance(b, int) and isinstance(a, (str, bytes)) and b >= 0 and len(a) * b <= 10_000:
        return constant(a * b, origin)
    return Value(origin=origin)


def _percent(template: str | bytes, right: Value, origin: int) -> Value:
    arguments = [v.const for v in right.items] if right.items is not None else [right.const]
    known = (right.is_const and right.items is None) or (
        right.items is not None and all(v.is_const for v in right.items)
    )
    size = sum(len(a) for a in arguments if isinstance(a, (str, bytes)))
    if known and len(template) < 10_000 and size < LONGEST and not _wide(template):
        try:
            return constant(template % tuple(arguments), origin)
        except (TypeError, ValueError, OverflowError):
            pass
    return Value(origin=origin | (Origin.PREFIXED if origin else Origin.NOWHERE))


def _wide(template: str | bytes) -> bool:
    """Whether a format asks for a field of absurd width."""
    digits = 0
    for char in template if isinstance(template, str) else template.decode("latin-1"):
        digits = digits + 1 if char.isdigit() else 0
        if digits > 4 or char == "*":
            return True
    return False


_PURE = frozenset(
    [
        "lower",
        "upper",
        "strip",
        "lstrip",
        "rstrip",
        "title",
        "swapcase",
        "capitalize",
        "casefold",
        "removeprefix",
        "removesuffix",
    ]
)


def fold_method(receiver: Value, name: str, arguments: list[Value]) -> Value | None:
    """A method of constant text or bytes on constants; ``None`` where that is not computed."""
    text = receiver.const
    if not isinstance(text, (str, bytes)):
        return None
    origin = joined_origin([receiver, *arguments])
    given = [v.const for v in arguments]
    try:
        if name == "join" and len(arguments) == 1:
            return _join(text, arguments[0], origin)
        if not all(v.is_const for v in arguments):
            return _format(text, name, arguments, origin)
        if name == "format" and isinstance(text, str):
            return _format(text, name, arguments, origin)
        if name == "replace" and len(given) == 2:
            return _replace(text, given, origin)
        if name in _PURE and len(given) <= 1:
            return constant(getattr(text, name)(*given), origin)
        if name == "split" and len(given) <= 2:
            parts = getattr(text, name)(*given)
            return Value(items=[constant(p, origin) for p in parts[:20_000]], origin=origin)
        if name in ("encode", "decode"):
            return _codec(text, name, given, origin)
        if name == "hex" and isinstance(text, bytes) and not given:
            return constant(text.hex(), origin)
        if name == "translate":
            return Value(origin=origin | Origin.ASSEMBLED)
    except (TypeError, ValueError, LookupError, OverflowError, AttributeError):
        return Value(origin=origin)
    return None


def _replace(text: str | bytes, given: list[object], origin: int) -> Value:
    old, new = given
    if isinstance(text, str) and isinstance(old, str) and isinstance(new, str):
        if len(new) * (text.count(old) if old else len(text)) <= LONGEST:
            return constant(text.replace(old, new), origin)
    elif (
        isinstance(text, bytes)
        and isinstance(old, bytes)
        and isinstance(new, bytes)
        and len(new) * (text.count(old) if old else len(text)) <= LONGEST
    ):
        return constant(text.replace(old, new), origin)
    return Value(origin=origin)


def _join(text: str | bytes, argument: Value, origin: int) -> Value:
    parts: list[object] | None = None
    if argument.items is not None and all(v.is_const for v in argument.items):
        parts = [v.const for v in argument.items]
    elif isinstance(argument.const, str):
        parts = list(argument.const[:20_000])
    if parts is None:
        return Value(origin=origin)
    if isinstance(text, str) and all(isinstance(p, str) for p in parts):
        pieces = [p for p in parts if isinstance(p, str)]
        if sum(map(len, pieces)) + len(text) * len(pieces) <= LONGEST:
            short = sum(1 for p in pieces if len(p) <= 2)
            assembled = not text and short > 3 and short * 2 > len(pieces)
            return constant(text.join(pieces), origin | (Origin.ASSEMBLED if assembled else Origin.NOWHERE))
    if isinstance(text, bytes) and all(isinstance(p, bytes) for p in parts):
        chunks = [p for p in parts if isinstance(p, bytes)]
        if sum(map(len, chunks)) + len(text) * len(chunks) <= LONGEST:
            return constant(text.join(chunks), origin)
    return Value(origin=origin)


def _format(text: str | bytes, name: str, arguments: list[Value], origin: int) -> Value | None:
    if name != "format" or not isinstance(text, str):
        return None
    simple = text.count("{") == text.count("{}") + sum(text.count(f"{{{i}}}") for i in range(10))
    size = max((len(v.const) for v in arguments if isinstance(v.const, str)), default=0)
    if simple and all(isinstance(v.const, (str, int)) for v in arguments) and size * text.count("{") < LONGEST:
        return constant(text.format(*[v.const for v in arguments]), origin)
    return Value(origin=origin | (Origin.PREFIXED if origin and not text.startswith("{") else Origin.NOWHERE))


_DECODING = frozenset(
    [
        "hex",
        "hex_codec",
        "base64",
        "base64_codec",
        "rot13",
        "rot_13",
        "zlib",
        "zip",
        "bz2",
        "bz2_codec",
        "uu",
        "quopri",
    ]
)
_ESCAPED = frozenset(
    ["unicode_escape", "unicode-escape", "raw_unicode_escape", "punycode", "utf_7", "utf-7", "utf7", "idna"]
)


def _codec(text: str | bytes, name: str, given: list[object], origin: int) -> Value:
    label = str(given[0]).lower() if given and isinstance(given[0], str) else "utf-8"
    if label in _DECODING or label in _ESCAPED:
        return decode_codec(text, label, origin)
    if name == "encode" and isinstance(text, str):
        return constant(text.encode(label, "replace"), origin)
    if isinstance(text, bytes):
        return constant(text.decode(label, "replace"), origin)
    return Value(origin=origin)


def decode_codec(text: object, label: str, origin: int) -> Value:
    """``codecs.decode(text, label)`` for the codecs that hide text."""
    origin |= Origin.DECODED
    if isinstance(text, (str, bytes)):
        origin |= Origin.CARRIED
    label = label.lower().replace("-", "_")
    try:
        if label in ("rot13", "rot_13") and isinstance(text, str):
            return constant(codecs.decode(text, "rot13"), origin)
        data = text.encode() if isinstance(text, str) else text
        if not isinstance(data, bytes):
            return Value(origin=origin)
        if label in ("hex", "hex_codec"):
            return constant(binascii.unhexlify(data), origin)
        if label in ("base64", "base64_codec"):
            return constant(base64.b64decode(data), origin)
        if label in ("zlib", "zip", "zlib_codec"):
            return constant(zlib.decompressobj().decompress(data, LONGEST), origin)
        if label in ("unicode_escape", "raw_unicode_escape", "utf_7", "utf7", "punycode"):
            return constant(data.decode(label), origin)
    except (ValueError, zlib.error, TypeError, LookupError, UnicodeError):
        pass
    return Value(origin=origin)


def _unzip(data: bytes) -> bytes:
    return zlib.decompressobj(47).decompress(data, LONGEST)


def _bunzip(data: bytes) -> bytes:
    import bz2

    return bz2.BZ2Decompressor().decompress(data, LONGEST)


def _unxz(data: bytes) -> bytes:
    import lzma

    return lzma.LZMADecompressor(memlimit=64 << 20).decompress(data, LONGEST)


@cache
def decoders() -> dict[str, Callable[[bytes], bytes] | None]:
    """Functions that turn hidden bytes into plain ones; ``None`` where the result is not computed."""
    return {
        "base64.b64decode": base64.b64decode,
        "base64.standard_b64decode": base64.b64decode,
        "base64.urlsafe_b64decode": base64.urlsafe_b64decode,
        "base64.decodebytes": base64.b64decode,
        "base64.decodestring": base64.b64decode,
        "base64.b32decode": base64.b32decode,
        "base64.b16decode": base64.b16decode,
        "base64.a85decode": base64.a85decode,
        "base64.b85decode": base64.b85decode,
        "binascii.a2b_base64": binascii.a2b_base64,
        "binascii.unhexlify": binascii.unhexlify,
        "binascii.a2b_hex": binascii.unhexlify,
        "binascii.a2b_uu": None,
        "zlib.decompress": _unzip,
        "zlib.decompressobj().decompress": _unzip,
        "gzip.decompress": _unzip,
        "bz2.decompress": _bunzip,
        "lzma.decompress": _unxz,
        "marshal.loads": None,
        "lz4.frame.decompress": None,
        "cryptography.fernet.Fernet().decrypt": None,
    }


def decode(path: str, argument: Value) -> Value:
    """The result of a decoder from the table on ``argument``."""
    origin = joined_origin([argument])
    data = argument.const
    if path == "marshal.loads" and not isinstance(data, bytes) and not origin & Origin.CARRIED:
        # compiled code out of a file or an argument: what exec is told about it says enough
        return Value(origin=origin)
    origin |= Origin.DECODED
    if isinstance(data, str):
        data = data.encode("utf-8", "replace")
    if not isinstance(data, bytes):
        return Value(origin=origin)
    origin |= Origin.CARRIED
    function = decoders()[path]
    if function is None:
        return Value(origin=origin)
    try:
        return constant(function(data), origin)
    except Exception:  # any decoder's own error: what it gives is then unknown
        return Value(origin=origin)
