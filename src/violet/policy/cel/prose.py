"""An expression in plain words, for people who read decisions and not CEL."""

from __future__ import annotations

import re

from violet.domain import Severity
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
    spelled,
)

_COMPARISONS = {
    "==": "is",
    "!=": "is not",
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
    "in": "is one of",
}
_OPPOSITES = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_SINGULAR = {
    "vulnerabilities": "vulnerability",
    "licenses": "licence",
    "refused": "refused attestation",
    "skipped": "skipped entry",
    "failed": "failed entry",
    "unproven": "unproven ancestor",
    "unknown": "component of which nothing could be told",
    "unsigned": "unsigned file",
    "altered": "altered file",
    "tainted_by": "tainting ancestor",
}
_PLURAL = {
    "licenses": "licences",
    "unknown": "components of which nothing could be told",
    "gaps": "gaps in it",
    "skipped": "skipped entries",
    "failed": "failed entries",
    "refused": "refused attestations",
    "unproven": "unproven ancestors",
    "unsigned": "unsigned files",
    "altered": "altered files",
    "tainted_by": "tainting ancestors",
}
_METHODS = {"contains": "contains", "startsWith": "begins with", "endsWith": "ends with", "matches": "matches"}


def in_words(node: Node) -> str:
    """One clause, without a full stop."""
    return _Writer().clause(node)


def sentence(clause: str) -> str:
    """A clause as a sentence. Names of fields keep their case."""
    first = clause.partition(" ")[0]
    return f"{clause if '.' in first else clause[:1].upper() + clause[1:]}."


def denied(node: Node) -> str:
    """The opposite, as one clause."""
    return _Writer().denied(node)


def counted(node: Macro, count: int) -> str:
    """For ``all``: that for ``count`` items it is not so."""
    noun = _singular(node.target) if count == 1 else _plural(node.target)
    inner = _Writer(((node.variable, _singular(node.target)),))
    return f"there {'is' if count == 1 else 'are'} {count:,} {noun} where {inner.denied(node.body)}"


