"""What a pickle may safely name: exact allow-lists per library.

A name is trusted for what may be done with it, never as a whole library, and never through a dotted path that a library
does not itself write. What is absent is unknown, which is not the same as dangerous: the judge decides.

The lists are data (``data/``, one module per root package, read when first needed) written by ``tools/trust``, from
the sources of the libraries and from reviewed, hand-written facts. Conditions are described in ``conditions``.
"""

from __future__ import annotations

import enum
from importlib import import_module
from typing import NamedTuple

from violet.formats.pickle.trust.roots import ROOTS

__all__ = ["STATE_HOOKS", "Entry", "Trust", "is_module", "lookup"]

#: Keys of an instance's state that are called while a stream is still being read. A stream that plants one of these
#: as an attribute turns a later BUILD, APPENDS, SETITEM or a trusted ``__setstate__`` into a call of its choice.
STATE_HOOKS = frozenset(
    [
        "__setstate__",
        "__getattr__",
        "__setattr__",
        "__reduce__",
        "__reduce_ex__",
        "__class__",
        "__dict__",
        "append",
        "extend",
        "add",
        "__setitem__",
        "_attach_methods",
        "_attach_argparser_methods",
        "_build_f",
        "set_params",
        "get_params",
        "set_state",
        "setstate",
        "_load_from_string",
        "_deserialize_model",
        "_patch_step_function",
        "set_weight_bias",
        "read",
        "persistent_load",
        "find_class",
    ]
)


class Trust(enum.IntEnum):
    """What may be done with a name, from least to most; each level includes those below it.

    REFER: may stand in the stream as a value, but not be called or created.
    CONSTRUCT: a class that may be created with ``cls.__new__`` and be given state by BUILD. With a condition, only
        when the state meets it.
    CALL_CHECKED: may be called, or created, only when the arguments meet the condition.
    CALL: may be called with any arguments; the result may be given state.
    """

    REFER = 1
    CONSTRUCT = 2
    CALL_CHECKED = 3
    CALL = 4


class Entry(NamedTuple):
    """The trust given to one name, and the slug of the condition under which it holds ("" for none)."""

    trust: Trust
    condition: str = ""


_KINDS = (
    ("CALL", Trust.CALL),
    ("CHECKED", Trust.CALL_CHECKED),
    ("CONSTRUCT", Trust.CONSTRUCT),
    ("REFER", Trust.REFER),
)
_PLAIN = {trust: Entry(trust) for _, trust in _KINDS}
_tables: dict[str, dict[str, dict[str, str]]] = {}
_modules: dict[str, dict[str, Entry]] = {}


def lookup(module: str, name: str) -> Entry | None:
    """The trust given to exactly ``module`` and qualified ``name``; ``None`` when nothing is known of it."""
    names = _modules.get(module)
    if names is None:
        stem = ROOTS.get(module.partition(".")[0])
        if stem is None:
            return None
        names = _modules[module] = _names(stem, module)
    return names.get(name)


def is_module(name: str) -> bool:
    """Whether ``name`` is a package with an allow-list, or a module above or at one whose names are listed."""
    root = name.partition(".")[0]
    stem = ROOTS.get(root)
    if stem is None:
        return False
    return name == root or any(
        module == name or module.startswith(f"{name}.") for kind in _table(stem).values() for module in kind
    )


def _table(stem: str) -> dict[str, dict[str, str]]:
    kinds = _tables.get(stem)
    if kinds is None:
        data = vars(import_module(f"{__name__}.data.{stem}"))
        kinds = _tables[stem] = {kind: data.get(kind, {}) for kind, _ in _KINDS}
    return kinds


def _names(stem: str, module: str) -> dict[str, Entry]:
    kinds = _table(stem)
    names: dict[str, Entry] = {}
    for kind, trust in _KINDS:
        for word in kinds[kind].get(module, "").split():
            name, _, condition = word.partition("=")
            names[name] = Entry(trust, condition) if condition else _PLAIN[trust]
    return names
