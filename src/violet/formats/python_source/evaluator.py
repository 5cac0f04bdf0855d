"""Following Python expressions without running them: names, constants and the origin of data."""

from __future__ import annotations

import ast
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from violet.formats.python_source import names
from violet.formats.python_source.acts import Act, When
from violet.formats.python_source.calls import Caller
from violet.formats.python_source.expressions import MADE, STEPS
from violet.formats.python_source.loading import Loads, is_watched
from violet.formats.python_source.values import (
    LONGEST,
    MISSING,
    UNKNOWN,
    Origin,
    Scope,
    Value,
    constant,
    joined_origin,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

INLINED = 400
"""Calls of the module's own functions that are followed with their arguments."""
INLINE_DEPTH = 4
NESTED_SOURCES = 12
"""Constant texts given to ``exec`` that are analysed in their turn."""


class OutOfStepsError(Exception):
    """The source needs more steps than are allowed."""


class Evaluator:
    """Evaluates the expressions of one module; statements are the business of ``Machine``."""

    def __init__(self, *, depth: int = 0) -> None:
        self.acts: dict[tuple[str, int], Act] = {}
        self.module = Scope()
        self.scope = self.module
        self.when = When.IMPORT
        self.imports: dict[str, None] = {}
        self.stars: list[str] = []
        self.depth = depth
        self.payloads: list[tuple[bytes, int]] = []
        self.events: set[str] = set()
        self.loads = Loads()
        self.steps = 0
        self._inlined = 0
        self.stack: list[FunctionNode] = []
        self.pending: deque[tuple[FunctionNode, Scope, When]] = deque()
        self._called: dict[int, When] = {}
        self.returned: list[Value] = []
        self._caller = Caller(self)
        self._line_shift = 0
        self.nested = 0
        self._loops = 0
        self._weak = 0
        self._summaries: dict[int, Value] = {}

    # -- running ---------------------------------------------------------------------------------------

    def record(self, kind: str, call: str, node: ast.AST, detail: str = "", when: When | None = None) -> None:
        line: int = self._line_shift or getattr(node, "lineno", 0)
        act = Act(kind, call, line, self.when if when is None else when, detail)
        known = self.acts.get((kind, line))
        if known is None or act.when > known.when or (detail and not known.detail):
            self.acts[(kind, line)] = act

    def nested_source(self, source: str, node: ast.AST) -> None:
        """Analyse text that the source would run; what it does is reported at the line that runs it."""
        if self.depth >= 3 or self.nested >= NESTED_SOURCES or len(source) > LONGEST:
            return
        self.nested += 1
        try:
            tree = ast.parse(source.strip())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        saved = self._line_shift, self.depth, self.scope, self.loads
        self._line_shift, self.depth = self._line_shift or getattr(node, "lineno", 0), self.depth + 1
        self.loads = Loads()  # its calls stand nowhere in this source
        try:
            self.block(tree.body)
        finally:
            self._line_shift, self.depth, self.scope, self.loads = saved

    def block(self, statements: Sequence[ast.stmt]) -> None:
        raise NotImplementedError

    def _step(self) -> None:
        self.steps += 1
        if self.steps > STEPS:
            raise OutOfStepsError

    def _body(self, function: FunctionNode, scope: Scope, arguments: list[Value] | None) -> Value:
        """Evaluate a function's body in a new scope; its parameters are ``arguments`` or unknown."""
        inner = Scope(parent=scope)
        self._bind(function, inner, arguments)
        saved = self.scope, self.returned
        self.scope, self.returned = inner, []
        self.stack.append(function)
        try:
            if isinstance(function, ast.Lambda):
                return self.eval(function.body)
            self.block(function.body)
            results = self.returned
        finally:
            self.stack.pop()
            self.scope, self.returned = saved
            if not isinstance(function, ast.Lambda):
                self._caller.leave(inner, function)
        if len(results) == 1:
            return results[0]
        return Value(origin=joined_origin(results)) if results else UNKNOWN

    def _bind(self, function: FunctionNode, inner: Scope, arguments: list[Value] | None) -> None:
        parameters = [*function.args.posonlyargs, *function.args.args]
        for parameter in [*parameters, *function.args.kwonlyargs]:
            inner.names[parameter.arg] = UNKNOWN
        for extra in (function.args.vararg, function.args.kwarg):
            if extra is not None:
                inner.names[extra.arg] = UNKNOWN
        defaults = function.args.defaults
        for parameter, default in zip(parameters[len(parameters) - len(defaults) :], defaults, strict=False):
            if isinstance(default, (ast.Name, ast.Attribute)):
                # eval=eval and the like: a way to rename a function
                inner.names[parameter.arg] = self.eval(default)
        for parameter, argument in zip(parameters, arguments or (), strict=False):
            if argument is not UNKNOWN:
                inner.names[parameter.arg] = argument

    def call_own(self, function: Value, arguments: list[Value]) -> Value:
        """Call a function of this source: follow it with these arguments where that may tell something."""
        node = function.function
        if node is None:
            return UNKNOWN
        if self.when > When.DEFINED:
            self._called[id(node)] = max(self.when, self._called.get(id(node), When.DEFINED))
        if node in self.stack or len(self.stack) >= INLINE_DEPTH or self._inlined >= INLINED:
            return Value(origin=joined_origin(arguments))
        told = any(map(_tells, arguments))
        if not told and id(node) in self._summaries:
            return self._summaries[id(node)]
        if isinstance(node, ast.Lambda) or len(node.body) <= 40:
            self._inlined += 1
            result = self._body(node, function.scope or self.module, arguments)
            if not told:
                self._summaries[id(node)] = result
            return result
        return Value(origin=joined_origin(arguments))

    # -- names -----------------------------------------------------------------------------------------

    def bind(self, target: ast.expr, value: Value) -> None:
        if isinstance(target, ast.Name):
            if self._weak and not (value.path or value.function):
                known = self.scope.names.get(target.id)
                if known is not None and (known.path or known.function):
                    return
            self.scope.names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            items = value.items
            for index, element in enumerate(target.elts):
                exact = items[index] if items is not None and len(items) == len(target.elts) else None
                self.bind(element, exact or (Value(origin=value.origin) if value.origin else UNKNOWN))
        elif isinstance(target, ast.Starred):
            self.bind(target.value, UNKNOWN)
        elif isinstance(target, ast.Attribute):
            self._bind_attribute(target, value)
        elif isinstance(target, ast.Subscript):
            base = self.eval(target.value)
            key = self.eval(target.slice)
            if base.mapping is not None and isinstance(key.const, (str, int)):
                base.mapping[key.const] = value
            elif base.path in ("builtins", "builtins.__dict__", "sys.modules"):
                self.record("patch", f"{base.path}[{_short(key)}] = ...", target)

    def _bind_attribute(self, target: ast.Attribute, value: Value) -> None:
        base = self.eval(target.value)
        if base.path:
            whole = names.normalise(f"{base.path}.{target.attr}")
            if whole in names.SENSITIVE_BUILTINS or whole in (
                "builtins.open",
                "pickle.loads",
                "pickle.Unpickler",
            ):
                self.record("patch", f"{whole} = ...", target)
        elif base.members is not None:
            base.members[f"self.{target.attr}"] = value
        elif isinstance(target.value, ast.Name) and target.value.id in ("self", "cls") and value is not UNKNOWN:
            self.scope.names[f"{target.value.id}.{target.attr}"] = value
            if self.scope.parent is not None and self.scope.parent.is_class:
                self.scope.parent.names[f"self.{target.attr}"] = value

    # -- expressions -----------------------------------------------------------------------------------

    def eval(self, node: ast.expr) -> Value:
        self._step()
        handler = _EXPRESSIONS.get(type(node))
        return handler(self, node) if handler is not None else UNKNOWN

    def _constant(self, node: ast.Constant) -> Value:
        return Value(const=node.value)

    def _name(self, node: ast.Name) -> Value:
        name = node.id
        found = self.scope.find(name)
        if found is not None:
            return found
        if name in names.BUILTINS_OF_INTEREST:
            return Value(path=f"builtins.{name}")
        if name in ("__builtins__", "builtins"):
            return Value(path="builtins" if name == "__builtins__" else "")
        if name == "get_ipython":
            return Value(path="get_ipython")
        for module in self.stars:
            path = names.normalise(f"{module}.{name}")
            if (
                path in names.COMMAND
                or path in names.DESERIALIZE
                or path in names.EXECUTE
                or path == f"{module}.socket"
            ):
                return Value(path=path)
        return UNKNOWN

    def _attribute(self, node: ast.Attribute) -> Value:
        base = self.eval(node.value)
        return self.attribute(base, node.attr, node)

    def attribute(self, base: Value, name: str, node: ast.AST, *, roundabout: bool = False) -> Value:
        """``base.name``."""
        if base is UNKNOWN:
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id in ("self", "cls")
            ):
                return self.scope.find(f"self.{name}") or UNKNOWN
            return UNKNOWN
        if base.members is not None and name in base.members:
            member = base.members[name]
            return Value(function=member.function, scope=member.scope, receiver=base) if member.function else member
        if base.members is not None:
            return base.members.get(f"self.{name}", UNKNOWN)
        if base.path:
            return self._path_attribute(base, name, roundabout)
        if base.is_const and isinstance(base.const, (str, bytes)):
            return Value(path=f"str.{name}", receiver=base, origin=base.origin)
        if base.const is not MISSING or base.items is not None or base.mapping is not None:
            self._caller.literal_attribute(base, name, node)
            return Value(path=f"literal.{name}", receiver=base, origin=joined_origin([base]))
        if base.origin:
            return Value(path="data", origin=base.origin, receiver=base)
        return UNKNOWN

    def _path_attribute(self, base: Value, name: str, roundabout: bool) -> Value:
        if name in ("__dict__", "__self__", "__wrapped__", "__func__"):
            return base
        if name == "__globals__" or name == "__builtins__" or name == "f_globals" or name == "f_builtins":
            return Value(path="builtins.globals()" if "globals" in name else "builtins", roundabout=True)
        if len(base.path) > 200:
            return Value(origin=base.origin)
        path = names.normalise(f"{base.path}.{name}")
        origin = base.origin
        if path == "os.environ" or path == "os.environb":
            origin |= Origin.ENVIRONMENT
        value = Value(path=path, origin=origin, receiver=base.receiver, target=base.target)
        value.roundabout = roundabout or base.roundabout
        if base.path.startswith(("str.", "literal.")):
            value.receiver = base.receiver
            self._caller.literal_attribute(base, name, None)
        return value

    def _subscript(self, node: ast.Subscript) -> Value:
        base = self.eval(node.value)
        if isinstance(node.slice, ast.Slice):
            return self._slice(base, node.slice)
        key = self.eval(node.slice)
        return self.item(base, key, node)

    def item(self, base: Value, key: Value, node: ast.AST) -> Value:
        """``base[key]``."""
        wanted = key.const
        if base.items is not None and isinstance(wanted, int) and -len(base.items) <= wanted < len(base.items):
            return base.items[wanted]
        if base.mapping is not None and isinstance(wanted, (str, int, bytes)):
            return base.mapping.get(wanted, UNKNOWN)
        if isinstance(base.const, (str, bytes)) and isinstance(wanted, int):
            if -len(base.const) <= wanted < len(base.const):
                return constant(base.const[wanted], base.origin | Origin.ASSEMBLED)
            return UNKNOWN
        if base.path and isinstance(wanted, str):
            return self._path_item(base, wanted)
        if base.path == "os.environ":
            return UNKNOWN
        if base.path.startswith(("literal.", "str.")):
            return Value(path=base.path + "[]", receiver=base.receiver)
        if base.origin:
            return Value(path=base.path, origin=base.origin)
        return Value(path=base.path, target=base.target) if base.path.endswith(")") else UNKNOWN

    def _path_item(self, base: Value, wanted: str) -> Value:
        if base.path == "sys.modules":
            return Value(path=names.normalise(wanted), roundabout=True)
        if base.path in ("builtins.globals()", "builtins.locals()", "builtins.vars()"):
            found = self.scope.find(wanted)
            if wanted in ("__builtins__", "builtins"):
                return Value(path="builtins", roundabout=True)
            if found is not None:
                return replace(found, roundabout=True)
            path = f"builtins.{wanted}" if wanted in names.BUILTINS_OF_INTEREST else names.normalise(wanted)
            return Value(path=path, roundabout=True)
        if base.path == "os.environ":
            return self._caller.variable(wanted)
        if "()" not in base.path and base.path in names.DANGEROUS_MODULES:
            return self._path_attribute(base, wanted, True)
        return Value(origin=base.origin)

    def _slice(self, base: Value, node: ast.Slice) -> Value:
        bounds: list[int | None] = []
        for part in (node.lower, node.upper, node.step):
            value = self.eval(part).const if part is not None else None
            if value is not None and not isinstance(value, int):
                return Value(origin=base.origin)
            bounds.append(value)
        if bounds[2] == 0:
            return UNKNOWN
        cut = slice(*bounds)
        turned = Origin.ASSEMBLED if bounds[2] not in (None, 1) else Origin.NOWHERE
        if isinstance(base.const, (str, bytes)):
            return constant(base.const[cut], base.origin | turned)
        if base.items is not None:
            return Value(items=base.items[cut], origin=base.origin)
        return Value(path="", origin=base.origin | turned)

    def _call(self, node: ast.Call) -> Value:
        function = self.eval(node.func)
        arguments: list[Value] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                spread = self.eval(argument.value)
                arguments.extend(spread.items if spread.items is not None else [spread])
            else:
                arguments.append(self.eval(argument))
        keywords = {keyword.arg or "**": self.eval(keyword.value) for keyword in node.keywords}
        if is_watched(node, function, keywords):
            self.loads.call(node, function, arguments, keywords)
        return self._caller.apply(node, function, arguments, keywords)


def _tells(value: Value) -> bool:
    """Whether an argument can make a difference to what a function is seen to do."""
    return bool(value.path or value.origin or value.items or value.mapping or value.function) or isinstance(
        value.const, (str, bytes)
    )


def _short(value: Value) -> str:
    return repr(value.const)[:60] if value.is_const else "..."


_EXPRESSIONS: dict[type, Callable[..., Value]] = MADE | {
    ast.Constant: Evaluator._constant,
    ast.Name: Evaluator._name,
    ast.Attribute: Evaluator._attribute,
    ast.Subscript: Evaluator._subscript,
    ast.Call: Evaluator._call,
}
