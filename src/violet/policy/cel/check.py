"""Check an expression against the types of its context, and work out what can be known beforehand.

A name that does not exist, a field that an object lacks, a text that a field can never be, a comparison of a text
with a number: each is an error here, with the place and a suggestion. In the engine it would be an error too, but
only where it is evaluated, and ``a || misspelt`` is not where ``a`` holds.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from violet.domain import Severity
from violet.policy.cel.functions import FUNCTIONS, WORKED_OUT, Function
from violet.policy.cel.parser import ExpressionError
from violet.policy.cel.tree import (
    Binary,
    Call,
    Conditional,
    Index,
    ListOf,
    Literal,
    Logical,
    Macro,
    MapOf,
    Name,
    Node,
    Select,
    Unary,
)
from violet.policy.cel.types import (
    ANY,
    BOOL,
    DOUBLE,
    INT,
    NULL,
    NUMBERS,
    ORDERED,
    STRING,
    Type,
    common,
    comparable,
    list_of,
    map_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LONGEST_SPAN = 36_500
"""Days that ``days`` takes: a century."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A node with ``severity``, ``days`` and ``hours`` worked out, and its type."""

    node: Node
    type: Type


def check(node: Node, context: Mapping[str, Type]) -> Node:
    """The expression as the engine is to see it. Raises ``ExpressionError`` where it cannot mean anything, and
    where it is no question (``bool``)."""
    typed = _Checker(context).of(node, {})
    if typed.type.kind not in ("bool", "any"):
        raise ExpressionError(f"the expression is {_a(typed.type)}, not true or false", node.at)
    return typed.node


