"""What each opcode of a proven stream does. Those that are missing here end the proof.

Opcodes and their meaning: ``Lib/pickletools.py``; protocols 4 and 5: PEP 3154, PEP 574.
"""

from __future__ import annotations

import re
from struct import Struct
from typing import TYPE_CHECKING

from violet.formats.proof.names import problem_with
from violet.formats.proof.values import Array, DType, LongText, Mapping, Name, Raw, Value, Wrapper, spelled, store

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.formats.proof.stream import Stream

FLOAT = Struct(">d")
SHORT = 1 << 16
"""Bytes of a text that are kept; constants of bytes are always known by their place only."""
HIGHEST_PROTOCOL = 5
DEEPEST = 200
"""Marks within marks."""

_INTEGER = re.compile(rb"-?(?:0|[1-9][0-9]{0,600})")
_FLOAT = re.compile(rb"-?(?:[0-9]{1,40}(?:\.[0-9]{1,40})?(?:e[+-]?[0-9]{1,4})?|inf)|nan", re.IGNORECASE)

_REFUSED = {
    ord("0"): "POP",
    ord("1"): "POP_MARK",
    ord("2"): "DUP",
    ord("P"): "PERSID",
    ord("S"): "STRING",
    ord("i"): "INST",
    ord("o"): "OBJ",
    0x82: "EXT1",
    0x83: "EXT2",
    0x84: "EXT4",
    0x8F: "EMPTY_SET",
    0x90: "ADDITEMS",
    0x91: "FROZENSET",
    0x92: "NEWOBJ_EX",
    0x97: "NEXT_BUFFER",
    0x98: "READONLY_BUFFER",
}


def named(op: int) -> str:
    return _REFUSED.get(op, f"0x{op:02x}, which does not exist")


def _proto(stream: Stream) -> None:
    if stream.at != stream.start:
        raise stream.refuse("the pickle states its protocol twice")
    stream.protocol = stream.number(1)
    if stream.protocol > HIGHEST_PROTOCOL:
        raise stream.refuse("the pickle states a protocol that does not exist")


def _frame(stream: Stream) -> None:
    length = stream.number(8)
    if stream.frame_end >= 0:
        raise stream.refuse("the pickle begins a frame inside a frame")
    if length > stream.source.size - stream.position:
        raise stream.refuse("a frame of the pickle reaches beyond its end")
    stream.frame_end = stream.position + length


def _stop(_: Stream) -> bool:
    return True


def _mark(stream: Stream) -> None:
    if len(stream.marks) >= DEEPEST:
        raise stream.refuse("the pickle is nested too deep")
    stream.marks.append(stream.stack)
    stream.stack = []


def _constant(value: Value) -> Callable[[Stream], None]:
    return lambda stream: stream.stack.append(value)


def _int(width: int, signed: bool = False) -> Callable[[Stream], None]:
    def push(stream: Stream) -> None:
        stream.stack.append(int.from_bytes(stream.take(width), "little", signed=signed))

    return push


def _long(width: int) -> Callable[[Stream], None]:
    def push(stream: Stream) -> None:
        count = stream.number(width)
        if count > 255:
            raise stream.refuse("the pickle holds a whole number of over 255 bytes")
        stream.stack.append(int.from_bytes(stream.take(count), "little", signed=True))

    return push


def _float(stream: Stream) -> None:
    stream.stack.append(FLOAT.unpack(stream.take(8))[0])


def _int_line(stream: Stream) -> None:
    text = stream.line()
    if text in (b"00", b"01"):
        stream.stack.append(text == b"01")
    elif _INTEGER.fullmatch(text):
        stream.stack.append(int(text))
    else:
        raise stream.refuse("the pickle holds a whole number that no pickler writes so")


def _long_line(stream: Stream) -> None:
    text = stream.line()
    digits = text[:-1] if text.endswith(b"L") else text
    if not _INTEGER.fullmatch(digits):
        raise stream.refuse("the pickle holds a whole number that no pickler writes so")
    stream.stack.append(int(digits))


def _float_line(stream: Stream) -> None:
    text = stream.line()
    if not _FLOAT.fullmatch(text):
        raise stream.refuse("the pickle holds a number that no pickler writes so")
    stream.stack.append(float(text))


