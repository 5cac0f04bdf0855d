"""Arrays whose bytes joblib writes between the opcodes.

joblib pickles a ``NumpyArrayWrapper`` and, right behind the BUILD that gives it its state, writes the
array: for object arrays one more pickle, for others a padding length byte, the padding, and the raw
items (joblib, ``numpy_pickle.py``, ``NumpyArrayWrapper.read_array``).

Where the extent of an array cannot be told for sure, what follows cannot be either: that is reported, as
joblib itself writes nothing but plain shapes and plain dtypes. ``pickle.load`` knows no such arrays, and
runs their bytes as opcodes: these are tried, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.formats.pickle.literals import Unreadable
from violet.formats.pickle.values import Blob, Call, Dict, Global, Value

if TYPE_CHECKING:
    from violet.formats.pickle.facts import Stream
    from violet.formats.pickle.machine import Machine

SIZED_KINDS = re.compile(r"[<>|=]?([biufcSaUVmM])(\d+)")
BY_CHARACTER = {"?": 1, "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "l": 8, "L": 8, "q": 8, "Q": 8}
BY_CHARACTER |= {"e": 2, "f": 4, "d": 8, "g": 16, "F": 8, "D": 16, "G": 32}
DTYPES = frozenset(("numpy", "numpy.core.multiarray", "numpy._core.multiarray"))
MOST_ATTRIBUTES = 64
"""Attributes in the state of an array wrapper; joblib writes up to six."""
TRIED = 4096
"""Bytes of an array that are tried as opcodes."""


class _Untold(Exception):
    """The extent of an array cannot be told."""


def follow_array(machine: Machine, wrapper: Call, state: Value) -> Value:
    """Skip (or, for object arrays, run) what stands behind the wrapper. The value of the array."""
    start = machine.here
    try:
        return _follow(machine, state, start)
    except _Untold as error:
        shown = f"hides what follows behind an array {error}"
        machine.odd("frame", shown, "array-extent", start)
        raise Unreadable(f"holds an array {error}") from None


def _follow(machine: Machine, state: Value, start: int) -> Value:
    if not isinstance(state, Dict) or len(state.pairs) > MOST_ATTRIBUTES:
        raise _Untold("whose attributes cannot be told")
    if not all(isinstance(key, str) for key, _ in state.pairs):
        raise _Untold("whose attributes cannot be told")
    machine.stream.arrays += 1
    dtype, shape = state.get("dtype"), state.get("shape")
    size = item_size(dtype)
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
    _merge(machine, inner, stream)
    if stream.broken:
        raise Unreadable(f"{stream.broken} (in an object array)")
    return stream.end


def _merge(machine: Machine, inner: Machine, stream: Stream) -> None:
    outer = machine.stream
    for key, found in inner.globals.items():
        kept = machine.globals.setdefault(key, found)
        if kept is not found:
            kept.calls.extend(found.calls)
            kept.called += found.called
            kept.constructed += found.constructed
            kept.refused += found.refused
    outer.computed_calls.extend(stream.computed_calls)
    outer.oddities.extend(stream.oddities)
    outer.code.extend(stream.code)
    outer.more_code = outer.more_code or stream.more_code
    outer.nested.extend(stream.nested)


def _raw_array(machine: Machine, state: Dict, start: int, size: int, shape: Value) -> int:
    if not isinstance(shape, tuple):
        raise _Untold("whose shape cannot be told")
    count = 1
    for extent in shape:
        if not isinstance(extent, int) or extent < 0:
            raise _Untold("of an impossible shape")
        count *= extent
    head = machine.source.read(start, 1)
    begin = start
    if state.get("numpy_array_alignment_bytes") is not None:
        start += 1 + (head[0] if head else 0)
    end = start + count * size
    if head and end > begin:
        _try_as_opcodes(machine, begin, head[0])
    if end > machine.source.size:
        raise Unreadable(f"ends inside an array of {count * size:,} bytes")
    return end


def _try_as_opcodes(machine: Machine, start: int, first: int) -> None:
    """What ``pickle.load`` would run, which does not know that an array stands here."""
    from violet.formats.pickle.machine import Machine as Another
    from violet.formats.pickle.opcodes import OPCODES

    if first not in OPCODES and first not in INLINE:
        return
    from violet.formats.pickle.trial import imports_something
    from violet.formats.source import Bounds, BytesSource, Meter

    data = machine.source.read(start, TRIED)
    trial = Another(BytesSource(data), 0, Meter(Bounds()))
    trial.protocol = machine.protocol
    trial.stack = [kept if isinstance(kept, Global) else Blob("unknown", 0, 0) for kept in machine.stack[-16:]]
    trial.metastack = [[Blob("unknown", 0, 0)] * 4]
    trial.memo = _Overlay(machine.memo)
    stream = trial.run()
    if imports_something(stream):
        stream.nested.clear()
        _merge(machine, trial, stream)


class _Overlay(dict[int, Value]):
    """A memo that reads through to another one and leaves that as it is."""

    def __init__(self, below: dict[int, Value]) -> None:
        super().__init__()
        self.below = below

    def __missing__(self, key: int) -> Value:
        return self.below[key]

    def __len__(self) -> int:
        return len(self.below) + super().__len__()


INLINE = frozenset(b"\x94ChK\x8cq(NGMjX\x86rJt\x85\x87)\x88\x89")
"""Opcodes that the machine's loop handles itself."""


