"""The conditions under which names of the trust data are harmless, as predicates on a call or a state.

``trust.conditions.CONDITIONS`` says in words what each slug demands and why.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.formats.pickle.trust import STATE_HOOKS, Trust, is_module, lookup
from violet.formats.pickle.trust.conditions import (
    DISTRIBUTION_ARGUMENTS,
    TYPE_NAMES,
    is_generated_argument_parser,
)
from violet.formats.pickle.trust.roots import ROOTS
from violet.formats.pickle.values import KEPT_ITEMS, Attribute, Blob, Call, Dict, Global, Module, Value

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
        "__future__",
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
LAYERS = ("torch.nn.", "torch.optim.", "torch.ao.", "torchvision.", "timm.", "sklearn.", "optax.")
"""Libraries whose classes are layers and schedules: bound with names of modes, not of files."""
BIT_GENERATORS = frozenset(("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"))


def _arguments(made: Call) -> tuple[Value, ...]:
    return tuple(made.arguments) if isinstance(made.arguments, (tuple, list)) else ()


def _is_module_level(value: Value, module: str, names: frozenset[str]) -> bool:
    return isinstance(value, Global) and value.module == module and value.name in names


def _creatable(value: Value) -> bool:
    return isinstance(value, Global) and (value.entry is None or value.entry.trust is not Trust.REFER)


def plain_attribute(made: Call) -> bool:
    """The owner, where it is an unknown name, is judged by itself."""
    from violet.formats.pickle.effects import is_dill_setattr

    arguments = _arguments(made)
    if is_dill_setattr(arguments):
        return True
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
    return bool(arguments) and _bindable(arguments[0], arguments[1:], made.keywords)


def _bindable(function: Value, bound: tuple[Value, ...], keywords: Value) -> bool:
    """Whether calling the function, with at least what is bound, is harmless as far as its name tells: names
    that are trusted only for certain arguments are not, nor classes whose ``__init__`` gets paths."""
    if not isinstance(function, Global):
        return False
    entry = function.entry
    if entry is None or entry.trust is Trust.CALL or entry.trust is Trust.REFER:
        return True
    if entry.trust is Trust.CALL_CHECKED:
        return False
    if function.module.startswith(LAYERS):
        return True
    given = [*bound, *(value for _, value in keywords.pairs)] if isinstance(keywords, Dict) else list(bound)
    return not any(isinstance(value, (str, bytes, Blob, Call, Attribute)) for value in given)


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
    from violet.formats.pickle.reach import USUAL_MODULES

    root = arguments[0].partition(".")[0]
    if arguments[0] in PLAIN_MODULES or arguments[0] in USUAL_MODULES:
        return True
    return root in ROOTS and ROOTS[root] not in ("stdlib", "miscellany") and is_module(arguments[0])


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
    entry, made_type = arguments[0].entry, arguments[1].entry
    if entry is None or not isinstance(arguments[2], tuple) or not arguments[0].module.startswith("torch"):
        return False
    if made_type is not None and made_type.condition:
        return False  # its __setstate__ is called with a state that no condition was asked about
    if len(arguments) > 3 and not _unhooked(arguments[3]):
        return False
    if entry.trust is Trust.CALL_CHECKED:
        condition = CALL_CONDITIONS.get(entry.condition)
        inner = Call(made.kind, "call", arguments[0], arguments[2], made.offset)
        return condition is not None and condition(inner)
    return entry.trust is Trust.CALL


def nested_torch_bytes(made: Call) -> bool:
    """The bytes stand in the stream, where the reader takes them out to be examined."""
    arguments = _arguments(made)
    if len(arguments) != 1:
        return False
    data = arguments[0]
    if isinstance(data, Blob):
        return data.examined and data.kind == "bytes"
    from violet.formats.pickle.literals import looks_loadable

    return isinstance(data, bytes) and looks_loadable(data)


def _unhooked(state: Value) -> bool:
    """Whether a state that a function sets attribute by attribute plants no method."""
    from violet.formats.pickle.calls import attributes_of
    from violet.formats.pickle.reach import planted

    parts = state if isinstance(state, tuple) else (state,)
    return not any(
        planted(name, value, STATE_HOOKS) for part in parts for name, value in attributes_of(part)
    ) and not any(isinstance(part, Attribute) for part in parts)


def parameter_state(made: Call) -> bool:
    """torch._utils._rebuild_parameter_with_state(data, requires_grad, hooks, state) sets the state's items."""
    return all(_unhooked(argument) for argument in _arguments(made)[3:])