class _Writer:
    def __init__(self, variables: tuple[tuple[str, str], ...] = ()) -> None:
        self._variables = variables
        """Names bound by macros, the innermost last, with what each stands for."""

    def clause(self, node: Node) -> str:
        match node:
            case Logical(operator, operands):
                word = " and " if operator == "&&" else " or "
                return word.join(self._grouped(part, operator) for part in operands)
            case Unary("!", operand):
                return self.denied(operand)
            case Binary(operator, left, right) if operator in _COMPARISONS:
                return self._comparison(operator, left, right)
            case Macro("all" | "exists" | "exists_one", target, variable, body):
                return self._macro(node.macro, target, variable, body)
            case Select(_, _, _, True):
                return f"{self.value(Select(node.operand, node.field, node.at))} is recorded"
            case Select() | Name():
                return f"{self.value(node)} is true"
            case Call(function, target, arguments) if target is not None and function in _METHODS:
                inside = ", ".join(map(self.value, arguments))
                return f"{self.value(target)} {_METHODS[function]} {inside}"
            case Conditional(condition, then, otherwise):
                asked = self.clause(condition)
                return f"if {asked}, then {self.clause(then)}, and otherwise {self.clause(otherwise)}"
            case Literal(True):
                return "nothing is asked"
            case Literal(False):
                return "it is never met"
            case _:
                return self.value(node)

    def value(self, node: Node) -> str:
        match node:
            case Literal(value):
                return _literal(value)
            case Name(name):
                return self._name(name)
            case Select(operand, field):
                return self._field(operand, field)
            case Index(operand, key):
                return f"{self.value(operand)}[{self.value(key)}]"
            case Call("duration", None, (Literal(str(text)),)):
                return _span(text)
            case Call("timestamp", None, (Literal(str(text)),)):
                return text.removesuffix("T00:00:00Z")
            case Call("size", target, arguments):
                return f"the number of {_plural(target or arguments[0])}"
            case Call("double" | "int" | "string", None, (argument,)):
                return self.value(argument)
            case ListOf(items):
                return ", ".join(map(self.value, items)) or "nothing"
            case Binary(operator, left, right):
                return f"{self.value(left)} {operator} {self.value(right)}"
            case Macro("filter", target, variable, body):
                inner = self._within(variable, target)
                return f"the {_plural(target)} where {inner.clause(body)}"
            case Macro("map", target, variable, body):
                inner = self._within(variable, target)
                return f"{inner.value(body)} of the {_plural(target)}"
            case Logical() | Macro() | Unary() | Conditional():
                return f"({self.clause(node)})"
            case MapOf():
                return spelled(node)
            case _:
                return spelled(node)

    def _grouped(self, node: Node, operator: str) -> str:
        text = self.clause(node)
        mixed = isinstance(node, Logical) and node.operator != operator
        return f"({text})" if mixed or (isinstance(node, Macro | Conditional) and self._variables) else text

    def denied(self, node: Node) -> str:
        match node:
            case Logical(operator, operands):
                word = " or " if operator == "&&" else " and "
                return word.join(f"({self.denied(o)})" if isinstance(o, Logical) else self.denied(o) for o in operands)
            case Unary("!", operand):
                return self.clause(operand)
            case Binary(operator, left, right) if operator in _OPPOSITES:
                return self._comparison(_OPPOSITES[operator], left, right)
            case Binary("in", left, right):
                return f"{self.value(left)} is none of {self.value(right)}"
            case Select(_, _, _, True):
                return f"{self.value(Select(node.operand, node.field, node.at))} is not recorded"
            case Select() | Name():
                return f"{self.value(node)} is not true"
            case Macro("exists", target, variable, body):
                inner = self._within(variable, target)
                return f"there is no {_singular(target)} where {inner.clause(body)}"
            case _:
                return f"it is not so that {self.clause(node)}"

    def _comparison(self, operator: str, left: Node, right: Node) -> str:
        if isinstance(left, Call) and left.function == "size" and right == Literal(0, getattr(right, "at", 0)):
            plural = _plural(left.target or left.arguments[0])
            if operator == "==":
                return f"there are no {plural}"
            if operator in (">", "!="):
                return f"there are {plural}"
        if isinstance(right, Literal) and right.value == "":
            if operator in ("==", "!="):
                return f"{self.value(left)} is {'not ' if operator == '==' else ''}recorded"
        if isinstance(right, Literal) and right.value is True and operator == "==":
            return self.clause(left)
        shown = self.value(right)
        if isinstance(left, Select) and left.field == "severity" and isinstance(right, Literal):
            shown = _severity(right.value)
        if operator == "in" and not isinstance(right, ListOf):
            return f"{self.value(left)} is among the {_plural(right)}"
        return f"{self.value(left)} {_COMPARISONS[operator]} {shown}"

    def _macro(self, macro: str, target: Node, variable: str, body: Node) -> str:
        inner = self._within(variable, target)
        head = {
            "all": f"for every {_singular(target)}",
            "exists": f"there is {_article(_singular(target))} where",
            "exists_one": f"there is exactly one {_singular(target)} where",
        }[macro]
        return f"{head}{',' if macro == 'all' else ''} {inner.clause(body)}"

    def _within(self, variable: str, target: Node) -> _Writer:
        return _Writer((*self._variables, (variable, _singular(target))))

    def _name(self, name: str) -> str:
        meanings = dict(self._variables)
        if name not in meanings:
            return name
        return "it" if name == self._variables[-1][0] else f"the {meanings[name]}"

    def _field(self, operand: Node, field: str) -> str:
        if isinstance(operand, Name):
            owner = self._name(operand.name)
            if owner == "it":
                return f"its {field}"
            if owner.startswith("the "):
                return f"{owner}'s {field}"
        return f"{self.value(operand)}.{field}"


def _literal(value: bool | int | float | str | None) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _severity(value: object) -> str:
    known = {int(severity): str(severity) for severity in Severity}
    return known.get(value, str(value)) if isinstance(value, int) else str(value)


def _span(text: str) -> str:
    match = re.fullmatch(r"([0-9]+)h", text)
    if match is None:
        return text
    hours = int(match[1])
    number, unit = (hours // 24, "day") if hours % 24 == 0 and hours else (hours, "hour")
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


def _last(node: Node) -> str:
    match node:
        case Name(name):
            return name
        case Select(_, field):
            return field
        case Macro("filter", target):
            return _last(target)
        case _:
            return "items"


def _singular(node: Node) -> str:
    name = _last(node)
    return _SINGULAR.get(name, name.removesuffix("s").replace("_", " ") or "item")


def _plural(node: Node) -> str:
    name = _last(node)
    return _PLURAL.get(name, name.replace("_", " "))


def _article(noun: str) -> str:
    return f"an {noun}" if noun[:1] in "aeiou" else f"a {noun}"
