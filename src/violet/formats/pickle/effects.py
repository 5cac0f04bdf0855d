"""What well-known functions return, where that decides what a stream does next, and what builds code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.pickle.trust import lookup
from violet.formats.pickle.values import Attribute, Blob, Call, Dict, Global, Module, Value, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.formats.pickle.calls import Calls

MOST_RECODED = 1_000


def carries_code(value: Value) -> bool:
    """Whether a value is a class or function that the stream itself carries."""
    return (
        isinstance(value, Call)
        and isinstance(value.target, Global)
        and (value.target.module, value.target.name) in CODE_MAKERS
    )


def handles_carried_code(key: tuple[str, str], made: Call) -> bool:
    """Whether a call only changes, or wraps for a class, what the stream itself carries."""
    if key == ("builtins", "setattr"):
        return carries_code(first_argument(made))
    if key in WRAPPERS and isinstance(made.arguments, tuple):
        return all(part is None or isinstance(part, str) or carries_code(part) for part in made.arguments)
    return False


WRAPPERS = frozenset(("builtins", name) for name in ("property", "staticmethod", "classmethod"))
"""They call nothing when they are made, but what they wrap when it is asked for."""


def first_argument(made: Call) -> Value:
    arguments = made.arguments
    return arguments[0] if isinstance(arguments, (tuple, list)) and arguments else None


def second_argument(made: Call) -> Value:
    arguments = made.arguments
    return arguments[1] if isinstance(arguments, (tuple, list)) and len(arguments) > 1 else None


# -- effects: what a call returns -----------------------------------------------------------------


def _module(calls: Calls, made: Call) -> Value:
    name = first_argument(made)
    if not isinstance(name, str):
        return made
    calls.armed = True
    return Module(name, made.offset)


def attribute(calls: Calls, base: Value, name: Value, made: Call) -> Value:
    """``getattr``: of a module it is an import, of a class or instance an attribute."""
    if isinstance(base, Module) and isinstance(name, str):
        return calls.find(base.name, name, made.offset)
    if isinstance(name, str):
        if isinstance(base, Global) and lookup(base.module, f"{base.name}.{name}") is not None:
            return calls.find(base.module, f"{base.name}.{name}", made.offset)
        return Attribute(base, name, made.offset)
    return Attribute(base, name, made.offset) if isinstance(name, (Call, Attribute)) else made


def is_dill_setattr(arguments: Value) -> bool:
    """``getattr(dill._dill, '_setattr', setattr)``: how dill fetches what it fills the cells of closures with."""
    if not isinstance(arguments, tuple) or len(arguments) != 3:
        return False
    owner, name, other = arguments
    return (
        (isinstance(owner, Global) and (owner.module, owner.name) == ("dill", "_dill"))
        and name == "_setattr"
        and (isinstance(other, Global) and (other.module, other.name) == ("builtins", "setattr"))
    )


def _getattr(calls: Calls, made: Call) -> Value:
    calls.armed = True
    if is_dill_setattr(made.arguments):
        return made.arguments[2]
    return attribute(calls, first_argument(made), second_argument(made), made)


def _partial(calls: Calls, made: Call) -> Value:
    calls.armed = True
    return made


def _resolve_colon(calls: Calls, made: Call) -> Value:
    name = first_argument(made)
    if not isinstance(name, str):
        return made
    module, separator, rest = name.partition(":")
    if not separator:
        module, _, rest = name.rpartition(".")
    return calls.find(module, rest, made.offset) if module and rest else Module(name, made.offset)


def _dill_import(calls: Calls, made: Call) -> Value:
    name = first_argument(made)
    if not isinstance(name, str):
        return made
    module, _, rest = name.rpartition(".")
    if rest and rest[:1].isupper():
        return calls.find(module, rest, made.offset)
    calls.armed = True
    return Module(name, made.offset)


def _pair(calls: Calls, made: Call) -> Value:
    module, name = first_argument(made), second_argument(made)
    if isinstance(module, str) and isinstance(name, str):
        return calls.find(module, name, made.offset)
    return made


def _builtin_type(calls: Calls, made: Call) -> Value:
    """cloudpickle and dill fetch types by name: from ``types`` in CamelCase, else built-in ones."""
    name = first_argument(made)
    if not isinstance(name, str) or name == "SuperType":
        return made
    builtin = name[:1].islower() or lookup("builtins", name) is not None
    return calls.find("builtins" if builtin else "types", name, made.offset)


def _add_extension(calls: Calls, made: Call) -> Value:
    arguments = made.arguments
    if isinstance(arguments, tuple) and len(arguments) == 3:
        module, name, code = arguments
        if isinstance(module, str) and isinstance(name, str) and isinstance(code, int):
            calls.extensions[code] = (module, name)
    return made


CONSTRUCTS = frozenset(("construct-first-argument", "construct-on-builtin-base"))
"""Conditions of functions that return an object of the class they are given first."""


def _reconstructed(_: Calls, made: Call) -> Value:
    return constructed(made)


def constructed(made: Call) -> Value:
    """The new object, as if NEWOBJ had made it: what its state may be depends on its class."""
    target = first_argument(made)
    if isinstance(target, Global):
        target.constructed += 1
        return Call(made.kind, "new", target, (), made.offset)
    return made


def _encoded(calls: Calls, made: Call) -> Value:
    """``_codecs.encode(text, 'latin1')``: how protocols 0 to 2 write bytes."""
    text, codec = first_argument(made), second_argument(made)
    if not isinstance(codec, str) or codec.lower() not in ("latin1", "latin-1"):
        return made
    recoded = calls.stream.recoded
    if isinstance(text, str):
        try:
            data = text.encode("latin-1")
        except UnicodeEncodeError:
            return made
        from violet.formats.pickle.literals import looks_loadable

        if looks_loadable(data) and len(recoded) < MOST_RECODED:
            recoded.append((made.offset, len(data), data))
        return data
    if isinstance(text, Blob) and text.kind == "str" and len(recoded) < MOST_RECODED:
        from violet.formats.pickle.literals import looks_loadable

        recoded.append((text.offset, text.length, None))
        long = Blob("bytes", text.offset, text.length)
        head = calls.peek(text.offset, 400).decode("utf-8", "ignore").encode("latin-1", "ignore")
        long.examined = looks_loadable(head)
        return long
    return made


EFFECTS: dict[tuple[str, str], Callable[[Calls, Call], Value]] = {
    ("_codecs", "encode"): _encoded,
    ("builtins", "__import__"): _module,
    ("importlib", "import_module"): _module,
    ("importlib", "__import__"): _module,
    ("cloudpickle.cloudpickle", "subimport"): _module,
    ("joblib.externals.cloudpickle.cloudpickle", "subimport"): _module,
    ("cloudpickle", "subimport"): _module,
    ("dill._dill", "_import_module"): _dill_import,
    ("dill.dill", "_import_module"): _dill_import,
    ("builtins", "getattr"): _getattr,
    ("functools", "partial"): _partial,
    ("_functools", "partial"): _partial,
    ("dill._dill", "_get_attr"): _getattr,
    ("pkgutil", "resolve_name"): _resolve_colon,
    ("pydoc", "locate"): _resolve_colon,
    ("logging.config", "_resolve"): _resolve_colon,
    ("copyreg", "add_extension"): _add_extension,
    ("copyreg", "_reconstructor"): _reconstructed,
    ("copyreg", "__newobj__"): _reconstructed,
    ("copyreg", "__newobj_ex__"): _reconstructed,
    ("numpy.core", "_ufunc_reconstruct"): _pair,
    ("numpy._core", "_ufunc_reconstruct"): _pair,
    ("cloudpickle.cloudpickle", "_builtin_type"): _builtin_type,
    ("joblib.externals.cloudpickle.cloudpickle", "_builtin_type"): _builtin_type,
    ("dill._dill", "_load_type"): _builtin_type,
}


# -- code carried by value -------------------------------------------------------------------------

CODE_MAKERS = frozenset(
    [
        ("types", "CodeType"),
        ("types", "FunctionType"),
        ("types", "LambdaType"),
        ("types", "CellType"),
        ("dill._dill", "_create_function"),
        ("dill._dill", "_create_code"),
        ("dill._dill", "_create_cell"),
        ("dill._dill", "_create_type"),
        ("dill._dill", "_load_type"),
        ("dill.dill", "_create_function"),
        ("dill.dill", "_create_code"),
        ("numba.core.serialize", "custom_rebuild"),
        ("numba.core.serialize", "_unpickle__CustomPickled"),
    ]
    + [
        (module, name)
        for module in (
            "cloudpickle",
            "cloudpickle.cloudpickle",
            "joblib.externals.cloudpickle.cloudpickle",
            "numba.cloudpickle.cloudpickle",
        )
        for name in (
            "_builtin_type",
            "_make_function",
            "_make_skel_func",
            "_fill_function",
            "_make_skeleton_class",
            "_make_skeleton_enum",
            "_make_empty_cell",
            "_make_cell",
            "_function_setstate",
            "_class_setstate",
            "_rehydrate_skeleton_class",
            "_cell_set",
            "_gen_ellipsis",
            "_make_typevar",
            "_make_dict_keys",
            "_make_dict_values",
            "_make_dict_items",
            "_decompose_typevar",
        )
    ]
)
"""What cloudpickle and dill rebuild functions and classes with: it runs when called, not when loaded."""


CHANGES_FIRST = frozenset(
    ("_function_setstate", "_class_setstate", "_fill_function", "_rehydrate_skeleton_class", "_cell_set")
)
CALLS_FIRST = frozenset(("_make_skeleton_class", "_create_type"))


def misused_maker(made: Call) -> str:
    """How a function that rebuilds carried code is used for something else, "" where it is not: to change a
    function or class that the stream does not carry, or to call something that is no metaclass."""
    if not isinstance(made.target, Global):
        return ""
    first = first_argument(made)
    if made.target.name in CHANGES_FIRST and not carries_code(first):
        return f"{render(first, 60)} is changed by {made.target.name}"
    if made.target.name in CALLS_FIRST and not _is_metaclass(first):
        return f"{render(first, 60)} is called by {made.target.name}"
    if made.target.name.startswith("_make_dict_") and isinstance(first, (Call, Attribute)):
        return f"{render(first, 60)} is iterated by {made.target.name}"
    if made.target.name == "_make_skeleton_enum" and any(carries_code(value) for value in _members(made)):
        return f"{render(made, 60)} gets functions as members"
    return ""


def _members(made: Call) -> list[Value]:
    given = made.arguments if isinstance(made.arguments, (tuple, list)) else ()
    return [value for part in given if isinstance(part, Dict) for _, value in part.pairs]


def carried_methods(made: Call) -> set[str]:
    """The names under which a call that makes or fills a class is given functions of the stream."""
    names: set[str] = set()
    pending = list(made.arguments) if isinstance(made.arguments, (tuple, list)) else []
    for part in pending[:50]:
        if isinstance(part, (tuple, list)):
            pending.extend(part[:10])
        elif isinstance(part, Dict):
            names.update(name for name, value in part.pairs if isinstance(name, str) and isinstance(value, Call))
    return names


def _is_metaclass(value: Value) -> bool:
    return isinstance(value, Global) and value.name.lower().endswith(("meta", "type", "metaclass"))
