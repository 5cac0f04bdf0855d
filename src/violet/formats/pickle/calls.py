"""What a stream imports, calls, creates and gives state to, judged against what libraries truly need.

Names that a library's own pickles hold (see ``trust``) pass without a record of each use; everything
else is recorded with its arguments, for the checks to judge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.pickle.literals import Unreadable
from violet.formats.pickle.reach import METHODS
from violet.formats.pickle.trust import STATE_HOOKS, Entry, Trust, lookup
from violet.formats.pickle.values import (
    KEPT_ITEMS,
    Attribute,
    Blob,
    Call,
    Dict,
    Global,
    Module,
    Persistent,
    Value,
    render,
)

if TYPE_CHECKING:
    from violet.formats.pickle.facts import Stream

MAPPINGS = frozenset(("builtins.dict", "collections.OrderedDict", "collections.defaultdict", "collections.Counter"))
LIVE_OBJECTS = frozenset(
    "logging.getLogger operator.getitem _operator.getitem types.GenericAlias torch.serialization._get_layout".split()
)
"""What these return is shared with the loading process, or passes what it is given on to such an object."""
LIVE_NAMES = frozenset(name.rpartition(".")[2] for name in LIVE_OBJECTS)
MOST_CALLS = 8
GIVES_ATTRIBUTES = frozenset((Call, Dict))
MOST_COMPUTED = 100
MOST_CODE = 4_000
INSTANCE = "instance of a carried class"

ARRAY_WRAPPERS = frozenset(
    (module, name)
    for module in ("joblib.numpy_pickle", "sklearn.externals.joblib.numpy_pickle", "joblib.numpy_pickle_compat")
    for name in ("NumpyArrayWrapper",)
)


WRAPPER_NAMES = frozenset(name for _, name in ARRAY_WRAPPERS)
TRUSTED = Trust.CALL

ALLOCATORS = frozenset(
    ("bytearray", "bytes", "range", "xrange", "list", "tuple", "set", "frozenset", "deque", "_reconstruct", "ndarray")
)
"""Trusted names whose result is as large as an argument says."""
ENDLESS = frozenset(("count", "repeat", "cycle"))
LARGEST_ALLOCATION = 1 << 33

DILL_MAIN = Entry(Trust.REFER)
"""``__builtin__.__main__``: what dill writes for the globals of ``__main__``, and reads by itself."""

TORCHSCRIPT = Entry(Trust.CONSTRUCT)
"""``__torch__.*``: classes compiled from the archive's own code, which is examined on its own. There is no Python
module of that name."""


PARTIALS = frozenset((("functools", "partial"), ("_functools", "partial")))
BOUND_CALLS = {("pandas.core.internals.blocks", "new_block"): frozenset(("ndim",))}
"""Functions that a library's own pickles call through a partial, and the keywords that it binds: pandas 1.3."""


def keep_hooks(pairs: list[tuple[Value, Value]], items: list[Value]) -> None:
    """Of the many further items of a large dict, keep those that matter where it is the state of an object."""
    for name, value in zip(items[::2], items[1::2], strict=False):
        kind = type(name)
        if (kind is Call or (kind is str and name in STATE_HOOKS)) and len(pairs) < 2 * KEPT_ITEMS:
            pairs.append((name, value))


def attributes_of(state: Value) -> list[tuple[Value, Value]]:
    """What a state gives as attributes: the pairs of a dict, or of a mapping that a call makes."""
    if isinstance(state, Dict):
        return state.pairs
    if not isinstance(state, Call) or not isinstance(state.target, Global) or state.target.dotted not in MAPPINGS:
        return []
    pairs = list(state.items.pairs) if state.items else []
    for argument in state.arguments if isinstance(state.arguments, (tuple, list)) else ():
        if isinstance(argument, (Dict, Call)):
            pairs.extend(attributes_of(argument))
        elif isinstance(argument, (list, tuple)):
            pairs.extend((item[0], item[1]) for item in argument if isinstance(item, (list, tuple)) and len(item) == 2)
    return pairs


