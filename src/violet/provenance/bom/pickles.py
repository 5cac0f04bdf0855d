"""Pickles as graphs of values, made by the symbolic machine: nothing is imported, nothing is called.

What the machine shows is what unpickling would build: which classes, with which state; which torch tensors, of which
shape and type, on which storage; which NumPy arrays.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.formats.pickle.calls import ARRAY_WRAPPERS, attributes_of
from violet.formats.pickle.machine import Machine
from violet.formats.pickle.values import KEPT_ITEMS, Blob, Call, Dict, Global, Persistent, Set, Value
from violet.provenance.bom.tensors import numpy_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.formats.pickle.facts import Stream
    from violet.formats.source import Meter, Source

MOST_VISITED = 2_000_000
"""Values of one pickle that are looked at."""
DEEPEST_PATH = 64
MOST_ITEMS = 4_096
"""Elements of one array that are read out."""

STORAGES = {
    "DoubleStorage": ("float64", 8), "FloatStorage": ("float32", 4), "HalfStorage": ("float16", 2),
    "BFloat16Storage": ("bfloat16", 2), "LongStorage": ("int64", 8), "IntStorage": ("int32", 4),
    "ShortStorage": ("int16", 2), "CharStorage": ("int8", 1), "ByteStorage": ("uint8", 1), "BoolStorage": ("bool", 1),
    "ComplexDoubleStorage": ("complex128", 16), "ComplexFloatStorage": ("complex64", 8), "QInt8Storage": ("qint8", 1),
    "QUInt8Storage": ("quint8", 1), "QInt32Storage": ("qint32", 4), "Float8_e4m3fnStorage": ("float8_e4m3fn", 1),
    "Float8_e5m2Storage": ("float8_e5m2", 1), "UntypedStorage": ("", 1),
}  # fmt: skip
"""For each class of torch storages: type and bytes of one element."""
TORCH_SIZES = {name: size for name, size in STORAGES.values() if name}
TORCH_SIZES |= {"half": 2, "float": 4, "double": 8, "float8_e4m3fnuz": 1, "float8_e5m2fnuz": 1, "float8_e8m0fnu": 1}
TORCH_SIZES |= {"uint16": 2, "uint32": 4, "uint64": 8}


@dataclass(frozen=True, slots=True)
class Array:
    """A NumPy array: ``items`` are its elements where they are few and plain, else ``None``."""

    dtype: str
    shape: tuple[int, ...]
    items: tuple[Any, ...] | None = None

    @property
    def size(self) -> int:
        count = 1
        for extent in self.shape:
            count *= extent
        return count


@dataclass(frozen=True, slots=True)
class Tensor:
    """A torch tensor: ``path`` are the keys that lead to it; ``storage`` names the bytes it lies on, of which there
    are ``stored`` elements, ``width`` bytes each; ``reach`` is the last element that it uses, counted from 1."""

    path: tuple[str, ...]
    dtype: str
    shape: tuple[int, ...]
    storage: str
    offset: int
    stride: tuple[int, ...]
    stored: int
    width: int

    @property
    def size(self) -> int:
        count = 1
        for extent in self.shape:
            count *= extent
        return count

    @property
    def reach(self) -> int:
        if not self.size:
            return 0
        return self.offset + 1 + sum((n - 1) * step for n, step in zip(self.shape, self.stride, strict=False))

    @property
    def region(self) -> tuple[str, int, tuple[int, ...]]:
        """What tells one tensor from another that shares its bytes (tied weights have the same)."""
        return self.storage, self.offset, self.shape


class Graph:
    """What one pickle stream makes."""

    def __init__(self, source: Source, start: int, meter: Meter) -> None:
        self._source = source
        self._meter = meter
        machine = Machine(source, start, meter)
        self.stream: Stream = machine.run()
        self.result: Value = self.stream.result
        self.memo = machine.memo
        self.cut = False
        """Whether some container had more items than the machine keeps."""
        self._wrappers: list[Call] | None = None

    def walk(self, root: Value = None) -> Iterator[tuple[tuple[str, ...], Call]]:
        """Every call within a value (default: the whole result), each once, with the keys that lead to it, the outer
        ones first and in the order in which they stand."""
        pending: list[tuple[tuple[str, ...], Value]] = [((), self.result if root is None else root)]
        seen: set[int] = set()
        visited = 0
        while pending and visited < MOST_VISITED:
            path, value = pending.pop()
            if not isinstance(value, (Call, Dict, list, tuple, Set)) or id(value) in seen:
                continue
            seen.add(id(value))
            visited += 1
            if isinstance(value, Call):
                yield path, value
            pending.extend(reversed(self._inside(path, value)))
        self.cut = self.cut or bool(pending)

    def _inside(self, path: tuple[str, ...], value: Value) -> list[tuple[tuple[str, ...], Value]]:
        if isinstance(value, Dict):
            return self._pairs(path, value)
        if isinstance(value, Set):
            return [(path, item) for item in value.items]
        if isinstance(value, Call):
            found: list[tuple[tuple[str, ...], Value]] = [(path, value.arguments)]
            for part in (value.keywords, value.state, value.items):
                if part is not None:
                    found.append((path, part))
            return found
        self.cut = self.cut or (isinstance(value, list) and len(value) >= KEPT_ITEMS)
        return [(path, item) for item in value]

    def _pairs(self, path: tuple[str, ...], value: Dict) -> list[tuple[tuple[str, ...], Value]]:
        self.cut = self.cut or len(value.pairs) >= KEPT_ITEMS
        deep = len(path) >= DEEPEST_PATH
        found: list[tuple[tuple[str, ...], Value]] = []
        for key, item in value.pairs:
            found.append((path if deep or not isinstance(key, str) else (*path, key[:200]), item))
            if isinstance(key, (Call, tuple)):
                found.append((path, key))
        return found

    def attributes(self, value: Value) -> dict[str, Value]:
        """The attributes that an object is given, or the items of a mapping with text keys."""
        if isinstance(value, Call):
            pairs = list(value.items.pairs) if value.items else []
            for state in value.state if isinstance(value.state, tuple) else (value.state,):
                pairs.extend(attributes_of(state))
        elif isinstance(value, Dict):
            pairs = value.pairs
        else:
            return {}
        return {key: item for key, item in pairs if isinstance(key, str)}

    # -- arrays ----------------------------------------------------------------------------------

    def array(self, value: Value) -> Array | None:
        """The NumPy array that a value is, where its type and shape are plain."""
        if isinstance(value, Blob) and value.kind == "array":
            return self._joblib_array(value)
        if not isinstance(value, Call) or not isinstance(value.target, Global):
            return None
        name, state = value.target.name, value.state
        if not value.target.module.startswith("numpy"):
            return None
        if name == "_reconstruct" and isinstance(state, tuple) and len(state) == 5:
            return _array(state[2], state[1], state[4])
        if name == "_frombuffer" and isinstance(value.arguments, tuple) and len(value.arguments) == 4:
            return _array(value.arguments[1], value.arguments[2], _contents(value.arguments[0]))
        return None

    def _joblib_array(self, blob: Blob) -> Array | None:
        """joblib writes a wrapper, and the array right behind it."""
        if self._wrappers is None:
            self._wrappers = sorted(
                {
                    id(value): value
                    for value in self.memo.values()
                    if isinstance(value, Call)
                    and isinstance(value.target, Global)
                    and (value.target.module, value.target.name) in ARRAY_WRAPPERS
                }.values(),
                key=lambda call: call.offset,
            )
        at = bisect_right(self._wrappers, blob.offset, key=lambda call: call.offset)
        if not at:
            return None
        state = self.attributes(self._wrappers[at - 1])
        found = _array(state.get("dtype"), state.get("shape"), None)
        if found is None:
            return None
        if found.dtype == "object":
            inner = Graph(self._source, blob.offset, self._meter)
            return inner.array(inner.result) or found
        width = _width(_dtype(state.get("dtype"))[0])
        if 0 < found.size <= MOST_ITEMS and width and found.size * width <= blob.length:
            # Padding stands before the items, so they are the end of it.
            data = self._source.read(blob.offset + blob.length - found.size * width, found.size * width)
            return _array(state.get("dtype"), state.get("shape"), data)
        return found


def _width(name: str) -> int:
    """Bytes of one element of a plain type (``f8``, ``U3``), 0 for others."""
    text = name.lstrip("<>=|")
    if not text[1:].isdigit() or len(text) > 6:
        return 0
    return int(text[1:]) * (4 if text[0] == "U" else 1)


def _array(dtype: Value, shape: Value, contents: Value) -> Array | None:
    extents = _extents(shape)
    name, order = _dtype(dtype)
    if extents is None or not name:
        return None
    array = Array(numpy_type(name), extents)
    if not _fits(name, array.size, contents):
        return None
    if array.size > MOST_ITEMS:
        return array
    if isinstance(contents, list) and len(contents) == array.size:
        plain = all(isinstance(item, (str, int, float, bool)) for item in contents)
        return Array(array.dtype, extents, tuple(contents)) if plain else array
    if isinstance(contents, (bytes, bytearray)):
        return Array(array.dtype, extents, _numbers(name, order, bytes(contents), array.size))
    return array


def _fits(name: str, size: int, contents: Value) -> bool:
    """Whether an array's bytes are as many as its shape and type say, where these are known."""
    width = _width(name)
    if not width:
        return True
    if isinstance(contents, (bytes, bytearray)):
        return len(contents) == size * width
    raw = isinstance(contents, Blob) and contents.kind in ("bytes", "bytearray")
    return not raw or contents.length == size * width