def item_size(dtype: Value) -> int | None:
    """Bytes of an item of a reconstructed ``numpy.dtype``; ``None`` where items are Python objects.
    Raises ``_Untold`` where the dtype is not one that numpy pickles."""
    if not isinstance(dtype, Call) or not isinstance(dtype.target, Global):
        raise _Untold("of a type that cannot be told")
    if dtype.target.module == "numpy._core._internal" and dtype.target.name == "_convert_to_stringdtype_kwargs":
        return None
    if dtype.target.name != "dtype" or dtype.target.module not in DTYPES:
        raise _Untold("of a type that cannot be told")
    name = dtype.arguments[0] if isinstance(dtype.arguments, tuple) and dtype.arguments else None
    if isinstance(name, Global):
        name = name.name if name.module.startswith("numpy") else None
    if not isinstance(name, str):
        raise _Untold("of a type that cannot be told")
    if name.lstrip("<>|=") in ("O", "O8", "O4", "object", "object_"):
        return None
    size = _named_size(name)
    fields = dtype.state
    if fields is None:
        return size
    if not isinstance(fields, tuple) or len(fields) not in (8, 9) or fields[0] not in (3, 4):
        raise _Untold("of a type given in a form that numpy no longer writes")
    if _holds_objects(fields):
        return None
    if not re.match(r"[<>|=]?[SaUV]", name):
        return size  # numpy takes the size of items from the state of strings and records only
    if not isinstance(fields[5], int) or fields[5] < 0:
        raise _Untold("of a type whose size cannot be told")
    return fields[5]


def _holds_objects(fields: tuple[Value, ...]) -> bool:
    if isinstance(fields[2], tuple) and len(fields[2]) == 2 and item_size(fields[2][0]) is None:
        return True
    named = fields[4]
    for _, field in named.pairs if isinstance(named, Dict) else ():
        if isinstance(field, tuple) and field and item_size(field[0]) is None:
            return True
    return False


def _named_size(name: str) -> int:
    matched = SIZED_KINDS.fullmatch(name)
    if matched:
        return int(matched[2]) * (4 if matched[1] == "U" else 1)
    named_size = re.fullmatch(r"(?:u?int|float|complex)(\d+)", name)
    if named_size:
        return int(named_size[1]) // 8
    if name in ("bool", "bool_"):
        return 1
    if name in BY_CHARACTER:
        return BY_CHARACTER[name]
    raise _Untold(f"of type {name!r}, whose size cannot be told")