def _text(width: int) -> Callable[[Stream], None]:
    def push(stream: Stream) -> None:
        count = stream.number(width)
        if count > SHORT:
            offset = stream.position
            stream.stack.append(LongText(stream.skip(count), offset))
            return
        try:
            stream.stack.append(stream.take(count).decode("utf-8", "surrogatepass"))
        except UnicodeDecodeError:
            raise stream.refuse("the pickle holds a text that is not UTF-8") from None

    return push


def _unicode_line(stream: Stream) -> None:
    try:
        stream.stack.append(stream.line().decode("raw-unicode-escape"))
    except UnicodeDecodeError:
        raise stream.refuse("the pickle holds a text with a broken escape") from None


def _old_text(width: int) -> Callable[[Stream], None]:
    """A ``str`` of Python 2: what it becomes is the loader's choice of encoding, unless it is ASCII."""

    def push(stream: Stream) -> None:
        count = stream.number(width)
        data = stream.take(count) if count <= SHORT else b"\xff"
        if not data.isascii():
            raise stream.refuse("the pickle was written by Python 2 and holds bytes that are text or not, as one asks")
        stream.stack.append(data.decode("ascii"))

    return push


def _bytes(width: int, mutable: bool = False) -> Callable[[Stream], None]:
    def push(stream: Stream) -> None:
        count = stream.number(width)
        offset = stream.position
        stream.stack.append(Raw(stream.skip(count), offset, mutable))

    return push


def _tuple(count: int) -> Callable[[Stream], None]:
    def push(stream: Stream) -> None:
        if len(stream.stack) < count:
            raise stream.refuse("the pickle takes from an empty stack")
        at = len(stream.stack) - count
        stream.stack[at:] = (tuple(stream.stack[at:]),)

    return push


def _tuple_marked(stream: Stream) -> None:
    items = stream.marked()
    stream.stack.append(tuple(items))


def _empty_list(stream: Stream) -> None:
    stream.stack.append([])


def _empty_dict(stream: Stream) -> None:
    stream.stack.append(Mapping())


def _list(stream: Stream) -> None:
    items = stream.marked()
    stream.stack.append(list(items))


def _dict(stream: Stream) -> None:
    items = stream.marked()
    made = Mapping()
    _store(stream, made, items)
    stream.stack.append(made)


def _append(stream: Stream) -> None:
    item = stream.pop()
    _extend(stream, [item])


def _appends(stream: Stream) -> None:
    _extend(stream, stream.marked())


def _extend(stream: Stream, items: list[Value]) -> None:
    target = stream.top()
    if type(target) is not list:
        raise stream.refuse("the pickle appends to something that is no list")
    target.extend(items)


def _setitem(stream: Stream) -> None:
    value = stream.pop()
    key = stream.pop()
    _into(stream, [key, value])


def _setitems(stream: Stream) -> None:
    _into(stream, stream.marked())


def _into(stream: Stream, items: list[Value]) -> None:
    target = stream.top()
    if type(target) is not Mapping:
        raise stream.refuse("the pickle stores items into something that is no dict")
    _store(stream, target, items)


def _store(stream: Stream, target: Mapping, items: list[Value]) -> None:
    if len(items) % 2:
        raise stream.refuse("the pickle stores a key without a value")
    for key, value in zip(items[::2], items[1::2], strict=True):
        store(target, key, value, stream.at)


def _global(stream: Stream) -> None:
    module, name = stream.line(), stream.line()
    try:
        _named_global(stream, module.decode("ascii"), name.decode("ascii"))
    except UnicodeDecodeError:
        raise stream.refuse("the pickle names something in letters that are not ASCII") from None


def _stack_global(stream: Stream) -> None:
    name = stream.pop()
    module = stream.pop()
    if type(module) is not str or type(name) is not str:
        raise stream.refuse("the pickle imports by a name that is no text")
    _named_global(stream, module, name)


def _named_global(stream: Stream, module: str, name: str) -> None:
    if stream.protocol < 3 and module == "__builtin__":
        module = "builtins"  # as unpicklers rename what Python 2 wrote
    found = Name(module, name)
    problem = problem_with(found)
    if problem:
        stream.unknown.append(stream.refuse(problem, found.dotted))
    stream.stack.append(found)