class Calls:
    """The half of the machine that knows what imports and calls mean."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.globals: dict[tuple[str, str], Global] = {}
        self.extensions: dict[int, tuple[str, str]] = {}
        self.protocol = 0
        self.methods: set[str] = set()
        """Names of the methods of classes that the stream carries."""
        self.armed = False
        """Whether the stream has made or stored a callable that is not vouched for to be called."""

    def odd(self, kind: str, evidence: str, key: str, offset: int | None = None) -> None:
        raise NotImplementedError

    def peek(self, offset: int, length: int) -> bytes:
        """Bytes of the source, wherever the stream stands."""
        raise NotImplementedError

    # -- imports ---------------------------------------------------------------------------------

    def find(self, module: str, name: str, offset: int) -> Global:
        """The global that ``find_class`` would return, renamed as Python 3 renames names of Python 2."""
        found = self.globals.get((module, name))
        if found is not None:
            return found
        raw = ""
        if self.protocol < 3:
            from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING

            if (module, name) in NAME_MAPPING:
                raw = f"{module}.{name}"
                new_module, new_name = NAME_MAPPING[(module, name)]
            elif module in IMPORT_MAPPING:
                raw = f"{module}.{name}"
                new_module, new_name = IMPORT_MAPPING[module], name
            if raw:
                found = self.globals.get((new_module, new_name))
                if found is None:
                    found = Global(new_module, new_name, offset, lookup(new_module, new_name), raw)
                    self.globals[(new_module, new_name)] = found
                self.globals[(module, name)] = found
                return found
        entry = self._entry(module, name)
        found = Global(module, name, offset, entry)
        self.globals[(module, name)] = found
        return found

    @staticmethod
    def _entry(module: str, name: str) -> Entry | None:
        if module.startswith("__"):
            if module == "__builtin__" and name == "__main__":
                return DILL_MAIN
            if module == "__torch__" or module.startswith("__torch__."):
                return TORCHSCRIPT
        return lookup(module, name)

    def find_computed(self, module: Value, name: Value, offset: int) -> Global:
        if isinstance(module, str) and isinstance(name, str):
            return self.find(module, name, offset)
        computed = (str, Blob, Call, Attribute, Persistent)
        if not isinstance(module, computed) or not isinstance(name, computed):
            raise Unreadable("imports by a name that is no string")
        shown_module, shown_name = render(module, 80), render(name, 80)
        self.odd("computed-import", f"import {shown_name} from {shown_module}", "computed-import", offset)
        made = Global(f"<{shown_module}>", f"<{shown_name}>", offset, None)
        made.computed = True
        return self.globals.setdefault((made.module, made.name), made)

    def extension(self, code: int, offset: int) -> Value:
        if code <= 0:
            raise Unreadable("uses an extension code that is not positive")
        known = self.extensions.get(code)
        shown = f"extension code {code}" + (f" ({known[0]}.{known[1]})" if known else "")
        self.odd("extension", shown, f"extension:{known[0]}.{known[1]}" if known else "extension", offset)
        if known:
            return self.find(known[0], known[1], offset)
        made = Global("<extension registry>", f"code {code}", offset, None)
        made.computed = True
        return self.globals.setdefault((made.module, made.name), made)

    # -- calls -----------------------------------------------------------------------------------

    def call(self, kind: str, target: Value, arguments: Value, offset: int) -> Value:
        """``target(*arguments)``. Raises ``Unreadable`` where the target cannot be called."""
        made = Call(kind, "call", target, arguments, offset)
        if not isinstance(target, Global):
            return self._bound_call(target, made) or self._computed_call(target, made)
        target.called += 1
        entry = target.entry
        if entry is not None and entry[0] is TRUSTED:
            if self.armed or type(arguments) is not tuple:
                self._indirect(target, made)
            name = target.name
            if name == "_reconstruct":
                return made if self._empty_array(arguments) else self._reconstructed(made)
            if name in ALLOCATORS:
                self._allocates(made)
            return made
        from violet.formats.pickle.effects import (
            CODE_MAKERS,
            CONSTRUCTS,
            EFFECTS,
            constructed,
            handles_carried_code,
        )

        key = (target.module, target.name)
        if entry is not None and entry.trust is Trust.CALL_CHECKED and self._meets(entry, made):
            pass
        elif key in CODE_MAKERS or handles_carried_code(key, made):
            self._code(made)
        else:
            self._record(target, made)
        effect = EFFECTS.get(key)
        if effect is None:
            return constructed(made) if entry is not None and entry.condition in CONSTRUCTS else made
        return effect(self, made)

    @staticmethod
    def _empty_array(arguments: Value) -> bool:
        """Whether these are the arguments that numpy itself gives its helper: a trusted class, and no items."""
        if type(arguments) is not tuple or len(arguments) != 3 or arguments[1] != (0,):
            return False
        kind = arguments[0]
        return type(kind) is Global and kind.entry is not None and not kind.entry[1]

    def _reconstructed(self, made: Call) -> Call:
        """numpy's helper makes arrays only; under older pandas it makes an object of any class instead."""
        self._allocates(made)
        kind = made.arguments[0] if isinstance(made.arguments, tuple) and made.arguments else None
        if isinstance(kind, Global) and (kind.entry is None or kind.entry.condition):
            return Call(made.kind, "new", kind, (), made.offset)
        return made

    def _indirect(self, target: Global, made: Call) -> None:
        """A trusted function is called once the stream has callables of its own: does it get to call them?"""
        from violet.formats.pickle.reach import reaches

        if reaches(target, made.arguments):
            self._record(target, made)

    def _allocates(self, made: Call) -> None:
        """A trusted call that asks for memory without bound."""
        shown = ""
        for value in made.arguments if isinstance(made.arguments, (tuple, list)) else ():
            for part in value if isinstance(value, tuple) else (value,):
                if (isinstance(part, int) and abs(part) >= LARGEST_ALLOCATION) or (
                    isinstance(part, Call) and isinstance(part.target, Global) and part.target.name in ENDLESS
                ):
                    shown = render(made, 100)
        if shown:
            self.odd("oversized", f"makes {shown}", "allocation", made.offset)

    @staticmethod
    def _meets(entry: Entry, made: Call) -> bool:
        from violet.formats.pickle.conditions import CALL_CONDITIONS

        condition = CALL_CONDITIONS.get(entry.condition)
        return condition is not None and condition(made)

    def _record(self, target: Global, made: Call) -> None:
        target.refused += 1
        if len(target.calls) < MOST_CALLS:
            target.calls.append(made)

    @staticmethod
    def _bound_call(target: Value, made: Call) -> Call | None:
        """The call that calling a partial makes, where it is one that a library's pickles make so."""
        if not isinstance(target, Call) or not isinstance(target.target, Global) or not isinstance(target.state, tuple):
            return None
        if (target.target.module, target.target.name) not in PARTIALS or len(target.state) < 3:
            return None
        function, first, keywords = target.state[:3]
        if not isinstance(function, Global) or first != () or not isinstance(keywords, Dict):
            return None
        allowed = BOUND_CALLS.get((function.module, function.name))
        if allowed is None or not isinstance(made.arguments, tuple) or len(made.arguments) > 2:
            return None
        if not all(isinstance(key, str) and key in allowed and isinstance(value, int) for key, value in keywords.pairs):
            return None
        return Call(made.kind, "call", function, made.arguments, made.offset, keywords)

    def _computed_call(self, target: Value, made: Call) -> Value:
        if not isinstance(target, (Call, Attribute, Module, Persistent)):
            raise Unreadable("calls something that cannot be called")
        from violet.formats.pickle.effects import carries_code

        if made.how == "new" and carries_code(target):
            self._code(made)  # an instance of a class that the stream carries
            return made
        if len(self.stream.computed_calls) < MOST_COMPUTED:
            self.stream.computed_calls.append(made)
        return made

    def create(self, kind: str, target: Value, arguments: Value, offset: int, keywords: Value = None) -> Value:
        """``target.__new__(target, *arguments, **keywords)``."""
        made = Call(kind, "new", target, arguments, offset, keywords)
        if not isinstance(target, Global):
            return self._computed_call(target, made)
        target.constructed += 1
        if target.name in ALLOCATORS:
            self._allocates(made)
        entry = target.entry
        if (
            entry is None
            or entry.trust is Trust.REFER
            or (entry.trust is Trust.CALL_CHECKED and not self._meets(entry, made))
        ):
            self._record(target, made)
        elif arguments and (self.armed or type(arguments) is not tuple):
            if entry.trust is Trust.CALL or target.module.startswith(("pandas", "numpy")):
                self._indirect(target, made)
        if (target.module, target.name) in PARTIALS:
            self.armed = True
        return made

    def instantiate(self, kind: str, target: Value, arguments: tuple[Value, ...], offset: int) -> Value:
        """INST and OBJ: without arguments a class is only created, everything else is called."""
        if arguments or not isinstance(target, Global):
            return self.call(kind, target, arguments, offset)
        entry = target.entry
        if entry is not None and entry.trust in (Trust.CONSTRUCT, Trust.CALL):
            target.constructed += 1
            return Call(kind, "new", target, arguments, offset)
        return self.call(kind, target, arguments, offset)

    def _code(self, made: Call) -> None:
        from violet.formats.pickle.effects import carried_methods, misused_maker
        from violet.formats.pickle.facts import CodeObject

        self.armed = True
        self.methods |= carried_methods(made)
        misuse = misused_maker(made)
        if misuse:
            self.odd("patched", misuse, f"patched:{misuse}", made.offset)
        if len(self.stream.code) < MOST_CODE:
            maker = made.target.dotted if isinstance(made.target, Global) else INSTANCE
            self.stream.code.append(CodeObject(maker, made.offset, made))
        else:
            self.stream.more_code = True

    # -- state -----------------------------------------------------------------------------------

    def build(self, target: Value, state: Value, offset: int) -> bool:
        """BUILD. Returns whether the target is a joblib array wrapper, whose bytes then follow."""
        if type(target) is not Call:
            if isinstance(target, (Global, Module, Attribute)):
                shown = render(target, 100)
                self.odd("patched", f"{shown} is given the state {render(state, 100)}", f"patched:{shown}", offset)
            else:
                self._planted(target, target, state, offset)
            return False
        kind = target.target
        self._planted(target, kind, state, offset)
        if isinstance(state, (Call, Attribute)) and not (isinstance(state, Call) and state.items):
            self._called_state(target, state)
        target.state = state
        if type(kind) is not Global:
            return False
        kind.builds += 1
        entry = kind.entry
        if entry is not None and entry[1]:
            self._state_condition(kind, entry[1], target)
        return kind.name in WRAPPER_NAMES and (kind.module, kind.name) in ARRAY_WRAPPERS

    def _state_condition(self, kind: Global, slug: str, target: Call) -> None:
        from violet.formats.pickle.conditions import STATE_CONDITIONS

        condition = STATE_CONDITIONS.get(slug)
        if condition is not None and not condition(target.state):
            self._record(kind, Call("BUILD", "state", kind, (target.state,), target.offset))

    def _planted(self, target: Value, owner: Value, state: Value, offset: int) -> None:
        """What the state of ``target``, which ``owner`` makes, plants."""
        if type(owner) is Global and owner.name in LIVE_NAMES and owner.dotted in LIVE_OBJECTS:
            shown = render(target, 100)
            self.odd("patched", f"{shown} is given the state {render(state, 100)}", f"patched:{shown}", offset)
        parts = state if type(state) is tuple else (state,)
        if GIVES_ATTRIBUTES.isdisjoint(map(type, parts)):
            return  # the state of an array or of a type: most of what real pickles hold
        for part in parts:
            kind = type(part)
            if kind is Dict:
                self._attributes(owner, part.pairs, offset)
            elif kind is Call:
                self._attributes(owner, attributes_of(part), offset)

    def _attributes(self, owner: Value, pairs: list[tuple[Value, Value]], offset: int) -> None:
        """Attributes that an instance gets. Those that would be called by their name are tampering."""
        for name, value in pairs:
            kind = type(value)
            if kind is Global:
                self.armed = self.armed or value.entry is None or value.entry.trust is not Trust.CALL
            elif kind is not Call and kind is not Attribute and kind is not Module and type(name) is str:
                continue
            if type(name) is str and name not in STATE_HOOKS and name not in METHODS:
                continue
            from violet.formats.pickle.reach import planted

            if planted(name, value, STATE_HOOKS):
                shown = f"{render(owner, 60)} instance gets {render(name, 40)} = {render(value, 60)}"
                self.odd("planted-method", shown, f"planted:{render(name, 40)}", offset)

    def _called_state(self, target: Call, state: Value) -> None:
        """``__setstate__`` calls methods of what it is given."""
        from violet.formats.pickle.reach import reaches

        if self.armed and isinstance(target.target, Global) and reaches(target.target, (state,)):
            self._record(target.target, Call("BUILD", "state", target.target, (state,), target.offset))

    def stored(self, target: Value, items: list[Value], keyed: bool = False) -> None:
        """Items stored into something that is no plain list, dict or set; ``keyed``: keys and values in turn."""
        if isinstance(target, (Global, Module, Attribute)):
            shown = render(target, 100)
            evidence = f"{shown} is changed: {render(tuple(items[:2]), 80)}"
            self.odd("patched", evidence, f"patched:{shown}")
        elif isinstance(target, Call):
            self._stored_in_instance(target, items, keyed)
        elif isinstance(target, (Persistent, list, bytearray, Blob)):
            return
        else:
            raise Unreadable("stores into something that holds no items")

    def _stored_in_instance(self, target: Call, items: list[Value], keyed: bool) -> None:
        kind = target.target
        if not isinstance(kind, Global):
            called = self.methods & ({"__setitem__"} if keyed else {"append", "extend", "add"})
            if called:
                shown = f"{min(called)} of {render(kind, 80)}"
                self.odd("planted-method", shown, f"planted:{min(called)}", target.offset)
            return
        if kind.entry is not None and kind.entry.condition == "no-items":
            self._record(kind, Call("SETITEMS" if keyed else "APPENDS", "state", kind, tuple(items[:4]), target.offset))
        if not keyed:
            return
        if kind.dotted in MAPPINGS:
            if target.items is None:
                target.items = Dict()
            pairs = target.items.pairs
            if len(pairs) < KEPT_ITEMS:
                pairs.extend(zip(items[: 2 * KEPT_ITEMS : 2], items[1 : 2 * KEPT_ITEMS : 2], strict=False))
                items = items[2 * KEPT_ITEMS :]
            if items:
                keep_hooks(pairs, items)
            return
        from violet.formats.pickle.reach import callable_of_choice

        for key in items[:KEPT_ITEMS:2]:
            if type(key) in (Global, Attribute, Call) and callable_of_choice(key):
                self._record(kind, Call("SETITEMS", "state", kind, (key,), target.offset))
                break
        self._attributes(kind, list(zip(items[::2], items[1::2], strict=False)), target.offset)

    def persist(self, pid: Value) -> None:
        """Notes torch storages: ``('storage', type, key, location, number of elements, ...)``; torch.package
        calls a function for ``('reduce_package', function, arguments)``."""
        if isinstance(pid, tuple) and len(pid) in (3, 4) and pid[0] == "reduce_package":
            pid = pid[1:] if isinstance(pid[1], (Global, Attribute)) else pid[2:]
            given = pid[1] if len(pid) > 1 and isinstance(pid[1], tuple) else ()
            self.call("BINPERSID", pid[0], (Persistent("importer"), *given), self.stream.start)
            return
        if isinstance(pid, tuple) and pid and pid[0] == "storage":
            if any(isinstance(part, Call) and part.state is not None for part in pid):
                self.odd("computed-import", f"a storage {render(pid, 80)}", "computed-storage")
        if isinstance(pid, tuple) and len(pid) >= 5 and pid[0] == "storage":
            kind, key, count = pid[1], pid[2], pid[4]
            if isinstance(kind, Global) and isinstance(key, str) and isinstance(count, int):
                self.stream.storages[key] = (kind.name, count)