def _contents(value: Value) -> Value:
    """The bytes that protocol 5 hands over as a bytearray or through a call of one."""
    if isinstance(value, Call) and isinstance(value.arguments, tuple) and value.arguments:
        return value.arguments[0]
    return value


def _numbers(name: str, order: str, data: bytes, count: int) -> tuple[Any, ...] | None:
    import struct

    text = name.lstrip("<>=|")
    codes = {
        "f8": "d",
        "f4": "f",
        "i8": "q",
        "i4": "i",
        "i2": "h",
        "i1": "b",
        "u1": "B",
        "u8": "Q",
        "u4": "I",
        "b1": "?",
    }
    if text[:1] == "U" and text[1:].isdigit() and 0 < int(text[1:]) < 4096:
        width = 4 * int(text[1:])
        parts = [data[at : at + width] for at in range(0, count * width, width)] if len(data) == count * width else []
        coding = "utf-32-be" if order == ">" else "utf-32-le"
        return tuple(part.decode(coding, "replace").rstrip("\0") for part in parts) or None
    code = codes.get(text)
    if code is None or len(data) != count * struct.calcsize(code):
        return None
    return struct.unpack(f"{'>' if order == '>' else '<'}{count}{code}", data)


def _dtype(value: Value) -> tuple[str, str]:
    if isinstance(value, str):
        return value, value[:1]
    if not isinstance(value, Call) or not isinstance(value.target, Global) or not isinstance(value.arguments, tuple):
        return "", ""
    if value.target.name == "dtype" and value.arguments and isinstance(value.arguments[0], str):
        state = value.state
        order = state[1] if isinstance(state, tuple) and len(state) > 1 and isinstance(state[1], str) else ""
        return value.arguments[0], order
    return "", ""