class _Checker:
    def __init__(self, context: Mapping[str, Type]) -> None:
        self._context = context

    def of(self, node: Node, bound: Mapping[str, Type]) -> Typed:
        match node:
            case Literal():
                return Typed(node, _literal(node))
            case Name():
                return Typed(node, self._named(node, bound))
            case Select():
                return self._select(node, bound)
            case Index():
                return self._index(node, bound)
            case Call():
                return self._call(node, bound)
            case Macro():
                return self._macro(node, bound)
            case ListOf(items, at):
                typed = [self.of(item, bound) for item in items]
                return Typed(ListOf(tuple(t.node for t in typed), at), list_of(_united(t.type for t in typed)))
            case MapOf(items, at):
                pairs = [(self._text(key, bound), self.of(value, bound)) for key, value in items]
                united = _united(value.type for _, value in pairs)
                return Typed(MapOf(tuple((key, value.node) for key, value in pairs), at), map_of(united))
            case Unary():
                return self._unary(node, bound)
            case Binary():
                return self._binary(node, bound)
            case Logical(operator, operands, at):
                return Typed(Logical(operator, tuple(self._bool(o, bound, operator) for o in operands), at), BOOL)
            case Conditional(condition, then, otherwise, at):
                first, second = self.of(then, bound), self.of(otherwise, bound)
                asked = self._bool(condition, bound, "?")
                return Typed(Conditional(asked, first.node, second.node, at), common(first.type, second.type))

    def _named(self, node: Name, bound: Mapping[str, Type]) -> Type:
        found = bound.get(node.name) or self._context.get(node.name)
        if found is None:
            _unknown(f"there is no {node.name!r} to ask about", node.name, [*bound, *self._context], node.at)
        return found

    def _select(self, node: Select, bound: Mapping[str, Type]) -> Typed:
        operand = self.of(node.operand, bound)
        made = Select(operand.node, node.field, node.at, node.test)
        found = self._field(operand.type, node.field, node.at)
        return Typed(made, BOOL if node.test else found)

    def _field(self, owner: Type, name: str, at: int) -> Type:
        if owner.kind == "any":
            return ANY
        if owner.kind == "map":
            return owner.element or ANY
        if owner.kind == "list":
            raise ExpressionError(
                f"a list has no field {name!r}", at, f"ask about its items, as in all(x, x.{name} ...)"
            )
        if owner.kind != "object":
            raise ExpressionError(f"{_a(owner)} has no fields", at)
        if name not in owner.fields:
            _unknown(f"{owner} has no field {name!r}", name, owner.fields, at)
        return owner.fields[name].type

    def _index(self, node: Index, bound: Mapping[str, Type]) -> Typed:
        operand, key = self.of(node.operand, bound), self.of(node.key, bound)
        made = Index(operand.node, key.node, node.at)
        kind = operand.type.kind
        if kind == "any":
            return Typed(made, ANY)
        if kind == "list" and key.type.kind in ("int", "any"):
            return Typed(made, operand.type.element or ANY)
        if kind == "map" and key.type.kind in ("string", "any"):
            return Typed(made, operand.type.element or ANY)
        if kind == "object" and isinstance(node.key, Literal) and isinstance(node.key.value, str):
            return Typed(made, self._field(operand.type, node.key.value, node.key.at))
        raise ExpressionError(f"{_a(operand.type)} cannot be asked for [{key.type}]", node.at)

    def _call(self, node: Call, bound: Mapping[str, Type]) -> Typed:
        target = None if node.target is None else self.of(node.target, bound)
        arguments = [self.of(argument, bound) for argument in node.arguments]
        if node.function not in FUNCTIONS:
            _unknown(f"there is no function {node.function!r}", node.function, FUNCTIONS, node.at)
        for function in FUNCTIONS[node.function]:
            if _fits(function, target, arguments):
                if node.function in WORKED_OUT:
                    return Typed(_worked_out(node), function.result)
                _check_constants(node)
                made = Call(
                    node.function, None if target is None else target.node, tuple(a.node for a in arguments), node.at
                )
                return Typed(made, function.result)
        given = ", ".join(str(argument.type) for argument in arguments)
        shown = f"{node.function}({given})" if target is None else f"{target.type}.{node.function}({given})"
        raise ExpressionError(f"{shown} is not a call that can be made", node.at, _signatures(node.function))

    def _macro(self, node: Macro, bound: Mapping[str, Type]) -> Typed:
        if node.variable in self._context or node.variable in bound:
            raise ExpressionError(
                f"{node.variable!r} has a meaning already", node.at, "use another name within the parentheses"
            )
        target = self.of(node.target, bound)
        if target.type.kind == "list":
            element = target.type.element or ANY
        elif target.type.kind in ("map", "object"):
            element = STRING
        elif target.type.kind == "any":
            element = ANY
        else:
            raise ExpressionError(f"{_a(target.type)} is no list that {node.macro} could go through", node.at)
        inner = {**bound, node.variable: element}
        condition = None if node.condition is None else self._bool(node.condition, inner, "map")
        if node.macro == "map":
            body = self.of(node.body, inner)
            result = list_of(body.type)
        else:
            body = Typed(self._bool(node.body, inner, node.macro), BOOL)
            result = list_of(element) if node.macro == "filter" else BOOL
        return Typed(Macro(node.macro, target.node, node.variable, body.node, node.at, condition), result)

    def _unary(self, node: Unary, bound: Mapping[str, Type]) -> Typed:
        if node.operator == "!":
            return Typed(Unary("!", self._bool(node.operand, bound, "!"), node.at), BOOL)
        operand = self.of(node.operand, bound)
        if operand.type.kind not in ("int", "double", "any"):
            raise ExpressionError(f"{_a(operand.type)} has no negative", node.at)
        return Typed(Unary("-", operand.node, node.at), operand.type)

    def _binary(self, node: Binary, bound: Mapping[str, Type]) -> Typed:
        left, right = self.of(node.left, bound), self.of(node.right, bound)
        made = Binary(node.operator, left.node, right.node, node.at)
        if node.operator in ("==", "!="):
            if not comparable(left.type, right.type):
                raise ExpressionError(f"{_a(left.type)} never equals {_a(right.type)}", node.at)
            _check_values(left, right)
            _check_values(right, left)
            return Typed(made, BOOL)
        if node.operator == "in":
            return Typed(made, self._contained(left, right, node.at))
        if node.operator in ("<", "<=", ">", ">="):
            if not _ordered(left.type, right.type):
                raise ExpressionError(f"{_a(left.type)} cannot be compared with {_a(right.type)}", node.at)
            return Typed(made, BOOL)
        return Typed(made, _calculated(node.operator, left.type, right.type, node.at))

    def _contained(self, left: Typed, right: Typed, at: int) -> Type:
        if right.type.kind == "list":
            if not comparable(left.type, right.type.element or ANY):
                raise ExpressionError(f"{_a(right.type)} never holds {_a(left.type)}", at)
            if isinstance(right.node, ListOf):
                for item in right.node.items:
                    _check_values(left, Typed(item, STRING))
            if right.type.element is not None:
                _check_values(Typed(right.node, right.type.element), left)
        elif right.type.kind not in ("map", "object", "any"):
            raise ExpressionError(f"nothing is in {_a(right.type)}", at, "use contains() for a part of a text")
        return BOOL

    def _bool(self, node: Node, bound: Mapping[str, Type], where: str) -> Node:
        typed = self.of(node, bound)
        if typed.type.kind not in ("bool", "any"):
            raise ExpressionError(f"{where} needs true or false, and this is {_a(typed.type)}", node.at)
        return typed.node

    def _text(self, node: Node, bound: Mapping[str, Type]) -> Node:
        typed = self.of(node, bound)
        if typed.type.kind not in ("string", "any"):
            raise ExpressionError(f"the key of a map is a text, and this is {_a(typed.type)}", node.at)
        return typed.node


def _a(kind: Type) -> str:
    text = str(kind)
    return f"an {text}" if text[0] in "aeiou" else f"a {text}"


def _literal(node: Literal) -> Type:
    if node.value is None:
        return NULL
    kinds = {bool: BOOL, int: INT, float: DOUBLE, str: STRING}
    return kinds[type(node.value)]


