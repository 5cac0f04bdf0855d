"""The syntax tree of an expression, and its canonical spelling."""

from __future__ import annotations

import json
from dataclasses import dataclass

MACROS = {"all": 2, "exists": 2, "exists_one": 2, "filter": 2, "map": 2}
"""Macros over lists and maps, with the number of their arguments. ``map`` may have three."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text, ``true``, ``false`` or ``null``; ``at`` counts characters from 0."""

    value: bool | int | float | str | None
    at: int


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Select:
    """``operand.field``; with ``test``, ``has(operand.field)``."""

    operand: Node
    field: str
    at: int
    test: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    operand: Node
    key: Node
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function; ``target`` is what stands before the dot of a method."""

    function: str
    target: Node | None
    arguments: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Macro:
    """``target.macro(variable, body)``; ``condition`` is the second of three arguments of ``map``."""

    macro: str
    target: Node
    variable: str
    body: Node
    at: int
    condition: Node | None = None


@dataclass(frozen=True, slots=True)
class ListOf:
    items: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class MapOf:
    items: tuple[tuple[Node, Node], ...]
    at: int


@dataclass(frozen=True, slots=True)
class Unary:
    """``!`` or ``-``."""

    operator: str
    operand: Node
    at: int


@dataclass(frozen=True, slots=True)
class Binary:
    """A comparison or a calculation."""

    operator: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True, slots=True)
class Logical:
    """``&&`` or ``||`` of two operands or more."""

    operator: str
    operands: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Conditional:
    condition: Node
    then: Node
    otherwise: Node
    at: int


Node = Literal | Name | Select | Index | Call | Macro | ListOf | MapOf | Unary | Binary | Logical | Conditional


def spelled(node: Node) -> str:
    """The expression in CEL. Every operation stands in parentheses of its own, so that no two readers of it can
    disagree about precedence."""
    match node:
        case Literal(value):
            return _literal(value)
        case Name(name):
            return name
        case Select(operand, field, _, test):
            return f"has({_operand(operand)}.{field})" if test else f"{_operand(operand)}.{field}"
        case Index(operand, key):
            return f"{_operand(operand)}[{spelled(key)}]"
        case Call(function, target, arguments):
            inside = ", ".join(map(spelled, arguments))
            return f"{function}({inside})" if target is None else f"{_operand(target)}.{function}({inside})"
        case Macro(macro, target, variable, body, _, condition):
            middle = "" if condition is None else f"{spelled(condition)}, "
            return f"{_operand(target)}.{macro}({variable}, {middle}{spelled(body)})"
        case ListOf(items):
            return f"[{', '.join(map(spelled, items))}]"
        case MapOf(items):
            return "{" + ", ".join(f"{spelled(key)}: {spelled(value)}" for key, value in items) + "}"
        case Unary(operator, operand):
            return f"{operator}({spelled(operand)})"
        case Binary(operator, left, right):
            return f"({spelled(left)} {operator} {spelled(right)})"
        case Logical(operator, operands):
            return "(" + f" {operator} ".join(map(spelled, operands)) + ")"
        case Conditional(condition, then, otherwise):
            return f"({spelled(condition)} ? {spelled(then)} : {spelled(otherwise)})"


def _operand(node: Node) -> str:
    """What stands before a dot or a bracket: a number there would be read as another number."""
    return f"({spelled(node)})" if isinstance(node, Literal) else spelled(node)


def _literal(value: bool | int | float | str | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # the escapes that JSON then writes mean the same in CEL
    return f"({value!r})" if value < 0 else repr(value)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below, in the order in which they stand."""
    match node:
        case Select(operand):
            return (operand,)
        case Index(operand, key):
            return (operand, key)
        case Call(_, target, arguments):
            return arguments if target is None else (target, *arguments)
        case Macro(_, target, _, body, _, condition):
            return (target, body) if condition is None else (target, condition, body)
        case ListOf(items):
            return items
        case MapOf(items):
            return tuple(part for pair in items for part in pair)
        case Unary(_, operand):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case Logical(_, operands):
            return operands
        case Conditional(condition, then, otherwise):
            return (condition, then, otherwise)
        case _:
            return ()


def variables(node: Node, bound: frozenset[str] = frozenset()) -> frozenset[str]:
    """The names of the context that are used: those bound by a macro are not of it."""
    if isinstance(node, Name):
        return frozenset() if node.name in bound else frozenset({node.name})
    if isinstance(node, Macro):
        inner = bound | {node.variable}
        found = variables(node.target, bound) | variables(node.body, inner)
        return found if node.condition is None else found | variables(node.condition, inner)
    return frozenset[str]().union(*(variables(child, bound) for child in children(node)))


def conjuncts(node: Node) -> tuple[Node, ...]:
    """What must hold, one by one: the operands of the outermost ``&&``, and of those within it."""
    if isinstance(node, Logical) and node.operator == "&&":
        return tuple(part for operand in node.operands for part in conjuncts(operand))
    return (node,)


def compared(node: Node, field: str) -> tuple[str, ...]:
    """The texts that a field of this name is compared with by ``==`` or ``in``, in the order in which they stand."""
    found: list[str] = []
    if isinstance(node, Binary) and node.operator in ("==", "in"):
        if isinstance(node.left, Select) and node.left.field == field:
            items = node.right.items if isinstance(node.right, ListOf) else (node.right,)
            found += [item.value for item in items if isinstance(item, Literal) and isinstance(item.value, str)]
    for child in children(node):
        found += compared(child, field)
    return tuple(dict.fromkeys(found))


def selected(node: Node) -> frozenset[str] | None:
    """Every name of a field that is asked for anywhere; ``None`` where items of lists are used as a whole, so that
    all their fields may matter."""
    fields: set[str] = set()
    return frozenset(fields) if _select(node, frozenset(), fields) else None


def _select(node: Node, bound: frozenset[str], fields: set[str]) -> bool:
    """Collect into ``fields``; whether every bound name is only asked for fields of it."""
    match node:
        case Name(name):
            return name not in bound
        case Select(operand, field):
            fields.add(field)
            return isinstance(operand, Name) or _select(operand, bound, fields)
        case Index(operand, Literal(str(key))):
            fields.add(key)
            return isinstance(operand, Name) or _select(operand, bound, fields)
        case Index():
            return False
        case Macro(_, target, variable, body, _, condition):
            if node.macro in ("filter", "map"):  # what they give is items again
                return False
            parts = [body] if condition is None else [condition, body]
            inner = bound | {variable}
            return _select(target, bound, fields) and all(_select(part, inner, fields) for part in parts)
        case Binary(_, left, right):
            # A list that is compared as a whole is its items, too.
            whole = any(isinstance(side, Name) for side in (left, right))
            return not whole and _select(left, bound, fields) and _select(right, bound, fields)
        case _:
            return all(_select(child, bound, fields) for child in children(node))
