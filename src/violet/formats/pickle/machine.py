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

from violet.formats.pickle.calls import Calls
from violet.formats.pickle.facts import Oddity, Stream
from violet.formats.pickle.literals import LOADABLE, Truncated, Unreadable, note_nested
from violet.formats.pickle.opcodes import OPCODES
from violet.formats.pickle.values import LONGEST_CONSTANT, Value

if TYPE_CHECKING:
    from violet.formats.source import Meter, Source

FLOAT = Struct(">d")
WINDOW = 1 << 20
FIRST_WINDOW = 1 << 15
MARGIN = 300
"""Bytes that the shortest operands may take (opcode, length byte, 255 bytes of payload, and some)."""
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
        self.limit = self.loop_limit()
        self.position = 0

    def loop_limit(self) -> int:
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
        self.limit = self.loop_limit()

    # -- the loop --------------------------------------------------------------------------------

    def _loop(self) -> None:
        """The opcodes that make up nearly all of real pickles, the most frequent first; the rest by table."""
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
                    continue
                if op == 0x8C:  # SHORT_BINUNICODE
                    end = position + 1 + buffer[position]
                    if end > len(buffer):
                        raise Truncated("ends inside a string")
                    try:
                        text = buffer[position + 1 : end].decode("utf-8", "surrogatepass")
                    except UnicodeDecodeError:
                        raise Unreadable("holds a string that is not UTF-8") from None
                    stack.append(text)
                    position = end
                    if end < limit and buffer[end] == 0x94:  # MEMOIZE, which picklers always let follow
                        memo[len(memo)] = text
                        position += 1
                    continue
                if op == 0x4B:  # BININT1
                    stack.append(buffer[position])
                    position += 1
                    continue
                if op == 0x68:  # BINGET
                    stack.append(memo[buffer[position]])
                    position += 1
                    continue
                if op < 0x60:
                    if op == 0x4E:  # NONE
                        stack.append(None)
                        continue
                    if op == 0x28:  # MARK
                        self.metastack.append(stack)
                        stack = self.stack = []
                        continue
                    if op == 0x43:  # SHORT_BINBYTES
                        end = position + 1 + buffer[position]
                        if end > len(buffer):
                            raise Truncated("ends inside an operand")
                        data = buffer[position + 1 : end]
                        stack.append(data)
                        if data[:1] in LOADABLE:
                            note_nested(self, data, self.base + position + 1, len(data))
                        position = end
                        continue
                    if op == 0x4A:  # BININT
                        stack.append(int.from_bytes(buffer[position : position + 4], "little", signed=True))
                        position += 4
                        continue
                    if op == 0x47:  # BINFLOAT
                        stack.append(unpack(buffer, position)[0])
                        position += 8
                        continue
                    if op == 0x4D:  # BININT2
                        stack.append(buffer[position] | buffer[position + 1] << 8)
                        position += 2
                        continue
                    if op == 0x58:  # BINUNICODE
                        count = int.from_bytes(buffer[position : position + 4], "little")
                        end = position + 4 + count
                        if end <= len(buffer) and count <= 255:
                            try:
                                stack.append(buffer[position + 4 : end].decode("utf-8", "surrogatepass"))
                            except UnicodeDecodeError:
                                raise Unreadable("holds a string that is not UTF-8") from None
                            position = end
                            continue
                    elif op == 0x29:  # EMPTY_TUPLE
                        stack.append(())
                        continue
                elif op < 0x80:
                    if op == 0x71:  # BINPUT
                        memo[buffer[position]] = stack[-1]
                        position += 1
                        continue
                    if op == 0x74:  # TUPLE
                        items = tuple(stack)
                        stack = self.stack = self.metastack.pop()
                        stack.append(items)
                        continue
                    if op == 0x6A:  # LONG_BINGET
                        stack.append(memo[int.from_bytes(buffer[position : position + 4], "little")])
                        position += 4
                        continue
                    if op == 0x72:  # LONG_BINPUT
                        self.put(int.from_bytes(buffer[position : position + 4], "little"))
                        position += 4
                        continue
                elif op == 0x85:  # TUPLE1
                    stack[-1] = (stack[-1],)
                    continue
                elif op == 0x89:  # NEWFALSE
                    stack.append(False)
                    continue
                elif op == 0x87:  # TUPLE3
                    stack[-3:] = ((stack[-3], stack[-2], stack[-1]),)
                    continue
                elif op == 0x88:  # NEWTRUE
                    stack.append(True)
                    continue
                elif op == 0x86:  # TUPLE2
                    stack[-2:] = ((stack[-2], stack[-1]),)
                    continue
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