def dill_array(made: Call) -> bool:
    """dill._dill._create_array(function, arguments, state, attributes) calls the function: numpy's own."""
    arguments = _arguments(made)
    if len(arguments) < 3 or not isinstance(arguments[0], Global) or not isinstance(arguments[1], tuple):
        return False
    maker, given = arguments[0], arguments[1]
    if maker.name != "_reconstruct" or maker.module not in ("numpy.core.multiarray", "numpy._core.multiarray"):
        return False
    kind = given[0] if given else None
    if not isinstance(kind, Global) or kind.entry is None or kind.entry.condition:
        return False
    return all(_unhooked(attributes) for attributes in arguments[3:])


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
    "parameter-state": parameter_state,
    "dill-array": dill_array,
    "sibling-file": _no_state,
    "scipy-distribution-state": _no_state,
    "no-formula-state": _no_state,
}
"""By slug: whether the arguments of a call meet the condition."""


def _pairs(state: Value) -> list[tuple[Value, Value]] | None:
    """The attributes that a state gives; ``None`` where they cannot all be told."""
    pairs: list[tuple[Value, Value]] = []
    for part in state if isinstance(state, tuple) else (state,):
        if part is None:
            continue
        if not isinstance(part, Dict) or len(part.pairs) >= KEPT_ITEMS:
            return None
        pairs.extend(part.pairs)
    return pairs if all(isinstance(key, (str, int)) for key, _ in pairs) else None


def _partial_state(state: Value) -> bool:
    if not isinstance(state, tuple) or len(state) < 3 or not isinstance(state[1], (tuple, list)):
        return False
    return _bindable(state[0], tuple(state[1]), state[2])


def _sibling_file(state: Value) -> bool:
    pairs = _pairs(state)
    names = [value for key, value in pairs or () if key == "filename"]
    return pairs is not None and all(
        isinstance(value, str) and not {"/", "\\", ":"} & set(value) and value not in ("", ".", "..") for value in names
    )


def _scipy_distribution(state: Value) -> bool:
    if isinstance(state, tuple) and len(state) == 2 and isinstance(state[0], Dict):
        arguments = _pairs(state[0])
        return arguments is not None and all(key in DISTRIBUTION_ARGUMENTS for key, _ in arguments)
    pairs = _pairs(state)
    if pairs is None:
        return False
    for key, value in pairs:
        if key == "_parse_arg_template" and not (isinstance(value, str) and is_generated_argument_parser(value)):
            return False
        if isinstance(key, str) and key in STATE_HOOKS:
            return False
    return True


def is_plain_formula(text: str) -> bool:
    """Whether a model formula, whose terms are evaluated as Python, holds columns, arithmetic and the usual
    transformations of columns, and nothing else that is called or looked up."""
    if len(text) > 4096 or not re.fullmatch(_FORMULA, text, re.ASCII):
        return False
    return all(name in FORMULA_CALLS for name in re.findall(_CALLED, text)) and all(
        name in FORMULA_CALLS for name in re.findall(_DOTTED, text)
    )


FORMULA_CALLS = frozenset(
    (
        "C I Q center standardize scale poly bs cr cc te Treatment Sum Diff Helmert Poly log log2 log10 log1p exp"
        " expm1 sqrt abs np.log np.log2 np.log10 np.log1p np.exp np.expm1 np.sqrt np.abs np.power np.sin np.cos np.tan"
        " np.tanh np.square np.sign np.maximum np.minimum np.clip np.round"
    ).split()
)
_CALLED = r"([A-Za-z_][\w.]*|[)\]\"'])\s*[(\[]"
_DOTTED = r"[A-Za-z_]\w*(?:\.\w*)+"
_FORMULA = r"(?:[A-Za-z_]\w*+|\d++(?:\.\d*+)?|\.\d++|'[\w .-]*+'|\"[\w .-]*+\"|[-+*/:~|^%(),=.\s])*+"


def _no_formula(state: Value) -> bool:
    pairs = _pairs(state)
    if pairs is None:
        return False
    if not any(key in ("restore_model_spec", "restore_design_info") for key, _ in pairs):
        return True
    formulas = [value for key, value in pairs if key == "formula"]
    return bool(formulas) and all(isinstance(value, str) and is_plain_formula(value) for value in formulas)


STATE_CONDITIONS: dict[str, Callable[[Value], bool]] = {
    "partial-of-trusted": _partial_state,
    "sibling-file": _sibling_file,
    "scipy-distribution-state": _scipy_distribution,
    "no-formula-state": _no_formula,
}
"""By slug: whether the state that BUILD gives meets the condition."""
