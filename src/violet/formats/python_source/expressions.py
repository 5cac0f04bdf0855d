"""Expressions that make values of others: operators, literals, comprehensions, functions without a name.

Each is a function of the evaluator and the node. Names, attributes, items and calls, which lead somewhere, are the
evaluator's own.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from violet.formats.python_source.acts import When
from violet.formats.python_source.folding import fold_binary
from violet.formats.python_source.values import UNKNOWN, Origin, Scope, Value, constant, joined_origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from violet.formats.python_source.evaluator import Evaluator

STEPS = 3_000_000
"""Expressions that are evaluated for one module."""
LAMBDAS = 12
"""Functions within functions up to which nameless ones are looked into."""


def _binary(evaluator: Evaluator, node: ast.BinOp) -> Value:
    # long sums nest to the left: follow them without recursion
    chain = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp):
        chain.append(left)
        left = left.left
    value = evaluator.eval(left)
    for link in reversed(chain):
        value = fold_binary(link.op, value, evaluator.eval(link.right))
    return value


def _boolean(evaluator: Evaluator, node: ast.BoolOp) -> Value:
    values = [evaluator.eval(value) for value in node.values]
    named = [v for v in values if v.path or v.function is not None]
    return named[0] if named else Value(origin=joined_origin(values))


def _compare(evaluator: Evaluator, node: ast.Compare) -> Value:
    evaluator.eval(node.left)
    for comparator in node.comparators:
        evaluator.eval(comparator)
    return UNKNOWN


def _unary(evaluator: Evaluator, node: ast.UnaryOp) -> Value:
    value = evaluator.eval(node.operand)
    if isinstance(value.const, int) and isinstance(node.op, ast.USub):
        return constant(-value.const)
    if isinstance(value.const, int) and isinstance(node.op, ast.Invert):
        return constant(~value.const)
    return UNKNOWN


def _choice(evaluator: Evaluator, node: ast.IfExp) -> Value:
    evaluator.eval(node.test)
    first, second = evaluator.eval(node.body), evaluator.eval(node.orelse)
    for value in (first, second):
        if value.path or value.function is not None:
            return value
    if first.is_const and second.is_const:
        return first if not second.text else second
    return Value(origin=joined_origin([first, second]))


def _sequence(evaluator: Evaluator, node: ast.Tuple | ast.List | ast.Set) -> Value:
    if len(node.elts) > 64 and all(type(element) is ast.Constant for element in node.elts):
        evaluator.steps += len(node.elts) >> 4
        return Value(items=[Value(const=e.value) for e in node.elts if isinstance(e, ast.Constant)])
    items: list[Value] = []
    for element in node.elts:
        if isinstance(element, ast.Starred):
            spread = evaluator.eval(element.value)
            items.extend(spread.items if spread.items is not None else [spread])
        else:
            items.append(evaluator.eval(element))
    return Value(items=items)


def _dict(evaluator: Evaluator, node: ast.Dict) -> Value:
    mapping: dict[object, Value] = {}
    origin = Origin.NOWHERE
    for key, value in zip(node.keys, node.values, strict=True):
        evaluated = evaluator.eval(value)
        if key is None:
            origin |= joined_origin([evaluated])
            continue
        name = evaluator.eval(key).const
        if isinstance(name, (str, int, bytes)):
            mapping[name] = evaluated
        else:
            origin |= joined_origin([evaluated])
    return Value(mapping=mapping, origin=origin)


def _formatted(evaluator: Evaluator, node: ast.JoinedStr) -> Value:
    pieces: list[str] = []
    values: list[Value] = []
    exact = True
    for part in node.values:
        inner = part.value if isinstance(part, ast.FormattedValue) else part
        value = evaluator.eval(inner)
        values.append(value)
        plain = not isinstance(part, ast.FormattedValue) or (part.format_spec is None and part.conversion < 0)
        if isinstance(value.const, (str, int)) and plain:
            pieces.append(str(value.const))
        else:
            exact = False
    origin = joined_origin(values)
    if exact:
        short = sum(1 for piece in pieces if len(piece) <= 2)
        assembled = Origin.ASSEMBLED if short > 3 and short * 2 > len(pieces) else Origin.NOWHERE
        return constant("".join(pieces), origin | assembled)
    if origin and pieces and node.values and isinstance(node.values[0], ast.Constant):
        origin |= Origin.PREFIXED
    return Value(origin=origin)


def _comprehension(evaluator: Evaluator, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value:
    return _comprehend(evaluator, node.generators, [node.elt])


def _dict_comprehension(evaluator: Evaluator, node: ast.DictComp) -> Value:
    result = _comprehend(evaluator, node.generators, [node.key, node.value])
    return Value(origin=result.origin)


def _comprehend(evaluator: Evaluator, generators: Iterable[ast.comprehension], elements: list[ast.expr]) -> Value:
    inner = Scope(parent=evaluator.scope, events=evaluator.scope.events)
    saved = evaluator.scope
    origin = Origin.NOWHERE
    source: list[Value] | None = None
    target: ast.expr | None = None
    count = filtered = 0
    evaluator.scope = inner
    try:
        for generator in generators:
            iterated = evaluator.eval(generator.iter)
            origin |= joined_origin([iterated])
            source, target = _elements(iterated), generator.target
            element = Value(origin=iterated.origin)
            if iterated.items and any(i.path for i in iterated.items):
                element = next(i for i in iterated.items if i.path)
            evaluator.bind(generator.target, element)
            for condition in generator.ifs:
                filtered += 1
                evaluator.eval(condition)
            count += 1
        results = [evaluator.eval(element) for element in elements]
        origin |= joined_origin(results)
        if count == 1 and not filtered and len(elements) == 1 and source is not None and target is not None:
            exact = _each(evaluator, source, target, elements[0])
            if exact is not None:
                return Value(items=exact, origin=joined_origin(exact))
    finally:
        evaluator.scope = saved
    return Value(origin=origin)


def _each(evaluator: Evaluator, source: list[Value], target: ast.expr, element: ast.expr) -> list[Value] | None:
    """The elements that a comprehension over constants makes, where it is small and all are constant."""
    if len(source) > 4_096 or evaluator.steps + 8 * len(source) > STEPS or isinstance(element, ast.Constant):
        return None
    made: list[Value] = []
    for item in source:
        evaluator.bind(target, item)
        value = evaluator.eval(element)
        if not value.is_const:
            return None
        made.append(value)
    return made


def _lambda(evaluator: Evaluator, node: ast.Lambda) -> Value:
    if len(evaluator.stack) < LAMBDAS:
        evaluator.pending.append((node, evaluator.scope, When.DEFINED))
    return Value(function=node, scope=evaluator.scope)


def _await(evaluator: Evaluator, node: ast.Await | ast.Starred | ast.YieldFrom) -> Value:
    return evaluator.eval(node.value)


def _yield(evaluator: Evaluator, node: ast.Yield) -> Value:
    if node.value is not None:
        evaluator.returned.append(evaluator.eval(node.value))
    return UNKNOWN


def _walrus(evaluator: Evaluator, node: ast.NamedExpr) -> Value:
    value = evaluator.eval(node.value)
    evaluator.bind(node.target, value)
    return value


def _elements(value: Value) -> list[Value] | None:
    if value.items is not None and all(v.is_const or v.items is not None for v in value.items):
        return value.items
    if isinstance(value.const, str):
        return [constant(c) for c in value.const[:4_097]]
    if isinstance(value.const, bytes):
        return [constant(c) for c in value.const[:4_097]]
    return None


MADE: dict[type, Callable[..., Value]] = {
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.Compare: _compare,
    ast.UnaryOp: _unary,
    ast.IfExp: _choice,
    ast.Tuple: _sequence,
    ast.List: _sequence,
    ast.Set: _sequence,
    ast.Dict: _dict,
    ast.JoinedStr: _formatted,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _dict_comprehension,
    ast.Lambda: _lambda,
    ast.Await: _await,
    ast.Starred: _await,
    ast.YieldFrom: _await,
    ast.Yield: _yield,
    ast.NamedExpr: _walrus,
}
"""By kind of node: what evaluates it."""
