"""Callables that reach a place where something calls them, although the stream itself does not.

Trusted functions call methods of what they are given (``numpy.squeeze(x)`` calls ``x.squeeze()``, ``dict(x)``
calls ``x.keys()``), and the unpickler calls ``__setstate__`` and ``append`` of instances. A stream that puts a
callable of its own where such a method is looked up has it called, with no opcode that says so.
"""

from __future__ import annotations

from violet.formats.pickle.trust import Trust
from violet.formats.pickle.values import Attribute, Call, Dict, Global, Module, Set, Value

METHODS = frozenset(
    "__array__ __array_interface__ __array_struct__ __array_finalize__ __array_wrap__ __array_function__"
    " __array_ufunc__ __buffer__ __dlpack__ __dataframe__ __arrow_array__ __arrow_c_array__ __arrow_c_stream__"
    " __torch_function__ __missing__ __new__ __index__ __iter__ __len__ __getitem__ __hash__ __eq__ __del__"
    " __reversed__ __length_hint__ __fspath__ __call__ __init__ __getattribute__ __post_init__"
    " astype as_subclass clear copy decode detach discard dtype encode endswith extend format get index insert"
    " items iterkeys keys lower move_to_end name pop popitem ravel recv register replace requires_grad_ remove"
    " reshape setdefault split squeeze startswith strip tobytes tolist union update upper utcoffset values view"
    " wrap".split()
)
"""Names under which trusted functions and ``__setstate__`` methods call what they find in their arguments."""
CONSTANTS = frozenset(
    (
        "pandas.Index pandas.NA pandas._libs.missing.NA pandas.NaT pandas._libs.tslibs.nattype.NaT numpy.nan"
        " numpy.inf numpy.pi numpy.e torch.strided torch.sparse_coo torch.contiguous_format torch.preserve_format"
        " torch.channels_last torch.per_tensor_affine torch.per_channel_affine torch.per_tensor_symmetric"
        " torch.per_channel_symmetric torch.float64 torch.float32 torch.float16 torch.bfloat16 torch.int64"
        " torch.int32 torch.int16 torch.int8 torch.uint8 torch.bool torch.complex64 torch.complex128 torch.qint8"
        " torch.quint8 torch.qint32 torch.float torch.double torch.half torch.long torch.int torch.short"
    ).split()
)
"""Trusted names of things that cannot be called, and of a class that dtypes keep and that only holds data."""
CALLERS_OF_NOTHING = frozenset(
    (
        "builtins.list builtins.tuple builtins.set builtins.frozenset builtins.dict builtins.zip builtins.enumerate"
        " builtins.reversed collections.OrderedDict collections.deque collections.Counter collections.UserList"
        " collections.UserDict collections.ChainMap itertools.chain itertools.cycle itertools.repeat"
    ).split()
)
"""Containers: they call methods of their arguments, and none of the items that these hold."""
USUAL_MODULES = frozenset(
    (
        "argparse array base64 codecs contextlib copyreg csv gc glob gzip hmac html inspect io json locale logging"
        " operator os os.path pathlib pickle platform queue secrets shutil struct sys tempfile threading traceback"
        " types uuid weakref zipfile zlib"
    ).split()
)
"""Modules that many functions refer to, and that do nothing when they are imported: what matters is what is taken
from them, by the stream or by the code that it carries."""
COMPOUND = (tuple, list, Dict, Set, Call, Attribute, Module, Global)
MOST_VISITED = 400
DEEPEST = 12


def callable_of_choice(value: Value) -> bool:
    """Whether calling ``value`` would do what no allow-list vouches for: a bound or computed attribute, a
    partial, carried code, or a name that is trusted for less than being called."""
    if isinstance(value, Attribute):
        return True
    if isinstance(value, Module):
        return value.name in USUAL_MODULES  # its functions are the methods of an object
    if isinstance(value, Global):
        return value.entry is None or (value.entry.trust is not Trust.CALL and value.dotted not in CONSTANTS)
    if isinstance(value, Call) and isinstance(value.target, Global):
        from violet.formats.pickle.effects import CODE_MAKERS

        key = (value.target.module, value.target.name)
        return key in CODE_MAKERS or key in (("functools", "partial"), ("_functools", "partial"))
    return False


def reaches(target: Global, arguments: Value) -> bool:
    """Whether a trusted function is given, within its arguments, an object that holds a callable of choice."""
    if not isinstance(arguments, (tuple, list)):
        return isinstance(arguments, Call) and _holds(arguments)
    if target.dotted == "collections.defaultdict":
        return any(_holds(value) for value in arguments[1:])
    if target.dotted in CALLERS_OF_NOTHING:
        return any(isinstance(value, (Call, Attribute)) and _holds(value) for value in arguments)
    return any(_holds(value) for value in arguments if not isinstance(value, Global))


def _holds(start: Value) -> bool:
    pending: list[tuple[Value, int]] = [(start, 0)]
    visited = 0
    while pending:
        value, depth = pending.pop()
        visited += 1
        if visited > MOST_VISITED or depth > DEEPEST:
            return False
        if callable_of_choice(value) and not (depth == 0 and isinstance(value, Global)):
            return True
        parts: list[Value] = []
        if isinstance(value, (tuple, list)):
            parts.extend(value[:MOST_VISITED])
        elif isinstance(value, Dict):
            parts.extend(item for _, item in value.pairs[:MOST_VISITED])
        elif isinstance(value, Set):
            parts.extend(value.items[:MOST_VISITED])
        elif isinstance(value, Call):
            if isinstance(value.target, Call) and callable_of_choice(value.target):
                return True  # an instance of a carried class: its methods are the stream's
            # The class of a dtype, tensor or index among the arguments of its maker is not called by anyone.
            if isinstance(value.arguments, (tuple, list)):
                plain = isinstance(value.target, Global) and value.target.name != "defaultdict"
                parts.extend(part for part in value.arguments if not (plain and isinstance(part, Global)))
            if not (isinstance(value.target, Global) and value.target.name == "_reconstruct"):
                parts.append(value.state)  # items of arrays of objects are not asked for methods
            parts.append(value.items)
        pending.extend((part, depth + 1) for part in parts if isinstance(part, COMPOUND))
    return False


def planted(name: Value, value: Value, hooks: frozenset[str]) -> bool:
    """Whether an attribute of an instance is a method that the unpickler or a trusted function would call."""
    if isinstance(name, (Call, Attribute)):
        return True  # no pickler computes the name of an attribute
    if not isinstance(name, str):
        return False
    if name in hooks:
        return isinstance(value, (Global, Attribute, Call, Module))
    return name in METHODS and callable_of_choice(value)
