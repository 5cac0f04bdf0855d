"""A symbolic pickle machine: follows stack, memo and metastack as CPython's unpicklers do, and runs nothing.

Where the C unpickler (``Modules/_pickle.c``) and the Python one (``Lib/pickle.py``, which joblib and
dill use) differ, the machine follows the one that goes on: what either would execute is seen. It stops
where both stop: stack underflow, unknown opcode, missing memo entry, unreadable literal, end of data.

Opcodes and their meaning: ``Lib/pickletools.py``; protocols 4 and 5: PEP 3154, PEP 574.
"""

from __future__ import annotations

from struct import Struct
from struct import error as StructError  # noqa: N812 - the module's only exception
from typing import TYPE_CHECKING

from violet.formats.pickle.calls import Calls, keep_hooks
from violet.formats.pickle.facts import Oddity, Stream
from violet.formats.pickle.literals import LITERALS, Truncated, Unreadable
from violet.formats.pickle.values import (
    KEPT_ITEMS,
    LONGEST_CONSTANT,
    Blob,
    Dict,
    Global,
    Persistent,
    Set,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.formats.source import Meter, Source

FLOAT = Struct(">d")
WINDOW = 1 << 20
FIRST_WINDOW = 1 << 15
MARGIN = 300
"""Bytes that the shortest operands may take (opcode, length byte, 255 bytes of payload, and some)."""
HIGHEST_PROTOCOL = 5
LARGEST_MEMO_INDEX = 1 << 27


class Machine(Calls):
    """Runs the stream that starts at ``start`` of ``source``; ``run`` returns what it did."""

    def __init__(self, source: Source, start: int, meter: Meter) -> None:
        super().__init__(Stream(start))
        self.source = source
        self.meter = meter
        self.base = start
        self.buffer = b""
        self.window = FIRST_WINDOW
        self.limit = 0
        self.position = 0
        self.frame_end = -1
        self.jump_from = -1
        self.jump_to = -1
        self.stack: list[Value] = []
        self.metastack: list[list[Value]] = []
        self.memo: dict[int, Value] = {}
        self.protocol = 0
        self.stopped = False

    def run(self) -> Stream:
        """Runs to STOP or to where the real unpickler would give up. Raises only ``BoundExceededError``."""
        stream = self.stream
        try:
            self._refill(0)
            self._loop()
        except IndexError:
            short = self.position >= len(self.buffer)
            stream.broken = "ends inside an operand" if short else "takes from an empty stack"
        except KeyError:
            stream.broken = "reads a memo entry that was never stored"
        except StructError:
            stream.broken = "ends inside an operand"
        except (Unreadable, Truncated) as error:
            stream.broken = str(error)
        stream.end = min(self.base + self.position, self.source.size)
        if stream.broken and 0 <= self.frame_end < self.source.size:
            # Where an operand crosses the frame's end, the C unpickler reads another one, and may go on.
            self.odd("frame", f"breaks inside a frame that ends at byte {self.frame_end:,}", "frame-broken", stream.end)
        stream.protocol = self.protocol
        stream.globals = list(dict.fromkeys(self.globals.values()))
        return stream

    # -- reading ---------------------------------------------------------------------------------

    def _refill(self, position: int) -> None:
        """Bring the window to start at ``position`` of the present one."""
        self.meter.operate(min(position, len(self.buffer)))
        in_turn = 0 < position <= len(self.buffer)
        self.window = min(self.window * 2, WINDOW) if in_turn else FIRST_WINDOW
        self.base += position
        if self.jump_from >= 0 and self.base >= self.jump_from:
            self.base = self.jump_to + (self.base - self.jump_from)
            self.jump_from = -1
        size = self.window
        if self.jump_from >= 0:
            size = min(size, self.jump_from - self.base)
        self.buffer = self.source.read(self.base, size)
        self.limit = self._limit()
        self.position = 0

    def _limit(self) -> int:
        """Up to where the loop may go on without looking whether window or frame end."""
        end = len(self.buffer)
        reached = self.base + end
        if reached < self.source.size and not (self.jump_from >= 0 and reached >= self.jump_from):
            end = max(end - MARGIN, 0)
        if self.frame_end >= 0:
            end = min(end, self.frame_end - self.base)
        return end

    def peek(self, offset: int, length: int) -> bytes:
        return self.source.read(offset, length)

    def skip(self, position: int, count: int) -> int:
        """The window position ``count`` bytes on from ``position``. Raises ``Truncated`` past the end."""
        if self.base + position + count > self.source.size:
            raise Truncated(f"ends inside an operand of {count:,} bytes")
        if position + count <= len(self.buffer):
            return position + count
        self._refill(position + count)
        return 0

    def take(self, position: int, count: int) -> bytes:
        """``count`` bytes of operand at a window position; the window does not move."""
        data = self.buffer[position : position + count]
        if len(data) < count:
            data = self.source.read(self.base + position, count)
            if len(data) < count:
                raise Truncated("ends inside an operand")
        return data

    def line(self, position: int) -> tuple[bytes | None, int, int]:
        """The text operand at ``position`` without its newline (``None``: too long to keep), its length,
        and the position behind it."""
        end = self.buffer.find(b"\n", position)
        if end >= 0:
            return self.buffer[position:end], end - position, end + 1
        offset = self.base + position
        start, chunk = offset, self.buffer[position:]
        parts = [chunk] if len(chunk) <= LONGEST_CONSTANT else []
        kept = bool(parts) or not chunk
        offset += len(chunk)
        while True:
            chunk = self.source.read(offset, WINDOW)
            if not chunk:
                # The C unpickler stops; the Python one takes what there is, less its last byte.
                text = b"".join(parts)[:-1] if kept else None
                self._refill(offset - self.base)
                return text, offset - start, 0
            self.meter.operate(len(chunk))
            end = chunk.find(b"\n")
            piece = chunk if end < 0 else chunk[:end]
            if kept and offset + len(piece) - start <= LONGEST_CONSTANT:
                parts.append(piece)
            else:
                kept = False
            offset += len(piece)
            if end >= 0:
                break
        length = offset - start
        self._refill(offset + 1 - self.base)
        return (b"".join(parts) if kept else None), length, 0

    def _leave_frame(self, position: int) -> None:
        """The position has come to the end of the frame, or past it.

        Past it, an operand crosses the border: the Python unpickler stops, and the C one, reading from a
        file without look-ahead, drops what it had of the operand and goes on behind the frame, so that it
        runs other opcodes than those that stand there. No pickler writes such a frame.
        """
        here = self.base + position
        if here > self.frame_end:
            self.odd("frame", f"ends a frame inside an operand, at byte {self.frame_end:,}", "frame-split", here)
        self.frame_end = -1
        self.limit = self._limit()

    # -- the loop --------------------------------------------------------------------------------

    def _loop(self) -> None:
        """The opcodes that make up nearly all of real pickles, in order of frequency; the rest by table."""
        memo = self.memo
        stack = self.stack
        buffer = self.buffer
        limit = self.limit
        position = 0
        rest = OPCODES
        unpack = FLOAT.unpack_from
        try:
            while True:
                if position >= limit:
                    if 0 <= self.frame_end <= self.base + position:
                        self._leave_frame(position)
                        limit = self.limit
                        if position < limit:
                            continue
                    self._refill(position)
                    buffer, limit, position = self.buffer, self.limit, 0
                    if not buffer:
                        raise Truncated("ends without STOP")
                op = buffer[position]
                position += 1
                if op == 0x94:  # MEMOIZE
                    memo[len(memo)] = stack[-1]
                elif op == 0x68:  # BINGET
                    stack.append(memo[buffer[position]])
                    position += 1
                elif op == 0x4B:  # BININT1
                    stack.append(buffer[position])
                    position += 1
                elif op == 0x8C:  # SHORT_BINUNICODE
                    end = position + 1 + buffer[position]
                    if end > len(buffer):
                        raise Truncated("ends inside a string")
                    try:
                        stack.append(buffer[position + 1 : end].decode("utf-8", "surrogatepass"))
                    except UnicodeDecodeError:
                        raise Unreadable("holds a string that is not UTF-8") from None
                    position = end
                elif op == 0x71:  # BINPUT
                    memo[buffer[position]] = stack[-1]
                    position += 1
                elif op == 0x28:  # MARK
                    self.metastack.append(stack)
                    stack = self.stack = []
                elif op == 0x4E:  # NONE
                    stack.append(None)
                elif op == 0x47:  # BINFLOAT
                    stack.append(unpack(buffer, position)[0])
                    position += 8
                elif op == 0x4D:  # BININT2
                    stack.append(buffer[position] | buffer[position + 1] << 8)
                    position += 2
                elif op == 0x6A:  # LONG_BINGET
                    stack.append(memo[int.from_bytes(buffer[position : position + 4], "little")])
                    position += 4
                elif op == 0x86:  # TUPLE2
                    stack[-2:] = ((stack[-2], stack[-1]),)
                elif op == 0x58:  # BINUNICODE
                    count = int.from_bytes(buffer[position : position + 4], "little")
                    end = position + 4 + count
                    if end > len(buffer) or count > 255:
                        self.position, position = position - 1, -1
                        rest[op](self)
                        position, buffer, limit = self.position, self.buffer, self.limit
                        continue
                    try:
                        stack.append(buffer[position + 4 : end].decode("utf-8", "surrogatepass"))
                    except UnicodeDecodeError:
                        raise Unreadable("holds a string that is not UTF-8") from None
                    position = end
                elif op == 0x72:  # LONG_BINPUT
                    self.put(int.from_bytes(buffer[position : position + 4], "little"))
                    position += 4
                elif op == 0x4A:  # BININT
                    stack.append(int.from_bytes(buffer[position : position + 4], "little", signed=True))
                    position += 4
                elif op == 0x74:  # TUPLE
                    items = tuple(stack)
                    stack = self.stack = self.metastack.pop()
                    stack.append(items)
                elif op == 0x85:  # TUPLE1
                    stack[-1] = (stack[-1],)
                elif op == 0x87:  # TUPLE3
                    stack[-3:] = ((stack[-3], stack[-2], stack[-1]),)
                elif op == 0x29:  # EMPTY_TUPLE
                    stack.append(())
                elif op == 0x88:  # NEWTRUE
                    stack.append(True)
                elif op == 0x89:  # NEWFALSE
                    stack.append(False)
                else:
                    handler = rest.get(op)
                    self.position, position = position - 1, -1
                    if handler is None:
                        raise Unreadable(f"holds 0x{op:02x}, which is no opcode")
                    handler(self)
                    if self.stopped:
                        return
                    stack = self.stack
                    position, buffer, limit = self.position, self.buffer, self.limit
        except (IndexError, KeyError, Unreadable, Truncated, StructError):
            if position >= 0:
                self.position = position
            raise

    @property
    def here(self) -> int:
        """The offset, in the source, of the opcode being executed."""
        return self.base + self.position

    def put(self, index: int) -> None:
        if index > LARGEST_MEMO_INDEX:
            self.odd("oversized", f"stores into memo entry {index:,}", "memo-index")
        self.memo[index] = self.stack[-1]

    def odd(self, kind: str, evidence: str, key: str, offset: int | None = None) -> None:
        oddities = self.stream.oddities
        if len(oddities) < 200:
            oddities.append(Oddity(kind, self.here if offset is None else offset, evidence, key))

    def popped_mark(self) -> list[Value]:
        items = self.stack
        self.stack = self.metastack.pop()
        return items


def _protocol(machine: Machine) -> None:
    protocol = machine.take(machine.position + 1, 1)[0]
    if protocol > HIGHEST_PROTOCOL:
        raise Unreadable(f"asks for pickle protocol {protocol}, which does not exist")
    machine.protocol = protocol
    machine.position += 2


def _frame(machine: Machine) -> None:
    count = int.from_bytes(machine.take(machine.position + 1, 8), "little")
    machine.position += 9
    end = machine.base + machine.position + count
    if end > machine.source.size:
        # The C unpickler stops here; the Python one takes what there is.
        machine.odd("frame", f"announces a frame of {count:,} bytes, beyond the end of the data", "frame")
    elif machine.frame_end >= 0 and machine.here < machine.frame_end:
        machine.odd("frame", "begins a frame inside a frame", "frame-nested")
    machine.frame_end = min(end, machine.source.size)
    machine.limit = machine._limit()


def _stop(machine: Machine) -> None:
    machine.position += 1
    if machine.here < machine.frame_end:
        # The Python unpickler has taken the whole frame from the file, the C one goes on right behind STOP.
        machine.odd("frame", "stops inside a frame", "frame-stop")
    machine.stream.result = machine.stack[-1]
    machine.stopped = True


def _pop(machine: Machine) -> None:
    if machine.stack:
        machine.stack.pop()
    else:
        machine.popped_mark()
    machine.position += 1


def _pop_mark(machine: Machine) -> None:
    machine.popped_mark()
    machine.position += 1


def _dup(machine: Machine) -> None:
    machine.stack.append(machine.stack[-1])
    machine.position += 1


def _list(machine: Machine) -> None:
    items = machine.popped_mark()
    machine.stack.append(items[:KEPT_ITEMS])
    machine.position += 1


def _dict(machine: Machine) -> None:
    items = machine.popped_mark()
    made = Dict()
    _store(machine, made, items)
    machine.stack.append(made)
    machine.position += 1


def _empty_list(machine: Machine) -> None:
    machine.stack.append([])
    machine.position += 1


def _empty_dict(machine: Machine) -> None:
    machine.stack.append(Dict())
    machine.position += 1


def _empty_set(machine: Machine) -> None:
    machine.stack.append(Set([]))
    machine.position += 1


def _frozenset(machine: Machine) -> None:
    items = machine.popped_mark()
    machine.stack.append(Set(items[:KEPT_ITEMS], frozen=True))
    machine.position += 1


def _store(machine: Machine, target: Value, items: list[Value]) -> None:
    if isinstance(target, Dict):
        pairs = target.pairs
        if len(pairs) < KEPT_ITEMS:
            pairs.extend(zip(items[: 2 * KEPT_ITEMS : 2], items[1 : 2 * KEPT_ITEMS : 2], strict=False))
            items = items[2 * KEPT_ITEMS :]
        if items and len(pairs) >= KEPT_ITEMS:
            keep_hooks(pairs, items)
    else:
        machine.stored(target, items, keyed=True)


def _setitem(machine: Machine) -> None:
    value = machine.stack.pop()
    key = machine.stack.pop()
    _store(machine, machine.stack[-1], [key, value])
    machine.position += 1


def _setitems(machine: Machine) -> None:
    items = machine.popped_mark()
    _store(machine, machine.stack[-1], items)
    machine.position += 1


def _extend(machine: Machine, items: list[Value]) -> None:
    target = machine.stack[-1]
    if isinstance(target, list):
        if len(target) < KEPT_ITEMS:
            target.extend(items[:KEPT_ITEMS])
    elif isinstance(target, Set):
        if len(target.items) < KEPT_ITEMS:
            target.items.extend(items[:KEPT_ITEMS])
    else:
        machine.stored(target, items)


def _append(machine: Machine) -> None:
    item = machine.stack.pop()
    _extend(machine, [item])
    machine.position += 1


def _appends(machine: Machine) -> None:
    _extend(machine, machine.popped_mark())
    machine.position += 1


def _global(machine: Machine) -> None:
    offset = machine.here
    module, _, position = machine.line(machine.position + 1)
    name, _, position = machine.line(position)
    try:
        if module is None or name is None:
            long = Blob("str", offset, LONGEST_CONSTANT)
            found = machine.find_computed(long if module is None else module.decode("utf-8"), long, offset)
        else:
            found = machine.find(module.decode("utf-8"), name.decode("utf-8"), offset)
    except UnicodeDecodeError:
        raise Unreadable("imports a name that is not UTF-8") from None
    machine.stack.append(found)
    machine.position = position


def _stack_global(machine: Machine) -> None:
    name = machine.stack.pop()
    module = machine.stack.pop()
    machine.stack.append(machine.find_computed(module, name, machine.here))
    machine.position += 1


def _extension(width: int) -> Callable[[Machine], None]:
    def extension(machine: Machine) -> None:
        operand = machine.take(machine.position + 1, width)
        code = int.from_bytes(operand, "little", signed=width == 4)
        machine.stack.append(machine.extension(code, machine.here))
        machine.position += 1 + width

    return extension


def _popped_arguments(machine: Machine) -> Value:
    """The arguments of a call. The C unpickler wants a tuple, the Python one anything that can be iterated."""
    arguments = machine.stack.pop()
    if isinstance(arguments, (bool, int, float)):
        raise Unreadable("calls with a number where the arguments must be")
    return arguments


def _reduce(machine: Machine) -> None:
    arguments = _popped_arguments(machine)
    target = machine.stack[-1]
    machine.stack[-1] = machine.call("REDUCE", target, arguments, machine.here)
    machine.position += 1


def _newobj(machine: Machine) -> None:
    arguments = _popped_arguments(machine)
    target = machine.stack[-1]
    machine.stack[-1] = machine.create("NEWOBJ", target, arguments, machine.here)
    machine.position += 1


def _newobj_ex(machine: Machine) -> None:
    keywords = machine.stack.pop()
    arguments = _popped_arguments(machine)
    target = machine.stack[-1]
    machine.stack[-1] = machine.create("NEWOBJ_EX", target, arguments, machine.here, keywords)
    machine.position += 1


def _inst(machine: Machine) -> None:
    offset = machine.here
    _global(machine)  # the Python unpickler imports before it looks for the mark
    target = machine.stack.pop()
    arguments = tuple(machine.popped_mark())
    machine.stack.append(machine.instantiate("INST", target, arguments, offset))


def _obj(machine: Machine) -> None:
    offset = machine.here
    items = machine.popped_mark()
    target = items[0]
    machine.stack.append(machine.instantiate("OBJ", target, tuple(items[1:]), offset))
    machine.position += 1


def _build(machine: Machine) -> None:
    offset = machine.here
    state = machine.stack.pop()
    target = machine.stack[-1]
    machine.position += 1
    if not machine.build(target, state, offset):
        return
    from violet.formats.pickle.joblib_arrays import follow_array

    machine.stack[-1] = follow_array(machine, target, state)


def _persistent_text(machine: Machine) -> None:
    text, _, position = machine.line(machine.position + 1)
    machine.stack.append(Persistent((text or b"").decode("ascii", "replace")))
    machine.position = position


def _persistent(machine: Machine) -> None:
    pid = machine.stack.pop()
    machine.persist(pid)
    if isinstance(pid, tuple) and len(pid) == 4 and pid[0] == "module" and isinstance(pid[1], Global):
        machine.stack.append(pid[1])  # torch before 1.6: the class, named with its source for comparison
    else:
        machine.stack.append(Persistent(pid))
    machine.position += 1


def _next_buffer(machine: Machine) -> None:
    machine.odd("out-of-band", "NEXT_BUFFER", "out-of-band")
    machine.stack.append(Blob("buffer", machine.here, 0))
    machine.position += 1


def _readonly_buffer(machine: Machine) -> None:
    if not machine.stack:
        raise IndexError
    machine.position += 1


OPCODES: dict[int, Callable[[Machine], None]] = {
    0x80: _protocol,
    0x95: _frame,
    ord("."): _stop,
    ord("0"): _pop,
    ord("1"): _pop_mark,
    ord("2"): _dup,
    ord("l"): _list,
    ord("d"): _dict,
    ord("]"): _empty_list,
    ord("}"): _empty_dict,
    0x8F: _empty_set,
    0x91: _frozenset,
    ord("s"): _setitem,
    ord("u"): _setitems,
    ord("a"): _append,
    ord("e"): _appends,
    0x90: _appends,
    ord("c"): _global,
    0x93: _stack_global,
    0x82: _extension(1),
    0x83: _extension(2),
    0x84: _extension(4),
    ord("R"): _reduce,
    0x81: _newobj,
    0x92: _newobj_ex,
    ord("i"): _inst,
    ord("o"): _obj,
    ord("b"): _build,
    ord("P"): _persistent_text,
    ord("Q"): _persistent,
    0x97: _next_buffer,
    0x98: _readonly_buffer,
    **LITERALS,
}
"""Every opcode that the loop does not handle itself (BINUNICODE: where it is long)."""

__all__ = ["Global", "Machine"]
