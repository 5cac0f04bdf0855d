"""What the calls of a proven stream make. Each is accepted with the arguments that its library writes, only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.formats.proof.names import (
    NUMPY_CODES,
    NUMPY_KINDS,
    NUMPY_PROBLEMS,
    STORAGES,
    TORCH_TYPES,
    UNTYPED,
    problem_with,
    role_of,
)
from violet.formats.proof.values import (
    ELEMENTS,
    Array,
    DType,
    LongText,
    Mapping,
    Name,
    Raw,
    Storage,
    Tensor,
    Unproven,
    Value,
    Wrapper,
    column_major,
    product,
    row_major,
    shown_value,
    spelled,
    store,
)
from violet.formats.source import BytesSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.formats.proof.values import ElementType

MOST_DIMENSIONS = 64
LARGEST = 1 << 62
"""Bytes and elements beyond which no sum is done: no file is so large."""
_PLACES = re.compile(r"(?:cpu|(?:cuda|mps|xpu|hpu|npu|xla)(?::[0-9]{1,4})?)")
_CODE = re.compile(r"([biufcSaUVmMOT])([0-9]{0,9})")


class Known:
    """The calls that the stream of one file may make. ``layout`` is ``torch_zip``, ``torch_legacy``, ``numpy``
    (a bare pickle) or ``joblib``; ``swapped`` tells that the storages of the archive are big-endian."""

    def __init__(self, layout: str, swapped: bool = False) -> None:
        self.layout = layout
        self.swapped = swapped
        self.storages: dict[str, Storage] = {}
        self.hooks: list[tuple[Mapping, int]] = []
        self.arrays: list[Array] = []
        self.calls: dict[str, int] = {}
        """How often each call was made, by its name."""
        self._makers: dict[str, Callable[[tuple[Value, ...], int], Value]] = {
            "ordered": self._ordered,
            "encode": self._encode,
            "nothing": self._nothing,
            "tensor1": self._tensor1,
            "tensor2": self._tensor2,
            "tensor3": self._tensor3,
            "parameter": self._parameter,
            "dtype": self._dtype,
            "reconstruct": self._reconstruct,
            "scalar": self._scalar,
            "frombuffer": self._frombuffer,
        }

    def call(self, target: Value, arguments: tuple[Value, ...], offset: int) -> Value:
        """``target(*arguments)``. Raises ``Unproven``."""
        if type(target) is not Name:
            raise Unproven("it calls what another call returned", offset, spelled(target, arguments))
        maker = self._makers.get(role_of(target))
        if maker is None:
            reason = problem_with(target) or f"it calls {target.dotted}, which makes no tensor"
            raise Unproven(reason, offset, spelled(target, arguments))
        try:
            made = maker(arguments, offset)
        except Unproven as error:
            if not error.call:
                error.call = spelled(target, arguments)
            raise
        self.calls[target.dotted] = self.calls.get(target.dotted, 0) + 1
        return made

    def create(self, target: Value, arguments: tuple[Value, ...], offset: int) -> Value:
        """``target.__new__(target, *arguments)``: only joblib's wrappers are made so."""
        if type(target) is Name and role_of(target) == "wrapper" and not arguments and self.layout == "joblib":
            self.calls[target.dotted] = self.calls.get(target.dotted, 0) + 1
            return Wrapper(offset)
        reason = "it creates an object that is no tensor"
        if type(target) is Name and problem_with(target):
            reason = problem_with(target)
        raise Unproven(reason, offset, spelled(target, arguments))

    def finish(self) -> None:
        """What could only be told when the stream has ended. Raises ``Unproven``."""
        for hooks, offset in self.hooks:
            if hooks.items or hooks.attributes is not None:
                raise Unproven("a tensor has hooks, which are functions", offset)

    # -- plain ---------------------------------------------------------------------------------------

    def _ordered(self, arguments: tuple[Value, ...], offset: int) -> Mapping:
        made = Mapping(ordered=True)
        if len(arguments) > 1 or (arguments and type(arguments[0]) is not list):
            raise Unproven("an OrderedDict is made of something that no pickler writes", offset)
        for pair in arguments[0] if arguments else ():
            if type(pair) not in (list, tuple) or len(pair) != 2:
                raise Unproven("an OrderedDict is made of something that no pickler writes", offset)
            store(made, pair[0], pair[1], offset)
        return made

    def _encode(self, arguments: tuple[Value, ...], offset: int) -> Raw:
        """``_codecs.encode(text, 'latin1')``: how bytes are written in protocol 2."""
        if len(arguments) != 2 or arguments[1] not in ("latin1", "latin-1"):
            raise Unproven("it encodes a text in a way in which no pickler writes bytes", offset)
        text = arguments[0]
        if type(text) is str:
            try:
                return Raw(BytesSource(text.encode("latin-1")), offset)
            except UnicodeEncodeError:
                raise Unproven("it encodes a text that does not stand for bytes", offset) from None
        if type(text) is not LongText:
            raise Unproven("it encodes something that is no text", offset)
        from violet.formats.proof.recode import from_latin

        return Raw(from_latin(text.source, offset), offset)

    def _nothing(self, arguments: tuple[Value, ...], offset: int) -> Raw:
        """``bytes()``: how no bytes at all are written in protocol 2."""
        if arguments:
            raise Unproven("it makes bytes in a way in which no pickler writes them", offset)
        return Raw(BytesSource(b""), offset)

    # -- torch ---------------------------------------------------------------------------------------

    def persistent(self, pid: Value, offset: int) -> Storage:
        """``('storage', type, key, place, count)``; before 1.6 with a view behind it, which must be none."""
        shown = f"persistent_load({shown_value(pid)})"
        legacy = self.layout == "torch_legacy"
        if self.layout not in ("torch_zip", "torch_legacy"):
            raise Unproven("it asks its loader for an object that is not in the file", offset, shown)
        if type(pid) is not tuple or not pid or pid[0] != "storage":
            raise Unproven("it asks its loader for something that is no storage", offset, shown)
        if len(pid) != (6 if legacy else 5) or (legacy and pid[5] is not None):
            raise Unproven("it names a storage in a way that torch.save does not write", offset, shown)
        kind, key, place, count = pid[1:5]
        if type(kind) is not Name or role_of(kind) != "storage" or type(key) is not str or type(place) is not str:
            problem = problem_with(kind) if type(kind) is Name else ""
            raise Unproven(problem or "it names a storage of a type that cannot be told", offset, shown)
        if not re.fullmatch(r"[0-9]{1,20}", key):
            raise Unproven("it names a storage as torch.save does not", offset, shown)
        if not _PLACES.fullmatch(place):
            raise Unproven(f"a storage lies at {place[:40]!r}, and not in the file", offset, shown)
        if type(count) is not int or not 0 <= count < LARGEST:
            raise Unproven("a storage has an impossible number of elements", offset, shown)
        untyped = kind.name == UNTYPED
        if untyped and legacy:
            raise Unproven("it names a storage of a type that torch did not have in this layout", offset, shown)
        element = ELEMENTS["U8" if untyped else STORAGES[kind.name]]
        known = self.storages.get(key)
        if known is None:
            known = Storage(key, element, count, offset, untyped, swapped=self.swapped)
            self.storages[key] = known
        elif known.element is not element or known.count != count or known.untyped != untyped:
            raise Unproven(f"it names the storage {key!r} twice, and differently", offset, shown)
        return known

    def _tensor1(self, arguments: tuple[Value, ...], offset: int) -> Tensor:
        """``(storage, offset, size, stride)``."""
        if len(arguments) != 4 or type(arguments[0]) is not Storage:
            raise Unproven("it rebuilds a tensor in a way that torch does not write", offset)
        return self._view(arguments, arguments[0].element, False, None, None, offset)

    def _tensor2(self, arguments: tuple[Value, ...], offset: int) -> Tensor:
        """``(storage, offset, size, stride, requires_grad, hooks[, metadata])``."""
        if len(arguments) not in (6, 7) or type(arguments[0]) is not Storage:
            raise Unproven("it rebuilds a tensor in a way that torch does not write", offset)
        metadata = arguments[6] if len(arguments) == 7 else None
        return self._view(arguments[:4], arguments[0].element, arguments[4], arguments[5], metadata, offset)

    def _tensor3(self, arguments: tuple[Value, ...], offset: int) -> Tensor:
        """``(storage, offset, size, stride, requires_grad, hooks, dtype[, metadata])``."""
        if len(arguments) not in (7, 8) or type(arguments[0]) is not Storage or not arguments[0].untyped:
            raise Unproven("it rebuilds a tensor from something that is no storage", offset)
        kind = arguments[6]
        if type(kind) is not Name or role_of(kind) != "element":
            raise Unproven("it rebuilds a tensor of a type that cannot be told", offset)
        element = ELEMENTS[TORCH_TYPES[kind.name]]
        if self.swapped and element.size > 1:
            raise Unproven("a big-endian tensor has a type that torch does not swap", offset)
        metadata = arguments[7] if len(arguments) == 8 else None
        return self._view(arguments[:4], element, arguments[4], arguments[5], metadata, offset)

    def _view(
        self,
        place: tuple[Value, ...],
        element: ElementType,
        gradient: Value,
        hooks: Value,
        metadata: Value,
        offset: int,
    ) -> Tensor:
        storage, start, shape, strides = place
        if not _extents(shape) or not _extents(strides) or len(shape) != len(strides):
            raise Unproven("a tensor has a shape or strides that cannot be", offset)
        if type(start) is not int or not 0 <= start < LARGEST:
            raise Unproven("a tensor begins at a place that cannot be", offset)
        if type(gradient) is not bool or (gradient and not element.floating):
            raise Unproven("a tensor wants a gradient that it cannot have", offset)
        if type(metadata) is Mapping:
            self.hooks.append((metadata, offset))
        elif metadata is not None:
            raise Unproven("a tensor is a conjugate or negative view", offset)
        if type(hooks) is Mapping:
            self.hooks.append((hooks, offset))
        elif hooks is not None:
            raise Unproven("a tensor has hooks, which are functions", offset)
        size = storage.count // element.size if storage.untyped else storage.count
        count = product(shape)
        if count >= LARGEST // 16:
            raise Unproven("a tensor has an impossible number of elements", offset)
        last = start + sum((extent - 1) * stride for extent, stride in zip(shape, strides, strict=True))
        if count and last >= size:
            reason = f"a tensor reaches element {last:,} of the storage {storage.key!r}, which has {size:,}"
            raise Unproven(reason, offset)
        return Tensor(element, storage, start, shape, strides, offset, requires_grad=gradient)

    def _parameter(self, arguments: tuple[Value, ...], offset: int) -> Tensor:
        """``(tensor, requires_grad, hooks)``. torch makes a new object, so this does, too."""
        if len(arguments) != 3 or type(arguments[0]) is not Tensor or arguments[0].kind not in ("tensor", "parameter"):
            raise Unproven("it makes a parameter of something that is no tensor", offset)
        inner, gradient, hooks = arguments
        if type(gradient) is not bool or (gradient and not inner.element.floating) or type(hooks) is not Mapping:
            raise Unproven("it makes a parameter in a way that torch does not write", offset)
        self.hooks.append((hooks, offset))
        place = (inner.element, inner.storage, inner.start, inner.shape, inner.strides)
        return Tensor(*place, offset, "parameter", gradient)

    # -- NumPy ---------------------------------------------------------------------------------------

    def _dtype(self, arguments: tuple[Value, ...], offset: int) -> DType:
        """``numpy.dtype(code, False, True)``: a copy, which BUILD then completes."""
        if len(arguments) != 3 or type(arguments[0]) is not str or not _flags(arguments[1], False):
            raise Unproven("it makes a dtype in a way that numpy does not write", offset)
        if not _flags(arguments[2], True):
            raise Unproven("it would change a dtype that all arrays share", offset)
        code = arguments[0]
        found = _CODE.fullmatch(code)
        if found is None:
            raise Unproven(f"it makes a dtype of {code[:40]!r}, which numpy does not write", offset)
        if code == "O8":
            return DType(code, offset, objects=True)
        if code not in NUMPY_CODES:
            problem = NUMPY_PROBLEMS.get(code) or NUMPY_KINDS.get(found[1]) or f"it holds elements of type {code!r}"
            raise Unproven(problem, offset)
        return DType(code, offset)

    def _reconstruct(self, arguments: tuple[Value, ...], offset: int) -> Array:
        """``_reconstruct(numpy.ndarray, (0,), b'b')``, which BUILD then completes."""
        known = len(arguments) == 3 and type(arguments[0]) is Name and role_of(arguments[0]) == "ndarray"
        if not known:
            raise Unproven("it reconstructs something that is no plain array", offset)
        code = arguments[2]
        text = code.source.read(0, 2) if type(code) is Raw and code.source.size == 1 else code
        if arguments[1] != (0,) or type(arguments[1][0]) is not int or text not in (b"b", "b"):
            raise Unproven("it reconstructs an array in a way that numpy does not write", offset)
        made = Array(offset)
        self.arrays.append(made)
        return made

    def _scalar(self, arguments: tuple[Value, ...], offset: int) -> Tensor:
        """``scalar(dtype, bytes)``: a number that numpy made."""
        if len(arguments) != 2:
            raise Unproven("it makes a number in a way that numpy does not write", offset)
        return self._filled(arguments[0], (), arguments[1], "C", "scalar", offset)

    def _frombuffer(self, arguments: tuple[Value, ...], offset: int) -> Tensor:
        """``_frombuffer(bytes, dtype, shape, order)``: an array in protocol 5; newer releases add the order of
        its axes, which then must be the usual one."""
        if len(arguments) not in (4, 5) or arguments[3] not in ("C", "F") or not _extents(arguments[2]):
            raise Unproven("it makes an array in a way that numpy does not write", offset)
        if len(arguments) == 5 and arguments[4] is not None:
            raise Unproven("it makes an array with its axes in another order", offset)
        return self._filled(arguments[1], arguments[2], arguments[0], arguments[3], "array", offset)

    def _filled(self, dtype: Value, shape: tuple[int, ...], data: Value, order: str, kind: str, offset: int) -> Tensor:
        array = self._shaped(dtype, shape, order, kind, offset)
        if type(data) is not Raw:
            raise Unproven("the elements of an array are no plain bytes", offset)
        if data.source.size != array.size:
            reason = f"an array of {array.size:,} bytes is filled with {data.source.size:,}"
            raise Unproven(reason, offset)
        array.storage.source = data.source
        return array

    def _shaped(self, dtype: Value, shape: tuple[int, ...], order: str, kind: str, offset: int) -> Tensor:
        if type(dtype) is not DType or not dtype.built:
            raise Unproven("the type of an array's elements cannot be told", offset)
        if dtype.objects or dtype.element is None:
            raise Unproven("it holds an array of Python objects", offset)
        count = product(shape)
        if count >= LARGEST // 16:
            raise Unproven("an array has an impossible number of elements", offset)
        storage = Storage(f"@{offset}", dtype.element, count, offset, swapped=dtype.swapped)
        strides = column_major(shape) if order == "F" else row_major(shape)
        return Tensor(dtype.element, storage, 0, shape, strides, offset, kind)

    def wrapped(self, wrapper: Wrapper, state: Value, offset: int) -> tuple[Tensor, bool, int]:
        """The array that a joblib wrapper with this state stands for, whether padding precedes its bytes, and how
        many those are."""
        if wrapper.built or type(state) is not Mapping or state.ordered:
            raise Unproven("joblib's wrapper of an array is used in a way that joblib does not", offset)
        wrapper.built = True
        items = dict(state.items)
        kind, shape, order, dtype = (items.pop(name, None) for name in ("subclass", "shape", "order", "dtype"))
        alignment = items.pop("numpy_array_alignment_bytes", None)
        if type(items.pop("allow_mmap", False)) is not bool or items:
            raise Unproven("joblib's wrapper of an array has attributes that joblib does not write", offset)
        if type(kind) is not Name or role_of(kind) != "ndarray" or not _extents(shape) or order not in ("C", "F"):
            raise Unproven("joblib's wrapper stands for something that is no plain array", offset)
        if alignment is not None and type(alignment) is not int:
            raise Unproven("joblib's wrapper of an array has attributes that joblib does not write", offset)
        assert isinstance(shape, tuple)
        array = self._shaped(dtype, shape, str(order), "array", offset)
        return array, alignment is not None, array.size

    # -- state ---------------------------------------------------------------------------------------

    def build(self, target: Value, state: Value, offset: int) -> None:
        """BUILD on an array, a dtype or an ``OrderedDict``. Raises ``Unproven``."""
        if type(target) is DType:
            _complete(target, state, offset)
        elif type(target) is Array:
            self._fill(target, state, offset)
        elif type(target) is Mapping:
            _attributes(target, state, offset)

    def _fill(self, array: Array, state: Value, offset: int) -> None:
        """``(1, shape, dtype, in Fortran order, bytes)``; for objects a list of them stands last."""
        if array.tensor is not None or array.content is not None:
            raise Unproven("an array is given its state twice", offset)
        if type(state) is not tuple or len(state) != 5 or state[0] != 1 or type(state[3]) is not bool:
            raise Unproven("an array is given a state that numpy does not write", offset)
        _, shape, dtype, fortran, data = state
        if not _extents(shape):
            raise Unproven("an array has a shape that cannot be", offset)
        if type(dtype) is DType and dtype.built and dtype.objects:
            if shape != () or type(data) is not list or len(data) != 1:
                raise Unproven("it holds an array of Python objects", offset, shown_value(list(data or ())[:8]))
            array.content = data
            return
        array.tensor = self._filled(dtype, shape, data, "F" if fortran else "C", "array", offset)


