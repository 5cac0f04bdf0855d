"""Opcodes that push a constant, read as leniently as CPython's C unpickler reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.pickle.values import LONGEST_CONSTANT, Blob, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.formats.pickle.machine import Machine

MOST_NESTED = 20_000


class Unreadable(Exception):
    """An opcode or operand that the real unpicklers refuse."""


class Truncated(Exception):
    """The data ends where an operand or STOP should be."""


CONTAINERS = (b"PK\x03\x04", b"\x7fELF", b"\x1f\x8b\x08", b"\x93NUMPY", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
"""How nested files begin that something may load: zip, ELF, gzip, npy, bzip2, xz, zstd."""


LOADABLE = frozenset((b"\x80", b"c", b"(", b"i", *(mark[:1] for mark in CONTAINERS)))
"""First bytes of what ``looks_loadable`` takes for a file."""


def looks_loadable(data: bytes) -> bool:
    """Whether a constant begins as a pickle does (PROTO, or an import in text opcodes) or as a container."""
    if len(data) < 4:
        return False
    first = data[0]
    if first == 0x80:
        return data[1] <= 5
    if first in b"c(i":
        if b"\n" not in data[:200]:
            return False
        import re

        return re.match(rb"\(*[ci][A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n", data[:400]) is not None
    return data.startswith(CONTAINERS)


def note_nested(machine: Machine, head: bytes, offset: int, length: int) -> bool:
    """Note a constant that looks like a file; whether it is going to be examined as one."""
    if not looks_loadable(head) or len(machine.stream.nested) >= MOST_NESTED:
        return False
    machine.stream.nested.append((offset, length))
    return True


def _negative(machine: Machine, what: str) -> Unreadable:
    """Parsers that take such a length for a large one read or allocate far beyond their data."""
    if machine.protocol:
        machine.odd("oversized", f"gives {what} a negative length", "negative-length")
    return Unreadable(f"gives {what} a negative length")


def _sized(kind: str, width: int) -> Callable[[Machine], None]:
    """Opcodes with a little-endian length before their bytes. ``kind``: str, bytes, bytearray, string."""

    def push(machine: Machine) -> None:
        position = machine.position + 1
        count = int.from_bytes(machine.take(position, width), "little", signed=kind == "string" and width == 4)
        if count < 0:
            raise _negative(machine, "a string")
        position += width
        offset = machine.base + position
        if count > machine.source.size:
            machine.odd("oversized", f"announces a constant of {count:,} bytes", "constant-length")
        if count <= LONGEST_CONSTANT:
            data = machine.take(position, count)
            machine.stack.append(_decode(kind, data))
            if kind != "str":
                note_nested(machine, data, offset, count)
            machine.position = machine.skip(position, count)
            return
        head = machine.take(position, 400) if offset + 400 <= machine.source.size else b""
        machine.position = machine.skip(position, count)
        blob = Blob(kind if kind != "string" else "str", offset, count)
        blob.examined = note_nested(machine, head, offset, count)
        machine.stack.append(blob)

    return push


def _decode(kind: str, data: bytes) -> Value:
    if kind == "str":
        try:
            return data.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise Unreadable("holds a string that is not UTF-8") from None
    if kind == "string":
        return data.decode("latin-1")
    return bytearray(data) if kind == "bytearray" else data


def _short_string(machine: Machine) -> None:
    position = machine.position + 1
    count = machine.take(position, 1)[0]
    data = machine.take(position + 1, count)
    machine.stack.append(data.decode("latin-1"))
    note_nested(machine, data, machine.base + position + 1, count)
    machine.position = position + 1 + count


def _text(machine: Machine) -> tuple[bytes | None, int]:
    text, length, position = machine.line(machine.position + 1)
    start = machine.here + 1
    machine.position = position
    if text is None:
        machine.stack.append(Blob("text", start, length))
        return None, start
    return text, start


def _integer(text: bytes, base: int) -> int:
    """``strtol``: leading white space, a sign, and an end at the newline or a NUL."""
    digits = text.partition(b"\x00")[0].strip(b" \t\r\v\f")
    try:
        return int(digits, base)
    except ValueError:
        pass
    try:
        return int(digits, 8 if base == 0 else base)
    except ValueError:
        raise Unreadable(f"holds the integer literal {text[:40]!r}") from None


def _int(machine: Machine) -> None:
    text, _ = _text(machine)
    if text is None:
        return
    if text in (b"00", b"01"):
        machine.stack.append(text == b"01")
    elif not text.partition(b"\x00")[0]:
        machine.stack.append(0)  # strtol of nothing
    else:
        machine.stack.append(_integer(text, 0))


def _long(machine: Machine) -> None:
    text, start = _text(machine)
    if text is None:
        return
    stripped = text[:-1] if text.endswith(b"L") else text
    if len(stripped) > 4000:
        machine.stack.append(Blob("int", start, len(text)))
    else:
        machine.stack.append(_integer(stripped, 0))


def _float(machine: Machine) -> None:
    text, _ = _text(machine)
    if text is None:
        return
    try:
        machine.stack.append(float(text.partition(b"\x00")[0]))
    except ValueError:
        raise Unreadable(f"holds the float literal {text[:40]!r}") from None


def _string(machine: Machine) -> None:
    text, start = _text(machine)
    if text is None:
        return
    if len(text) < 2 or text[0] != text[-1] or text[:1] not in (b"'", b'"'):
        raise Unreadable("holds a STRING that is not quoted")
    import codecs

    try:
        data = codecs.escape_decode(text[1:-1])[0]
    except ValueError:
        raise Unreadable("holds a STRING with a broken escape") from None
    machine.stack.append(data.decode("latin-1"))
    if looks_loadable(data) and data == text[1:-1]:
        note_nested(machine, data, start + 1, len(data))


def _unicode(machine: Machine) -> None:
    text, _ = _text(machine)
    if text is None:
        return
    try:
        machine.stack.append(text.decode("raw-unicode-escape"))
    except UnicodeDecodeError:
        raise Unreadable("holds a UNICODE with a broken escape") from None


def _long1(machine: Machine) -> None:
    position = machine.position + 1
    count = machine.take(position, 1)[0]
    data = machine.take(position + 1, count)
    machine.stack.append(int.from_bytes(data, "little", signed=True))
    machine.position = position + 1 + count


def _long4(machine: Machine) -> None:
    position = machine.position + 1
    count = int.from_bytes(machine.take(position, 4), "little", signed=True)
    if count < 0:
        raise _negative(machine, "an integer")
    position += 4
    offset = machine.base + position
    if count > machine.source.size:
        machine.odd("oversized", f"announces an integer of {count:,} bytes", "integer-length")
    small = count <= 256
    data = machine.take(position, count) if small else b""
    machine.position = machine.skip(position, count)
    machine.stack.append(int.from_bytes(data, "little", signed=True) if small else Blob("int", offset, count))


def _get(machine: Machine) -> None:
    text, _ = _text(machine)
    if text is None:
        raise Unreadable("reads a memo entry by a number of over 64 KiB")
    machine.stack.append(machine.memo[_integer(text, 10)])


def _put(machine: Machine) -> None:
    text, _, position = machine.line(machine.position + 1)
    if text is None:
        raise Unreadable("stores a memo entry by a number of over 64 KiB")
    index = _integer(text, 10)
    if index < 0:
        raise Unreadable("stores into a negative memo entry")
    machine.put(index)
    machine.position = position


LITERALS: dict[int, Callable[[Machine], None]] = {
    ord("I"): _int,
    ord("L"): _long,
    ord("F"): _float,
    ord("S"): _string,
    ord("V"): _unicode,
    ord("T"): _sized("string", 4),
    ord("U"): _short_string,
    ord("X"): _sized("str", 4),
    0x8D: _sized("str", 8),
    ord("B"): _sized("bytes", 4),
    0x8E: _sized("bytes", 8),
    0x96: _sized("bytearray", 8),
    0x8A: _long1,
    0x8B: _long4,
    ord("g"): _get,
    ord("p"): _put,
}
