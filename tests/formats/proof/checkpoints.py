"""torch checkpoints with views of any stride, shared storages and every element type, written without torch; and a
reader of them that is independent of Violet: the standard unpickler, with NumPy in the place of torch."""

from __future__ import annotations

import collections
import io
import pickle
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tests.corpus.torch_layout import MAGIC, PROTOCOL, Call, Global, _Pickler

STORAGES = {
    "f8": "DoubleStorage",
    "f4": "FloatStorage",
    "f2": "HalfStorage",
    "i8": "LongStorage",
    "i4": "IntStorage",
    "i2": "ShortStorage",
    "i1": "CharStorage",
    "u1": "ByteStorage",
    "b1": "BoolStorage",
    "c8": "ComplexFloatStorage",
}
CODES = {name: code for code, name in STORAGES.items()}


class Storage:
    """Elements that several views share."""

    def __init__(self, code: str, data: np.ndarray) -> None:
        self.code = code
        self.data = data


@dataclass(frozen=True)
class View:
    """``_rebuild_tensor_v2`` of a storage; ``parameter`` wraps it."""

    storage: Storage
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    parameter: bool = False
    gradient: bool = False

    def array(self) -> np.ndarray:
        """What torch would make of it."""
        return strided(self.storage.data, self.start, self.shape, self.strides)


def strided(data: np.ndarray, start: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> np.ndarray:
    size = data.dtype.itemsize
    if 0 in shape:
        return np.zeros(shape, data.dtype)
    assert start + sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) < data.size
    part = data[start:]
    return np.lib.stride_tricks.as_strided(part, shape, tuple(s * size for s in strides)).copy()


class _Stored:
    def __init__(self, storage: Storage) -> None:
        self.storage = storage


class Pickler(_Pickler):
    """Knows storages by identity, and writes views of them."""

    dispatch: ClassVar[dict[type, Any]] = dict(_Pickler.dispatch)

    def __init__(self, stream: io.BytesIO, *, legacy: bool) -> None:
        super().__init__(stream, legacy=legacy)
        self.keys: dict[int, int] = {}
        self.kept: list[Storage] = []

    def persistent_id(self, value: Any) -> Any:
        if not isinstance(value, _Stored):
            return None
        storage = value.storage
        key = self.keys.setdefault(id(storage), len(self.keys))
        if key == len(self.kept):
            self.kept.append(storage)
        identity = ("storage", Global("torch", STORAGES[storage.code]), str(key), "cpu", int(storage.data.size))
        return (*identity, None) if self.legacy else identity

    def save_view(self, view: View) -> None:
        hooks = Call(Global("collections", "OrderedDict"), ())
        place = (_Stored(view.storage), view.start, view.shape, view.strides)
        tensor = Call(
            Global("torch._utils", "_rebuild_tensor_v2"), (*place, view.gradient and not view.parameter, hooks)
        )
        if view.parameter:
            tensor = Call(Global("torch._utils", "_rebuild_parameter"), (tensor, view.gradient, hooks))
        self.save(tensor)

    dispatch[View] = save_view


def _swapped(data: np.ndarray, big: bool) -> bytes:
    return (data.byteswap() if big else data).tobytes()


def pickled(value: Any, *, legacy: bool = False) -> tuple[bytes, list[Storage]]:
    stream = io.BytesIO()
    pickler = Pickler(stream, legacy=legacy)
    pickler.dump(value)
    return stream.getvalue(), pickler.kept


def zip_bytes(data: bytes, storages: list[bytes], *, big: bool = False, deflate: bool = False) -> bytes:
    """The archive around a ``data.pkl`` and its storages."""
    stream = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/byteorder", b"big" if big else b"little")
        for key, storage in enumerate(storages):
            archive.writestr(f"archive/data/{key}", storage)
        archive.writestr("archive/version", b"3\n")
    return stream.getvalue()


def checkpoint(value: Any, *, legacy: bool = False, big: bool = False, deflate: bool = False) -> bytes:
    data, storages = pickled(value, legacy=legacy)
    if not legacy:
        return zip_bytes(data, [_swapped(s.data, big) for s in storages], big=big, deflate=deflate)
    system = {"protocol_version": PROTOCOL, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    head = b"".join(pickle.dumps(part, 2) for part in (MAGIC, PROTOCOL, system))
    tail = b"".join(struct.pack("<q", s.data.size) + s.data.tobytes() for s in storages)
    return head + data + pickle.dumps([str(key) for key in range(len(storages))], 2) + tail


# -- a reference reader ------------------------------------------------------------------------------


class CannotLoadError(Exception):
    """The reference does not load it."""


def _rebuild(storage: Any, start: Any, shape: Any, strides: Any, *rest: Any) -> np.ndarray:
    if not isinstance(storage, np.ndarray) or len(rest) not in (2, 3) or not isinstance(rest[0], bool):
        raise CannotLoadError
    if type(start) is not int or start < 0 or type(shape) is not tuple or type(strides) is not tuple:
        raise CannotLoadError
    if len(shape) != len(strides) or any(type(n) is not int or n < 0 for n in (*shape, *strides)):
        raise CannotLoadError
    if rest[0] and storage.dtype.kind not in "fc":
        raise CannotLoadError
    if np.prod(shape, dtype=object) > 1 << 24:
        raise CannotLoadError
    if 0 not in shape and start + sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) >= storage.size:
        raise CannotLoadError
    return strided(storage, start, shape, strides)


