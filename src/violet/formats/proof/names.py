"""The names that a proven stream may hold, each with what it stands for; all others end the proof.

Sources: ``torch/_utils.py`` and ``torch/serialization.py`` (2.13), ``numpy/_core/src/multiarray`` and
``numpy/_core/numeric.py`` (2.4), ``joblib/numpy_pickle.py`` (1.5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.formats.proof.values import Name

STORAGES = {
    "DoubleStorage": "F64",
    "FloatStorage": "F32",
    "HalfStorage": "F16",
    "BFloat16Storage": "BF16",
    "LongStorage": "I64",
    "IntStorage": "I32",
    "ShortStorage": "I16",
    "CharStorage": "I8",
    "ByteStorage": "U8",
    "BoolStorage": "BOOL",
    "ComplexFloatStorage": "C64",
}
"""Typed storages of torch, and the element type in safetensors."""
UNTYPED = "UntypedStorage"

TORCH_TYPES = {
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
    "float8_e8m0fnu": "F8_E8M0",
    "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2fnuz": "F8_E5M2FNUZ",
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
}
"""The element types for which torch writes ``_rebuild_tensor_v3``."""

NUMPY_CODES = {
    "b1": "BOOL",
    "i1": "I8",
    "u1": "U8",
    "i2": "I16",
    "u2": "U16",
    "i4": "I32",
    "u4": "U32",
    "i8": "I64",
    "u8": "U64",
    "f2": "F16",
    "f4": "F32",
    "f8": "F64",
    "c8": "C64",
}
"""What ``numpy.dtype`` is called with in a pickle."""

NUMPY_PROBLEMS = {
    "c16": "it holds complex numbers of 128 bits, which safetensors does not know",
    "c32": "it holds complex numbers of 256 bits, which safetensors does not know",
    "f16": "it holds extended floats, whose layout differs between machines",
    "f12": "it holds extended floats, whose layout differs between machines",
}
NUMPY_KINDS = {
    "V": "it is a structured or void array, which safetensors does not know",
    "U": "it is an array of texts, which are no tensors",
    "S": "it is an array of texts, which are no tensors",
    "a": "it is an array of texts, which are no tensors",
    "T": "it is an array of texts, which are no tensors",
    "M": "it is an array of dates, which safetensors does not know",
    "m": "it is an array of durations, which safetensors does not know",
    "O": "it is an array of Python objects",
}

_MULTIARRAY = ("numpy._core.multiarray", "numpy.core.multiarray")
_NUMERIC = ("numpy._core.numeric", "numpy.core.numeric")

ROLES: dict[tuple[str, str], str] = {
    ("collections", "OrderedDict"): "ordered",
    ("_codecs", "encode"): "encode",
    ("builtins", "bytes"): "nothing",
    ("torch._utils", "_rebuild_tensor"): "tensor1",
    ("torch._utils", "_rebuild_tensor_v2"): "tensor2",
    ("torch._utils", "_rebuild_tensor_v3"): "tensor3",
    ("torch._utils", "_rebuild_parameter"): "parameter",
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
    ("joblib.numpy_pickle", "NumpyArrayWrapper"): "wrapper",
    ("torch.storage", UNTYPED): "storage",
    ("torch", UNTYPED): "storage",
    **{(module, "_reconstruct"): "reconstruct" for module in _MULTIARRAY},
    **{(module, "scalar"): "scalar" for module in _MULTIARRAY},
    **{(module, "_frombuffer"): "frombuffer" for module in _NUMERIC},
    **{(module, name): "storage" for module in ("torch", "torch.cuda") for name in STORAGES},
    **{("torch", name): "element" for name in TORCH_TYPES},
}
"""What each name that may stand in a proven stream is."""

_PROBLEMS = {
    ("torch._utils", "_rebuild_qtensor"): "it holds a quantised tensor, whose scales safetensors cannot keep",
    ("torch._utils", "_rebuild_sparse_tensor"): "it holds a sparse tensor, which safetensors does not know",
    ("torch.serialization", "_get_layout"): "it holds a sparse tensor, which safetensors does not know",
    ("torch._utils", "_rebuild_sparse_csr_tensor"): "it holds a sparse tensor, which safetensors does not know",
    ("torch._utils", "_rebuild_nested_tensor"): "it holds a nested tensor, which safetensors does not know",
    ("torch._utils", "_rebuild_meta_tensor_no_storage"): "it holds a meta tensor, which has no elements",
    ("torch._utils", "_rebuild_parameter_with_state"): "it holds a parameter with attributes of its own",
    ("torch._tensor", "_rebuild_from_type_v2"): "it holds a tensor of a subclass, or with attributes of its own",
    ("torch.storage", "_load_from_bytes"): "it holds tensors that were pickled without torch.save, each in a file "
    "of its own",
    ("torch", "ComplexDoubleStorage"): NUMPY_PROBLEMS["c16"],
    **{
        ("torch", name): "it holds a quantised tensor, whose scales safetensors cannot keep"
        for name in ("QInt8Storage", "QUInt8Storage", "QInt32Storage", "QUInt4x2Storage", "QUInt2x4Storage")
    },
}


def problem_with(name: Name) -> str:
    """Why the name may not stand in a proven stream; ``""`` where it may."""
    key = (name.module, name.name)
    if key in ROLES:
        return ""
    return _PROBLEMS.get(key) or f"it holds {name.dotted}, which is neither a tensor nor made of tensors"


def role_of(name: Name) -> str:
    return ROLES.get((name.module, name.name), "")
