"""Arrays whose bytes joblib writes between the opcodes.

joblib pickles a ``NumpyArrayWrapper`` and, right behind the BUILD that gives it its state, writes the
array: for object arrays one more pickle, for others a padding length byte, the padding, and the raw
items (joblib, ``numpy_pickle.py``, ``NumpyArrayWrapper.read_array``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.formats.pickle.literals import Unreadable
from violet.formats.pickle.values import Blob, Call, Dict, Global, Value

if TYPE_CHECKING:
    from violet.formats.pickle.machine import Machine

SIZED_KINDS = re.compile(r"[<>|=]?([biufcSaUVmM])(\d+)")
BY_CHARACTER = {"?": 1, "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "l": 8, "L": 8, "q": 8, "Q": 8}
BY_CHARACTER |= {"e": 2, "f": 4, "d": 8, "g": 16, "F": 8, "D": 16, "G": 32}


def follow_array(machine: Machine, wrapper: Call, state: Value) -> Value:
    """Skip (or, for object arrays, run) what stands behind the wrapper. The value of the array."""
    if not isinstance(state, Dict):
        raise Unreadable("holds a joblib array wrapper without a state")
    machine.stream.arrays += 1
    dtype, shape = state.get("dtype"), state.get("shape")
    size = item_size(dtype)
    start = machine.here
    if start < machine.frame_end:
        # The Python unpickler has the whole frame in memory: joblib reads the array behind the frame,
        # and what is left of the frame is run afterwards.
        resume, start = start, machine.frame_end
    else:
        resume = -1
        machine.frame_end = -1
    if size is None:
        end = _object_array(machine, start)
    else:
        end = _raw_array(machine, state, start, size, shape)
    if resume >= 0:
        machine.jump_from, machine.jump_to = machine.frame_end, end
        machine._refill(machine.position)
    else:
        machine._refill(end - machine.base)
    return Blob("array", start, max(end - start, 0))


def _object_array(machine: Machine, start: int) -> int:
    from violet.formats.pickle.machine import Machine as Another

    inner = Another(machine.source, start, machine.meter)
    stream = inner.run()
    outer = machine.stream
    for key, found in inner.globals.items():
        kept = machine.globals.setdefault(key, found)
        if kept is not found:
            kept.calls.extend(found.calls)
            kept.called += found.called
            kept.constructed += found.constructed
    outer.computed_calls.extend(stream.computed_calls)
    outer.oddities.extend(stream.oddities)
    outer.code.extend(stream.code)
    outer.nested.extend(stream.nested)
    if stream.broken:
        raise Unreadable(f"{stream.broken} (in an object array)")
    return stream.end


def _raw_array(machine: Machine, state: Dict, start: int, size: int, shape: Value) -> int:
    count = 1
    for extent in shape if isinstance(shape, tuple) else ():
        if not isinstance(extent, int) or extent < 0:
            raise Unreadable("holds an array with an impossible shape")
        count *= extent
    if isinstance(state.get("numpy_array_alignment_bytes"), int):
        padding = machine.source.read(start, 1)
        start += 1 + (padding[0] if padding else 0)
    end = start + count * size
    if end > machine.source.size:
        raise Unreadable(f"ends inside an array of {count * size:,} bytes")
    return end


def item_size(dtype: Value) -> int | None:
    """Bytes of an item of a reconstructed ``numpy.dtype``; ``None`` where items are Python objects.
    Raises ``Unreadable`` where the dtype cannot be told."""
    if isinstance(dtype, Global):
        dtype = Call("", "call", dtype, (dtype.name,), 0)
    if not isinstance(dtype, Call):
        raise Unreadable("holds an array of a type that cannot be told")
    fields = dtype.state
    if isinstance(fields, tuple) and len(fields) >= 7:
        if isinstance(fields[2], tuple) and len(fields[2]) == 2:
            base = item_size(fields[2][0])
            if base is None:
                return None
        named = fields[4]
        if isinstance(named, Dict):
            for _, field in named.pairs:
                if isinstance(field, tuple) and field and item_size(field[0]) is None:
                    return None
        if isinstance(fields[5], int) and fields[5] > 0:
            return fields[5]
    name = dtype.arguments[0] if isinstance(dtype.arguments, tuple) and dtype.arguments else None
    if isinstance(name, Global):
        name = name.name
    if not isinstance(name, str):
        raise Unreadable("holds an array of a type that cannot be told")
    if name.lstrip("<>|=") in ("O", "O8", "O4", "object", "object_"):
        return None
    matched = SIZED_KINDS.fullmatch(name)
    if matched:
        return int(matched[2]) * (4 if matched[1] == "U" else 1)
    named_size = re.fullmatch(r"(?:u?int|float|complex|bool)(\d*)_?", name)
    if named_size:
        return int(named_size[1] or 8) // 8
    if name in BY_CHARACTER:
        return BY_CHARACTER[name]
    raise Unreadable(f"holds an array of type {name!r}, whose size cannot be told")
