"""What each opcode does to the machine: the stack, the metastack, and the calls behind it.

Every handler finds the machine at the opcode's own byte, and leaves it behind the opcode's operand. Opcodes and
their meaning: ``Lib/pickletools.py``. Those that push constants are in ``literals``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.pickle.calls import keep_hooks
from violet.formats.pickle.literals import LITERALS, Unreadable
from violet.formats.pickle.values import KEPT_ITEMS, LONGEST_CONSTANT, Blob, Dict, Global, Persistent, Set, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.formats.pickle.machine import Machine

HIGHEST_PROTOCOL = 5


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
    machine.limit = machine.loop_limit()


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
    stack = machine.stack
    name = stack.pop()
    module = stack.pop()
    if type(module) is str and type(name) is str:
        found = machine.globals.get((module, name))
        stack.append(machine.find(module, name, machine.here) if found is None else found)
    else:
        stack.append(machine.find_computed(module, name, machine.here))
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
    if type(arguments) is not tuple and isinstance(arguments, (bool, int, float)):
        raise Unreadable("calls with a number where the arguments must be")
    return arguments


def _reduce(machine: Machine) -> None:
    arguments = _popped_arguments(machine)
    stack = machine.stack
    stack[-1] = machine.call("REDUCE", stack[-1], arguments, machine.here)
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
"""Every opcode that the machine's loop does not handle itself (BINUNICODE: where it is long)."""
