"""Following the statements of Python source without running any of it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from violet.formats.python_source import names
from violet.formats.python_source.acts import When
from violet.formats.python_source.evaluator import Evaluator, OutOfStepsError
from violet.formats.python_source.folding import fold_binary
from violet.formats.python_source.values import UNKNOWN, Scope, Value, joined_origin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Machine", "OutOfStepsError"]


class Machine(Evaluator):
    """Evaluates a module: first what runs on import, then every function."""

    def run(self, tree: ast.Module) -> None:
        """Go through a module. Raises ``OutOfStepsError`` and ``RecursionError``."""
        self.block(tree.body)
        while self.pending:
            function, scope, when = self.pending.popleft()
            self.when = max(when, self._called.get(id(function), When.DEFINED))
            self._body(function, scope, None)
        self._caller.finish()

    def block(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            self._step()
            handler = _STATEMENTS.get(type(statement))
            if handler is not None:
                handler(self, statement)

    # -- statements ------------------------------------------------------------------------------------

    def _expression(self, node: ast.Expr) -> None:
        self.eval(node.value)

    def _assign(self, node: ast.Assign) -> None:
        value = self.eval(node.value)
        for target in node.targets:
            self.bind(target, value)

    def _annotated(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.bind(node.target, self.eval(node.value))

    def _augmented(self, node: ast.AugAssign) -> None:
        right = self.eval(node.value)
        if isinstance(node.target, ast.Name):
            left = self.scope.find(node.target.id) or UNKNOWN
            result = fold_binary(node.op, left, right)
            self.scope.names[node.target.id] = result

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.imports.setdefault(alias.name)
            if alias.asname:
                self.scope.names[alias.asname] = Value(path=names.normalise(alias.name))
            else:
                head = alias.name.partition(".")[0]
                self.scope.names[head] = Value(path=names.normalise(head))

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = ("." * node.level) + (node.module or "")
        self.imports.setdefault(module)
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(module)
            else:
                path = names.normalise(f"{module}.{alias.name}") if not node.level else ""
                self.scope.names[alias.asname or alias.name] = Value(path=path)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        value = Value(function=node, scope=self.scope)
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default is not None:
                self.eval(default)
        self._decorators(node, value)
        self.scope.names[node.name] = value if value.function is node else UNKNOWN
        if len(self.stack) < 12:
            self.pending.append((node, self.scope, When.DEFINED))

    def _decorators(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, value: Value) -> None:
        for decorator in reversed(node.decorator_list):
            applied = self.eval(decorator)
            if applied.path or applied.function is not None:
                call = ast.copy_location(ast.Call(func=decorator, args=[], keywords=[]), decorator)
                if applied.path in names.SENSITIVE_BUILTINS or applied.path in names.COMMAND:
                    self.record("hidden-name", f"@{applied.path}", decorator, "called by way of a decorator")
                self._caller.apply(call, applied, [value], {})

    def _class(self, node: ast.ClassDef) -> None:
        for base in [*node.bases, *(k.value for k in node.keywords)]:
            self.eval(base)
        inner = Scope(parent=self.scope, is_class=True)
        saved = self.scope
        self.scope = inner
        try:
            self.block(node.body)
        finally:
            self.scope = saved
        value = Value(members=inner.names, scope=inner)
        self._decorators(node, value)
        self.scope.names[node.name] = value

    def _if(self, node: ast.If) -> None:
        self.eval(node.test)
        saved = self.when
        if _is_main_guard(node.test) and self.when == When.IMPORT:
            self.when = When.SCRIPT
        self.block(node.body)
        self.when = saved
        if node.orelse:
            self._otherwise(node.orelse)

    def _otherwise(self, statements: Sequence[ast.stmt]) -> None:
        """Statements that run instead of others: they do not take away what names may stand for."""
        self._weak += 1
        self.block(statements)
        self._weak -= 1

    def _while(self, node: ast.While) -> None:
        self.eval(node.test)
        self.block(node.body)
        self.block(node.orelse)

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        iterated = self.eval(node.iter)
        element = UNKNOWN
        if iterated.items:
            element = iterated.items[0] if len(iterated.items) == 1 else Value(origin=joined_origin(iterated.items))
            if len(node.body) <= 5 and 1 < len(iterated.items) <= 6 and not self._loops:
                self._unroll(node, iterated.items)
        elif iterated.origin:
            element = Value(origin=iterated.origin)
        self.bind(node.target, element)
        self.block(node.body)
        self.block(node.orelse)

    def _unroll(self, node: ast.For | ast.AsyncFor, items: list[Value]) -> None:
        """Each of a few elements may be what the body acts on."""
        self._loops += 1
        for item in items:
            self.bind(node.target, item)
            self.block(node.body)
        self._loops -= 1

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            value = self.eval(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value)
        self.block(node.body)

    def _try(self, node: ast.Try) -> None:
        self.block(node.body)
        for handler in node.handlers:
            if handler.name:
                self.scope.names[handler.name] = UNKNOWN
            self._otherwise(handler.body)
        self.block(node.orelse)
        self.block(node.finalbody)

    def _return(self, node: ast.Return) -> None:
        if node.value is not None:
            value = self.eval(node.value)
            self.returned.append(value)
            self._caller.returned(node, value, self.stack[-1] if self.stack else None)

    def _raise(self, node: ast.Raise) -> None:
        for part in (node.exc, node.cause):
            if part is not None:
                self.eval(part)

    def _assert(self, node: ast.Assert) -> None:
        self.eval(node.test)
        if node.msg is not None:
            self.eval(node.msg)

    def _match(self, node: ast.Match) -> None:
        self.eval(node.subject)
        for case in node.cases:
            if case.guard is not None:
                self.eval(case.guard)
            self.block(case.body)

    def _global(self, node: ast.Global) -> None:
        for name in node.names:
            self.scope.names[name] = self.module.names.get(name, UNKNOWN)

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.scope.names.pop(target.id, None)


def _is_main_guard(test: ast.expr) -> bool:
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(_is_main_guard(value) for value in test.values)
    if not isinstance(test, ast.Compare) or len(test.comparators) != 1:
        return False
    sides = [test.left, test.comparators[0]]
    return any(isinstance(s, ast.Name) and s.id == "__name__" for s in sides) and any(
        isinstance(s, ast.Constant) and s.value == "__main__" for s in sides
    )


_STATEMENTS: dict[type, Callable[..., None]] = {
    ast.Expr: Machine._expression,
    ast.Assign: Machine._assign,
    ast.AnnAssign: Machine._annotated,
    ast.AugAssign: Machine._augmented,
    ast.Import: Machine._import,
    ast.ImportFrom: Machine._import_from,
    ast.FunctionDef: Machine._function,
    ast.AsyncFunctionDef: Machine._function,
    ast.ClassDef: Machine._class,
    ast.If: Machine._if,
    ast.While: Machine._while,
    ast.For: Machine._for,
    ast.AsyncFor: Machine._for,
    ast.With: Machine._with,
    ast.AsyncWith: Machine._with,
    ast.Try: Machine._try,
    ast.TryStar: Machine._try,
    ast.Return: Machine._return,
    ast.Raise: Machine._raise,
    ast.Assert: Machine._assert,
    ast.Match: Machine._match,
    ast.Global: Machine._global,
    ast.Delete: Machine._delete,
}
