"""The conditions under which names of the trust data are harmless, as predicates on a call or a state.

``trust.conditions.CONDITIONS`` says in words what each slug demands and why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.pickle.trust import STATE_HOOKS, Trust, lookup
from violet.formats.pickle.trust.conditions import TYPE_NAMES, is_generated_argument_parser
from violet.formats.pickle.trust.roots import ROOTS
from violet.formats.pickle.values import Attribute, Blob, Call, Dict, Global, Module, Value

if TYPE_CHECKING:
    from collections.abc import Callable

CODECS = frozenset(("latin1", "latin-1", "ascii", "utf-8", "utf8", "iso-8859-1"))
CONTAINERS = frozenset(("list", "dict", "tuple", "set", "frozenset", "type"))
BUILTIN_BASES = frozenset(
    (
        "object",
        "list",
        "dict",
        "tuple",
        "set",
        "frozenset",
        "int",
        "float",
        "complex",
        "str",
        "bytes",
        "unicode",
        "long",
    )
)
PLAIN_MODULES = frozenset(
    [
        "abc",
        "bisect",
        "calendar",
        "cmath",
        "collections",
        "collections.abc",
        "copy",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "fractions",
        "functools",
        "hashlib",
        "heapq",
        "itertools",
        "json",
        "math",
        "numbers",
        "random",
        "re",
        "statistics",
        "string",
        "textwrap",
        "time",
        "typing",
        "unicodedata",
        "warnings",
        "zoneinfo",
    ]
)
"""Modules of the standard library that only compute: functions carried by value refer to them."""
BIT_GENERATORS = frozenset(("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"))


def _arguments(made: Call) -> tuple[Value, ...]:
    return tuple(made.arguments) if isinstance(made.arguments, (tuple, list)) else ()


def _is_module_level(value: Value, module: str, names: frozenset[str]) -> bool:
    return isinstance(value, Global) and value.module == module and value.name in names


def _creatable(value: Value) -> bool:
    return isinstance(value, Global) and (value.entry is None or value.entry.trust is not Trust.REFER)


def plain_attribute(made: Call) -> bool:
    """The owner, where it is an unknown name, is judged by itself."""
    arguments = _arguments(made)
    if len(arguments) != 2 or not isinstance(arguments[1], str):
        return False
    owner, name = arguments
    if isinstance(owner, Global) and lookup(owner.module, f"{owner.name}.{name}") is not None:
        return True
    if isinstance(owner, Module):
        return True  # an import like any other: the name is judged
    if not name.isidentifier() or name.startswith("__"):
        return False
    return isinstance(owner, Global) or (isinstance(owner, Call) and isinstance(owner.target, Global))


def plain_attribute_names(made: Call) -> bool:
    return all(
        isinstance(name, str) and all(part.isidentifier() and part[0] != "_" for part in name.split("."))
        for name in _arguments(made)
    )


def type_of_constant(made: Call) -> bool:
    arguments = _arguments(made)
    return len(arguments) == 1 and not isinstance(arguments[0], (Call, Attribute, Module))


def construct_on_builtin_base(made: Call) -> bool:
    arguments = _arguments(made)
    if len(arguments) != 3 or not _creatable(arguments[0]):
        return False
    base, state = arguments[1], arguments[2]
    return _is_module_level(base, "builtins", BUILTIN_BASES) and not isinstance(state, (Call, Attribute, Module))


def partial_of_named(made: Call) -> bool:
    """The function bound is a named one, and is judged by its name: what is computed is not."""
    arguments = _arguments(made)
    return bool(arguments) and isinstance(arguments[0], Global)


def text_codec(made: Call) -> bool:
    arguments = _arguments(made)
    if not arguments or not isinstance(arguments[0], (str, bytes, Blob)):
        return False
    return len(arguments) == 1 or (isinstance(arguments[1], str) and arguments[1].lower() in CODECS)


def regular_expression(made: Call) -> bool:
    arguments = _arguments(made)
    return len(arguments) == 2 and isinstance(arguments[0], (str, bytes)) and isinstance(arguments[1], int)


def typing_subscript(made: Call) -> bool:
    arguments = _arguments(made)
    owner = arguments[0] if arguments else None
    return isinstance(owner, Global) and (owner.module == "typing" or _is_module_level(owner, "builtins", CONTAINERS))


def import_of_trusted_root(made: Call) -> bool:
    arguments = _arguments(made)
    if len(arguments) != 1 or not isinstance(arguments[0], str):
        return False
    root = arguments[0].partition(".")[0]
    if arguments[0] in PLAIN_MODULES:
        return True
    return root in ROOTS and ROOTS[root] not in ("stdlib", "miscellany")


def type_name(made: Call) -> bool:
    arguments = _arguments(made)
    return len(arguments) == 1 and isinstance(arguments[0], str) and arguments[0] in TYPE_NAMES


def numpy_ufunc(made: Call) -> bool:
    arguments = _arguments(made)
    if len(arguments) != 2:
        return False
    module, name = arguments
    if not isinstance(module, str) or not isinstance(name, str):
        return False
    if module in ("scipy.special", "scipy.special._ufuncs"):
        return name.isidentifier() and not name.startswith("_")
    return lookup(module, name) is not None


def numpy_bit_generator(made: Call) -> bool:
    for value in _arguments(made):
        if isinstance(value, str):
            if value not in BIT_GENERATORS:
                return False
        elif isinstance(value, (Global, Call)):
            name = value if isinstance(value, Global) else value.target
            if not isinstance(name, Global) or not name.module.startswith("numpy.random"):
                return False
            if name.entry is None:
                return False
        elif isinstance(value, (Attribute, Module)):
            return False
    return True


def rebuild_from_type(made: Call) -> bool:
    arguments = _arguments(made)
    if len(arguments) < 3 or not isinstance(arguments[0], Global) or not _creatable(arguments[1]):
        return False
    entry = arguments[0].entry
    if entry is None or not isinstance(arguments[2], tuple):
        return False
    if entry.trust is Trust.CALL_CHECKED:
        condition = CALL_CONDITIONS.get(entry.condition)
        inner = Call(made.kind, "call", arguments[0], arguments[2], made.offset)
        return condition is not None and condition(inner)
    return entry.trust is Trust.CALL


def nested_torch_bytes(made: Call) -> bool:
    """The bytes stand in the stream, where the reader takes them out to be examined."""
    arguments = _arguments(made)
    return len(arguments) == 1 and isinstance(arguments[0], (bytes, Blob))


def _no_state(_: Call) -> bool:
    """For conditions on the state: creating the object is harmless, BUILD is asked later."""
    return True


CALL_CONDITIONS: dict[str, Callable[[Call], bool]] = {
    "plain-attribute": plain_attribute,
    "plain-attribute-names": plain_attribute_names,
    "type-of-constant": type_of_constant,
    "one-argument": lambda made: len(_arguments(made)) == 1,
    "construct-on-builtin-base": construct_on_builtin_base,
    "construct-first-argument": lambda made: bool(_arguments(made)) and _creatable(_arguments(made)[0]),
    "partial-of-trusted": partial_of_named,
    "text-codec": text_codec,
    "regular-expression": regular_expression,
    "typing-subscript": typing_subscript,
    "first-argument-none": lambda made: bool(_arguments(made)) and _arguments(made)[0] is None,
    "no-arguments": lambda made: made.arguments in ((), []),
    "import-of-trusted-root": import_of_trusted_root,
    "type-name": type_name,
    "numpy-ufunc": numpy_ufunc,
    "numpy-bit-generator": numpy_bit_generator,
    "rebuild-from-type": rebuild_from_type,
    "nested-torch-bytes": nested_torch_bytes,
    "sibling-file": _no_state,
    "scipy-distribution-state": _no_state,
    "no-formula-state": _no_state,
}
"""By slug: whether the arguments of a call meet the condition."""


def _pairs(state: Value) -> list[tuple[Value, Value]]:
    parts = state if isinstance(state, tuple) else (state,)
    return [pair for part in parts if isinstance(part, Dict) for pair in part.pairs]


def _partial_state(state: Value) -> bool:
    return isinstance(state, tuple) and bool(state) and isinstance(state[0], Global)


def _sibling_file(state: Value) -> bool:
    for key, value in _pairs(state):
        if key == "filename":
            return isinstance(value, str) and not {"/", "\\", ":"} & set(value) and value not in ("", ".", "..")
    return True


def _scipy_distribution(state: Value) -> bool:
    for key, value in _pairs(state):
        if key == "_parse_arg_template" and not (isinstance(value, str) and is_generated_argument_parser(value)):
            return False
        if isinstance(key, str) and key in STATE_HOOKS:
            return False
    return True


def _no_formula(state: Value) -> bool:
    return not any(key in ("restore_model_spec", "restore_design_info") for key, _ in _pairs(state))


STATE_CONDITIONS: dict[str, Callable[[Value], bool]] = {
    "partial-of-trusted": _partial_state,
    "sibling-file": _sibling_file,
    "scipy-distribution-state": _scipy_distribution,
    "no-formula-state": _no_formula,
}
"""By slug: whether the state that BUILD gives meets the condition."""
