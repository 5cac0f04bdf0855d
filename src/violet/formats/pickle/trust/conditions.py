"""The conditions that `Entry.condition` names: what has to hold of the arguments or the state, and why."""

from __future__ import annotations

import keyword
import re

__all__ = ["CONDITIONS", "DISTRIBUTION_ARGUMENTS", "TYPE_NAMES", "is_generated_argument_parser"]

#: slug -> what must hold. "Trusted" means: looked up, and good enough for the use made of it.
CONDITIONS: dict[str, str] = {
    "plain-attribute": (
        "getattr(owner, name): lookup(module, 'Owner.name') knows the pair; or owner has CONSTRUCT trust or more, or is"
        " an instance of such a class, and name is a constant identifier that does not start with an underscore."
        " The result may be stored, never called by the stream: methods such as ndarray.tofile or Booster.load_model"
        " are reached this way."
    ),
    "plain-attribute-names": "Every argument is a constant dotted identifier without a part that starts with '_'.",
    "type-of-constant": "type(x) with one argument, x being None, Ellipsis or NotImplemented. Three make a class.",
    "one-argument": "Called with exactly one argument. iter(callable, sentinel) calls the callable.",
    "construct-on-builtin-base": (
        "copyreg._reconstructor(cls, base, state): cls has CONSTRUCT trust; base is object with state None, or one of"
        " list, dict, tuple, set, frozenset, int, float, complex, str, bytes with a plain state."
    ),
    "construct-first-argument": "The first argument is a class with CONSTRUCT trust: cls.__new__(cls, ...) is called.",
    "partial-of-trusted": (
        "The callable (also the one in the state given by BUILD) has REFER or CALL trust, or is CALL_CHECKED and its"
        " condition holds for the bound arguments. A class with CONSTRUCT trust only is not enough: calling a partial"
        " runs __init__."
    ),
    "text-codec": "encode(text, name): name is latin1, latin-1, ascii, utf-8, utf8 or iso-8859-1. Others load modules.",
    "regular-expression": "re._compile(pattern, flags): a constant str or bytes and a constant int.",
    "typing-subscript": "getitem(owner, key): owner is a name of `typing` or a built-in container class.",
    "first-argument-none": "The first argument is None; a path would be opened.",
    "no-arguments": "Called without arguments.",
    "sibling-file": (
        "The state's `filename` is a plain file name without separators: joblib opens it beside the pickle, and it"
        " needs examination of its own."
    ),
    "import-of-trusted-root": (
        "The one argument is the constant name of a module of a package that has an allow-list, or of one of the"
        " standard library that does nothing when it is imported. What is then taken from it is judged by its name."
    ),
    "type-name": "The one argument is a constant in TYPE_NAMES: dill looks a built-in type up by name.",
    "numpy-ufunc": (
        "_ufunc_reconstruct(module, name) imports the module and gets the attribute: both are constants and"
        " lookup(module, name) is known, or module is scipy.special or scipy.special._ufuncs and name is an identifier"
        " without a leading underscore."
    ),
    "numpy-bit-generator": (
        "The constructors of numpy.random._pickle call what they are given: arguments are constant strings (MT19937,"
        " PCG64, PCG64DXSM, Philox, SFC64), classes or instances of numpy.random with CALL trust, or"
        " numpy.random._pickle.__bit_generator_ctor as the second."
    ),
    "rebuild-from-type": (
        "_rebuild_from_type_v2(func, new_type, args, state) calls func(*args): func has CALL trust (or its condition"
        " holds for args), and new_type is a class with CONSTRUCT trust."
    ),
    "nested-torch-bytes": (
        "_load_from_bytes(b) is torch.load on bytes: they are constant, and were examined as a torch file."
    ),
    "dill-array": (
        "_create_array(function, arguments, state, attributes) calls the function: it is numpy's _reconstruct, on a"
        " known class of arrays, and the attributes plant no method."
    ),
    "parameter-state": (
        "_rebuild_parameter_with_state(data, requires_grad, hooks, state) sets the state's items as attributes: none of"
        " them is a method that the unpickler or a trusted function would call."
    ),
    "scipy-distribution-state": (
        "rv_generic.__setstate__ executes the text in the state's `_parse_arg_template` and then calls _attach_methods:"
        " the text satisfies is_generated_argument_parser, and no key of the state is in STATE_HOOKS. Before scipy 1.6"
        " the state was a pair, constructor arguments and random state: every key of the first is in"
        " DISTRIBUTION_ARGUMENTS. Any other sequence may be one of key and value pairs, which __dict__.update() takes."
    ),
    "no-items": (
        "The stream never uses APPEND, APPENDS, ADDITEMS, SETITEM or SETITEMS on the instance: its own append, extend,"
        " add or __setitem__ does more than store."
    ),
    "no-formula-state": (
        "ModelData.__setstate__ evaluates a formula, which is Python, when the state has `restore_model_spec` or"
        " `restore_design_info`: neither key is there, or the formula is plain: columns, arithmetic, and the usual"
        " transformations of columns."
    ),
}

#: Built-in types that dill's _load_type may be asked for. Those that carry code (CodeType, FunctionType, CellType,
#: MethodType, ModuleType, LambdaType) are absent.
TYPE_NAMES = frozenset(
    [
        "NoneType",
        "EllipsisType",
        "NotImplementedType",
        "bool",
        "int",
        "float",
        "complex",
        "str",
        "bytes",
        "bytearray",
        "list",
        "tuple",
        "dict",
        "set",
        "frozenset",
        "object",
        "range",
        "slice",
        "type",
        "memoryview",
        "BoolType",
        "IntType",
        "FloatType",
        "ComplexType",
        "StringType",
        "UnicodeType",
        "ListType",
        "TupleType",
        "DictType",
        "DictionaryType",
        "SliceType",
        "XRangeType",
        "ObjectType",
        "TypeType",
        "LongType",
        "BufferType",
        "NotImplemented",
        "MappingProxyType",
        "SimpleNamespace",
        "OrderedDict",
        "defaultdict",
        "deque",
    ]
)

#: Constructor arguments of scipy.stats' rv_continuous and rv_discrete, as older pickles hold them.
DISTRIBUTION_ARGUMENTS = frozenset(
    "momtype a b xtol badvalue name longname shapes extradoc seed moment_tol values inc force_name".split()
)

_SHAPES = r"def_parse_args\(self,((?:[A-Za-z_]\w*,)*)loc=0(,scale=1)?\):"


def is_generated_argument_parser(text: str) -> bool:
    """Tell whether this is the text that scipy.stats generates for a distribution's argument parsers.

    The text is made again from the shape names that it declares, and compared with blanks left out.
    Source: ``parse_arg_template`` and its use in scipy.stats._distn_infrastructure.
    """
    dense = "".join(text.split())
    match = re.match(_SHAPES, dense)
    if match is None or any(keyword.iskeyword(name) for name in match[1].split(",")):
        return False
    shapes, scaled = match[1], match[2] is not None
    scale_in, scale_out = (",scale=1", "scale") if scaled else ("", "1")
    expected = (
        f"def_parse_args(self,{shapes}loc=0{scale_in}):return({shapes}),loc,{scale_out}"
        f"def_parse_args_rvs(self,{shapes}loc=0{scale_in},size=None):"
        f"returnself._argcheck_rvs({shapes}loc,{scale_out},size=size)"
        f"def_parse_args_stats(self,{shapes}loc=0{scale_in},moments='mv'):return({shapes}),loc,{scale_out},moments"
    )
    return dense == expected