def _parameter(data: Any, gradient: Any, hooks: Any) -> np.ndarray:
    if not isinstance(data, np.ndarray) or type(gradient) is not bool:
        raise CannotLoadError
    if gradient and data.dtype.kind not in "fc":
        raise CannotLoadError
    return data


class Reference(pickle.Unpickler):
    """The C unpickler, with the few names that a checkpoint of tensors holds."""

    def __init__(self, data: bytes, records: dict[str, bytes]) -> None:
        self.stream = io.BytesIO(data)
        super().__init__(self.stream)
        self.records = records
        self.loaded: dict[str, np.ndarray] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return _parameter
        if module == "torch" and name in CODES:
            return np.dtype(CODES[name])
        raise CannotLoadError

    def persistent_load(self, pid: Any) -> np.ndarray:
        kind, dtype, key, _, count = pid
        if kind != "storage" or key not in self.records or not isinstance(dtype, np.dtype):
            raise CannotLoadError
        if key not in self.loaded:
            data = self.records[key]
            if type(count) is not int or len(data) != count * dtype.itemsize:
                raise CannotLoadError
            self.loaded[key] = np.frombuffer(data, dtype)
        return self.loaded[key]


# -- what Violet makes of it -------------------------------------------------------------------------


def converted(
    path: Path, tied: str = "duplicate"
) -> tuple[Any, dict[str, str], dict[str, tuple[str, tuple[int, ...], bytes]]]:
    """Convert the file in this process: the value put together again (leaves as arrays), the metadata, and the raw
    tensors as the safetensors library reads them. Raises ``ValueError`` with the reason where it is refused."""
    import json

    import safetensors

    from violet.formats.proof import convert
    from violet.formats.proof.flatten import unflatten

    answer = convert.examine([str(path), tied])
    if "refused" in answer:
        raise ValueError(answer["refused"][1])
    proven = json.loads(json.dumps(answer["proven"]))
    output = path.with_suffix(".out")
    output.write_bytes(b"")
    written = convert.write([str(path), tied, str(output), {k: proven[k] for k in ("file", "state", "plan")}])
    assert written == {"source": proven["file"]}, written
    read = convert.read_back([str(output)])
    assert {name: entry[2] for name, entry in read["tensors"].items()} == proven["digests"]
    raw = output.read_bytes()
    tensors = {name: (t["dtype"], tuple(t["shape"]), bytes(t["data"])) for name, t in safetensors.deserialize(raw)}
    length = int.from_bytes(raw[:8], "little")
    assert (8 + length) % 8 == 0
    metadata = json.loads(raw[8 : 8 + length])["__metadata__"]
    aliases = json.loads(metadata.get("violet.aliases", "{}"))
    arrays = {name: as_array(*entry) for name, entry in tensors.items()}
    if tied == "once":
        arrays |= {name: arrays[first] for name, first in aliases.items()}
    return unflatten(metadata["violet.structure"], arrays), metadata, tensors


_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1",
    "U16": "<u2", "U32": "<u4", "U64": "<u8", "BOOL": "?", "C64": "<c8",
}  # fmt: skip


def as_array(dtype: str, shape: tuple[int, ...], data: bytes) -> np.ndarray:
    return np.frombuffer(data, _DTYPES.get(dtype, "u1")).reshape(shape if dtype in _DTYPES else -1)


def same(left: Any, right: Any) -> bool:
    """Whether two nested values are equal, bit for bit and type for type; views count as what torch makes of them."""
    if isinstance(left, View):
        left = left.array()
    if isinstance(left, (np.ndarray, np.generic)):
        one, other = np.asarray(left), np.asarray(right)
        native = one.astype(one.dtype.newbyteorder("<"))
        return one.shape == other.shape and native.dtype == other.dtype and native.tobytes() == other.tobytes()
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float):
        return struct.pack("d", left) == struct.pack("d", right)
    return bool(left == right)