def _reduce(stream: Stream) -> None:
    arguments = stream.pop()
    target = stream.pop()
    if type(arguments) is not tuple:
        raise stream.refuse("the pickle calls something with arguments that are no tuple", spelled(target, arguments))
    stream.stack.append(stream.known.call(target, arguments, stream.at))


def _newobj(stream: Stream) -> None:
    arguments = stream.pop()
    target = stream.pop()
    if type(arguments) is not tuple:
        raise stream.refuse("the pickle calls something with arguments that are no tuple", spelled(target, arguments))
    stream.stack.append(stream.known.create(target, arguments, stream.at))


def _build(stream: Stream) -> None:
    state = stream.pop()
    target = stream.top()
    if type(target) is Wrapper:
        stream.stack[-1] = _follow(stream, target, state)
    elif type(target) in (Array, DType, Mapping):
        stream.known.build(target, state, stream.at)
    else:
        raise stream.refuse("the pickle gives a state to something that has none", spelled(target, (state,)))


def _follow(stream: Stream, wrapper: Wrapper, state: Value) -> Value:
    """The array whose bytes joblib writes behind the wrapper, between two frames."""
    if stream.frame_end not in (-1, stream.position):
        raise stream.refuse("the bytes of an array begin inside a frame")
    stream.frame_end = -1
    array, padded, length = stream.known.wrapped(wrapper, state, stream.at)
    if padded:
        padding = stream.number(1)
        stream.take(padding)
    array.storage.source = stream.skip(length)
    return array


def _persistent(stream: Stream) -> None:
    pid = stream.pop()
    stream.stack.append(stream.known.persistent(pid, stream.at))


def _get_line(stream: Stream) -> None:
    stream.recall(_index(stream))


def _put_line(stream: Stream) -> None:
    stream.remember(_index(stream))


def _index(stream: Stream) -> int:
    text = stream.line()
    if not re.fullmatch(rb"[0-9]{1,9}", text):
        raise stream.refuse("the pickle numbers a memo entry as no pickler does")
    return int(text)


OPCODES: dict[int, Callable[[Stream], bool | None]] = {
    0x80: _proto,
    0x95: _frame,
    ord("."): _stop,
    ord("("): _mark,
    ord("N"): _constant(None),
    0x88: _constant(True),
    0x89: _constant(False),
    ord("K"): _int(1),
    ord("M"): _int(2),
    ord("J"): _int(4, signed=True),
    0x8A: _long(1),
    0x8B: _long(4),
    ord("G"): _float,
    ord("I"): _int_line,
    ord("L"): _long_line,
    ord("F"): _float_line,
    ord("V"): _unicode_line,
    0x8C: _text(1),
    ord("X"): _text(4),
    0x8D: _text(8),
    ord("U"): _old_text(1),
    ord("T"): _old_text(4),
    ord("C"): _bytes(1),
    ord("B"): _bytes(4),
    0x8E: _bytes(8),
    0x96: _bytes(8, mutable=True),
    ord(")"): lambda stream: stream.stack.append(()),
    0x85: _tuple(1),
    0x86: _tuple(2),
    0x87: _tuple(3),
    ord("t"): _tuple_marked,
    ord("]"): _empty_list,
    ord("}"): _empty_dict,
    ord("l"): _list,
    ord("d"): _dict,
    ord("a"): _append,
    ord("e"): _appends,
    ord("s"): _setitem,
    ord("u"): _setitems,
    ord("c"): _global,
    0x93: _stack_global,
    ord("R"): _reduce,
    0x81: _newobj,
    ord("b"): _build,
    ord("Q"): _persistent,
    0x94: lambda stream: stream.remember(len(stream.memo)),
    ord("q"): lambda stream: stream.remember(stream.number(1)),
    ord("r"): lambda stream: stream.remember(stream.number(4)),
    ord("p"): _put_line,
    ord("h"): lambda stream: stream.recall(stream.number(1)),
    ord("j"): lambda stream: stream.recall(stream.number(4)),
    ord("g"): _get_line,
}
