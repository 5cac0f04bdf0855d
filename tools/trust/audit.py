"""Decides whether a class may be created and given state by a pickle, from its source and its bases' sources.

Creating an object with ``cls.__new__`` and filling it runs these methods and no others: ``__new__``,
``__setstate__``, attribute access and assignment (with the setters of properties), hashing and comparison
when the object becomes a key, ``append``/``extend``/``add``/``__setitem__`` for the collection opcodes, and
``__del__`` when the object dies. A class passes when each of these, own or inherited, only does things from a
short list of harmless calls, or has been read by a person and is listed in ``reviewed.py``.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass

from reviewed import (
    BASES_WITH_SETSTATE,
    CONDITIONAL_CLASSES,
    EXTERNAL_BASES,
    REFUSED_CLASSES,
    REVIEWED_METHODS,
    REVIEWED_PREFIXES,
)
from source_tree import ClassSource, ModuleSource, SourceTree, dotted

HOOKS = frozenset(
    "__new__ __del__ __setstate__ __getattr__ __getattribute__ __setattr__ __hash__ __eq__ __set__ _missing_".split()
)
#: Reached only by the opcodes that fill collections.
ITEM_HOOKS = frozenset("__setitem__ append extend add".split())

_ERRORS = {n for n, v in vars(builtins).items() if isinstance(v, type) and issubclass(v, BaseException)}
HARMLESS_FUNCTIONS = _ERRORS | set(
    "isinstance issubclass hasattr len super setattr delattr tuple list dict set frozenset hash id int float str"
    " bool type zip enumerate range sorted repr format min max any all vars callable property object.__setattr__"
    " object.__new__ object.__getattribute__ object.__getattr__ object.__delattr__ tuple.__new__ str.__new__"
    " int.__new__ float.__new__ dict.__setitem__ dict.__new__ list.__new__ warnings.warn OrderedDict defaultdict"
    " threading.Lock threading.RLock Lock RLock weakref.ref np.array_equal numpy.array_equal tuple.__hash__"
    " np.asarray np.array np.isscalar np.any np.all np.allclose copy.copy ValueError print reversed map iter next sum"
    " six.iteritems iteritems Exception cast typing.cast locals object.__eq__ fields dataclasses.fields torch.is_tensor"
    " torch.tensor torch.empty is_dataclass datetime.now timezone check_random_state InconsistentVersionWarning np.diff"
    " np.sum tuple.__eq__ list.__eq__"
    " logging.getLogger getLogger _logger.warning logger.warning".split()
)
HARMLESS_METHODS = frozenset(
    "update items keys values get pop setdefault copy append extend add format startswith endswith join warn"
    " __setstate__ __new__ __setattr__ __getattr__ __getattribute__ __hash__ __eq__ __setitem__ __contains__"
    " lower upper strip split replace append_ discard remove_ index tolist all any astype ravel flatten"
    " warning debug isdisjoint issubset partition rpartition encode decode union __delattr__ __getitem__ warning_once"
    " removesuffix removeprefix view detach is_tensor popitem move_to_end".split()
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of an audit: ``kind`` is "object", "enum", "exception" or "refused"; ``why`` explains the last."""

    kind: str
    why: str = ""
    setter: str = ""
    has_setstate: bool = False
    condition: str = ""


