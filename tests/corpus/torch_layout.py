"""Writes torch checkpoints without torch: the zip layout of 1.6 and later, and the older stacked pickles.

Layout: torch/serialization.py (`_save`, `_legacy_save`): protocol 2, storages as persistent ids, raw little-endian
elements in `data/N` members aligned to 64 bytes, or behind the pickles with an 8-byte element count.
"""

from __future__ import annotations

import collections
import io
import math
import pickle
import struct
import zipfile
from dataclasses import dataclass
from typing import Any, ClassVar

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
_KINDS = {"f": ("FloatStorage", 4), "d": ("DoubleStorage", 8), "q": ("LongStorage", 8), "e": ("HalfStorage", 2)}


@dataclass(frozen=True)
class Global:
    """A reference to `module.name` that is written as a GLOBAL opcode, imported nowhere."""

    module: str
    name: str


@dataclass(frozen=True)
class Call:
    """`function(*arguments)` as a REDUCE, with a BUILD when there is a state."""

    function: Global
    arguments: tuple[Any, ...]
    state: Any = None


@dataclass(frozen=True)
class New:
    """`cls.__new__(cls)` as a NEWOBJ, with a BUILD."""

    cls: Global
    state: Any


@dataclass(frozen=True)
class Tensor:
    """A contiguous tensor: a struct code of f, d, q or e, a shape, and its elements."""

    code: str
    shape: tuple[int, ...]
    values: tuple[float, ...]

    def raw(self) -> bytes:
        return struct.pack(f"<{len(self.values)}{self.code}", *self.values)


def floats(*shape: int) -> Tensor:
    """A float tensor with small, regular values."""
    count = 1
    for side in shape:
        count *= side
    return Tensor("f", shape, tuple((i % 17) / 16 for i in range(count)))


class _Pickler(pickle._Pickler):  # type: ignore[name-defined,misc]
    """The pure-Python pickler, taught to write the stand-ins above."""

    dispatch: ClassVar[dict[type, Any]] = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def __init__(self, stream: io.BytesIO, *, legacy: bool) -> None:
        super().__init__(stream, 2)
        self.legacy = legacy
        self.storages: list[Tensor] = []
        self.stand_ins: list[Any] = []

    def persistent_id(self, value: Any) -> Any:
        if not isinstance(value, _Storage):
            return None
        kind, _ = _KINDS[value.tensor.code]
        count = math.prod(value.tensor.shape)
        identity = ("storage", Global("torch", kind), str(value.key), "cpu", count)
        return (*identity, None) if self.legacy else identity

    def save_global_stand_in(self, value: Global) -> None:
        self.write(pickle.GLOBAL + f"{value.module}\n{value.name}\n".encode())

    def save_call(self, value: Call) -> None:
        self.save(value.function)
        self.save(value.arguments)
        self.write(pickle.REDUCE)
        self._state(value.state)

    def save_new(self, value: New) -> None:
        self.save(value.cls)
        self.write(pickle.EMPTY_TUPLE + pickle.NEWOBJ)
        self._state(value.state)

    def save_tensor(self, value: Tensor) -> None:
        key = len(self.storages)
        self.storages.append(value)
        strides: list[int] = []
        step = 1
        for side in reversed(value.shape):
            strides.insert(0, step)
            step *= side
        hooks = Call(Global("collections", "OrderedDict"), ())
        arguments = (_Storage(value, key), 0, value.shape, tuple(strides), False, hooks)
        self.save(Call(Global("torch._utils", "_rebuild_tensor_v2"), arguments))

    def _state(self, state: Any) -> None:
        if state is not None:
            self.save(state)
            self.write(pickle.BUILD)

    dispatch[Global] = save_global_stand_in
    dispatch[Call] = save_call
    dispatch[New] = save_new
    dispatch[Tensor] = save_tensor


@dataclass(frozen=True)
class _Storage:
    tensor: Tensor
    key: int


def pickled(value: Any, *, legacy: bool) -> tuple[bytes, list[Tensor]]:
    stream = io.BytesIO()
    pickler = _Pickler(stream, legacy=legacy)
    pickler.dump(value)
    return stream.getvalue(), pickler.storages


def zip_checkpoint(value: Any, folder: str = "archive") -> bytes:
    """A checkpoint as `torch.save` writes it today; tensors inside `value` are `Tensor`."""
    data, storages = pickled(value, legacy=False)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        _aligned(archive, stream, f"{folder}/data.pkl", data)
        _aligned(archive, stream, f"{folder}/.format_version", b"1")
        _aligned(archive, stream, f"{folder}/.storage_alignment", b"64")
        _aligned(archive, stream, f"{folder}/byteorder", b"little")
        for key, tensor in enumerate(storages):
            _aligned(archive, stream, f"{folder}/data/{key}", tensor.raw())
        _aligned(archive, stream, f"{folder}/version", b"3\n")
        _aligned(archive, stream, f"{folder}/.data/serialization_id", b"1575924783829347398716354817206843527619")
    return stream.getvalue()


def _aligned(archive: zipfile.ZipFile, stream: io.BytesIO, name: str, data: bytes) -> None:
    """Write a member whose data starts at a multiple of 64, by means of an "FB" extra field as torch does."""
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    start = stream.tell() + 30 + len(name) + 4
    padding = -start % 64
    info.extra = struct.pack("<HH", 0x4246, padding) + b"Z" * padding
    archive.writestr(info, data)


def legacy_checkpoint(value: Any) -> bytes:
    """A checkpoint as torch before 1.6 wrote it, and still does on request."""
    data, storages = pickled(value, legacy=True)
    system = {
        "protocol_version": PROTOCOL,
        "little_endian": True,
        "type_sizes": {"short": 2, "int": 4, "long": 4},
    }
    keys = [str(key) for key in range(len(storages))]
    head = b"".join(pickle.dumps(part, 2) for part in (MAGIC, PROTOCOL, system))
    tail = b"".join(struct.pack("<q", len(tensor.values)) + tensor.raw() for tensor in storages)
    return head + data + pickle.dumps(keys, 2) + tail


def ordered(**items: Any) -> Call:
    """A `collections.OrderedDict` with these items, as a state_dict holds them."""
    return Call(Global("collections", "OrderedDict"), ([[key, value] for key, value in items.items()],))


def state_dict(**tensors: Any) -> Any:
    """A real OrderedDict, keys with dots spelled as double underscores."""
    return collections.OrderedDict((key.replace("__", "."), value) for key, value in tensors.items())