def _complete(dtype: DType, state: Value, offset: int) -> None:
    """``(3, byte order, None, None, None, -1, -1, flags)``."""
    if dtype.built:
        raise Unproven("a dtype is given its state twice", offset)
    plain = type(state) is tuple and len(state) == 8 and state[0] == 3 and state[2:5] == (None, None, None)
    if not plain or state[5:7] != (-1, -1) or state[7] != (63 if dtype.objects else 0):
        raise Unproven("a dtype is given a state that numpy does not write for plain numbers", offset)
    order = state[1]
    element = None if dtype.objects else ELEMENTS[NUMPY_CODES[dtype.code]]
    expected = ("|",) if element is None or element.size == 1 else ("<", ">")
    if order not in expected:
        raise Unproven("a dtype has a byte order that cannot be", offset)
    dtype.built = True
    dtype.element = element
    dtype.swapped = order == ">"


def _attributes(target: Mapping, state: Value, offset: int) -> None:
    """``state_dict()`` carries versions of its modules as an attribute."""
    if not target.ordered or target.attributes is not None:
        raise Unproven("a dict is given attributes", offset, shown_value(state))
    if type(state) is not Mapping or set(state.items) != {"_metadata"}:
        raise Unproven("an OrderedDict is given attributes that no state_dict has", offset, shown_value(state))
    target.attributes = state


def _extents(value: Value) -> bool:
    return (
        type(value) is tuple
        and len(value) <= MOST_DIMENSIONS
        and all(type(extent) is int and 0 <= extent < LARGEST for extent in value)
    )


def _flags(value: Value, wanted: bool) -> bool:
    return type(value) in (bool, int) and value == wanted
