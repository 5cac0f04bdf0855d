"""What a proven stream may hold, and why another one is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.formats.source import Source

Value = Any
"""``None``, a truth value, number or text, a tuple or list of values, or one of the classes below."""


@dataclass(frozen=True, slots=True)
class ElementType:
    """``name`` as safetensors spells it, ``size`` of one element in bytes, ``part`` the bytes of what changes its
    order with the endianness (half the size of a complex number), ``floating`` whether it can have a gradient."""

    name: str
    size: int
    part: int
    floating: bool = False


ELEMENTS = {
    entry.name: entry
    for entry in (
        ElementType("BOOL", 1, 1),
        ElementType("U8", 1, 1),
        ElementType("I8", 1, 1),
        ElementType("U16", 2, 2),
        ElementType("I16", 2, 2),
        ElementType("U32", 4, 4),
        ElementType("I32", 4, 4),
        ElementType("U64", 8, 8),
        ElementType("I64", 8, 8),
        ElementType("F8_E4M3", 1, 1, True),
        ElementType("F8_E5M2", 1, 1, True),
        ElementType("F8_E8M0", 1, 1, True),
        ElementType("F8_E4M3FNUZ", 1, 1, True),
        ElementType("F8_E5M2FNUZ", 1, 1, True),
        ElementType("F16", 2, 2, True),
        ElementType("BF16", 2, 2, True),
        ElementType("F32", 4, 4, True),
        ElementType("F64", 8, 8, True),
        ElementType("C64", 8, 4, True),
    )
}


class Unproven(Exception):
    """The file is not proven to hold tensors only. ``reason`` is one sentence without its full stop, ``offset``
    where in the stream it shows (bytes, ``None``: not at one place), ``call`` what the stream does there as Python
    would spell it, ``fix`` what to do, ``kind`` ``"unproven"`` or, where nothing calls for a conversion,
    ``"nothing-to-do"``."""

    def __init__(
        self, reason: str, offset: int | None = None, call: str = "", fix: str = "", kind: str = "unproven"
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset
        self.call = call
        self.fix = fix
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Name:
    """A global that the stream names; one of those that the proof knows."""

    module: str
    name: str

    @property
    def dotted(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False, repr=False)
class Raw:
    """Constant bytes: ``source`` holds nothing but them; ``mutable`` tells a bytearray."""

    source: Source
    offset: int
    mutable: bool = False


@dataclass(slots=True, eq=False, repr=False)
class LongText:
    """A long text, which is legitimate only where it stands for bytes (protocol 2 and ``_codecs.encode``)."""

    source: Source
    offset: int


@dataclass(slots=True, eq=False, repr=False)
class Mapping:
    """A ``dict``, or an ``OrderedDict`` where ``ordered``. ``attributes`` is what BUILD gave the latter."""

    ordered: bool = False
    items: dict[str | int, Value] = field(default_factory=dict)
    attributes: Mapping | None = None


@dataclass(slots=True, eq=False, repr=False)
class Storage:
    """The elements that tensors are views of: ``count`` of them, of the type ``element``.

    ``source`` is filled in once it is known where they stand; ``swapped`` says that they are big-endian.
    """

    key: str
    element: ElementType
    count: int
    offset: int
    untyped: bool = False
    source: Source | None = None
    swapped: bool = False


@dataclass(slots=True, eq=False, repr=False)
class Tensor:
    """A view of a storage. ``shape``, ``strides`` and ``start`` are in elements; ``offset`` is that of the call.

    ``kind`` is ``tensor``, ``parameter`` (torch.nn.Parameter), ``array`` or ``scalar`` (of NumPy).
    """

    element: ElementType
    storage: Storage
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    kind: str = "tensor"
    requires_grad: bool = False
    hooks: Value = None
    """Must be empty when the stream ends."""

    @property
    def count(self) -> int:
        return product(self.shape)

    @property
    def size(self) -> int:
        """Bytes that it takes when written contiguously."""
        return self.count * self.element.size

    @property
    def contiguous(self) -> bool:
        expected = 1
        for extent, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if extent != 1 and stride != expected:
                return self.count == 0
            expected *= extent
        return True


@dataclass(slots=True, eq=False, repr=False)
class DType:
    """A ``numpy.dtype`` under construction: ``element`` is known once BUILD has said the byte order."""

    code: str
    offset: int
    built: bool = False
    objects: bool = False
    element: ElementType | None = None
    swapped: bool = False


@dataclass(slots=True, eq=False, repr=False)
class Array:
    """A ``numpy.ndarray`` between its reconstruction and its state; afterwards ``tensor``, or for an object array
    of no dimensions ``content``, is what it is."""

    offset: int
    tensor: Tensor | None = None
    content: list[Value] | None = None


@dataclass(slots=True, eq=False, repr=False)
class Wrapper:
    """joblib's stand-in for an array, whose bytes follow its state."""

    offset: int
    built: bool = False


def product(numbers: Iterable[int]) -> int:
    result = 1
    for number in numbers:
        result *= number
    return result


def row_major(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides, in elements, of a contiguous array."""
    strides: list[int] = []
    step = 1
    for extent in reversed(shape):
        strides.append(step)
        step *= max(extent, 1)
    return tuple(reversed(strides))


def column_major(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides, in elements, of an array in Fortran order."""
    return tuple(reversed(row_major(tuple(reversed(shape)))))


def symbolic(value: Value, depth: int = 0) -> Value:
    """``value`` in the terms of the pickle machine, whose ``render`` spells it as Python."""
    from violet.formats.pickle.values import Blob, Call, Dict, Global

    if depth > 6:
        return Blob("…", 0, 0)
    if isinstance(value, Name):
        return Global(value.module, value.name, 0, None)
    if isinstance(value, (Raw, LongText)):
        return Blob("bytes" if isinstance(value, Raw) else "str", value.offset, value.source.size)
    if isinstance(value, tuple):
        return tuple(symbolic(item, depth + 1) for item in value[:16])
    if isinstance(value, list):
        return [symbolic(item, depth + 1) for item in value[:16]]
    if isinstance(value, Mapping):
        made = Dict()
        made.pairs = [(key, symbolic(item, depth + 1)) for key, item in list(value.items.items())[:16]]
        return made
    if isinstance(value, Storage):
        return Call("", "call", Global("torch", "storage", 0, None), (value.key, value.element.name, value.count), 0)
    if isinstance(value, Tensor):
        return Call("", "call", Global("builtins", value.kind, 0, None), (value.element.name, value.shape), 0)
    if isinstance(value, DType):
        return Call("", "call", Global("numpy", "dtype", 0, None), (value.code,), 0)
    if isinstance(value, (Array, Wrapper)):
        return Call("", "call", Global("numpy", "ndarray", 0, None), (), 0)
    return value


def spelled(target: Value, arguments: Value) -> str:
    """A call as Python source would show it."""
    from violet.formats.pickle.values import Call, render

    return render(Call("", "call", symbolic(target), symbolic(arguments), 0))


def shown_value(value: Value) -> str:
    """A value as Python source would show it, cut short."""
    from violet.formats.pickle.values import render

    return render(symbolic(value), 80)


def store(target: Mapping, key: Value, value: Value, offset: int) -> None:
    """As ``dict`` does. Keys of other types could be equal to one another though they differ."""
    if type(key) is not str and type(key) is not int:
        shown = shown_value(key)
        raise Unproven(f"a dict has the key {shown}, which is neither text nor a whole number", offset)
    target.items[key] = value
