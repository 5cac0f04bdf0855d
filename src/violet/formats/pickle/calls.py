"""What a stream imports, calls, creates and gives state to, judged against what libraries truly need.

Names that a library's own pickles hold (see ``trust``) pass without a record of each use; everything
else is recorded with its arguments, for the checks to judge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.pickle.literals import Unreadable
from violet.formats.pickle.trust import STATE_HOOKS, Entry, Trust, lookup
from violet.formats.pickle.values import Attribute, Call, Dict, Global, Module, Persistent, Value, render

if TYPE_CHECKING:
    from violet.formats.pickle.facts import Stream

MOST_CALLS = 8
MOST_COMPUTED = 100

ARRAY_WRAPPERS = frozenset(
    (module, name)
    for module in ("joblib.numpy_pickle", "sklearn.externals.joblib.numpy_pickle", "joblib.numpy_pickle_compat")
    for name in ("NumpyArrayWrapper",)
)


DILL_MAIN = Entry(Trust.REFER)
"""``__builtin__.__main__``: what dill writes for the globals of ``__main__``, and reads by itself."""

TORCHSCRIPT = Entry(Trust.CONSTRUCT)
"""``__torch__.*``: classes compiled from the archive's own code, which is examined on its own. There is no Python
module of that name."""


class Calls:
    """The half of the machine that knows what imports and calls mean."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.globals: dict[tuple[str, str], Global] = {}
        self.extensions: dict[int, tuple[str, str]] = {}
        self.protocol = 0

    def odd(self, kind: str, evidence: str, key: str, offset: int | None = None) -> None:
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
        if not isinstance(module, (str, Call, Attribute)) or not isinstance(name, (str, Call, Attribute)):
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
            return self._computed_call(target, made)
        target.called += 1
        entry = target.entry
        if entry is not None and entry.trust is Trust.CALL:
            return made
        from violet.formats.pickle.effects import CODE_MAKERS, EFFECTS, carries_code, first_argument

        key = (target.module, target.name)
        if entry is not None and entry.trust is Trust.CALL_CHECKED and self._meets(entry, made):
            pass
        elif key in CODE_MAKERS or (key == ("builtins", "setattr") and carries_code(first_argument(made))):
            self._code(made)
        else:
            self._record(target, made)
        effect = EFFECTS.get(key)
        return made if effect is None else effect(self, made)

    @staticmethod
    def _meets(entry: Entry, made: Call) -> bool:
        from violet.formats.pickle.conditions import CALL_CONDITIONS

        condition = CALL_CONDITIONS.get(entry.condition)
        return condition is not None and condition(made)

    def _record(self, target: Global, made: Call) -> None:
        target.refused += 1
        if len(target.calls) < MOST_CALLS:
            target.calls.append(made)

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
        entry = target.entry
        if (
            entry is None
            or entry.trust is Trust.REFER
            or (entry.trust is Trust.CALL_CHECKED and not self._meets(entry, made))
        ):
            self._record(target, made)
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
        from violet.formats.pickle.effects import code_words
        from violet.formats.pickle.facts import CodeObject

        if len(self.stream.code) < MOST_COMPUTED:
            words = code_words(made)
            maker = made.target.dotted if isinstance(made.target, Global) else "instance of a carried class"
            self.stream.code.append(CodeObject(maker, made.offset, render(made), words))

    # -- state -----------------------------------------------------------------------------------

    def build(self, target: Value, state: Value, offset: int) -> bool:
        """BUILD. Returns whether the target is a joblib array wrapper, whose bytes then follow."""
        if isinstance(target, (Global, Module, Attribute)):
            shown = render(target, 100)
            self.odd("patched", f"{shown} is given the state {render(state, 100)}", f"patched:{shown}", offset)
            return False
        if not isinstance(target, Call):
            return False
        self._planted(target, state, offset)
        target.state = state
        kind = target.target
        if isinstance(kind, Global):
            kind.builds += 1
            if kind.entry is not None and kind.entry.condition:
                self._state_condition(kind, kind.entry.condition, target)
            return (kind.module, kind.name) in ARRAY_WRAPPERS
        return False

    def _state_condition(self, kind: Global, slug: str, target: Call) -> None:
        from violet.formats.pickle.conditions import STATE_CONDITIONS

        condition = STATE_CONDITIONS.get(slug)
        if condition is not None and not condition(target.state):
            self._record(kind, Call("BUILD", "state", kind, (target.state,), target.offset))

    def _planted(self, target: Call, state: Value, offset: int) -> None:
        for part in state if isinstance(state, tuple) else (state,):
            if not isinstance(part, Dict):
                continue
            for name, value in part.pairs:
                if (
                    isinstance(name, str)
                    and name in STATE_HOOKS
                    and isinstance(value, (Global, Attribute, Call, Module))
                ):
                    shown = f"{render(target.target, 60)} instance gets {name} = {render(value, 60)}"
                    self.odd("planted-method", shown, f"planted:{name}", offset)

    def stored(self, target: Value, items: list[Value]) -> None:
        """Items stored into something that is no plain list, dict or set."""
        if isinstance(target, (Global, Module, Attribute)):
            shown = render(target, 100)
            evidence = f"{shown} is changed: {render(tuple(items[:2]), 80)}"
            self.odd("patched", evidence, f"patched:{shown}")
        elif isinstance(target, (Call, Persistent)):
            return
        else:
            raise Unreadable("stores into something that holds no items")

    def persist(self, pid: Value) -> None:
        """Notes torch storages: ``('storage', type, key, location, number of elements, ...)``."""
        if isinstance(pid, tuple) and len(pid) >= 5 and pid[0] == "storage":
            kind, key, count = pid[1], pid[2], pid[4]
            if isinstance(kind, Global) and isinstance(key, str) and isinstance(count, int):
                self.stream.storages[key] = (kind.name, count)