def _extents(value: Value) -> tuple[int, ...] | None:
    if isinstance(value, Call) and isinstance(value.arguments, tuple) and len(value.arguments) == 1:
        value = value.arguments[0]  # torch.Size((2, 3))
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return (value,)
    if not isinstance(value, (tuple, list)) or len(value) > 64:
        return None
    if not all(type(extent) is int and 0 <= extent < 1 << 62 for extent in value):
        return None
    return tuple(value)


# -- tensors -----------------------------------------------------------------------------------------


def is_tensor_maker(name: str) -> bool:
    """Whether a function of ``torch._utils`` makes a tensor on a storage."""
    return name.startswith(("_rebuild_tensor", "_rebuild_qtensor"))


def tensor(path: tuple[str, ...], call: Call) -> Tensor | None:
    """The torch tensor that a call of ``torch._utils._rebuild_tensor_v2`` and its kin makes."""
    target, given = call.target, call.arguments
    if not isinstance(target, Global) or target.module != "torch._utils" or not isinstance(given, tuple):
        return None
    if not is_tensor_maker(target.name) or len(given) < 4:
        return None
    storage = given[0].pid if isinstance(given[0], Persistent) else None
    shape, stride = _extents(given[2]), _extents(given[3])
    offset = given[1]
    if not isinstance(storage, tuple) or len(storage) < 5 or shape is None or stride is None:
        return None
    kind, key, count = storage[1], storage[2], storage[4]
    if not isinstance(kind, Global) or type(count) is not int or type(offset) is not int or count < 0 or offset < 0:
        return None
    dtype, width = STORAGES.get(kind.name, (kind.name.removesuffix("Storage").lower(), 0))
    if target.name == "_rebuild_tensor_v3" and len(given) > 6 and isinstance(given[6], Global):
        dtype = given[6].name
        size = TORCH_SIZES.get(dtype, 0)
        count, width = (count // size if size else count), size
    return Tensor(path, dtype or "byte", shape, str(key)[:200], offset, stride, count, width)