def _united(types: Iterable[Type]) -> Type:
    united: Type | None = None
    for kind in types:
        united = kind if united is None else common(united, kind)
    return united or ANY


def _ordered(left: Type, right: Type) -> bool:
    if "any" in (left.kind, right.kind):
        return {left.kind, right.kind} <= ORDERED | {"any"}
    if left.kind in NUMBERS and right.kind in NUMBERS:
        return True
    return left.kind == right.kind and left.kind in ORDERED


_SUMS: dict[tuple[str, str, str], str] = {
    ("+", "string", "string"): "string",
    ("+", "timestamp", "duration"): "timestamp",
    ("+", "duration", "timestamp"): "timestamp",
    ("+", "duration", "duration"): "duration",
    ("-", "timestamp", "duration"): "timestamp",
    ("-", "timestamp", "timestamp"): "duration",
    ("-", "duration", "duration"): "duration",
}


def _calculated(operator: str, left: Type, right: Type, at: int) -> Type:
    if "any" in (left.kind, right.kind):
        return ANY
    if left.kind == right.kind and left.kind in NUMBERS and not (operator == "%" and left.kind == "double"):
        return left
    if operator == "+" and left.kind == right.kind == "list":
        return list_of(common(left.element or ANY, right.element or ANY))
    result = _SUMS.get((operator, left.kind, right.kind))
    if result is None:
        hint = "convert one with double() or int()" if {left.kind, right.kind} == NUMBERS else ""
        raise ExpressionError(f"{left} {operator} {right} cannot be calculated", at, hint)
    return Type(result)


def _fits(function: Function, target: Typed | None, arguments: list[Typed]) -> bool:
    if (function.target is None) != (target is None) or len(function.arguments) != len(arguments):
        return False
    if target is not None and function.target is not None and not _accepts(function.target, target.type):
        return False
    return all(_accepts(wanted, given.type) for wanted, given in zip(function.arguments, arguments, strict=True))


def _accepts(wanted: Type, given: Type) -> bool:
    if given.kind == "any" or wanted.kind == given.kind:
        return True
    return wanted.kind == "map" and given.kind == "object"


def _worked_out(node: Call) -> Node:
    argument = node.arguments[0]
    if not isinstance(argument, Literal):
        raise ExpressionError(
            f"{node.function}() takes a plain value", argument.at, f"as in {_EXAMPLES[node.function]}"
        )
    if node.function == "severity":
        try:
            return Literal(int(Severity.parse(str(argument.value))), node.at)
        except ValueError as error:
            raise ExpressionError(str(error), argument.at) from None
    number = argument.value
    if not isinstance(number, int) or not 0 <= number <= _LONGEST_SPAN * 24:
        raise ExpressionError(f"{node.function}() takes a number up to a century", argument.at)
    span = number * (24 if node.function == "days" else 1)
    if span > _LONGEST_SPAN * 24:
        raise ExpressionError(f"{node.function}() takes a number up to a century", argument.at)
    return Call("duration", None, (Literal(f"{span}h", argument.at),), node.at)


_EXAMPLES = {"severity": 'severity("high")', "days": "days(30)", "hours": "hours(12)"}


def _check_constants(node: Call) -> None:
    """Texts that the engine would refuse when it gets to them."""
    argument = node.arguments[0] if node.arguments else None
    if not isinstance(argument, Literal) or not isinstance(argument.value, str):
        return
    import datetime
    import re

    text = argument.value
    if node.function == "timestamp":
        try:
            if datetime.datetime.fromisoformat(text).tzinfo is None:
                raise ValueError
        except ValueError:
            raise ExpressionError(f"{text!r} is no time", argument.at, "write it as 2027-01-31T00:00:00Z") from None
    elif node.function == "duration" and not re.fullmatch(r"-?([0-9]{1,9}(\.[0-9]{1,9})?(h|m|s|ms|us|ns))+", text):
        raise ExpressionError(f"{text!r} is no length of time", argument.at, 'write "90m", or days(30)')


def _check_values(side: Typed, other: Typed) -> None:
    """A text that a field can never be is a mistake."""
    values = side.type.values
    if not values or not isinstance(other.node, Literal) or not isinstance(other.node.value, str):
        return
    if other.node.value not in values:
        _unknown(f"this is never {other.node.value!r}", other.node.value, values, other.node.at)


def _signatures(name: str) -> str:
    shown = []
    for function in FUNCTIONS[name]:
        inside = ", ".join(map(str, function.arguments))
        shown.append(f"{name}({inside})" if function.target is None else f"{function.target}.{name}({inside})")
    return "it is " + " or ".join(shown).replace("list of any", "list").replace("map of any", "map")


def _unknown(message: str, name: str, known: Iterable[str], at: int) -> NoReturn:
    names = list(known)
    close = difflib.get_close_matches(name, names, 1, 0.6)
    hint = f"did you mean {close[0]!r}?" if close else f"there is {', '.join(names[:24])}"
    raise ExpressionError(message, at, hint)
