"""A strict unpickler of arrays, tensors and plain containers: it calls nothing, and stops at whatever it does not know.

Only what CPython's picklers write is accepted, with operands on which the C and the Python unpickler agree. Where
they could differ (a frame that ends inside an operand, a memo entry that is written twice, values left on the
stack, text that is not ASCII where the encoding is the loader's choice), the stream is refused.

Opcodes: ``Lib/pickletools.py``; protocols 4 and 5: PEP 3154, PEP 574.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.proof.values import Unproven, Value

if TYPE_CHECKING:
    from violet.formats.proof.calls import Known
    from violet.formats.source import Meter, Source

WINDOW = 1 << 20
LONGEST_LINE = 4096


class Stream:
    """Runs the stream that starts at ``start`` of ``source``. ``known`` says which calls mean what."""

    def __init__(self, source: Source, start: int, meter: Meter, known: Known) -> None:
        self.source = source
        self.start = start
        self.meter = meter
        self.known = known
        self.base = start
        self.buffer = b""
        self.at = start
        """Where the opcode being executed begins, in the source."""
        self.position = start
        self.protocol = 0
        self.frame_end = -1
        self.stack: list[Value] = []
        self.marks: list[list[Value]] = []
        self.memo: dict[int, Value] = {}
        self.unknown: list[Unproven] = []
        """Names that the proof does not know: followed to where they are used, for the message to say how."""

    def run(self) -> Value:
        """The value that the stream leaves; ``position`` is then where it ends. Raises ``Unproven``."""
        from violet.formats.proof.opcodes import OPCODES, named

        while True:
            self.at = self.position
            if self.frame_end == self.position:
                self.frame_end = -1
            op = self.take(1)[0]
            handler = OPCODES.get(op)
            if handler is None:
                raise self.refuse(f"the pickle uses the opcode {named(op)}, which no tensor needs")
            if handler(self):
                break
        if self.unknown:
            raise self.unknown[0]
        if self.frame_end not in (-1, self.position):
            raise self.refuse("the pickle stops inside a frame")
        if self.marks or len(self.stack) != 1:
            raise self.refuse("the pickle leaves more than one value behind")
        return self.stack[0]

    def refuse(self, reason: str, call: str = "") -> Unproven:
        return Unproven(reason, self.at, call)

    # -- reading -------------------------------------------------------------------------------------

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes, few enough to be held."""
        start = self.position - self.base
        data = self.buffer[start : start + count]
        if len(data) < count:
            self.meter.operate(max(start, 1))
            self.base = self.position
            self.buffer = self.source.read(self.base, max(WINDOW, count))
            data = self.buffer[:count]
            if len(data) < count:
                raise self.refuse("the pickle ends before its STOP")
        self.move(count)
        return data

    def move(self, count: int) -> None:
        self.position += count
        if 0 <= self.frame_end < self.position:
            raise self.refuse("an operand of the pickle crosses the end of a frame")

    def skip(self, count: int) -> Source:
        """The next ``count`` bytes, wherever they stand."""
        if count > self.source.size - self.position:
            raise self.refuse("the pickle ends inside a constant")
        window = self.source.window(self.position, count)
        self.move(count)
        return window

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "little")

    def line(self) -> bytes:
        """A text operand without its newline."""
        start = self.position - self.base
        end = self.buffer.find(b"\n", start)
        if end < 0 or end - start > LONGEST_LINE:
            data = self.source.read(self.position, LONGEST_LINE)
            length = data.find(b"\n")
            if length < 0:
                raise self.refuse("a text operand of the pickle does not end")
            return self.take(length + 1)[:-1]
        data = self.buffer[start:end]
        self.move(len(data) + 1)
        return data

    # -- the stack -----------------------------------------------------------------------------------

    def pop(self) -> Value:
        if not self.stack:
            raise self.refuse("the pickle takes from an empty stack")
        return self.stack.pop()

    def top(self) -> Value:
        if not self.stack:
            raise self.refuse("the pickle takes from an empty stack")
        return self.stack[-1]

    def marked(self) -> list[Value]:
        if not self.marks:
            raise self.refuse("the pickle goes back to a mark that was never set")
        items, self.stack = self.stack, self.marks.pop()
        return items

    def remember(self, index: int) -> None:
        if index in self.memo:
            raise self.refuse(f"the pickle overwrites the memo entry {index}, as no pickler does")
        self.memo[index] = self.top()

    def recall(self, index: int) -> None:
        if index not in self.memo:
            raise self.refuse(f"the pickle reads the memo entry {index}, which was never stored")
        self.stack.append(self.memo[index])