class Auditor:
    """Audits the classes of one source tree, remembering what it has seen."""

    def __init__(self, tree: SourceTree) -> None:
        self.tree = tree
        self._verdicts: dict[tuple[str, str], Verdict] = {}

    def audit(self, module: str, qualname: str) -> Verdict:
        """Tell whether the class called ``qualname`` in ``module`` is safe to create and fill."""
        key = (module, qualname)
        if key not in self._verdicts:
            self._verdicts[key] = Verdict("refused", "inherits from itself")
            self._verdicts[key] = self._audit(module, qualname)
        return self._verdicts[key]

    def _audit(self, module: str, qualname: str) -> Verdict:
        if f"{module}:{qualname}" in REFUSED_CLASSES:
            return Verdict("refused", "refused by hand")
        source = self.tree.module(module)
        if source is None or qualname not in source.classes:
            return Verdict("refused", "no source")
        entry = source.classes[qualname]
        if condition := CONDITIONAL_CLASSES.get(f"{module}:{qualname}"):
            return Verdict("object", has_setstate=True, condition=condition)
        condition = ""
        for name, nodes in entry.methods.items():
            if name not in HOOKS | ITEM_HOOKS or _reviewed(module, qualname, name):
                continue
            for node in nodes:
                if bad := suspicious_call(node):
                    if name in HOOKS:
                        return Verdict("refused", f"{qualname}.{name} calls {bad}")
                    condition = "no-items"
        return self._bases(source, entry, condition)

    def _bases(self, source: ModuleSource, entry: ClassSource, condition: str) -> Verdict:
        kinds = {"object"}
        setter = _suspicious_setter(entry)
        has_setstate = "__setstate__" in entry.methods
        for base in entry.bases:
            found = self.tree.absolute(source, base)
            if found is not None:
                verdict = self.audit(*found)
                if verdict.kind == "refused":
                    return Verdict("refused", f"base {base}: {verdict.why}")
                kinds.add(verdict.kind)
                setter = setter or verdict.setter
                has_setstate = has_setstate or verdict.has_setstate
                condition = verdict.condition or condition
                continue
            outer = self.tree.outer_name(source, base)
            kind = EXTERNAL_BASES.get(outer)
            if kind is None and outer in _ERRORS:
                kind = "exception"
            if kind is None:
                return Verdict("refused", f"unknown base {outer}")
            kinds.add(kind)
            # Estimators and modules of these libraries are known to define __setstate__.
            has_setstate = has_setstate or outer in BASES_WITH_SETSTATE
        kind = next((k for k in ("enum", "exception") if k in kinds), "object")
        return Verdict(kind, "", setter, has_setstate, condition)

    def trusted(self, module: str, qualname: str) -> Verdict:
        """The final verdict on one class: setters count when BUILD would assign attributes one by one."""
        verdict = self.audit(module, qualname)
        if verdict.kind == "object" and verdict.setter and not verdict.has_setstate:
            return Verdict("refused", verdict.setter)
        return verdict

    def harmless_init(self, module: str, qualname: str) -> bool:
        """Tell whether calling the class, an exception, runs only harmless initialisers."""
        source = self.tree.module(module)
        if source is None or qualname not in source.classes:
            return False
        entry = source.classes[qualname]
        for node in entry.methods.get("__init__", []):
            if suspicious_call(node, HARMLESS_METHODS | {"__init__"}):
                return False
        found = [self.tree.absolute(source, base) for base in entry.bases]
        return all(self.harmless_init(*base) for base in found if base is not None)


def _reviewed(module: str, qualname: str, method: str) -> bool:
    if f"{module}:{qualname}.{method}" in REVIEWED_METHODS:
        return True
    return any(module.startswith(prefix) and method in methods for prefix, methods in REVIEWED_PREFIXES)


def _suspicious_setter(entry: ClassSource) -> str:
    for node in entry.setters:
        name = getattr(node, "name", "?")
        if not _reviewed(entry.module, entry.qualname, name) and (bad := suspicious_call(node)):
            return f"setter {entry.qualname}.{name} calls {bad}"
    return ""


def suspicious_call(node: ast.AST, methods: frozenset[str] = HARMLESS_METHODS) -> str:
    """The first call inside a method that is not on the harmless list, "" when there is none."""
    if isinstance(node, ast.Assign):
        # A class attribute such as `__hash__ = None` or `__setitem__ = _immutable`.
        value = node.value
        if isinstance(value, ast.Constant):
            return ""
        spelled = dotted(value)
        tail = spelled.rpartition(".")[2]
        return (
            ""
            if spelled in HARMLESS_FUNCTIONS or tail in HARMLESS_METHODS
            else f"{spelled or 'an expression'} (assigned)"
        )
    body = node.body if isinstance(node, ast.FunctionDef) else [node]
    for statement in body:
        for item in ast.walk(statement):
            if isinstance(item, ast.Call) and (bad := _judge_call(item, methods)):
                return bad
    return ""


def _judge_call(call: ast.Call, methods: frozenset[str]) -> str:
    spelled = dotted(call.func)
    if spelled in HARMLESS_FUNCTIONS:
        return ""
    if spelled == "getattr":
        return "" if len(call.args) > 1 else "getattr"
    if isinstance(call.func, ast.Attribute):
        return "" if call.func.attr in methods else (spelled or call.func.attr)
    return spelled or "a computed callable"
